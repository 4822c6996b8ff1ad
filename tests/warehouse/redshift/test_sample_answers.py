"""The real sample on Redshift: DuckDB's rows, the known answers to all questions, and the same Parquet."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from sparkify.answers.check import check_all
from sparkify.sql import STAR_TABLES
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.answers import ANSWERS
from tests.support.engines import RedshiftEngine
from tests.support.reference import sort_rows
from tests.support.runs import export
from tests.warehouse.redshift.support import Site, assert_equal


@pytest.fixture(scope="module")
def loaded(sample: Path, redshift_engine: RedshiftEngine, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("sample") / "site"
    for name in ("song_data", "log_data"):
        shutil.copytree(sample / name, folder / name)
    site = Site.open(redshift_engine, folder)
    site.load()
    return site


@pytest.fixture
def in_redshift(loaded: Site) -> Iterator[Warehouse]:
    warehouse = connect(loaded.settings, read_only=True)
    yield warehouse
    warehouse.close()


@pytest.mark.thorough
def test_every_row_of_every_table_is_duckdbs(loaded: Site) -> None:
    assert_equal(loaded.state, loaded.state_in_duckdb())
    assert len(loaded.state["songplays"]) == 6820


@pytest.mark.thorough
def test_every_question_is_answered_as_expected_and_all_audits_are_good(in_redshift: Warehouse) -> None:
    outcomes = check_all(in_redshift, ANSWERS)
    assert {outcome.name for outcome in outcomes} >= {path.stem for path in ANSWERS.glob("*.csv")}
    for outcome in outcomes:
        assert outcome.result in ("equal", "passed"), outcome


def read_export(folder: Path, table: str) -> tuple[dict[str, str], list[tuple[Any, ...]], set[str]]:
    """Columns with their types, rows and folders of a table; songplays without their ids."""
    data = ds.dataset(folder / table, partitioning="hive").to_table()
    names = [name for name in sorted(data.column_names) if name != "songplay_id"]
    types = {name: str(data.schema.field(name).type) for name in names}
    rows = zip(*(data[name].to_pylist() for name in names), strict=True)
    folders = {path.parent.relative_to(folder).as_posix() for path in folder.glob(f"{table}/**/*.parquet")}
    return types, sort_rows(rows), folders


@pytest.mark.thorough
def test_the_exported_parquet_is_duckdbs(loaded: Site, tmp_path: Path) -> None:
    told = export(loaded.settings, tmp_path / "redshift")
    expected = export(loaded.in_duckdb("exported.duckdb").settings, tmp_path / "duckdb")
    assert {name: table["rows"] for name, table in told.items()} == {
        name: table["rows"] for name, table in expected.items()
    }
    for table in STAR_TABLES:
        found, wanted = (read_export(tmp_path / engine, table) for engine in ("redshift", "duckdb"))
        assert found[0] == wanted[0], table
        assert found[1] == wanted[1], table
        assert found[2] == wanted[2], table
    assert loaded.engine.stand_in.s3.list(loaded.settings.redshift.work_prefix) == []
