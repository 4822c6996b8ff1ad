"""Files that have lost records since they were loaded: nothing leaves the warehouse without a word.

Logs that are rotated are the usual case: by renaming, or by copying and truncating.
"""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.errors import SourceError
from tests.support.builders import Loaded, Record, event, track, write
from tests.support.cli import Run, assert_fails
from tests.support.engines import Engine

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]

START = 1543449657000


def events(first: int, count: int) -> list[Record]:
    """So many events, each at a moment of its own."""
    return [event(ts=START + number) for number in range(first, first + count)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with 100 events, beside a song."""
    write(tmp_path / "song_data/song.json", track())
    return write(tmp_path / "log_data/app.json", *events(0, 100))


@pytest.fixture
def name(engine: Engine, tmp_path: Path, log: Path, load: Load) -> str:
    """What the ledger calls the log, once it has been loaded."""
    assert load().summary.warnings == []
    return engine.location(log, tmp_path)


def plays(loaded: Loaded) -> int:
    return len(loaded.star["songplays"])


def test_a_log_that_was_truncated_is_named_with_both_numbers(log: Path, load: Load, name: str) -> None:
    write(log, *events(0, 40))
    loaded = load()
    assert loaded.summary.warnings == [
        f"log_data: 1 file has lost records since being loaded: {name} (held 100 records, holds 40);"
        " 60 records are no longer in the warehouse"
    ]
    assert plays(loaded) == 40
    assert load().summary.warnings == []  # it has been said


def test_a_log_that_was_rotated_by_renaming_is_named(log: Path, load: Load, name: str) -> None:
    log.rename(log.with_name("app.json.1"))
    write(log, *events(100, 5))
    loaded = load()
    (note,) = (note for note in loaded.summary.notes if "not read" in note)
    assert f"1 file is not read ({name}.1)" in note
    assert loaded.summary.warnings == [
        f"log_data: 1 file has lost records since being loaded: {name} (held 100 records, holds 5);"
        " 100 records are no longer in the warehouse"
    ]


@pytest.mark.thorough
def test_a_log_that_was_rotated_is_named_even_if_its_successor_is_longer(
    log: Path, load: Load, name: str
) -> None:
    log.rename(log.with_name("app.json.1"))
    write(log, *events(100, 120))
    assert load().summary.warnings == [
        f"log_data: 1 file has other records than when loaded: {name}"
        " (held 100 records, of which 100 are gone; holds 120);"
        " 100 records are no longer in the warehouse"
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["rename", "copy and truncate"])
def test_a_log_that_was_rotated_to_a_name_that_is_read_loses_nothing(
    log: Path, load: Load, name: str, way: str
) -> None:
    if way == "rename":
        log.rename(log.with_name("app-1.json"))
    else:
        shutil.copy(log, log.with_name("app-1.json"))
    write(log, *events(100, 5))
    loaded = load()
    assert loaded.summary.warnings == [
        f"log_data: 1 file has lost records since being loaded: {name} (held 100 records, holds 5);"
        " all that was loaded is still in the warehouse"
    ]
    assert plays(loaded) == 105


def test_a_log_that_was_copied_and_truncated_fails_the_run_while_it_is_empty(
    log: Path, load: Load, name: str
) -> None:
    before = load().star
    shutil.copy(log, log.with_name("app.json.1"))
    write(log)
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            load()
        assert caught.value.message == (
            f"1 file that was loaded is empty now: {name} (held 100 records); nothing was changed"
        )
        assert caught.value.hint == (
            "restore the records, or accept that they leave the warehouse with: sparkify etl --allow-shrunk"
        )
    loaded = load(allow_shrunk=True)
    assert loaded.summary.warnings == [
        f"log_data: 1 file has lost records since being loaded: {name} (held 100 records, holds 0);"
        " 100 records are no longer in the warehouse"
    ]
    assert plays(loaded) == 0
    assert before["songplays"]
    assert load().summary.outcome == "nothing new"  # as it is now, it is loaded
    write(log, *events(200, 3))
    assert load().summary.warnings == []


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    "content", [b"\n \n\t\n", gzip.compress(b""), gzip.compress(b"\n\n")], ids=["blank", "gzip", "blank gzip"]
)
def test_what_has_bytes_and_no_record_is_empty_too(log: Path, load: Load, name: str, content: bytes) -> None:
    log.write_bytes(content)
    with pytest.raises(SourceError, match="empty now"):
        load()
    assert name


@pytest.mark.thorough
def test_a_full_load_does_not_hide_what_has_shrunk(log: Path, load: Load, name: str) -> None:
    write(log, *events(0, 40))
    assert load(full=True).summary.warnings == [
        f"log_data: 1 file has lost records since being loaded: {name} (held 100 records, holds 40)"
    ]
    write(log)
    with pytest.raises(SourceError, match="empty now"):
        load(full=True)
    assert plays(load(full=True, allow_shrunk=True)) == 0


@pytest.mark.thorough
def test_a_log_that_grows_or_is_only_touched_is_not_named(log: Path, load: Load, name: str) -> None:
    write(log, *events(0, 100), '{"ts": 15')  # the last line is still being written
    assert load().summary.warnings == []
    write(log, *events(0, 150))
    assert load().summary.warnings == []
    log.touch()
    assert load().summary.warnings == []
    write(log, *reversed(events(0, 150)))
    assert load().summary.warnings == []
    assert name


def test_a_log_whose_records_went_bad_is_named(log: Path, load: Load, name: str) -> None:
    write(log, *events(0, 90), *(json.dumps(event(ts="soon")) for _ in range(10)))
    (warning,) = (warning for warning in load().summary.warnings if "lost" in warning)
    assert warning == (
        f"log_data: 1 file has lost records since being loaded: {name}"
        " (100 of its records were good, 90 are); 10 records are no longer in the warehouse"
    )


def test_songs_that_leave_the_catalogue_are_counted_and_files_named_three_at_most(
    engine: Engine, tmp_path: Path, load: Load, log: Path
) -> None:
    paths = [
        write(tmp_path / f"song_data/{letter}.json", *(track(song_id=letter + str(n)) for n in range(3)))
        for letter in "abcd"
    ]
    load()
    for path in paths:
        write(path, *(track(song_id=path.stem + str(n), year=1999) for n in range(2)))
    names = [f"{engine.location(path, tmp_path)} (held 3 records, holds 2)" for path in paths[:3]]
    assert load().summary.warnings == [
        f"song_data: 4 files have lost records since being loaded: {', '.join(names)}, …;"
        " 4 records are no longer in the warehouse"
    ]
    assert log.exists()


def test_a_corrected_record_is_no_loss(tmp_path: Path, load: Load, log: Path, name: str) -> None:
    write(tmp_path / "song_data/song.json", track(title="Corrected", year=1999))
    write(log, *(event(ts=START + number, song="Corrected") for number in range(100)))
    assert load().summary.warnings == []
    assert name


@pytest.mark.thorough
def test_events_without_a_user_or_a_page_of_its_own_are_compared_as_well(
    log: Path, load: Load, name: str
) -> None:
    guests = [event(ts=START + number, userId="", page="Home") for number in range(10)]
    write(log, *events(0, 100), *guests)
    load()
    write(log, *events(0, 100), *guests[:9])
    (warning,) = load().summary.warnings
    assert "(held 110 records, holds 109); 1 record is no longer in the warehouse" in warning
    assert name


@pytest.mark.thorough
def test_a_dry_run_says_which_files_may_have_lost_records(run: Run, data: Path) -> None:
    log = write(data / "log_data/app.json", *events(0, 300))
    other = write(data / "log_data/other.json", *events(300, 300))
    assert run("etl").returncode == 0
    write(log, *events(0, 301))
    assert "smaller" not in run("etl", "--dry-run").stderr
    write(log, *events(0, 20))
    write(other, *events(0, 20))
    said = f"note: log_data: 2 changed files are smaller than when loaded ({log.resolve()}, …):"
    assert said in run("etl", "--dry-run").stderr


@pytest.mark.thorough
def test_the_command_says_it_and_lets_records_go_when_told_to(run: Run, data: Path) -> None:
    log = write(data / "log_data/app.json", *events(0, 300))
    assert run("etl").returncode == 0
    write(log)
    assert_fails(run("etl"), 1, f"1 file that was loaded is empty now: {log.resolve()}", "--allow-shrunk")
    result = run("etl", "--allow-shrunk")
    assert result.returncode == 0, result.stderr
    assert "warning: log_data: 1 file has lost records since being loaded: " in result.stderr
