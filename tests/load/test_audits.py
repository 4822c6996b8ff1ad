"""Audits: each catches a bad row of the kind it names, and a failed one leaves the warehouse as it was."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import AuditError, WarehouseError
from sparkify.load.audits import Audit, Finding, load_audits, run_audits
from sparkify.load.progress import NullProgress
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.builders import Loaded, Record, event, read_star, track, write
from tests.support.engines import Engine
from tests.support.prepared import Prepared
from tests.support.runs import run_etl, run_meddled_with


def by(script: str) -> Callable[[Warehouse], None]:
    """Puts a fault into a warehouse."""
    return lambda warehouse: warehouse.run(script)


pytestmark = pytest.mark.slow


def in_events_and_users(change: str) -> str:
    """Statements that make the same change in users and in the events that it comes from."""
    return "; ".join(
        f"UPDATE {table} SET {change} WHERE user_id = 2" for table in ("users", "staging_events")
    )


def span_before(level: str, end: str) -> str:
    """A statement that invents a span before that of user 3, which ends so far from its begin."""
    return (
        f"INSERT INTO user_levels SELECT user_id, '{level}', valid_from - INTERVAL '2 milliseconds',"
        f" valid_from {end} FROM user_levels WHERE user_id = 3"
    )


THE_PLAY = "(SELECT start_time FROM songplays WHERE session_id = 2)"
WITHOUT_HOME = f"UPDATE user_levels SET valid_from = {THE_PLAY} WHERE user_id = 2"
"""Lets the history of user 2 begin with the play, and not with the event before."""


def at_one_moment(play: str, user: str) -> str:
    """Statements that let events of one moment say two levels: the play has one, and user 2 the other."""
    return (
        f"{WITHOUT_HOME}; UPDATE staging_events SET ts = {THE_PLAY} WHERE page = 'Home';"
        f" UPDATE staging_events SET level = {user} WHERE page = 'Home';"
        f" UPDATE staging_events SET level = {play} WHERE session_id = 2 AND page = 'NextSong';"
        f" UPDATE songplays SET level = {play} WHERE session_id = 2;"
        f" UPDATE users SET level = {user} WHERE user_id = 2;"
        f" UPDATE user_levels SET level = {user} WHERE user_id = 2"
    )


# Faults that an audit must find, one for each way in which what it says may be untrue. Each is put into a
# loaded warehouse, and into an incremental run, whose audits look at little more than what it has added: so
# each concerns rows of the last file.
PLANTED = [
    (
        "songplays_unique",
        "INSERT INTO songplays (start_time, user_id, session_id)"
        " SELECT start_time, user_id, session_id FROM songplays WHERE session_id = 2",
    ),
    ("play_matches_reconcile", "UPDATE songplays SET songplay_id = 7"),
    ("play_matches_reconcile", "DELETE FROM play_matches"),
    ("play_matches_reconcile", "INSERT INTO play_matches SELECT * FROM play_matches"),
    (
        "play_matches_reconcile",
        "INSERT INTO play_matches SELECT songplay_id + 1, 1 FROM songplays WHERE session_id = 2",
    ),
    ("play_matches_reconcile", "UPDATE play_matches SET songplay_id = songplay_id + 1"),
    ("play_matches_reconcile", "UPDATE play_matches SET match_id = NULL"),
    ("play_matches_reconcile", "UPDATE play_matches SET match_id = match_id + 100"),
    ("play_matches_reconcile", "DELETE FROM song_matches"),
    ("play_matches_reconcile", "UPDATE song_matches SET song_id = NULL"),
    ("play_matches_reconcile", "UPDATE songplays SET song_id = NULL, artist_id = NULL"),
    ("users_unique", "INSERT INTO users SELECT * FROM users WHERE user_id = 2"),
    ("songs_unique", "INSERT INTO songs SELECT * FROM songs"),
    ("artists_unique", "INSERT INTO artists SELECT * FROM artists"),
    ("time_reconcile", "INSERT INTO time SELECT * FROM time"),
    ("songplays_user_exists", "UPDATE songplays SET user_id = 12345 WHERE session_id = 2"),
    ("songplays_song_exists", "UPDATE songplays SET song_id = 'none', artist_id = 'A' WHERE session_id = 2"),
    ("songplays_song_exists", "DELETE FROM songs"),
    (
        "songplays_artist_exists",
        "UPDATE songplays SET artist_id = 'none', song_id = 'S' WHERE session_id = 2",
    ),
    ("songplays_artist_exists", "DELETE FROM artists"),
    (
        "time_reconcile",
        "UPDATE songplays SET start_time = start_time + INTERVAL '1 millisecond' WHERE session_id = 2",
    ),
    ("time_reconcile", "DELETE FROM time"),
    ("songplays_match_whole", "UPDATE songplays SET song_id = NULL WHERE song_id IS NOT NULL"),
    ("songplays_match_whole", "UPDATE songplays SET artist_id = NULL WHERE artist_id IS NOT NULL"),
    ("songs_artist_exists", "UPDATE songs SET artist_id = 'none'"),
    ("required_columns", "UPDATE songplays SET session_id = NULL WHERE session_id = 2"),
    # With the events that they come from, or users_reconcile would find them first.
    ("levels_known", at_one_moment("'paid'", "'gold'")),
    ("levels_known", at_one_moment("'paid'", "NULL")),
    ("levels_known", at_one_moment("'gold'", "'paid'")),
    ("levels_known", at_one_moment("NULL", "'paid'")),
    ("genders_known", in_events_and_users("gender = 'm'")),
    ("genders_known", in_events_and_users("gender = NULL")),
    ("time_parts_consistent", "UPDATE time SET weekday = (weekday + 1) % 7"),
    ("events_accounted", "DELETE FROM songplays WHERE session_id = 2"),
    (
        "events_accounted",
        "INSERT INTO songplays (start_time, user_id, session_id)"
        " SELECT start_time, user_id, 99 FROM songplays WHERE session_id = 2",
    ),
    # One lost and one invented: as many as there should be.
    ("events_accounted", "UPDATE songplays SET session_id = 99 WHERE session_id = 2"),
    ("events_accounted", "UPDATE staging_events SET page = 'NextSong' WHERE page = 'Home'"),
    ("events_accounted", "UPDATE staging_events SET page = 'Home' WHERE session_id = 2"),
    ("users_reconcile", "DELETE FROM users WHERE user_id = 2"),
    ("users_reconcile", "UPDATE users SET user_id = 1 WHERE user_id = 2"),
    ("users_reconcile", "UPDATE users SET level = 'free' WHERE user_id = 2"),
    ("users_reconcile", "UPDATE users SET first_name = NULL WHERE user_id = 2"),
    ("users_reconcile", "UPDATE users SET last_name = '' WHERE user_id = 2"),
    ("users_reconcile", "UPDATE users SET gender = 'F' WHERE user_id = 2"),
    (
        "users_reconcile",
        "UPDATE user_latest_event SET ts = TIMESTAMP '2018-11-01 00:00:00' WHERE user_id = 2",
    ),
    ("users_reconcile", "UPDATE user_latest_event SET ts = ts + INTERVAL '1 millisecond' WHERE user_id = 2"),
    (
        "users_reconcile",
        "UPDATE user_latest_event SET ts = TIMESTAMP '2999-01-01 00:00:00' WHERE user_id = 2",
    ),
    ("users_reconcile", "DELETE FROM user_latest_event WHERE user_id = 2"),
    ("user_levels_whole", "DELETE FROM user_levels WHERE user_id = 2"),
    ("user_levels_whole", "UPDATE user_levels SET user_id = 99 WHERE user_id = 2"),
    ("user_levels_whole", "UPDATE user_levels SET level = NULL WHERE user_id = 2"),
    ("user_levels_whole", "UPDATE user_levels SET valid_to = valid_from WHERE user_id = 2"),
    ("user_levels_whole", "UPDATE user_levels SET valid_to = TIMESTAMP '2999-01-01' WHERE user_id = 2"),
    ("user_levels_whole", "INSERT INTO user_levels SELECT * FROM user_levels WHERE user_id = 2"),
    # A span before: then a gap, an overlap, or no change between the two.
    ("user_levels_whole", span_before("free", "- INTERVAL '1 millisecond'")),
    ("user_levels_whole", span_before("free", "+ INTERVAL '1 millisecond'")),
    ("user_levels_whole", span_before("paid", "")),
    ("user_levels_reconcile", span_before("free", "")),
    (
        "user_levels_reconcile",
        "UPDATE user_levels SET valid_from = valid_from + INTERVAL '1 second' WHERE user_id = 2",
    ),
    (
        "user_levels_reconcile",
        "UPDATE user_levels SET valid_from = valid_from - INTERVAL '1 millisecond' WHERE user_id = 3",
    ),
    ("user_levels_reconcile", "UPDATE songplays SET level = 'free' WHERE session_id = 2"),
    ("user_levels_reconcile", "UPDATE songplays SET level = 'gold' WHERE session_id = 2"),
    ("user_levels_reconcile", "UPDATE staging_events SET level = 'free' WHERE session_id = 2"),
    (
        "user_levels_reconcile",
        at_one_moment("'paid'", "'free'") + "; DELETE FROM staging_events WHERE page = 'Home'",
    ),
    ("songs_reconcile", "INSERT INTO songs VALUES ('extra', 't', 'A', 1, 1)"),
    ("songs_reconcile", "DELETE FROM songs"),
    ("artists_reconcile", "DELETE FROM artists"),
    ("artists_reconcile", "INSERT INTO artists VALUES ('extra', 'n', NULL, NULL, NULL)"),
    ("time_reconcile", "DELETE FROM time WHERE start_time = (SELECT MAX(start_time) FROM time)"),
    (
        "time_reconcile",
        "INSERT INTO time SELECT start_time - INTERVAL '1 millisecond', hour, day, week, month, year, weekday"
        " FROM time WHERE start_time = (SELECT MAX(start_time) FROM time)",
    ),
]
# Outside of the time that an incremental run has touched, and of its users; or in what was loaded, which
# tests/load/test_accounts.py has incremental runs warn of.
PLANTED_IN_FULL_LOADS = [
    (
        "days_usual",
        "INSERT INTO event_days VALUES "
        + ", ".join(f"(DATE '2010-03-{day:02}', {400 if day == 29 else 1000})" for day in range(1, 30)),
    ),
    (
        "days_complete",
        "INSERT INTO event_days VALUES "
        + ", ".join(f"(DATE '2010-03-{day:02}', 1000)" for day in range(1, 30) if day != 23),
    ),
    (
        "nulls_usual",
        "INSERT INTO column_nulls VALUES (90, 'staging_events', 'artist', 5000, 700),"
        " (91, 'staging_events', 'artist', 1000, 1000)",
    ),
    (
        "nulls_usual",
        "INSERT INTO column_nulls VALUES (90, 'songplays', 'song_id', 5000, 700),"
        " (91, 'songplays', 'song_id', 1000, 500)",
    ),
    (
        "plays_have_users",
        f"{WITHOUT_HOME}; UPDATE staging_events SET user_id = NULL, page = 'NextSong' WHERE page = 'Home'",
    ),
    ("pages_spelt_right", "UPDATE staging_events SET page = 'next song' WHERE page = 'Home'"),
    (
        "events_hold_plays",
        "DELETE FROM songplays; DELETE FROM play_matches; DELETE FROM time;"
        " UPDATE staging_events SET page = 'Home'",
    ),
    (
        "events_have_happened",
        f"{WITHOUT_HOME}; UPDATE staging_events SET ts = TIMESTAMP '2999-01-01 00:00:00' WHERE page = 'Home'",
    ),
    ("users_reconcile", "INSERT INTO users VALUES (99, 'Nobody', 'Ever', 'F', 'free')"),
    (
        "users_reconcile",
        "INSERT INTO users VALUES (99, 'Nobody', 'Ever', 'F', 'free');"
        " INSERT INTO user_latest_event SELECT 99, ts, 1, 1, 'Nobody', 'Ever', 'F', 'free'"
        " FROM user_latest_event WHERE user_id = 1",
    ),
    (
        "start_times_plausible",
        "UPDATE staging_events SET ts = TIMESTAMP '1970-01-18 00:00:00' WHERE session_id = 2;"
        " UPDATE songplays SET start_time = TIMESTAMP '1970-01-18 00:00:00' WHERE session_id = 2;"
        " UPDATE user_latest_event SET ts = TIMESTAMP '1970-01-18 00:00:00' WHERE user_id = 2;"
        " UPDATE user_levels SET valid_from = TIMESTAMP '1970-01-18 00:00:00' WHERE user_id = 2;"
        " DELETE FROM time WHERE start_time NOT IN (SELECT start_time FROM songplays);"
        " INSERT INTO time VALUES (TIMESTAMP '1970-01-18 00:00:00', 0, 18, 3, 1, 1970, 0)",
    ),
]

SONG = track(song_id="S", artist_id="A", artist_name="Air", title="Playground Love")
FIRST = event(ts=1543449657001, sessionId=1, userId="1", artist="Air", song="Playground Love")
# The last file: two moments, so that there is a time between them.
LAST = [
    event(ts=1543449657003, sessionId=2, userId="2"),
    event(ts=1543449657002, sessionId=2, userId="2", page="Home"),
    event(ts=1543449657005, sessionId=3, userId="3", artist="Air", song="Playground Love"),
]


def prepared(engine: Engine, scratch: Path, *events: Record) -> Prepared:
    def fill(folder: Path) -> None:
        write(folder / "song_data/song.json", SONG)
        write(folder / "log_data/1.json", *events)

    return Prepared(engine, scratch, fill, {"max_reject_share": 1})


@pytest.fixture(scope="module")
def all_loaded(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(engine, tmp_path_factory.mktemp("all"), FIRST, *LAST)


@pytest.fixture(scope="module")
def first_loaded(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(engine, tmp_path_factory.mktemp("first"), FIRST)


@pytest.fixture
def warehouse(all_loaded: Prepared) -> Iterator[Warehouse]:
    warehouse = connect(all_loaded.anew())
    yield warehouse
    warehouse.close()


def is_refused_by_redshift(engine: str, refused: WarehouseError) -> bool:
    """Whether the engine itself refuses a fault: then no audit has to find it."""
    return engine == "redshift" and bool(
        re.search("not-null constraint|identity column|songplay_id", refused.message)
    )


class UndoError(Exception):
    """Ends a transaction that is not to be kept."""


def what_is_missed(warehouse: Warehouse, faults: list[tuple[str, str]], *, in_run: bool) -> dict[str, str]:
    """Put each fault into the tables by itself: what was said where its audit did not find it, by fault."""
    missed = {}
    tried = 0
    for name, fault in faults:
        audit = audit_named(name)
        said = ""
        try:
            with warehouse.transaction():
                warehouse.run(fault)
                tried += 1
                with warehouse.audit_scope() if in_run else contextlib.nullcontext():
                    found = found_by_audits(warehouse, in_run=in_run)
                said = ", ".join(finding.audit.name for finding in found)
                raise UndoError
        except UndoError:
            if audit.fails or name not in said.split(", ") or (in_run and said != name):
                missed[fault] = said
        except AuditError as error:
            if not audit.fails or f"{name}: expected that {audit.claim}" not in error.message:
                missed[fault] = error.message
        except WarehouseError as refused:
            if not is_refused_by_redshift(warehouse.engine, refused):
                raise
    assert tried > len(faults) / 2
    return missed


def test_every_audit_has_a_planted_fault() -> None:
    planted = {name for name, _ in PLANTED + PLANTED_IN_FULL_LOADS}
    audits = {audit.name for audit in load_audits() if not audit.is_of_age}
    assert audits == planted, "plant a fault for each in PLANTED, or in PLANTED_IN_FULL_LOADS"


def found_by_audits(warehouse: Warehouse, *, in_run: bool = False) -> list[Finding]:
    return [each.finding for each in run_audits(warehouse, in_run=in_run) if each.finding]


def test_a_good_warehouse_passes_all_audits(warehouse: Warehouse) -> None:
    assert found_by_audits(warehouse) == []


def audit_named(name: str) -> Audit:
    (audit,) = [audit for audit in load_audits() if audit.name == name]
    return audit


@pytest.mark.thorough
def test_each_audit_catches_its_planted_faults(warehouse: Warehouse) -> None:
    assert what_is_missed(warehouse, PLANTED + PLANTED_IN_FULL_LOADS, in_run=False) == {}
    assert found_by_audits(warehouse) == []  # each was undone


@pytest.mark.thorough
def test_each_audit_catches_its_planted_faults_in_an_incremental_run(
    engine: Engine, first_loaded: Prepared
) -> None:
    settings = first_loaded.anew()
    write(first_loaded.folder / "log_data/2.json", *LAST)
    engine.publish(first_loaded.folder)
    missed: list[dict[str, str]] = []

    def try_faults(warehouse: Warehouse) -> None:
        warehouse.run("COMMIT")  # so that each fault can have a transaction of its own
        missed.append(what_is_missed(warehouse, PLANTED, in_run=True))
        warehouse.run("BEGIN")

    assert run_meddled_with(settings, "audit", try_faults).findings == []
    assert missed == [{}]


ALONE = ("songplays_unique", "genders_known", "time_reconcile")


@pytest.mark.parametrize(("name", "fault"), [item for item in PLANTED if item[0] in ALONE])
def test_an_audit_catches_its_planted_fault_and_the_warehouse_stays_as_it_was(
    engine: Engine, first_loaded: Prepared, name: str, fault: str
) -> None:
    settings = first_loaded.anew()
    before = read_star(settings)
    write(first_loaded.folder / "log_data/2.json", *LAST)
    engine.publish(first_loaded.folder)
    audit = audit_named(name)
    if not audit.fails:
        findings = run_meddled_with(settings, "audit", by(fault)).findings
        assert [finding.audit.name for finding in findings] == [name]
        return
    try:
        with pytest.raises(AuditError) as caught:
            run_meddled_with(settings, "audit", by(fault))
    except WarehouseError as refused:
        if not is_refused_by_redshift(engine.name, refused):
            raise
        pytest.skip(refused.message)
    assert f"{name}: expected that {audit.claim}" in caught.value.message
    assert read_star(settings) == before


def test_a_user_who_is_kept_without_events_is_found_in_an_incremental_run(
    engine: Engine,
    tmp_path: Path,
    load: Callable[..., Loaded],
    settings: Settings,
) -> None:
    write(tmp_path / "song_data/song.json", SONG)
    write(tmp_path / "log_data/1.json", FIRST)
    write(tmp_path / "log_data/2.json", *LAST)
    load()
    before = read_star(settings)
    write(tmp_path / "log_data/2.json", LAST[-1], event(ts=1543449657006, userId="3"))
    engine.publish(tmp_path)
    kept = (
        "INSERT INTO users VALUES (2, 'Jacob', 'Klein', 'M', 'paid');"
        " INSERT INTO user_latest_event VALUES"
        " (2, TIMESTAMP '2018-11-29 00:00:57.003', 53, 2, 'Jacob', 'Klein', 'M', 'paid');"
    )
    with pytest.raises(AuditError, match=r"users_reconcile.*fault no event says so, user_id 2"):
        run_meddled_with(settings, "audit", by(kept))
    assert read_star(settings) == before


def test_a_days_run_neither_writes_nor_audits_the_users_of_other_days(
    engine: Engine, tmp_path: Path, load: Callable[..., Loaded], settings: Settings
) -> None:
    if engine.name == "redshift":
        pytest.skip("audits look at all users there, and find the mark")
    write(tmp_path / "song_data/song.json", SONG)
    write(tmp_path / "log_data/1.json", FIRST, *LAST)
    load()
    warehouse = connect(settings)
    with warehouse.transaction():
        warehouse.run("UPDATE users SET last_name = 'Marked' WHERE user_id IN (1, 2)")
    warehouse.close()
    write(
        tmp_path / "log_data/2.json", event(ts=1543549657000, userId="2"), event(ts=1543549657001, userId="4")
    )
    assert load().query("SELECT user_id, last_name FROM users ORDER BY 1") == [
        (1, "Marked"),
        (2, "Klein"),
        (3, "Klein"),
        (4, "Klein"),
    ]


def test_plays_of_1970_are_warned_about_when_an_incremental_run_brings_them(
    tmp_path: Path, load: Callable[..., Loaded]
) -> None:
    write(tmp_path / "song_data/song.json", SONG)
    write(tmp_path / "log_data/1.json", FIRST)
    assert load().summary.findings == []
    write(tmp_path / "log_data/2.json", event(ts=1543449657))  # seconds
    (finding,) = load().summary.findings
    assert finding.audit.name == "start_times_plausible"
    assert len(finding.rows) == 1


@pytest.mark.parametrize("column", ["hour", "day", "week", "month", "year", "weekday"])
def test_every_part_of_time_is_checked(warehouse: Warehouse, column: str) -> None:
    warehouse.run(f"UPDATE time SET {column} = {column} + 1")
    with pytest.raises(AuditError, match="time_parts_consistent"):
        run_audits(warehouse)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("songplays", "start_time"),
        ("songplays", "user_id"),
        ("users", "user_id"),
        ("songs", "song_id"),
        ("artists", "artist_id"),
        ("time", "start_time"),
        ("time", "week"),
    ],
)
def test_every_required_column_is_checked(warehouse: Warehouse, table: str, column: str) -> None:
    try:
        warehouse.run(f"UPDATE {table} SET {column} = NULL")
    except WarehouseError as refused:
        if not is_refused_by_redshift(warehouse.engine, refused):
            raise
        pytest.skip(refused.message)
    with pytest.raises(AuditError, match="required_columns"):
        run_audits(warehouse)


def test_a_failed_audit_leaves_the_old_warehouse_untouched(
    engine: Engine,
    tmp_path: Path,
    load: Callable[..., Loaded],
    settings: Settings,
) -> None:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    load()
    before = read_star(settings)
    write(tmp_path / "log_data/b.json", event(ts=2))
    engine.publish(tmp_path)
    fault = "UPDATE users SET user_id = user_id + 1000000"
    for full in (False, True):
        with pytest.raises(AuditError, match="songplays_user_exists"):
            run_meddled_with(settings, "audit", by(fault), full=full)
        assert read_star(settings) == before
    assert run_etl(settings, NullProgress()).tables["songplays"] == (2, 1)


def test_an_audit_that_warns_does_not_stop_the_run(tmp_path: Path, load: Callable[..., Loaded]) -> None:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(level="gold"))
    loaded = load()
    assert [finding.audit.name for finding in loaded.summary.findings] == ["levels_known"]
    assert loaded.query("SELECT level FROM songplays") == [("gold",)]


def test_values_that_nobody_would_see_are_shown_in_quotes() -> None:
    audit = Audit("levels_known", fails=False, claim="levels are known", sql="")
    finding = Finding(audit, ["level", "rows_found"], [("paid ", 3), ("", 2), (None, 1)])
    assert str(finding).endswith(
        "found: level 'paid ', rows_found 3; level '', rows_found 2; level NULL, rows_found 1"
    )
