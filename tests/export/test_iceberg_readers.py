"""Exports to Iceberg, read by engines that the tests' own environment can't hold."""

import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from typer.testing import CliRunner

from sparkify.cli.app import app
from sparkify.export.iceberg import ICEBERG_LAYOUTS
from sparkify.export.iceberg_tables import SCHEMAS
from tests.support.exports import columns, load_plays, stored

PYTHON = os.environ.get("ICEBERG_READERS", "")


def export(database: str, out: Path) -> None:
    arguments = ["export", str(out), "--format", "iceberg", "--database", database]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0


def field_ids(out: Path) -> dict[str, list[tuple[int, str]]]:
    catalog = SqlCatalog("sparkify", uri=f"sqlite:///{out}/catalog.db")
    tables = {name: catalog.load_table(("sparkify", name)) for name in ICEBERG_LAYOUTS}
    return {
        name: [(each.field_id, each.name) for each in table.schema().fields] for name, table in tables.items()
    }


@pytest.mark.slow
def test_columns_have_the_same_field_ids_in_every_export(tmp_path: Path) -> None:
    assert SCHEMAS.keys() == ICEBERG_LAYOUTS.keys()
    once, again = (load_plays(tmp_path / name, days=days) for name, days in (("once", 3), ("again", 40)))
    export(once, tmp_path / "a")
    first = field_ids(tmp_path / "a")
    export(again, tmp_path / "a")
    export(again, tmp_path / "b")
    assert field_ids(tmp_path / "a") == field_ids(tmp_path / "b") == first
    for name, schema in SCHEMAS.items():
        assert first[name] == list(enumerate(schema.column_names, 1))


@pytest.mark.slow
@pytest.mark.skipif(
    not PYTHON,
    reason="ICEBERG_READERS names no Python that has duckdb==1.5.5, duckdb-extension-avro==1.5.5,"
    " duckdb-extension-iceberg==1.5.5, pytz, pysail and pyspark-client",
)
@pytest.mark.parametrize("reader", ["duckdb", "sail"])
def test_another_engine_reads_the_rows_of_the_warehouse(reader: str, tmp_path: Path) -> None:
    out = tmp_path / ("out" if reader == "sail" else "it's an export")  # Sail finds no folder with a blank
    export(load_plays(tmp_path / "few", days=3), out)
    database = load_plays(tmp_path)
    export(database, out)  # an update of what was there
    script = Path(__file__).parent / "read_iceberg.py"
    command = [PYTHON, str(script), reader, str(out), *ICEBERG_LAYOUTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    for name, (names, rows) in json.loads(done.stdout).items():
        wanted = columns(database, name)
        assert sorted(names) == sorted(wanted), name
        found = [tuple(row[names.index(column)] for column in wanted) for row in rows]
        assert sorted(found, key=repr) == sorted(map(written, stored(database, name)), key=repr), name


def written(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.isoformat() if isinstance(value, datetime) else value for value in row)
