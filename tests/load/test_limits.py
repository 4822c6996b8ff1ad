"""How many bad records are too many: of a source, and of a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.errors import SparkifyError, TooManyRejectsError
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from tests.support.builders import Loaded, event, track, write
from tests.support.cli import Run
from tests.support.engines import Engine
from tests.support.runs import run_etl
from tests.support.settings import changed

Load = Callable[..., Loaded]


def song_files(folder: Path, good: int, bad: int = 0) -> None:
    """A file of songs, with good records and bad ones."""
    songs = [track(song_id=f"S{number}") for number in range(good)]
    write(folder / "song_data/songs.json", *songs, *(track(year="MCM") for _ in range(bad)))


def log_file(folder: Path, name: str, good: int, bad: int = 0) -> Path:
    """A file of events, with good records and bad ones."""
    events = [event(ts=1543449657000 + number) for number in range(good)]
    return write(folder / f"log_data/{name}.json", *events, *(event(ts="soon") for _ in range(bad)))


def fails(engine: Engine, folder: Path, **options: float) -> str:
    """What a run fails with; afterwards nothing is loaded."""
    settings = engine.settings(folder, **options)
    with pytest.raises(TooManyRejectsError) as caught:
        run_etl(settings, NullProgress())
    log_file(folder, "bad", 1)
    engine.publish(folder)
    summary = run_etl(changed(settings, max_reject_share=1), NullProgress())
    assert summary.sources["log_data"].known == 0
    assert caught.value.hint == "fix the files, or allow more with --max-reject-share"
    return caught.value.message


def test_bad_events_are_not_made_up_for_by_good_songs(engine: Engine, tmp_path: Path) -> None:
    song_files(tmp_path, 1000)
    log_file(tmp_path, "bad", 1, 8)
    message = fails(engine, tmp_path)
    assert message.startswith(
        "8 of 9 records of log_data are bad, more than the 1% that max_reject_share allows;"
        " nothing was changed\n"
    )
    assert "/bad.json:2: ts: 'soon' is not an integer" in message
    assert "log_data: a file has a tenth or more of bad records: " in message


def test_bad_songs_are_not_made_up_for_by_good_events(engine: Engine, tmp_path: Path) -> None:
    song_files(tmp_path, 1, 1)
    log_file(tmp_path, "good", 1000)
    message = fails(engine, tmp_path)
    assert message.startswith("1 of 2 records of song_data are bad")
    assert "/songs.json:2: year: 'MCM' is not an integer" in message


@pytest.mark.slow
def test_each_source_with_too_many_is_named_with_rejects_of_its_own(engine: Engine, tmp_path: Path) -> None:
    song_files(tmp_path, 97, 3)
    log_file(tmp_path, "bad", 50, 50)
    assert fails(engine, tmp_path).startswith(
        "3 of 100 records of song_data are bad and 50 of 100 records of log_data are bad, more than the 1%"
    )
    log_file(tmp_path, "bad", 50, 50)
    message = fails(engine, tmp_path, max_reject_share=0.03)
    assert message.startswith("50 of 100 records of log_data are bad, more than the 3%")
    assert "songs.json:98" not in message
    assert "bad.json:51: ts" in message


@pytest.mark.forms(2)
@pytest.mark.parametrize(("good", "bad", "share"), [(71, 29, 0.29), (93, 7, 0.07), (9, 0, 0), (0, 0, 0)])
def test_as_many_as_are_allowed_pass(
    engine: Engine, tmp_path: Path, good: int, bad: int, share: float
) -> None:
    song_files(tmp_path, 1)
    log_file(tmp_path, "some", good, bad)
    summary = run_etl(engine.settings(tmp_path, max_reject_share=share), NullProgress())
    assert summary.sources["log_data"].rejected == bad


def warnings(engine: Engine, folder: Path) -> list[str]:
    summary: Summary = run_etl(engine.settings(folder, max_reject_share=0.9), NullProgress())
    return summary.warnings


def test_files_of_which_a_tenth_is_bad_are_named_the_worst_first(engine: Engine, tmp_path: Path) -> None:
    song_files(tmp_path, 1)
    log_file(tmp_path, "good", 1000)
    for name, good, bad in (("a", 27, 3), ("b", 28, 3), ("c", 1, 30), ("d", 5, 5), ("e", 50, 10)):
        log_file(tmp_path, name, good, bad)
    (warning,) = warnings(engine, tmp_path)
    root = engine.location(tmp_path / "log_data", tmp_path)
    assert warning == (
        "log_data: 4 files have a tenth or more of bad records:"
        f" {root}/c.json (30 of 31), {root}/d.json (5 of 10), {root}/e.json (10 of 60), …"
    )


def test_where_bytes_are_what_is_bad_they_are_said(engine: Engine, tmp_path: Path) -> None:
    song_files(tmp_path, 1)
    events = [event(ts=1543449657000 + number) for number in range(60)]
    path = write(tmp_path / "log_data/a.json", *events, event(ts=1, song="x" * 70_000))
    (warning,) = warnings(engine, tmp_path)
    assert f"{path.name} (1 of 61, 70," in warning
    assert warning.endswith(" bytes)")


def test_a_bad_record_or_two_in_a_small_file_are_no_warning(engine: Engine, tmp_path: Path) -> None:
    song_files(tmp_path, 1)
    for name, good, bad in (("a", 1, 2), ("b", 3, 1), ("c", 100, 11)):
        log_file(tmp_path, name, good, bad)
    assert warnings(engine, tmp_path) == []


def test_a_warning_is_said_where_the_limit_is_not_reached(run: Run, data: Path) -> None:
    log_file(data, "many", 2000)
    path = log_file(data, "bad", 10, 10)
    result = run("etl")
    assert result.returncode == 0, result.stderr
    named = f"a file has a tenth or more of bad records: {path.resolve()} (10 of 20)"
    assert f"warning: log_data: {named}\n" in result.stderr


def test_a_case_with_nothing_but_bad_events_fails(engine: Engine, cases: Path) -> None:
    settings = engine.settings(cases / "C60")
    with pytest.raises(SparkifyError) as caught:
        run_etl(settings, NullProgress())
    assert "/log_data/a.json" in str(caught.value)
