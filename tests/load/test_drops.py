"""Drops and gaps: days that are not as usual, missing days, columns that are gone, and no false alarm."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sparkify.answers.check import check_all
from sparkify.config.settings import Settings
from sparkify.load.audits import load_audits, oldest_allowed_of, run_audits
from sparkify.load.progress import NullProgress
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.builders import Loaded, Record, event, track, write
from tests.support.engines import Engine
from tests.support.runs import run_etl

pytestmark = pytest.mark.slow

WATCHING = ("days_usual", "days_complete", "nulls_usual", "newest_event_fresh")
FIRST_DAY = date(2019, 3, 4)
"""A Monday."""


def found(loaded: Loaded) -> dict[str, list[dict[str, str]]]:
    """What the audits that watch for drops warn of, by their names."""
    return {
        each.audit.name: [
            {column: str(value) for column, value in zip(each.columns, row, strict=True)} for row in each.rows
        ]
        for each in loaded.summary.findings
        if each.audit.name in WATCHING
    }


def events_of(day: date, count: int, seed: int = 0) -> list[Record]:
    """Events spread over a day, most of them in the afternoon."""
    draw = random.Random(f"{day} {seed}")
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moments = sorted(draw.triangular(0, 86_399, 60_000) for _ in range(count))
    return [
        event(
            ts=int((midnight + timedelta(seconds=second)).timestamp() * 1000),
            userId=str(draw.randrange(1, 50)),
            sessionId=1000 * seed + number // 10,
            itemInSession=number,
            **({"artist": None, "song": None, "length": None} if draw.random() < 0.15 else {}),
        )
        for number, second in enumerate(moments)
    ]


def usual_count(day: date) -> int:
    """Weekends have half of what other days have, and no two days as many."""
    draw = random.Random(str(day))
    return round((100 if day.weekday() >= 5 else 200) * draw.gauss(1, 0.04))


@pytest.fixture
def weeks(tmp_path: Path, load: Callable[..., Loaded]) -> Path:
    """Five weeks of logs, loaded; the next day is a Monday."""
    write(tmp_path / "song_data/song.json", track())
    for number in range(35):
        day = FIRST_DAY + timedelta(days=number)
        write(tmp_path / f"log_data/{day}.json", *events_of(day, usual_count(day)))
    assert found(load()) == {}
    return tmp_path


MONDAY = FIRST_DAY + timedelta(days=35)


def test_days_as_usual_give_no_alarm_one_by_one(weeks: Path, load: Callable[..., Loaded]) -> None:
    for number in range(3):
        day = MONDAY + timedelta(days=number)
        write(weeks / f"log_data/{day}.json", *events_of(day, usual_count(day)))
        assert found(load()) == {}


@pytest.mark.thorough
def test_half_a_day_that_is_missing_is_found_whichever_half(weeks: Path, load: Callable[..., Loaded]) -> None:
    whole = events_of(MONDAY, 200)
    noon = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 12, tzinfo=UTC).timestamp() * 1000
    for half in (
        [each for each in whole if each["ts"] < noon],
        [each for each in whole if each["ts"] >= noon],
    ):
        if len(half) > 140:
            continue
        write(weeks / f"log_data/{MONDAY}.json", *half)
        (row,) = found(load())["days_usual"]
        assert (row["day"], row["events"]) == (str(MONDAY), str(len(half)))
    write(weeks / f"log_data/{MONDAY}.json", *whole)
    assert found(load()) == {}  # mended


@pytest.mark.thorough
def test_a_day_that_came_twice_under_other_sessions_is_found(
    weeks: Path, load: Callable[..., Loaded]
) -> None:
    write(weeks / f"log_data/{MONDAY}.json", *events_of(MONDAY, 200))
    assert found(load()) == {}
    write(weeks / f"log_data/{MONDAY}-again.json", *events_of(MONDAY, 200, seed=7))
    (row,) = found(load())["days_usual"]
    assert (row["day"], row["events"]) == (str(MONDAY), "400")
    tuesday = MONDAY + timedelta(days=1)
    write(weeks / f"log_data/{tuesday}.json", *events_of(tuesday, 200))
    assert found(load()) == {}  # said once


def test_a_missing_day_is_found_when_the_next_one_comes(weeks: Path, load: Callable[..., Loaded]) -> None:
    tuesday = MONDAY + timedelta(days=1)
    write(weeks / f"log_data/{tuesday}.json", *events_of(tuesday, 200))
    assert found(load()) == {"days_complete": [{"missing_day": str(MONDAY)}]}
    write(weeks / f"log_data/{MONDAY}.json", *events_of(MONDAY, 200))
    assert found(load()) == {}


def test_days_on_which_nothing_ever_happens_are_not_missed(
    tmp_path: Path, load: Callable[..., Loaded]
) -> None:
    for number in range(42):
        day = FIRST_DAY + timedelta(days=number)
        if day.weekday() < 5:
            write(tmp_path / f"log_data/{day}.json", *events_of(day, 20))
    write(tmp_path / "song_data/song.json", track())
    assert found(load()) == {}


@pytest.mark.forms(1)
@pytest.mark.parametrize("key", ["artist", "level", "userAgent"])
def test_a_column_that_is_gone_is_found(weeks: Path, load: Callable[..., Loaded], key: str) -> None:
    records = [
        {name: value for name, value in each.items() if name != key} for each in events_of(MONDAY, 200)
    ]
    write(weeks / f"log_data/{MONDAY}.json", *records)
    names = {"userAgent": "user_agent"}
    columns = [row["column_name"] for row in found(load())["nulls_usual"]]
    assert names.get(key, key) in columns


@pytest.mark.thorough
def test_plays_that_match_no_more_are_found(weeks: Path, load: Callable[..., Loaded]) -> None:
    write(weeks / "song_data/song.json", track(title="Ain't No Sunshine", artist_name="Sydney Youngblood"))
    load()
    for number in range(3):
        day = MONDAY + timedelta(days=number)
        write(weeks / f"log_data/{day}.json", *events_of(day, 200))
        assert found(load()) == {}
    day = MONDAY + timedelta(days=3)
    write(weeks / f"log_data/{day}.json", *(each | {"song": "Another"} for each in events_of(day, 200)))
    assert [row["table_name"] for row in found(load())["nulls_usual"]] == ["songplays"]


@pytest.mark.thorough
def test_events_that_are_too_old_are_warned_of_by_checks_and_runs_also_when_nothing_is_new(
    tmp_path: Path, load: Callable[..., Loaded], settings: Settings
) -> None:
    write(tmp_path / "song_data/song.json", track())
    now = datetime.now(UTC)
    ages = (70, 50)
    for hours in ages:
        ts = int((now - timedelta(hours=hours)).timestamp() * 1000)
        write(tmp_path / f"log_data/{hours}.json", event(ts=ts))
    assert found(load()) == {}
    for most, is_old in ((48, True), (51, False)):
        limited = replace(settings, loading=replace(settings.loading, max_age_hours=most))
        summary = run_etl(limited, NullProgress())
        assert summary.outcome == "nothing new"
        assert (list(found(Loaded(limited, summary))) == ["newest_event_fresh"]) == is_old
        warehouse = connect(limited, read_only=True)
        outcomes = check_all(warehouse, None, oldest_allowed_of(now, most))
        warehouse.close()
        assert ([it.name for it in outcomes if it.result == "warned"] == ["newest_event_fresh"]) == is_old


def test_the_age_of_events_is_judged_by_a_first_run_and_rightly_by_one_after_a_pause(
    tmp_path: Path, engine: Engine, settings: Settings
) -> None:
    now = datetime.now(UTC)
    limited = replace(settings, loading=replace(settings.loading, max_age_hours=48))

    def run(hours_ago: int) -> list[str]:
        ts = int((now - timedelta(hours=hours_ago)).timestamp() * 1000)
        write(tmp_path / f"log_data/{hours_ago}.json", event(ts=ts))
        engine.publish(tmp_path)
        return list(found(Loaded(limited, run_etl(limited, NullProgress()))))

    write(tmp_path / "song_data/song.json", track())
    assert run(120) == ["newest_event_fresh"]
    warehouse = connect(limited)
    with warehouse.transaction():
        warehouse.run("UPDATE runs SET started_at = started_at - INTERVAL '4 days'")
    warehouse.close()
    assert run(10) == []


@pytest.mark.thorough
def test_the_sample_gives_no_alarm_whole_or_day_by_day(
    sample: Path, tmp_path: Path, load: Callable[..., Loaded], settings: Settings
) -> None:
    for path in (sample / "song_data").rglob("*.json"):
        (tmp_path / "song_data").mkdir(exist_ok=True)
        (tmp_path / "song_data" / path.name).write_bytes(path.read_bytes())
    logs = sorted((sample / "log_data").rglob("*.json"))
    (tmp_path / "log_data").mkdir()
    for step, at_once in enumerate((logs[:12], *([path] for path in logs[12:]))):
        for path in at_once:
            (tmp_path / "log_data" / path.name).write_bytes(path.read_bytes())
        assert found(load()) == {}, step
    assert found(load(full=True)) == {}
    del settings


@pytest.fixture
def empty(settings: Settings) -> Iterator[Warehouse]:
    warehouse = connect(settings)
    with warehouse.transaction():
        warehouse.create_tables()
        # So that there is a horizon.
        warehouse.run("INSERT INTO runs (run_id, started_at) VALUES (1, TIMESTAMP '2030-01-01 00:00:00')")
    yield warehouse
    warehouse.close()


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("users", "growth", "noise"), [(3000, 1.0, 0.05), (400, 4.0, 0.06), (20_000, 0.5, 0.08)]
)
def test_two_years_with_growth_and_weekends_give_no_alarm_and_a_planted_one_is_found(
    empty: Warehouse, users: int, growth: float, noise: float
) -> None:
    draw = random.Random(users)
    days = []
    for number in range(730):
        day = FIRST_DAY + timedelta(days=number)
        level = users * growth ** (number / 365) * (0.5 if day.weekday() >= 5 else 1)
        level *= 1 + 0.1 * math.sin(2 * math.pi * number / 365)  # seasons
        days.append((day, max(1, round(draw.gauss(level, math.hypot(noise * level, math.sqrt(level)))))))
    empty.insert("event_days", days)

    def alarms() -> dict[str, int]:
        return {
            each.audit.name: each.rows_found
            for each in run_audits(empty)
            if each.audit.name in WATCHING and each.rows_found
        }

    assert alarms() == {}
    for factor in (0.5, 2):
        day, count = days[500]
        empty.run(f"UPDATE event_days SET events = {round(count * factor)} WHERE day = DATE '{day}'")
        assert alarms() == {"days_usual": 1}
    empty.run(f"DELETE FROM event_days WHERE day = DATE '{days[500][0]}'")
    assert alarms() == {"days_complete": 1}


def test_all_that_watch_are_audits() -> None:
    assert set(WATCHING) <= {audit.name for audit in load_audits()}
