"""Events from the future: they are warned of, and move nothing that goes by "latest" before they happen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sparkify.config.settings import Settings
from sparkify.load.audits import Finding
from sparkify.load.progress import NullProgress
from tests.support.builders import Loaded, Record, event, track, write
from tests.support.cli import Run
from tests.support.clock import at
from tests.support.engines import Engine
from tests.support.runs import run_etl

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]

NOW = datetime(2018, 11, 29, 12, 0, 0, 123456)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def moment(ahead: timedelta) -> int:
    """A ts so far from now."""
    return round((NOW + ahead).replace(tzinfo=UTC).timestamp() * 1000)


def visit(ahead: timedelta, level: str, **values: Any) -> Record:
    return event(ts=moment(ahead), level=level, **values)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder for logs, beside a song."""
    write(tmp_path / "song_data/song.json", track())
    return tmp_path / "log_data"


def level(loaded: Loaded) -> str:
    """That of the one user."""
    ((found,),) = loaded.query("SELECT level FROM users")
    return str(found)


def warning(loaded: Loaded) -> Finding | None:
    found = [each for each in loaded.summary.findings if each.audit.name == "events_have_happened"]
    return found[0] if found else None


@pytest.mark.forms(2)
@pytest.mark.parametrize("page", ["NextSong", "Home"])
@pytest.mark.parametrize("user", ["73", ""])
def test_events_from_the_future_are_warned_of_with_their_number_and_an_example(
    logs: Path, load: Load, page: str, user: str
) -> None:
    ahead = [visit(days * DAY, "free", page=page, userId=user, sessionId=days) for days in (2, 30_000)]
    write(logs / "1.json", visit(-DAY, "paid"), *ahead)
    with at(NOW):
        found = warning(load())
    assert found is not None
    assert found.columns == ["events", "ts", "page", "user_id", "session_id"]
    ((events, ts, *rest),) = found.rows
    assert (events, rest) == (2, [page, int(user) if user else None, 30_000])
    assert ts.replace(tzinfo=UTC).timestamp() * 1000 == moment(30_000 * DAY)


def test_a_clock_that_is_wrong_by_hours_is_nothing_to_warn_of_and_counts(logs: Path, load: Load) -> None:
    write(logs / "1.json", visit(-HOUR, "free"), visit(23 * HOUR, "paid"))
    with at(NOW):
        loaded = load()
    assert warning(loaded) is None
    assert level(loaded) == "paid"


@pytest.mark.thorough
def test_an_event_from_the_future_moves_nobodys_level_whenever_it_comes(logs: Path, load: Load) -> None:
    ahead, before, latest = visit(25 * HOUR, "free"), visit(-2 * DAY, "free"), visit(-DAY, "paid")
    for number, order in enumerate(
        [(ahead, before, latest), (latest, ahead, before), (before, latest, ahead)]
    ):
        for name in "abc":
            (logs / f"{name}.json").unlink(missing_ok=True)
        with at(NOW):
            for name, item in zip("abc", order, strict=True):
                write(logs / f"{name}.json", item)
                loaded = load(full=name == "a", drop_missing=True)
        assert level(loaded) == "paid", number
        assert len(loaded.star["songplays"]) == 3
        with at(NOW):
            assert level(load(full=True)) == "paid"


@pytest.mark.thorough
def test_who_has_only_events_from_the_future_is_as_of_the_first_of_them(logs: Path, load: Load) -> None:
    with at(NOW):
        write(logs / "1.json", visit(4 * DAY, "paid"), visit(9 * DAY, "free"))
        assert level(load()) == "paid"
        write(logs / "2.json", visit(10 * DAY, "free"))
        assert level(load()) == "paid"
        write(logs / "3.json", visit(3 * DAY, "free"))
        assert level(load()) == "free"
        write(logs / "3.json")
        assert level(load(allow_shrunk=True)) == "paid"
        write(logs / "4.json", visit(-30 * DAY, "free"))
        assert level(load()) == "free"


def test_an_event_counts_from_the_first_run_on_that_finds_it_in_the_past(logs: Path, load: Load) -> None:
    write(logs / "1.json", visit(-DAY, "free"), visit(3 * DAY, "paid"), visit(5 * DAY, "free"))
    with at(NOW):
        assert level(load()) == "free"
    with at(NOW + DAY):
        loaded = load()
        assert loaded.summary.outcome == "nothing new"
        assert level(loaded) == "free"
    with at(NOW + 2.5 * DAY):
        # No file is new, but time has passed.
        loaded = load()
        assert loaded.summary.outcome == "loaded"
        assert loaded.summary.notes == [
            "events that were in the future when they were loaded are in the past now, and count"
        ]
        assert level(loaded) == "paid"
        assert load().summary.outcome == "nothing new"
        assert level(load(full=True)) == "paid"
    with at(NOW + 9 * DAY):
        write(logs / "2.json", visit(-2 * DAY, "paid"))
        loaded = load()
        assert loaded.summary.tables["songplays"] == (4, 1)
        assert level(loaded) == "free"


def test_a_clock_that_is_put_back_takes_the_future_back_as_well(logs: Path, load: Load) -> None:
    write(logs / "1.json", visit(-DAY, "free"), visit(3 * DAY, "paid"))
    with at(NOW + 9 * DAY):
        assert level(load()) == "paid"
    with at(NOW):
        assert level(load()) == "free"
        assert level(load(full=True)) == "free"


def test_the_last_day_and_the_end_of_a_session_are_not_in_the_future(
    logs: Path, tmp_path: Path, run: Run
) -> None:
    write(
        logs / "1.json",
        event(ts=1543449657000, song="Now"),
        event(ts=1543449717000, song="Now"),
        event(ts=32503680000000, song="Then", page="NextSong"),
    )
    assert run("etl", "--song-data", str(tmp_path / "song_data"), "--log-data", str(logs)).returncode == 0
    songs = run("questions", "songs_on_a_day", "--csv").stdout.splitlines()
    assert songs[1:] == ["2018-11-29,Now,Sydney Youngblood,2,1"]
    assert (
        run("questions", "session_length_by_level", "--csv").stdout.splitlines()[1] == "paid,1,3.0,1.0,3,1.0"
    )
    assert run("report", "report.html").returncode == 0
    html = (tmp_path / "report.html").read_text()
    assert "<p>29 November 2018, times in UTC</p>" in html
    assert "In the future, and in the numbers only: 1\N{NO-BREAK SPACE}row." in html
    assert len(html) < 400_000  # no axis to the year 3000


def test_a_warehouse_that_lives_in_the_future_is_shown_as_it_is(logs: Path, tmp_path: Path, run: Run) -> None:
    write(logs / "1.json", *(event(ts=32503680000000 + number * 86_400_000) for number in range(3)))
    assert run("etl", "--song-data", str(tmp_path / "song_data"), "--log-data", str(logs)).returncode == 0
    assert run("questions", "songs_on_a_day", "--csv").stdout.splitlines()[1].startswith("3000-01-03,")
    assert run("report", "report.html").returncode == 0
    html = (tmp_path / "report.html").read_text()
    assert "1 January 3000 to 3 January 3000" in html
    assert "In the future" not in html


def test_the_case_of_one_event_in_the_year_2100(cases: Path, engine: Engine) -> None:
    settings: Settings = engine.settings(cases / "C33")
    loaded = Loaded(settings, run_etl(settings, NullProgress()))
    found = warning(loaded)
    assert found is not None
    assert found.rows == [(1, datetime(2100, 1, 1), "NextSong", 7, 11)]
    assert level(loaded) == "paid"
    assert loaded.summary.tables["songplays"] == (3, 3)
