"""What was heard in each play: kept with the play, whatever comes, goes or changes afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.errors import WarehouseError
from sparkify.warehouse.opening import connect
from tests.support.builders import Record, event, track, write
from tests.support.either import Either
from tests.support.older import BEFORE_PLAY_MATCHES, turn_back
from tests.support.reference import sort_rows

pytestmark = pytest.mark.slow

Rows = list[tuple[object, ...]]

HEARD = (
    {"artist": "Air", "song": "Run", "length": 120.0},
    {"artist": "Air", "song": "Run", "length": 90.5},
    {"artist": "Bj\u00c3\u00b6rk", "song": "Undo", "length": None},
    {"artist": None, "song": "Run", "length": 120.0},
    {"artist": "Air", "song": None, "length": 120.0},
    {"artist": None, "song": None, "length": None},
    {"artist": "", "song": "", "length": -1.0},
    {"artist": " Air ", "song": "Run", "length": 0.0},
)
SHOWN = {"Bj\u00c3\u00b6rk": "Bj\u00f6rk", " Air ": "Air"}


def plays(first: int, count: int) -> list[Record]:
    """Plays that differ in all that can be heard, each by a user of its own."""
    return [
        event(ts=1543449657000 + n, userId=str(n), sessionId=n, **HEARD[n % len(HEARD)])
        for n in range(first, first + count)
    ]


def told(events: list[Record]) -> Rows:
    """What is to be told of plays."""
    return sort_rows(
        (
            int(item["userId"]),
            SHOWN.get(item["artist"], item["artist"]),
            item["song"],
            item["length"],
        )
        for item in {item["ts"]: item for item in events}.values()
    )


def heard(on: Either) -> Rows:
    return sort_rows(on.sql("SELECT user_id, artist, title, length FROM heard_plays"))


def matched(on: Either) -> Rows:
    return sort_rows(on.sql("SELECT user_id, song_id FROM songplays WHERE song_id IS NOT NULL"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track(song_id="OTHER", title="Other"))
    write(tmp_path / "log_data/a.json", *plays(0, 16))
    return tmp_path


@pytest.mark.forms(1)
def test_what_was_heard_is_told_of_each_play_after_whatever_happens_to_files(
    either: Either, files: Path
) -> None:
    either.load()
    assert heard(either) == told(plays(0, 16))
    write(files / "log_data/b.json", *plays(8, 24))  # half of them were delivered before
    either.load()
    assert heard(either) == told(plays(0, 32))
    write(files / "log_data/b.json", *plays(30, 5))  # replaced: what the first file has too stays
    either.load()
    assert heard(either) == told(plays(0, 16) + plays(30, 5))
    (files / "log_data/a.json").unlink()
    either.load()
    assert heard(either) == told(plays(0, 16) + plays(30, 5))


@pytest.mark.forms(1)
def test_a_play_gets_another_song_with_the_catalogue_and_stays_the_same_play(
    either: Either, files: Path
) -> None:
    either.load()
    ids = either.sql("SELECT songplay_id, user_id FROM songplays ORDER BY 1")
    assert matched(either) == []
    song = {"artist_name": "Air", "title": "Run", "artist_id": "AIR"}
    write(files / "song_data/long.json", track(song_id="LONG", duration=119.0, **song))
    either.load()
    runs = {n: "LONG" for n in range(16) if n % 8 in (0, 1, 7)}
    assert matched(either) == sort_rows(runs.items())
    write(files / "song_data/short.json", track(song_id="SHORT", duration=91.0, **song))
    write(files / "log_data/b.json", *plays(16, 8))
    either.load()
    runs = {n: "LONG" if n % 8 == 0 else "SHORT" for n in range(24) if n % 8 in (0, 1, 7)}
    assert matched(either) == sort_rows(runs.items())
    assert heard(either) == told(plays(0, 24))
    write(files / "song_data/long.json", track(song_id="LONG", duration=119.0, **(song | {"title": "Walk"})))
    either.load()
    assert matched(either) == sort_rows(dict.fromkeys(runs, "SHORT").items())
    assert ids == either.sql("SELECT songplay_id, user_id FROM songplays WHERE user_id < 16 ORDER BY 1")


@pytest.fixture
def make_older(either: Either) -> Callable[[], None]:
    """Turns a warehouse into what older versions have left."""

    def turn() -> None:
        turn_back(either.sql, BEFORE_PLAY_MATCHES)

    return turn


@pytest.mark.thorough
def test_what_an_older_version_has_loaded_is_brought_forward_and_nothing_is_lost(
    either: Either, files: Path, make_older: Callable[[], None]
) -> None:
    write(files / "log_data/b.json", *plays(8, 16))
    write(files / "song_data/run.json", track(song_id="RUN", artist_name="Air", title="Run", duration=90.0))
    either.load()
    (files / "log_data/a.json").unlink()
    either.load()
    star = either.load().star
    make_older()
    warehouse = connect(either.settings, read_only=True)
    with pytest.raises(WarehouseError, match="an older version"):
        warehouse.has_tables()
    warehouse.close()
    write(files / "log_data/c.json", *plays(24, 8))
    either.load()
    assert heard(either) == told(plays(0, 32))
    (files / "log_data/c.json").unlink()
    make_older()
    assert either.load().star["users"][:24] == star["users"]
    assert heard(either) == told(plays(0, 32))


@pytest.mark.forms(1)
@pytest.mark.usefixtures("files")
def test_create_tables_also_drops_the_tables_of_an_older_version(
    either: Either, make_older: Callable[[], None]
) -> None:
    either.load()
    make_older()
    warehouse = connect(either.settings)
    with warehouse.transaction():
        warehouse.create_tables()
    warehouse.close()
    names = "'text_repairs', 'user_states', 'heard_songs'"
    assert either.sql(f"SELECT table_name FROM information_schema.tables WHERE table_name IN ({names})") == []
    either.load()
    assert heard(either) == told(plays(0, 16))
