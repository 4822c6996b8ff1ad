"""Tables of others, under names of this project: they are never dropped or changed, and named."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sparkify.errors import WarehouseError
from sparkify.sql import STAR_TABLES, TABLES, VIEWS, columns_of
from sparkify.warehouse.opening import connect
from tests.support.builders import event, track, write
from tests.support.either import Either
from tests.support.older import BEFORE_HISTORY, turn_back


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1), event(ts=2))
    return tmp_path


def create_tables(on: Either) -> None:
    warehouse = connect(on.settings)
    try:
        with warehouse.transaction():
            warehouse.create_tables()
    finally:
        warehouse.close()


def has_tables(on: Either) -> bool:
    warehouse = connect(on.settings)
    try:
        return warehouse.has_tables()
    finally:
        warehouse.close()


OTHERS = {
    "a table with columns of its own": ("CREATE TABLE users (id INTEGER, precious VARCHAR(10))", "users"),
    "a table with a column more": (
        "CREATE TABLE artists (artist_id VARCHAR(9), name VARCHAR(9), location VARCHAR(9),"
        " latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, precious VARCHAR(9))",
        "artists",
    ),
    "a table with some of our columns": (
        "CREATE TABLE ledger (file_id INTEGER, source VARCHAR(9))",
        "ledger",
    ),
    "a table as the exercise has it": (
        "CREATE TABLE users (user_id BIGINT, first_name VARCHAR(9), last_name VARCHAR(9), gender VARCHAR(9),"
        " level VARCHAR(9))",
        "users",
    ),
    "a view": ("CREATE VIEW songs AS SELECT 1 AS song_id", "songs"),
    "a view under the name of a view": ("CREATE VIEW dim_users AS SELECT 1 AS precious", "dim_users"),
    "a table under the name of a view": ("CREATE TABLE dim_time (precious INTEGER)", "dim_time"),
}


@pytest.mark.forms(5)
@pytest.mark.parametrize("made", OTHERS.values(), ids=OTHERS)
def test_what_others_have_under_our_names_is_named_and_neither_dropped_nor_written_to(
    either: Either, files: Path, made: tuple[str, str]
) -> None:
    del files
    statement, name = made
    either.sql(statement)
    before = either.sql(f"SELECT * FROM {name}")
    for command in (either.load, lambda: create_tables(either), lambda: has_tables(either)):
        with pytest.raises(WarehouseError, match="not belong to this project; nothing was changed") as caught:
            command()
        assert name in caught.value.message
        assert "name another" in caught.value.hint
    assert either.sql(f"SELECT * FROM {name}") == before
    found = either.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA()"
    )
    assert (name,) in found
    assert {table for (table,) in found} & set(TABLES) <= {name}


@pytest.mark.forms(1)
def test_a_table_of_others_in_the_middle_of_ours_keeps_all_of_them(either: Either, files: Path) -> None:
    del files
    either.load()
    either.sql("DROP VIEW dim_users")
    either.sql("DROP TABLE users")
    either.sql("CREATE TABLE users (precious INTEGER)")
    with pytest.raises(WarehouseError, match="columns precious named users is there"):
        create_tables(either)
    assert either.sql("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.slow
@pytest.mark.forms(1)
def test_of_ours_that_are_not_all_there_all_are_made_anew(either: Either, files: Path) -> None:
    del files
    either.load()
    either.sql("DROP TABLE ledger")
    with pytest.raises(WarehouseError, match=r"has the tables .*, but not ledger") as caught:
        either.load()
    assert "sparkify create-tables" in caught.value.hint
    create_tables(either)
    assert either.load().summary.tables["songplays"] == (2, 2)


@pytest.mark.slow
@pytest.mark.forms(1)
def test_the_five_tables_of_the_star_schema_alone_may_be_anybodys(either: Either, files: Path) -> None:
    del files
    either.load()
    for view in reversed(VIEWS):
        either.sql(f"DROP VIEW {view}")
    for table in set(TABLES) - set(STAR_TABLES):
        either.sql(f"DROP TABLE {table} CASCADE")
    with pytest.raises(WarehouseError, match="but none of ledger, runs"):
        create_tables(either)
    assert either.sql("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.thorough
def test_tables_of_the_same_names_in_other_schemas_are_no_matter(either: Either, files: Path) -> None:
    either.sql("CREATE SCHEMA analytics")
    try:
        for table in ("songs", "runs", "staging_events", "staging_songs"):
            either.sql(f"CREATE TABLE analytics.{table} (precious INTEGER)")
        either.sql("INSERT INTO analytics.songs VALUES (7)")
        assert not has_tables(either)
        assert either.load().summary.tables["songplays"] == (2, 2)
        write(files / "log_data/b.json", event(ts=3))
        assert either.load().summary.tables["songplays"] == (3, 1)
        create_tables(either)
        assert either.sql("SELECT * FROM analytics.songs") == [(7,)]
    finally:
        either.sql("DROP SCHEMA analytics CASCADE")


@pytest.mark.slow
def test_capitals_make_no_other_table_on_duckdb(tmp_path: Path, files: Path) -> None:
    del files
    database = tmp_path / "mine.duckdb"
    with duckdb.connect(str(database)) as mine:
        mine.execute("CREATE TABLE Users AS SELECT 7 AS precious")
    done = subprocess.run(
        [sys.executable, "-m", "sparkify", "create-tables", "--database", str(database)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "named users is there, which does not belong to this project" in done.stderr
    with duckdb.connect(str(database)) as mine:
        assert mine.execute("SELECT * FROM users").fetchall() == [(7,)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "newer", [["log_location", "song_location"], ["log_location", "song_location", "event_keys"], []]
)
def test_tables_of_an_older_version_are_brought_up_to_date_and_nothing_is_lost(
    either: Either, files: Path, newer: list[str]
) -> None:
    either.load()
    turn_back(either.sql, BEFORE_HISTORY)
    for column in newer:
        either.sql(f"ALTER TABLE runs DROP COLUMN {column}")
    with pytest.raises(WarehouseError, match="was loaded by an older version of sparkify") as caught:
        has_tables(either)
    assert "sparkify etl (nothing is lost)" in caught.value.hint
    write(files / "log_data/b.json", event(ts=3))
    loaded = either.load()
    assert loaded.summary.tables["songplays"] == (3, 1)
    (note,) = loaded.summary.notes
    assert note.startswith("the tables of an older version were upgraded")
    last = newer[-1] if newer else "outcome"
    filled = either.sql(f"SELECT run_id, {last} IS NULL FROM runs ORDER BY 1")
    assert filled == [(1, True), (2, False)]
    assert has_tables(either)


@pytest.mark.slow
@pytest.mark.forms(1)
def test_what_a_newer_version_has_loaded_is_neither_written_nor_dropped_nor_taken_for_others(
    either: Either, files: Path
) -> None:
    either.load()
    either.sql("CREATE OR REPLACE VIEW schema_version AS SELECT 999 AS version")
    either.sql("ALTER TABLE runs ADD COLUMN of_the_future INTEGER")
    write(files / "log_data/b.json", event(ts=3))
    for command in (either.load, lambda: create_tables(either), lambda: has_tables(either)):
        with pytest.raises(WarehouseError, match="loaded by a newer version of sparkify") as caught:
            command()
        assert "version 999" in caught.value.message
        assert "nothing was changed" in caught.value.message
        assert "install the newer version" in caught.value.hint
    assert either.sql("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.slow
@pytest.mark.forms(1)
def test_views_that_an_older_version_did_not_have_are_made(either: Either, files: Path) -> None:
    either.load()
    for view in ("play_span", "event_horizon", "audit_window"):
        either.sql(f"DROP VIEW {view}")
    with pytest.raises(WarehouseError, match="was loaded by an older version of sparkify"):
        has_tables(either)
    write(files / "log_data/b.json", event(ts=3))
    assert either.load().summary.tables["songplays"] == (3, 1)
    assert has_tables(either)


@pytest.mark.slow
@pytest.mark.thorough
def test_the_columns_that_tables_are_told_by_are_those_that_are_made(either: Either) -> None:
    create_tables(either)
    for table in TABLES:
        names = tuple(
            row[0]
            for row in either.sql(
                f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
                " ORDER BY ordinal_position"
            )
        )
        assert names == columns_of(table), table


@pytest.mark.thorough
def test_tables_under_names_that_a_run_uses_for_a_while_are_left_alone(either: Either, files: Path) -> None:
    names = (
        *(
            "batch_songs",
            "batch_events",
            "removed_songs",
            "removed_events",
            "touched_plays",
            "changed_matches",
            "rematched_plays",
            "old_plays",
            "numbering",
        ),
        *("touched_days", "new_days", "touched_levels", "day_levels", "new_levels"),
        *("new_song_matches", "new_states", "touched_users", "due_events", "passed_time"),
        *("judged", "judged_before", "under_review", "records", "rejected_files", "new_plays"),
    )
    try:
        for number, name in enumerate(names):
            either.sql(f"CREATE TABLE {name} AS SELECT {number} AS precious")
        assert either.load().summary.tables["songplays"] == (2, 2)
        write(files / "log_data/a.json", event(ts=1), event(ts=3, userId="8"), event(ts=3, userId="9"), "{")
        assert either.load().summary.tables["songplays"] == (3, 1)
        either.load(full=True)
        all_of_them = " UNION ALL ".join(f"SELECT '{name}', precious FROM {name}" for name in names)
        assert sorted(either.sql(all_of_them)) == sorted((name, n) for n, name in enumerate(names))
    finally:
        for name in names:
            either.sql(f"DROP TABLE IF EXISTS {name}")
