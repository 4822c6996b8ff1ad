"""The history of levels: by when events happened, in whatever order files come, at the cost of the new."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import Record, event, track, write
from tests.support.clock import at
from tests.support.either import Either
from tests.support.runs import run_meddled_with

pytestmark = pytest.mark.slow

BEGIN = datetime(2018, 11, 1)


def said(minute: int, level: str | None, user: int = 1, **values: Any) -> Record:
    """An event that says a level, so many minutes after midnight."""
    moment = 1541030400000 + 60_000 * minute
    return event(ts=moment, level=level, userId=str(user), sessionId=user, **values)


def spans(on: Either) -> list[tuple[Any, ...]]:
    """(user, level, minutes to its begin, minutes to its end), in order."""
    rows = on.sql("SELECT user_id, level, valid_from, valid_to FROM user_levels ORDER BY user_id, valid_from")
    minute = timedelta(minutes=1)
    return [
        (user, level, (begin - BEGIN) / minute, None if end is None else (end - BEGIN) / minute)
        for user, level, begin, end in rows
    ]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    return tmp_path / "log_data"


@pytest.mark.forms(1)
def test_a_level_lasts_until_an_event_says_another_and_late_or_changed_files_fit_in(
    either: Either, logs: Path
) -> None:
    write(logs / "a.json", said(10, "free"), said(11, "free", page="Home"), said(90, "paid"), said(95, None))
    either.load()
    assert spans(either) == [(1, "free", 10, 90), (1, "paid", 90, 95), (1, None, 95, None)]
    write(logs / "late.json", said(50, "paid", page="Upgrade"), said(60, "free"), said(92, "paid"))
    either.load()
    later = [(1, "paid", 90, 95), (1, None, 95, None)]
    assert spans(either) == [(1, "free", 10, 50), (1, "paid", 50, 60), (1, "free", 60, 90), *later]
    write(logs / "late.json", said(5, "free"), said(60, "free"), said(92, "paid"))
    either.load()
    assert spans(either) == [(1, "free", 5, 90), *later]
    before = spans(either)
    either.load(full=True)
    assert spans(either) == before


@pytest.mark.forms(1)
def test_of_several_events_at_a_moment_the_one_that_counts_for_users_says_the_level(
    either: Either, logs: Path
) -> None:
    write(logs / "a.json", said(10, "free"), said(20, "free", itemInSession=2), said(30, "free"))
    either.load()
    write(logs / "b.json", said(20, "paid", itemInSession=3), said(30, "paid", itemInSession=None))
    loaded = either.load()
    assert spans(either) == [(1, "free", 10, 20), (1, "paid", 20, 30), (1, "free", 30, None)]
    assert loaded.star["users"][0][-1] == "free"


@pytest.mark.forms(1)
def test_events_from_the_future_say_no_level_before_they_happen(either: Either, logs: Path) -> None:
    days = 24 * 60
    write(logs / "a.json", said(10, "free"), said(3 * days, "paid"), said(4 * days, "paid", 2))
    with at(BEGIN + timedelta(hours=1)):
        either.load()
        assert spans(either) == [(1, "free", 10, None), (2, "paid", 4 * days, None)]
        write(logs / "b.json", said(5 * days, "free", 2))
        either.load()
        assert spans(either) == [(1, "free", 10, None), (2, "paid", 4 * days, None)]
    with at(BEGIN + timedelta(days=3)):
        either.load()
        assert spans(either) == [
            (1, "free", 10, 3 * days),
            (1, "paid", 3 * days, None),
            (2, "paid", 4 * days, None),
        ]


@pytest.mark.forms(1)
def test_a_days_run_derives_only_levels_that_the_day_changes(either: Either, logs: Path) -> None:
    write(logs / "1.json", *(said(user, "free", user) for user in (1, 2, 3)))
    either.load()
    day = [said(100, "free", 1), said(100, "paid", 2), said(120, "paid", 2), said(110, "free", 4)]
    write(logs / "2.json", *day)
    either.engine.publish(logs.parent)
    touched: list[tuple[Any, ...]] = []
    run_meddled_with(
        either.settings,
        "audit",
        lambda warehouse: touched.extend(warehouse.query("SELECT user_id FROM touched_levels ORDER BY 1")),
    )
    assert touched == [(2,), (4,)]
    assert spans(either)[1:3] == [(2, "free", 2, 100), (2, "paid", 100, None)]
