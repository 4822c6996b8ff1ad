"""A database of somebody else's is data: nothing in it, and no question, reads or writes another file."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.answers.check import check_all
from sparkify.answers.query import require_select
from sparkify.cli import app as cli
from sparkify.errors import StatementError, UsageError
from sparkify.export.parquet import PARQUET_LAYOUTS
from sparkify.sql import VIEWS
from sparkify.warehouse.duckdb.engine import DuckDBWarehouse
from sparkify.warehouse.opening import connect
from tests.support.exports import load_plays
from tests.support.runs import duckdb_warehouse
from tests.support.settings import settings_of

pytestmark = pytest.mark.slow

CONTENT = "TOP-SECRET"

MACROS = {
    "duckdb_tables()": "TABLE {}",
    "duckdb_views()": "TABLE {}",
    "lower(a)": "({})",
    "list(a)": "({})",
    "date_part(a, b)": "({})",
    "current_database()": "({})",
    "count(a)": "({})",
}
"""What this project calls; a macro in a file stands before DuckDB's own function."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(load_plays(tmp_path_factory.mktemp("others"), days=2))


@pytest.fixture(params=["views", *MACROS])
def hostile(request: pytest.FixtureRequest, database: Path, tmp_path: Path) -> Path:
    """A loaded warehouse in which something tells what a file of the reader's holds."""
    (tmp_path / "secret.txt").write_text(CONTENT)
    told = f"SELECT content FROM read_text('{tmp_path}/secret.txt')"
    path = tmp_path / "evil.duckdb"
    shutil.copyfile(database, path)
    with duckdb.connect(str(path)) as connection:
        if request.param != "views":
            connection.execute(f"CREATE MACRO {request.param} AS {MACROS[request.param].format(told)}")
            return path
        described = {view: connection.execute(f"DESCRIBE {view}").fetchall() for view in VIEWS}
        for view, columns in described.items():
            texts = ", ".join(f"({told}) AS {column}" for column, *_ in columns)
            connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {texts}")
    return path


@pytest.mark.forms(3)
def test_no_command_tells_what_other_files_hold(hostile: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = hostile.parent
    (folder / "answers").mkdir()
    (folder / "answers/own.sql").write_text(
        "-- Who?\nSELECT LOWER(title), LIST(title) FROM heard_plays GROUP BY 1"
    )
    for arguments in (
        ["query", "SELECT LOWER(title), COUNT(title) FROM heard_plays GROUP BY 1"],
        ["questions", "top_songs", "--csv"],
        ["questions", "--all"],
        ["check", str(folder / "answers")],
        ["status"],
        ["report", str(folder / "report.html")],
        ["export", str(folder / "export")],
        ["etl", "--song-data", str(folder / "none"), "--log-data", str(folder / "none")],
        ["create-tables", "--yes"],
    ):
        with pytest.raises(SystemExit):
            cli.run([*arguments, "--database", str(hostile)])
        said = "".join(capfd.readouterr())
        assert CONTENT not in said, arguments
        assert "unexpected" not in said, arguments
    written = [path for path in folder.rglob("*") if path.name != "secret.txt"]
    assert not any(
        CONTENT in str(path) or (path.is_file() and CONTENT in path.read_bytes().decode("latin-1"))
        for path in written
    )


@pytest.mark.parametrize("is_read_only", [True, False], ids=["to read", "to load"])
def test_nothing_else_is_read_or_written_and_no_setting_changed_once_a_file_is_open(
    database: Path, tmp_path: Path, is_read_only: bool
) -> None:
    path = tmp_path / "w.duckdb"
    shutil.copyfile(database, path)
    (tmp_path / "secret.txt").write_text(CONTENT)
    warehouse = connect(settings_of(database=str(path)), read_only=is_read_only)
    try:
        for sql in (
            f"SELECT * FROM read_text('{tmp_path}/secret.txt')",
            f"SELECT * FROM '{tmp_path}/secret.csv'",
            f"COPY users TO '{tmp_path}/out.csv'",
            f"ATTACH '{tmp_path}/other.duckdb'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET memory_limit = '1TB'",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "RESET temp_directory",
            "EXPLAIN ANALYZE SET memory_limit = '1TB'",
        ):
            with pytest.raises(StatementError):
                warehouse.query(sql)
    finally:
        warehouse.close()
    assert {file.name for file in tmp_path.iterdir()} == {"w.duckdb", "secret.txt"}


def test_a_process_may_open_a_file_several_times(database: Path) -> None:
    opened = [connect(settings_of(database=str(database)), read_only=True) for _ in range(3)]
    for warehouse in opened:
        assert warehouse.query("SELECT current_setting('TimeZone'), COUNT(*) FROM users") == [("UTC", 2)]
        with pytest.raises(StatementError):
            warehouse.query("SET memory_limit = '1TB'")
        warehouse.close()


def test_duckdb_draws_no_bar_on_stdout_where_python_is_interactive(database: Path) -> None:
    code = f"""
import duckdb
from sparkify.config.settings import DuckDBOptions
from sparkify.warehouse.duckdb.opening import open_database
asked = "SELECT current_setting('enable_progress_bar')"
opened = [open_database({str(database)!r}, DuckDBOptions(), read_only=True) for _ in range(3)]
print(*(one.execute(asked).fetchone()[0] for one in [duckdb.connect(), *opened, opened[1].cursor()]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", *["False"] * 4]


def test_an_export_writes_to_its_own_folder_only(database: Path, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text(CONTENT)
    warehouse = connect(settings_of(database=str(database)), read_only=True, writes_to=str(tmp_path / "out"))
    try:
        (tmp_path / "out").mkdir()
        warehouse.write_parquet(PARQUET_LAYOUTS["users"].select, str(tmp_path / "out/users"))
        for elsewhere in ("other", "outside", "out/../another"):
            with pytest.raises(StatementError, match="Cannot access"):
                warehouse.write_parquet("SELECT 1", str(tmp_path / elsewhere))
        with pytest.raises(StatementError, match="Cannot access"):
            warehouse.query(f"SELECT * FROM read_text('{tmp_path}/out.txt')")
    finally:
        warehouse.close()


@pytest.mark.thorough
def test_what_does_not_fit_in_memory_still_goes_to_files_beside_the_database(tmp_path: Path) -> None:
    path = str(tmp_path / "w.duckdb")
    warehouse = duckdb_warehouse(settings_of(database=path, memory_limit="50MB"))
    try:
        warehouse.run("CREATE TABLE large AS SELECT MD5(range::VARCHAR) AS text FROM range(2_000_000)")
        assert warehouse.query("SELECT COUNT(*) FROM (SELECT text FROM large ORDER BY text)") == [
            (2_000_000,)
        ]
        ((place,),) = warehouse.query("SELECT current_setting('temp_directory')")
        assert place == f"{path}.tmp"
    finally:
        warehouse.close()


PIVOT = "PIVOT numbers ON number USING COUNT(*)"

READS = (
    "EXPLAIN SELECT 1", "EXPLAIN ANALYZE FROM numbers;;", "EXPLAIN (ANALYZE, FORMAT json) (SELECT 1)",
    "EXPLAIN(SELECT 1)", "explain /* ) é */ (analyze) /* x */ values ('é') -- 2", f"EXPLAIN ANALYZE {PIVOT}",
    "EXPLAIN ANALYZE WITH a AS (SELECT 1) FROM a", "EXPLAIN ANALYZE SHOW TABLES", f"SELECT * FROM ({PIVOT})",
    f"/* a /* b */ */ WITH a AS ({PIVOT}) FROM a;",
)  # fmt: skip

WRITES = (
    "SET memory_limit = '1TB'", "CREATE TEMP TABLE users AS SELECT 1", "COPY numbers TO 'out.csv'",
    "LOAD httpfs", "DELETE FROM numbers", "DELETE FROM numbers RETURNING *",
    "INSERT INTO numbers VALUES (1)", "CHECKPOINT",
    "WITH a AS (SELECT 1) DELETE FROM numbers", "PRAGMA version", "CALL pragma_version()", "EXECUTE a",
)  # fmt: skip


@pytest.mark.parametrize("sql", READS)
def test_what_reads_may_be_explained_and_pivoted(sql: str) -> None:
    require_select(sql, "duckdb")


@pytest.mark.parametrize(
    "sql",
    [
        *(
            f"{explain} {sql}"
            for sql in WRITES
            for explain in ("EXPLAIN ANALYZE", "EXPLAIN (ANALYZE) /* é */")
        ),
        f"CREATE TEMP TABLE users AS {PIVOT}",
        f"EXPLAIN ANALYZE CREATE TEMP TABLE users AS {PIVOT}",
        f"COPY ({PIVOT}) TO 'out.csv'",
        f"WITH a AS ({PIVOT}) INSERT INTO numbers FROM a",
    ],
)
def test_nothing_else_may(sql: str) -> None:
    try:
        duckdb.extract_statements(sql)
    except duckdb.Error:
        return  # no statement at all, as DuckDB says
    with pytest.raises(UsageError, match="only reading is possible here"):
        require_select(sql, "duckdb")


@pytest.fixture
def with_doubled_user(database: Path, tmp_path: Path) -> DuckDBWarehouse:
    path = tmp_path / "w.duckdb"
    shutil.copyfile(database, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO users SELECT * FROM users LIMIT 1")
    return duckdb_warehouse(settings_of(database=str(path)), read_only=True)


def test_no_question_of_ones_own_makes_an_audit_pass(
    with_doubled_user: DuckDBWarehouse, tmp_path: Path
) -> None:
    asked: list[str] = []
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/a.sql").write_text(
        "-- Who?\nEXPLAIN ANALYZE CREATE TEMP TABLE users AS SELECT DISTINCT ON (user_id) * FROM main.users"
    )
    (tmp_path / "answers/b.sql").write_text("-- Who?\nSELECT 42 AS own")
    noted = noting(with_doubled_user.stream, asked)
    with_doubled_user.stream = noted  # type: ignore[method-assign, assignment]
    with_doubled_user.select = noting(with_doubled_user.select, asked)  # type: ignore[method-assign, assignment]
    try:
        outcomes = {each.name: each.result for each in check_all(with_doubled_user, tmp_path / "answers")}
    finally:
        with_doubled_user.close()
    assert outcomes["a"] == "error"
    assert outcomes["users_unique"] == "failed"
    # Even if one found a way: all audits have been run before.
    own = next(number for number, sql in enumerate(asked) if "AS own" in sql)
    assert not any("AS bad" in sql for sql in asked[own:])


def noting(ask: Callable[[str], Any], asked: list[str]) -> Callable[[str], Any]:
    def noted(sql: str) -> Any:
        asked.append(sql)
        return ask(sql)

    return noted
