"""``sparkify export``: the tables as Parquet, as others read them, and one export in place of another."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.dataset as ds
import pytest
from typer.testing import CliRunner

from sparkify.cli.app import app
from sparkify.errors import SparkifyError, UsageError
from sparkify.export import parquet as exporting
from sparkify.export.parquet import PARQUET_LAYOUTS
from tests.support.exports import FOLDERS, columns, load_plays, read_back, stored


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return load_plays(tmp_path_factory.mktemp("export"))


def export(database: str, out: Path, *options: str) -> dict[str, Any]:
    args = ["export", str(out), "--database", database, *options]
    result = CliRunner().invoke(app, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    manifest: dict[str, Any] = json.loads((out / "_export.json").read_text())
    return manifest


@pytest.fixture(scope="module")
def exported(database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "it's an export"
    export(database, out)
    return out


@pytest.mark.parametrize("table", PARQUET_LAYOUTS)
class TestReadBack:
    def test_by_duckdb_the_rows_are_the_same(self, table: str, database: str, exported: Path) -> None:
        names = ", ".join(columns(database, table))
        files = str(exported / table / "**" / "*.parquet").replace("'", "''")
        with duckdb.connect() as connection:
            rows = connection.execute(
                f"SELECT {names} FROM read_parquet('{files}', hive_partitioning = true)"
            ).fetchall()
        assert sorted(rows, key=repr) == stored(database, table)

    def test_by_pyarrow_the_rows_are_the_same(self, table: str, database: str, exported: Path) -> None:
        assert read_back(exported, table, columns(database, table)) == stored(database, table)

    def test_by_pandas_the_rows_are_the_same(self, table: str, database: str, exported: Path) -> None:
        frame = pd.read_parquet(exported / table)[columns(database, table)].astype(object)
        rows = [
            tuple(
                None
                if pd.isna(value)
                else value.to_pydatetime()
                if isinstance(value, pd.Timestamp)
                else value
                for value in row
            )
            for row in frame.itertuples(index=False, name=None)
        ]
        assert sorted(rows, key=repr) == stored(database, table)


def test_the_docs_ways_to_read_an_export_work(database: str, exported: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/answers.md").read_text(encoding="utf-8")
    place = str(exported).replace("'", "''")
    (statement,) = re.findall(r'duckdb\.sql\("(.*)"\)', text)
    (folder,) = re.findall(r'pd\.read_parquet\("OUT/(.*)"\)', text)
    assert {*pd.read_parquet(exported / folder)["year"].dropna()} == {1999, 2001}
    with duckdb.connect() as connection:
        read = connection.sql(statement.replace("OUT", place))
        assert {"year", "month"} < {*read.columns}
        assert len(read) == len(stored(database, "songplays"))


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not installed")
def test_spark_reads_the_same_rows(database: str, exported: Path) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: pip install pyspark")
    spark = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    try:
        for table in PARQUET_LAYOUTS:
            frame = spark.read.parquet(str(exported / table)).select(*columns(database, table))
            assert sorted((tuple(row) for row in frame.collect()), key=repr) == stored(database, table)
    finally:
        spark.stop()


def test_folders_are_named_after_tables_years_and_months(exported: Path) -> None:
    folders = {path.parent.relative_to(exported).as_posix() for path in exported.rglob("*.parquet")}
    assert folders == FOLDERS


def test_the_manifest_tells_rows_and_files(database: str, exported: Path) -> None:
    manifest = json.loads((exported / "_export.json").read_text())
    assert set(manifest["tables"]) == set(PARQUET_LAYOUTS)
    for table, told in manifest["tables"].items():
        assert told["rows"] == len(stored(database, table))
        found = sorted(str(path.relative_to(exported)) for path in (exported / table).rglob("*.parquet"))
        assert told["files"] == found


def test_a_warehouse_without_rows_is_exported_too(tmp_path: Path) -> None:
    database = str(tmp_path / "w.duckdb")
    CliRunner().invoke(app, ["create-tables", "--database", database], catch_exceptions=False)
    assert {table["rows"] for table in export(database, tmp_path / "out")["tables"].values()} == {0}
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == sorted(
        PARQUET_LAYOUTS
    )


class TestReplacing:
    def test_an_earlier_export_is_kept_unless_told(self, database: str, tmp_path: Path) -> None:
        out = tmp_path / "out"
        export(database, out)
        before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
        with pytest.raises(UsageError, match="--overwrite"):
            export(database, out)
        assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before

    @pytest.mark.parametrize("content", ["", "{}", "[1]", '{"tables": {}}', "no JSON"])
    def test_a_manifest_of_something_else_is_never_replaced(
        self, database: str, tmp_path: Path, content: str
    ) -> None:
        (tmp_path / "_export.json").write_text(content)
        with pytest.raises(UsageError, match="something other than an export"):
            export(database, tmp_path, "--overwrite")
        assert (tmp_path / "_export.json").read_text() == content

    def test_overwriting_replaces_all_of_it_and_leaves_nothing_beside_it(
        self, database: str, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        export(database, out)
        (out / "songplays" / "year=1990").mkdir()
        export(database, out, "--overwrite")
        assert not (out / "songplays" / "year=1990").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_a_folder_with_something_else_is_not_touched(self, database: str, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("years of work")
        with pytest.raises(UsageError, match="something other than an export"):
            export(database, tmp_path, "--overwrite")
        assert (tmp_path / "thesis.txt").read_text() == "years of work"

    def test_an_empty_folder_is_filled(self, database: str, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        export(database, tmp_path / "out")
        assert (tmp_path / "out" / "users").is_dir()

    def test_a_failure_leaves_the_old_export_and_nothing_else(
        self, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "out"
        export(database, out)
        broken = exporting.Layout("SELECT nothing FROM songs")
        monkeypatch.setitem(exporting.PARQUET_LAYOUTS, "songs", broken)
        with pytest.raises(SparkifyError, match="nothing"):
            export(database, out, "--overwrite")
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert ds.dataset(out / "users").count_rows() == 5

    @pytest.mark.parametrize("name", ["file", "link"])
    def test_what_is_no_folder_is_refused(self, name: str, database: str, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "link").symlink_to(tmp_path)
        with pytest.raises(UsageError):
            export(database, tmp_path / name, "--overwrite")


@pytest.mark.forms(1)
@pytest.mark.parametrize(("mask", "mode"), [("0o022", 0o755), ("0o027", 0o750), ("0o077", 0o700)])
def test_an_export_can_be_read_by_others_as_the_umask_says(
    database: str, tmp_path: Path, mask: str, mode: int
) -> None:
    # Nobody may change the umask meanwhile: what other threads wrote then would be open to everybody.
    program = (
        f"import os, sys; os.umask({mask}); del os.umask; from sparkify.cli import main;"
        " main(['export', sys.argv[1], '--database', sys.argv[2]])"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "out"), database], check=True)
    assert (tmp_path / "out").stat().st_mode & 0o777 == mode


def test_files_beside_an_export_are_never_deleted(database: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(database, out)
    (out / "mine.txt").write_text("precious")
    outcome = CliRunner().invoke(app, ["export", str(out), "--database", database, "--overwrite"])
    assert isinstance(outcome.exception, UsageError)
    assert "holds more than an export, mine.txt for one" in str(outcome.exception)
    assert (out / "mine.txt").read_text() == "precious"
    (out / "mine.txt").unlink()
    export(database, out, "--overwrite")
