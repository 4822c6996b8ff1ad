"""Faults of the data, the disk and the machine: afterwards the warehouse equals one clean load.

Other faults have tests of their own: bad records in test_bad_input, S3 in test_s3, kills in test_kills,
signals and a second writer in test_interrupts, failing audits in test_audits, time zones in test_cli.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.config.settings import Settings, values_of
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from sparkify.sources.local import LocalSource
from sparkify.sources.objects import SourceObject
from sparkify.warehouse.contract import Advance
from tests.support.builders import Loaded, event, read_star, track, write
from tests.support.reference import build_star, read_records
from tests.support.runs import run_etl
from tests.support.settings import changed
from tests.support.state import state_of

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]

DAY = 86_400_000
NOVEMBER_10 = 1541808000000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Source folders with one song and two days of one user, who pays on the second."""
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/10.json", event(ts=NOVEMBER_10, level="free"))
    write(tmp_path / "log_data/11.json", event(ts=NOVEMBER_10 + DAY, level="paid"))
    return tmp_path


@pytest.fixture
def assert_as_one_load(
    folder: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], None]:
    """Compares the warehouse with the reference, and with one clean load of the files that are there now."""

    def compare() -> None:
        star = read_star(settings)
        expected = build_star(read_records(folder / "song_data"), read_records(folder / "log_data"))
        for table, rows in star.items():
            assert rows == expected[table], table
        clean = changed(settings, database=str(tmp_path_factory.mktemp("clean") / "clean.duckdb"))
        run_etl(clean, NullProgress())
        assert state_of(settings, str(folder)) == state_of(clean, str(folder))

    return compare


def levels(loaded: Loaded) -> dict[int, str]:
    return {user_id: level for user_id, *_, level in loaded.star["users"]}


def test_a_late_file_with_an_old_date_is_loaded_and_moves_no_user_back(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    load()
    write(
        folder / "log_data/01.json",
        event(ts=NOVEMBER_10 - 9 * DAY, level="free", lastName="Old"),
        event(ts=NOVEMBER_10 - 9 * DAY, userId="8", level="free"),
    )
    loaded = load()
    assert loaded.summary.tables["songplays"] == (4, 2)
    assert levels(loaded) == {73: "paid", 8: "free"}
    assert_as_one_load()


def test_the_same_content_under_a_new_name_doubles_no_play(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    load()
    shutil.copy(folder / "log_data/10.json", folder / "log_data/10 (1).json")
    shutil.copy(folder / "song_data/song.json", folder / "song_data/copy.json")
    loaded = load()
    assert loaded.summary.sources["log_data"].loaded == 1
    assert {table: new for table, (_, new) in loaded.summary.tables.items()} == dict.fromkeys(
        ("songplays", "users", "songs", "artists", "time"), 0
    )
    assert_as_one_load()


def test_a_log_that_was_half_written_is_loaded_again_when_it_has_grown(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    day = [event(ts=NOVEMBER_10 + 2 * DAY + number, userId=str(number % 3)) for number in range(100)]
    whole = write(folder / "log_data/12.json", *day).read_bytes()
    (folder / "log_data/12.json").write_bytes(whole[: len(whole) // 2 - 30])
    loaded = load()
    assert len(loaded.rejects) == 1  # the line that breaks off
    (folder / "log_data/12.json").write_bytes(whole)
    loaded = load()
    assert loaded.summary.sources["log_data"].known == 2
    assert loaded.rejects == []
    assert len(loaded.star["songplays"]) == 102
    assert_as_one_load()


@pytest.mark.thorough
def test_a_file_that_has_shrunk_takes_its_plays_songs_and_users_with_it(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    write(
        folder / "log_data/12.json", event(ts=1, userId="1"), event(ts=2, userId="2"), event(ts=3, userId="3")
    )
    write(
        folder / "song_data/two.json",
        track(song_id="S1", artist_id="A1"),
        track(song_id="S2", artist_id="A2"),
    )
    load()
    write(folder / "log_data/12.json", event(ts=2, userId="2"))
    write(folder / "song_data/two.json", track(song_id="S1", artist_id="A1"))
    loaded = load()
    assert set(levels(loaded)) == {73, 2}
    assert_as_one_load()


def test_content_that_changes_with_its_size_and_name_kept_is_loaded_again(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    load()
    path = folder / "log_data/11.json"
    path.write_bytes(path.read_bytes().replace(b'"paid"', b'"free"'))
    assert levels(load()) == {73: "free"}
    assert_as_one_load()


@pytest.mark.thorough
def test_a_user_whose_latest_event_is_gone_is_what_an_older_file_says(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    write(folder / "log_data/05.json", event(ts=NOVEMBER_10 - 5 * DAY, level="paid", lastName="Older"))
    load()
    for name in ("10", "11"):
        write(folder / f"log_data/{name}.json", event(ts=NOVEMBER_10, userId="8"))
    loaded = load()
    assert loaded.query("SELECT last_name, level FROM users WHERE user_id = 73") == [("Older", "paid")]
    assert_as_one_load()


def test_a_catalogue_that_grows_matches_the_plays_that_were_loaded_before(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    assert load().summary.matched == 0
    write(
        folder / "song_data/new.json",
        track(song_id="S", artist_id="A", artist_name="Sydney Youngblood", title="Ain't No Sunshine"),
    )
    loaded = load()
    assert loaded.summary.matched == 2
    assert loaded.summary.tables["songplays"] == (2, 0)
    assert_as_one_load()


@pytest.mark.thorough
@pytest.mark.parametrize(("duration", "song_id"), [(238.0, "CLOSER"), (500.0, "FIRST")])
def test_a_catalogue_that_changes_moves_a_match_to_the_closer_duration(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None], duration: float, song_id: str
) -> None:
    heard = {"artist_name": "Sydney Youngblood", "title": "Ain't No Sunshine"}
    write(folder / "song_data/first.json", track(song_id="FIRST", artist_id="A", duration=230.0, **heard))
    write(folder / "song_data/second.json", track(song_id="CLOSER", artist_id="A", duration=900.0, **heard))
    assert {row[3] for row in load().star["songplays"]} == {"FIRST"}
    write(
        folder / "song_data/second.json", track(song_id="CLOSER", artist_id="A", duration=duration, **heard)
    )
    assert {row[3] for row in load().star["songplays"]} == {song_id}
    assert_as_one_load()


@pytest.mark.thorough
def test_a_song_that_leaves_the_catalogue_leaves_its_plays_without_a_song(
    folder: Path, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    path = write(
        folder / "song_data/gone.json", track(artist_name="Sydney Youngblood", title="Ain't No Sunshine")
    )
    assert load().summary.matched == 2
    path.write_text("")
    assert load(allow_shrunk=True).summary.matched == 0
    assert_as_one_load()


def test_files_of_other_places_are_not_called_gone(folder: Path, settings: Settings) -> None:
    run_etl(settings, NullProgress())
    write(folder / "log_data_2/12.json", event(ts=1))
    for place in ("log_data_2", "log_data_2/12.json", "log_data/11.json"):
        assert run_etl(changed(settings, log_data=str(folder / place)), NullProgress()).notes == []
    (folder / "log_data/10.json").unlink()
    assert run_etl(changed(settings, log_data=str(folder / "log_data_2")), NullProgress()).notes == []
    assert len(run_etl(settings, NullProgress()).notes) == 1


@pytest.mark.thorough
def test_an_object_that_is_listed_twice_is_loaded_once(
    load: Load, monkeypatch: pytest.MonkeyPatch, assert_as_one_load: Callable[[], None]
) -> None:
    once = LocalSource.list_objects

    def twice(source: LocalSource) -> list[SourceObject]:
        return once(source) + once(source)

    monkeypatch.setattr(LocalSource, "list_objects", twice)
    loaded = load()
    assert loaded.summary.sources["log_data"].files == 2
    assert len(loaded.star["songplays"]) == 2
    assert load().summary.outcome == "nothing new"
    assert_as_one_load()


def test_a_run_with_nothing_new_changes_nothing(folder: Path, load: Load) -> None:
    first = load()
    before = state_of(first.settings, str(folder))
    runs = "SELECT * FROM runs WHERE outcome = 'loaded'"
    loaded = first.query(runs)
    again = load()
    assert again.summary.outcome == "nothing new"
    assert again.summary.tables["songplays"] == (2, 0)
    assert state_of(first.settings, str(folder)) == before
    assert again.query(runs) == loaded


class Meddler(NullProgress):
    """Does something to the files when a step begins, some times."""

    def __init__(self, step: str, times: int, action: Callable[[], object]) -> None:
        self._step = step
        self._times = times
        self._action = action

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        if name == self._step and self._times:
            self._times -= 1
            self._action()
        return super().step(name, files=files, size=size)


def test_a_log_that_grows_while_it_is_read_is_loaded_up_to_its_last_whole_line(
    folder: Path, settings: Settings, assert_as_one_load: Callable[[], None]
) -> None:
    def grow() -> None:
        with (folder / "log_data/11.json").open("a") as file:
            file.write(
                '\n{"ts": 5, "page": "NextSong", "sessionId": 1, "userId": "9"}\n{"ts": 6, "page": "Next'
            )

    path = folder / "log_data/11.json"
    path.write_text(path.read_text() + '\n{"ts": 4, "page": "Nex')
    summary = run_etl(settings, Meddler("stage log_data", 1, grow))
    assert summary.tables["songplays"][0] == 2
    assert [note for note in summary.notes if "is being written; read up to its last complete line" in note]
    text = path.read_text()
    path.write_text(text[: text.index('{"ts": 4')] + text[text.index('{"ts": 5') : text.index('{"ts": 6')])
    assert run_etl(settings, NullProgress()).tables["songplays"] == (3, 1)
    assert_as_one_load()


@pytest.mark.forms(2)
@pytest.mark.parametrize("chunk_bytes", [2**22, 1000, 70])
def test_a_growing_log_is_read_to_the_same_line_however_large_it_is(
    folder: Path, settings: Settings, chunk_bytes: int
) -> None:
    settings = changed(settings, chunk_bytes=chunk_bytes)
    path = write(folder / "log_data/12.json", *(event(ts=number) for number in range(50)), "", '{"ts": 4')
    text = path.read_text()
    meddler = Meddler("stage log_data", 1, lambda: path.write_text(text + "}\n" + text))
    assert run_etl(settings, meddler).tables["songplays"] == (52, 52)
    assert Loaded(settings, Summary()).rejects == []
    path.write_text(text[: text.index('{"ts": 4')])
    assert run_etl(settings, NullProgress()).tables["songplays"] == (52, 0)


@pytest.mark.forms(2)
@pytest.mark.parametrize("kind", ["gzip", "gzip in chunks", "UTF-16"])
def test_a_growing_file_without_lines_is_left_for_the_next_run_and_all_others_load(
    folder: Path, settings: Settings, kind: str
) -> None:
    if kind == "gzip in chunks":
        settings = changed(settings, chunk_bytes=500)
    some = "\n".join(
        json.dumps(event(ts=number, userAgent=f"{number * 7919:x}" * 9)) for number in range(500)
    )
    contents = some.encode("utf-16") if kind == "UTF-16" else gzip.compress(some.encode())
    assert b"\n" in contents[-1000:]
    path = write(folder / "log_data/12.json", contents[:-10])

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"\n")

    summary = run_etl(settings, Meddler("stage log_data", 99, grow))
    assert (
        f"{path.resolve()}: keeps changing while it is read, and is left for the next run" in summary.warnings
    )
    assert summary.tables["songplays"] == (2, 2)
    assert Loaded(settings, Summary()).rejects == []
    path.write_bytes(contents)
    assert run_etl(settings, NullProgress()).tables["songplays"] == (502, 500)


def test_a_file_that_vanishes_between_listing_and_reading_makes_the_run_list_again(
    folder: Path, settings: Settings, assert_as_one_load: Callable[[], None]
) -> None:
    meddler = Meddler("stage log_data", 1, lambda: (folder / "log_data/11.json").unlink())
    assert run_etl(settings, meddler).tables["songplays"] == (1, 1)
    assert_as_one_load()


@pytest.mark.thorough
def test_a_file_that_never_stops_changing_is_left_for_the_next_run_and_all_others_load(
    folder: Path, settings: Settings
) -> None:
    run_etl(settings, NullProgress())
    path = write(folder / "log_data/12.json", event(ts=1))
    write(folder / "log_data/13.json", event(ts=2))
    meddler = Meddler("stage log_data", 99, lambda: path.write_bytes(path.read_bytes()[:-1] + b" }"))
    summary = run_etl(settings, meddler)
    assert (
        f"{path.resolve()}: keeps changing while it is read, and is left for the next run" in summary.warnings
    )
    assert summary.tables["songplays"] == (3, 1)
    assert run_etl(settings, NullProgress()).tables["songplays"] == (4, 1)


# --- disk


def limited(settings: Settings, limit: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command where no file may become larger than a limit, as on a disk that is full."""
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from sparkify.cli import main; main()"
    )
    names = ("database", "song_data", "log_data", "max_reject_share", "memory_limit")
    return subprocess.run(
        [sys.executable, "-c", code, "etl", *arguments],
        env=dict(os.environ) | {f"SPARKIFY_{name.upper()}": str(values_of(settings)[name]) for name in names},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "rooms"), [((), (0, 500_000, 1_500_000)), (("--full",), (500_000,))], ids=["new", "full"]
)
def test_a_full_disk_is_said_to_be_one_and_the_old_warehouse_stays(
    folder: Path, settings: Settings, arguments: tuple[str, ...], rooms: tuple[int, ...]
) -> None:
    pytest.importorskip("resource")
    run_etl(settings, NullProgress())
    before = state_of(settings, str(folder))
    size = Path(settings.database).stat().st_size
    many = (event(ts=number, userAgent=f"{number * 7919:x}" * 20) for number in range(20_000))
    write(folder / "log_data/large.json", *many)
    for room in rooms:
        result = limited(settings, size + room, *arguments)
        assert (result.returncode, result.stdout) == (1, "")
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert line.startswith(f"error: {settings.database}: ")
        assert "free some disk space" in result.stderr, result.stderr
        assert state_of(settings, str(folder)) == before
    run_etl(settings, NullProgress())
    assert len(read_star(settings)["songplays"]) == 20_002


@pytest.mark.thorough
def test_what_a_killed_run_left_beside_the_warehouse_does_no_harm(
    folder: Path, settings: Settings, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    load()
    database = Path(settings.database)
    # DuckDB's log with changes that never were committed, and a folder of what did not fit in memory.
    code = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.begin();"
        "c.execute('DELETE FROM users'); c.execute('CREATE TABLE other AS SELECT 1'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(database)], check=False)
    write(database.with_name(f"{database.name}.tmp") / "duckdb_temp_storage-0.tmp", "x" * 100_000)
    write(folder / "log_data/12.json", event(ts=1))
    assert load().summary.tables["songplays"] == (3, 1)
    assert_as_one_load()


def test_a_write_ahead_log_that_was_committed_counts(
    folder: Path, settings: Settings, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    load()
    code = (
        "import os, sys; from sparkify.warehouse.duckdb.engine import DuckDBWarehouse as W;"
        "W.close = lambda self: os.kill(os.getpid(), 9);"
        "from sparkify.cli import main; main()"
    )
    write(folder / "log_data/12.json", event(ts=1))
    names = ("database", "song_data", "log_data")
    variables = {f"SPARKIFY_{name.upper()}": str(values_of(settings)[name]) for name in names}
    killed = subprocess.run(
        [sys.executable, "-c", code, "etl"],
        env=dict(os.environ) | variables,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9
    assert Path(f"{settings.database}.wal").stat().st_size > 0
    assert load().summary.outcome == "nothing new"
    assert_as_one_load()


@pytest.mark.thorough
def test_the_write_ahead_log_of_a_warehouse_that_was_deleted_does_no_harm(
    folder: Path, settings: Settings, load: Load, assert_as_one_load: Callable[[], None]
) -> None:
    other = folder / "other.duckdb"
    code = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute('CREATE TABLE users AS SELECT 1 AS x; CREATE TABLE songplays AS SELECT 1 AS x');"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(other)], check=False)
    shutil.copy(f"{other}.wal", f"{settings.database}.wal")
    load()
    assert_as_one_load()
