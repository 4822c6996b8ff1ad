"""The file of a DuckDB warehouse between two processes: an empty one is removed, never another's."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from sparkify.config.settings import DuckDBOptions
from sparkify.warehouse.duckdb.session import DuckDBSession
from tests.support.builders import event, read_star, track, write
from tests.support.engines import DuckDBEngine
from tests.support.runs import duckdb_warehouse


class Connection:
    """DuckDB's own connection, after whose end something happens at once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, then: Callable[[], object]) -> None:
        self._connection, self._then = connection, then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        self._connection.close()
        self._then()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    return tmp_path


def load(folder: Path, database: str, prelude: str = "") -> "subprocess.CompletedProcess[str]":
    """Load in another process."""
    return subprocess.run(
        [sys.executable, "-c", f"{prelude}\nfrom sparkify.cli import main\nmain()", "etl"],
        env={key: value for key, value in os.environ.items() if not key.startswith("SPARKIFY_")}
        | {
            "SPARKIFY_DATABASE": database,
            "SPARKIFY_SONG_DATA": str(folder / "song_data"),
            "SPARKIFY_LOG_DATA": str(folder / "log_data"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_what_another_process_loads_once_the_lock_is_free_stays(sources: Path) -> None:
    settings = DuckDBEngine(sources).settings(sources)
    failed = duckdb_warehouse(settings)  # made the file, and puts nothing into it
    during = load(sources, settings.database)
    assert (during.returncode, "in use by process" in during.stderr) == (1, True)

    def load_now() -> None:
        after = load(sources, settings.database)
        assert after.returncode == 0, after.stderr

    failed.connection = cast(Any, Connection(failed.connection, load_now))
    failed.close()
    assert len(read_star(settings)["songplays"]) == 1


REMOVED_MEANWHILE = """
import os, duckdb
connect, times = duckdb.connect, [2]
def connect_while_it_is_removed(path, **options):
    connection = connect(path, **options)
    if times[0]:
        times[0] -= 1
        os.unlink(path)
    return connection
duckdb.connect = connect_while_it_is_removed
"""


def test_a_file_that_is_removed_between_opening_and_locking_it_is_opened_again(sources: Path) -> None:
    settings = DuckDBEngine(sources).settings(sources)
    done = load(sources, settings.database, REMOVED_MEANWHILE)
    assert done.returncode == 0, done.stderr
    assert len(read_star(settings)["songplays"]) == 1


def test_a_file_that_always_goes_away_is_named(sources: Path) -> None:
    settings = DuckDBEngine(sources).settings(sources)
    done = load(sources, settings.database, REMOVED_MEANWHILE.replace("[2]", "[99]"))
    assert done.returncode == 1
    assert f"{settings.database}: can't be opened" in done.stderr


@pytest.mark.slow
def test_an_interrupt_that_comes_when_a_statement_has_ended_leaves_no_empty_file(tmp_path: Path) -> None:
    def interrupt(session: DuckDBSession) -> None:
        with contextlib.suppress(duckdb.ConnectionException):  # closed already
            session.connection.interrupt()

    for number in range(40):
        session = DuckDBSession(str(tmp_path / f"{number}.duckdb"), DuckDBOptions())
        late = threading.Timer(number / 20_000, interrupt, [session])
        with contextlib.suppress(KeyError), session.transaction():
            session.run("CREATE TABLE numbers AS SELECT * FROM range(1000)")
            late.start()
            raise KeyError
        session.close()
        late.join()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "rows",
    [
        [(1, "songs", "year", 5, None)] * 3,
        [(1, "songs", "year", 5, None), (2, "songs", None, 5, 0), (2, "songs", "year", 5, 1)],
        [(1, "songs", "year", None, None)],
    ],
)
def test_rows_are_appended_as_they_are_whatever_they_have_in_common(
    rows: list[tuple[object, ...]], tmp_path: Path
) -> None:
    warehouse = duckdb_warehouse(DuckDBEngine(tmp_path).settings(tmp_path))
    with warehouse.transaction():
        warehouse.create_tables()
        warehouse.insert("column_nulls", rows)
    assert warehouse.query("SELECT * FROM column_nulls") == rows
    warehouse.close()
