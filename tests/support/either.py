"""A warehouse of a test's own on each engine, whose database the test can also change behind its back."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from redshift_connector.core import Connection

from sparkify.config.settings import Settings, values_of
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from sparkify.sql import TABLES, VIEWS
from tests.standin.fixtures import connect as driver_connect
from tests.standin.server import RedshiftStandIn
from tests.support.builders import Loaded
from tests.support.engines import DuckDBEngine, Engine, RedshiftEngine, environment_of
from tests.support.runs import run_etl


@dataclass
class Either:
    """A database without any tables, on one of the engines, and source folders.

    Attributes:
        engine: which one.
        folder: with ``song_data`` and ``log_data``.
        settings: of the warehouse.
        sql: runs a statement as somebody else would, and gives its rows.
    """

    engine: Engine
    folder: Path
    settings: Settings
    sql: Callable[[str], list[tuple[Any, ...]]]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that give a process these settings, and nothing else of this project."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARKIFY_")}
        names = ("database", "song_data", "log_data")
        if self.settings.database == "redshift":
            return kept | environment_of(self.settings)
        return kept | {f"SPARKIFY_{name.upper()}": str(values_of(self.settings)[name]) for name in names}

    def load(self, **options: Any) -> Loaded:
        """Run the pipeline over the folders."""
        self.engine.publish(self.folder)
        summary: Summary = run_etl(self.settings, NullProgress(), **options)
        return Loaded(self.settings, summary)


def _on_duckdb(folder: Path) -> Either:
    engine = DuckDBEngine(folder)
    settings = engine.settings(folder, max_reject_share=1)

    def sql(statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(settings.database) as connection:
            return connection.execute(statement).fetchall()

    return Either(engine, folder, settings, sql)


def _on_redshift(folder: Path, stand_in: RedshiftStandIn, connection: Connection) -> Either:
    engine = RedshiftEngine(stand_in)
    connection.autocommit = True

    def sql(statement: str) -> list[tuple[Any, ...]]:
        cursor = connection.cursor()
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    return Either(engine, folder, engine.settings(folder, max_reject_share=1), sql)


def _drop_all(sql: Callable[[str], list[tuple[Any, ...]]]) -> None:
    names = ", ".join(f"'{name}'" for name in (*TABLES, *VIEWS))
    found = sql(
        "SELECT c.relname, c.relkind FROM pg_class AS c"
        " INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        f" WHERE n.nspname = CURRENT_SCHEMA() AND c.relname IN ({names}) ORDER BY c.relkind DESC"
    )
    # Views may read from those before them.
    places = {name: number for number, name in enumerate(VIEWS)}
    for name, kind in sorted(found, key=lambda each: (each[1] != "v", -places.get(each[0], -1))):
        sql(f"DROP {'VIEW' if kind == 'v' else 'TABLE'} {name}")


@pytest.fixture(params=["duckdb", "redshift"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Either]:
    """On DuckDB, and on the stand-in for Redshift."""
    if request.param == "duckdb":
        yield _on_duckdb(tmp_path)
        return
    stand_in = request.getfixturevalue("redshift")
    with driver_connect(stand_in) as connection:
        found = _on_redshift(tmp_path, stand_in, connection)
        _drop_all(found.sql)
        yield found
        _drop_all(found.sql)
