"""Old events that are pruned: the star schema stays, runs go on, and what would need them is refused."""

import json
import os
import random
import signal
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sparkify.cli.prune import day_of
from sparkify.errors import AuditError, UnusableFilesError, UsageError, WarehouseError
from sparkify.load import accounts
from sparkify.load.audits import run_audits
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect, opened
from tests.support.builders import Record, event, examples, track, write
from tests.support.cli import Run, assert_fails
from tests.support.clock import at
from tests.support.either import Either
from tests.support.killing import END, processes, prune_and_be_killed
from tests.support.older import BEFORE_LEVELS, BEFORE_PRUNING, turn_back
from tests.support.runs import find_old, plan_etl, run_prune, run_unload
from tests.support.state import State, state_of

pytestmark = pytest.mark.slow

DAY = 86_400_000
BEGIN = 1_541_030_400_000  # 2018-11-01


def on_day(day: int, moment: int = 0, **values: Any) -> Record:
    """An event of a user, on a day and at one of its moments."""
    return event(ts=BEGIN + day * DAY + moment * 1000, **values)


def twelve_events(**values: Any) -> list[Record]:
    """Three on each of four days."""
    return [on_day(day, moment, **values) for day in range(4) for moment in range(3)]


def some_event(draw: random.Random, day: int) -> Record | str:
    """An event much like others: levels that change now and then, ties, plays that are delivered again."""
    if draw.random() < 0.05:
        return '{"ts": 1, "page"'
    user = draw.randrange(4)
    level = "paid" if (day + user) // 3 % 2 else "free"
    return on_day(
        day,
        draw.randrange(6),
        userId=str(user) if draw.random() < 0.9 else "",
        sessionId=draw.randrange(2),
        itemInSession=draw.randrange(2),
        page="NextSong" if draw.random() < 0.8 else "Home",
        level=level if draw.random() < 0.9 else draw.choice(["free", "paid", None]),
        lastName=draw.choice(["Klein", "Smith"]),
        auth=draw.choice(["Logged In", "Logged Out"]),
        artist=draw.choice(["Line Renaud", "Björk", "BjÃ¶rk"]),
        song=draw.choice(["Der Kleine Dompfaff", "Jóga"]),
        length=draw.choice([150.0, 200.0]),
    )


def star(either: Either) -> State:
    """All that analysts see, and what later runs go by, but for what is staged."""
    place = str(either.folder.resolve())
    if either.settings.database == "redshift":
        place = either.settings.loading.log_data.removesuffix("/log_data")
    found = state_of(either.settings, place)
    del found["staging_events"], found["encoding_repairs"]
    with closing(connect(either.settings, read_only=True)) as warehouse:
        for table in ("event_days", "heard_plays"):
            found[table] = sorted(warehouse.query(f"SELECT * FROM {table}"), key=repr)
        pruned = accounts.of_pruned(warehouse)
        found["account"] = list(accounts.of_warehouse(warehouse, pruned).rows())
        failed = [each.finding for each in run_audits(warehouse) if each.finding and each.audit.fails]
        assert failed == []
    return found


def staged(either: Either) -> list[date]:
    """The day of each staged event."""
    return [day for (day,) in either.sql("SELECT CAST(ts AS DATE) FROM staging_events ORDER BY ts")]


@pytest.mark.forms(1)
@pytest.mark.parametrize("seed", range(examples(1)))
def test_a_pruned_warehouse_stays_and_goes_on_as_one_that_has_all_events(either: Either, seed: int) -> None:
    draw = random.Random(seed)
    songs, logs = either.folder / "song_data", either.folder / "log_data"
    write(songs / "0.json", track(song_id="S0", artist_name="Björk", title="Nothing"))
    for day in range(8):
        write(logs / f"{day}.json", *(some_event(draw, day) for _ in range(24)))
    either.load()
    before, events = star(either), len(staged(either))
    for last_day in (3, 6):  # the second one finds that what the first has kept need no longer stay
        old = find_old(either.settings, date(2018, 11, last_day))
        summary = run_prune(either.settings, date(2018, 11, last_day))
        assert (summary.outcome, summary.findings) == ("pruned", [])
        assert star(either) == before
        events -= old.events
        assert len(staged(either)) == events
        assert sum(day < date(2018, 11, last_day) for day in staged(either)) == old.kept
    assert events < 2 / 3 * 24 * 8
    assert run_prune(either.settings, date(2018, 11, 4)).outcome == "nothing new"
    # Users come back, a recent file changes, one goes, and the catalogue gets songs of old plays.
    for day in (8, 9):
        write(logs / f"{day}.json", *(some_event(draw, day) for _ in range(12)))
    write(logs / "6.json", *(some_event(draw, 6) for _ in range(24)))
    write(songs / "1.json", track(song_id="S1", artist_name="Björk", title="Jóga", duration=150.0))
    assert either.load().summary.outcome == "loaded"
    run_unload(either.settings, "log_data/7.json")
    (logs / "7.json").unlink()
    write(songs / "2.json", track(song_id="S2", duration=200.0))
    either.load()
    after = star(either)
    assert {song for _, song, *_ in after["songs"]} != {song for _, song, *_ in before["songs"]}
    notes = either.load(full=True).summary.notes
    assert "events from before 2018-11-06 had been pruned; those that their files" in " ".join(notes)
    assert star(either) == after
    assert either.sql("SELECT * FROM pruned_events") == []


@pytest.mark.thorough
def test_what_would_need_pruned_events_is_refused_and_the_rest_is_loaded(either: Either) -> None:
    logs = either.folder / "log_data"
    write(either.folder / "song_data/song.json", track())
    write(logs / "a.json", *twelve_events())
    write(logs / "b.json", on_day(1, 2))  # of a moment of which all events stay
    write(logs / "c.json", on_day(5), on_day(6))
    either.load()
    run_prune(either.settings, date(2018, 11, 3))
    before = star(either)
    # What was loaded can be neither taken out nor loaded again …
    for name in ("a.json", "b.json"):
        with pytest.raises(WarehouseError, match=rf"{name} can't be taken out.* before 2018-11-03 have been"):
            run_unload(either.settings, name)
        with pytest.raises(UnusableFilesError, match=rf"{name}: has changed .* or is to be loaded again"):
            either.load(reload=[name])
    write(logs / "a.json", on_day(9))
    with pytest.raises(UnusableFilesError, match=r"a\.json: has changed") as refused:
        either.load()
    assert "sparkify etl --full" in refused.value.hint
    with pytest.raises(UnusableFilesError, match=r"a\.json: has changed"):
        plan_etl(either.settings)
    said: list[str] = []
    assert plan_etl(either.settings, said.append, skip_bad_files=True)["log_data"].known == 3
    assert [problem.partition(": left out: has changed")[0][-6:] for problem in said] == ["a.json"]
    # … nor can other files bring events of that time.
    write(logs / "d.json", on_day(1, 1), on_day(8))
    write(logs / "e.json", on_day(8, 1), on_day(8, 2))
    either.load(skip_bad_files=True, reload=["c.json"])
    warnings = " ".join(either.load(skip_bad_files=True).summary.warnings)
    assert "a.json: left out: has changed since it was loaded" in warnings
    ((reason,),) = either.sql("SELECT left_out FROM ledger WHERE uri LIKE '%d.json'")
    assert reason.startswith("1 event of it is from before 2018-11-03, and the events of that time have been")
    assert len(star(either)["songplays"]) == len(before["songplays"]) + 2
    either.load(full=True)
    assert len(star(either)["songplays"]) == 8  # with d, and without what a no longer has


def audit_after(warehouse: Warehouse, script: str) -> None:
    with warehouse.transaction():
        warehouse.run(script)
        run_audits(warehouse)


@pytest.mark.forms(1)
def test_audits_find_faults_of_the_time_that_was_pruned(either: Either) -> None:
    write(either.folder / "song_data/song.json", track())
    write(either.folder / "log_data/a.json", *twelve_events(userId="1"), *twelve_events(userId="2"))
    either.load()
    run_prune(either.settings, date(2018, 11, 4))
    moment = "TIMESTAMP '2018-11-02 00:00:01'"
    play = f"(SELECT songplay_id FROM songplays WHERE user_id = 1 AND start_time = {moment})"
    kept = "ts < TIMESTAMP '2018-11-04 00:00:00' AND user_id = 2"
    faults = {
        "pruned event without a play": f"DELETE FROM play_matches WHERE songplay_id = {play};"
        f" DELETE FROM songplays WHERE songplay_id = {play}",
        "play without an event": "UPDATE pruned_events SET plays = plays - 1",
        "no event says so": "DELETE FROM staging_events WHERE user_id = 2",
        "no event begins it": f"DELETE FROM staging_events WHERE {kept}",
        "event without a play": f"UPDATE staging_events SET session_id = 7 WHERE {kept}",
    }
    with opened(either.settings) as warehouse:
        for fault, script in faults.items():
            with pytest.raises(AuditError, match=fault):
                audit_after(warehouse, script)
    star(either)


@pytest.mark.thorough
def test_a_song_that_comes_later_is_matched_to_plays_whose_events_were_pruned(either: Either) -> None:
    write(either.folder / "song_data/0.json", track())
    write(either.folder / "log_data/a.json", on_day(0, song="Jóga", artist="Björk"), on_day(1), on_day(2))
    write(either.folder / "log_data/b.json", on_day(0, userId="1", page="Home"), on_day(4, userId="1"))
    write(either.folder / "log_data/c.json", on_day(-1, userId="1"), on_day(-1, 1))
    either.load()
    run_prune(either.settings, date(2018, 11, 3))
    assert len(staged(either)) == 6
    write(either.folder / "song_data/1.json", track(song_id="S1", title="Jóga", artist_name="Björk"))
    assert either.load().summary.outcome == "loaded"
    assert either.sql("SELECT start_time FROM songplays WHERE song_id = 'S1'") == [(datetime(2018, 11, 1),)]
    star(either)


@pytest.mark.thorough
def test_a_kill_leaves_all_events_or_what_was_to_be_left_of_them(either: Either) -> None:
    write(either.folder / "song_data/song.json", track())
    write(either.folder / "log_data/a.json", *twelve_events())
    either.load()
    before = star(either)
    environment = {name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ}
    for step in ("prune", "audit", "commit", END):
        process = processes.Process(
            target=prune_and_be_killed, args=(either.settings, date(2018, 11, 3), step, environment)
        )
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert (len(staged(either)), bool(either.sql("SELECT * FROM pruned_events"))) == (
            (8, True) if step == END else (12, False)
        )
        assert star(either) == before


@pytest.mark.thorough
def test_an_older_warehouse_gets_what_pruning_needs_and_a_pruned_one_is_not_derived_anew(
    either: Either,
) -> None:
    write(either.folder / "song_data/song.json", track())
    write(either.folder / "log_data/a.json", *twelve_events())
    either.load()
    before = star(either)
    turn_back(either.sql, BEFORE_PRUNING)
    with pytest.raises(WarehouseError, match="was loaded by an older version"):
        run_prune(either.settings, date(2018, 11, 3))
    either.load()
    run_prune(either.settings, date(2018, 11, 3))
    assert star(either) == before
    # As if a later version had to derive the history of levels.
    turn_back(either.sql, BEFORE_LEVELS[len(BEFORE_PRUNING) :])
    with pytest.raises(WarehouseError, match=r"can't be upgraded .* before 2018-11-03 have been") as refused:
        either.load()
    assert refused.value.hint == "load everything again, with all source files in place: sparkify etl --full"
    either.load(full=True)
    assert star(either) == before


@pytest.mark.thorough
def test_what_has_changed_since_people_were_asked_or_what_time_forbids_is_not_pruned(either: Either) -> None:
    logs = either.folder / "log_data"
    write(either.folder / "song_data/song.json", track())
    write(logs / "a.json", on_day(0), on_day(1), on_day(2))
    either.load()
    agreed = find_old(either.settings, date(2026, 1, 1))
    assert (agreed.before, agreed.events, agreed.kept) == (date(2018, 11, 3), 0, 2)
    write(logs / "b.json", on_day(1, 1), on_day(2, 1))
    either.load()
    with pytest.raises(WarehouseError, match="has changed since you were asked; nothing was changed"):
        run_prune(either.settings, date(2026, 1, 1), agreed=agreed)
    assert run_prune(either.settings, date(2026, 1, 1)).outcome == "pruned"
    # Whose clock is put back can't judge anew which events are from the future.
    write(logs / "c.json", on_day(3))
    with (
        at(datetime(2018, 11, 1)),
        pytest.raises(WarehouseError, match="by this machine's clock it is 2018-"),
    ):
        either.load()
    assert either.load().summary.findings == []


def test_the_command_asks_and_tells_and_status_and_report_count_what_was_pruned(run: Run, data: Path) -> None:
    write(data / "log_data/events.json", *twelve_events())
    assert_fails(run("prune", "--before", "2018-11-03", "--yes"), 1, "sparkify.duckdb")
    assert run("etl").returncode == 0
    counted = json.loads(run("status", "--json").stdout)["events"]
    tried = run("prune", "--before", "2018-11-03", "--dry-run")
    assert (tried.returncode, tried.stdout.split()[-3:]) == (0, ["2018-11-03", "4", "2"])
    assert "would prune 4 events from before 2018-11-03; 2 others of that time stay" in tried.stderr
    assert_fails(run("prune", "--older-than", "100w"), 2, "this deletes ", "use --yes")
    done = run("prune", "--before", "2018-11-03", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert ["songplays", "12", "0"] in [line.split() for line in done.stderr.splitlines()]
    status = json.loads(run("status", "--json").stdout)
    assert status["events"] == counted
    assert status["pruned"] == {"events": 4, "before": "2018-11-03"}
    assert "4 events from before 2018-11-03 have been pruned" in status["notes"][0]
    (last, *_) = json.loads(run("runs", "--json").stdout)
    assert last["outcome"] == "pruned"
    assert run("report", "out.html").returncode == 0
    assert "of them pruned from staging, from before 2018-11-03" in (data.parent / "out.html").read_text()
    again = run("prune", "--before", "2018-11-03", "--yes")
    assert "note: no event from before 2018-11-03 can be pruned" in again.stderr


TODAY = datetime(2018, 11, 30, tzinfo=UTC).date()


def test_old_is_what_happened_before_a_day_or_is_older_than_an_age() -> None:
    assert day_of("2018-11-30", None, TODAY) == TODAY
    assert day_of(None, "30d", TODAY) == TODAY - timedelta(days=30)
    assert day_of(None, "2W", TODAY) == TODAY - timedelta(days=14)
    for before, older_than, said in (
        (None, None, "name a day or an age"),
        ("2018-11-01", "3d", "name a day or an age"),
        ("yesterday", None, "--before 'yesterday' is not a day"),
        ("", None, "--before '' is not a day"),
        ("2018-12-01", None, "--before 2018-12-01 has not come yet"),
        (None, "3", "--older-than '3' is not a number of days or weeks"),
        (None, "-3d", "--older-than '-3d' is not a number"),
        (None, "999999d", "--older-than '999999d' is not a number"),
    ):
        with pytest.raises(UsageError, match=said):
            day_of(before, older_than, TODAY)
