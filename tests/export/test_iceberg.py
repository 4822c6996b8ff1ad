"""``sparkify export --format iceberg``: the same rows as in the warehouse, in tables that others can read."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from typer.testing import CliRunner

from sparkify.cli.app import app
from sparkify.config.settings import compose
from sparkify.errors import SparkifyError, UsageError
from sparkify.export import iceberg
from sparkify.export.iceberg import ICEBERG_LAYOUTS, Target, export_to_iceberg
from sparkify.export.parquet import Layout
from sparkify.system.extras import how_to_install
from sparkify.warehouse.opening import opened
from sparkify.warehouse.recreate import create_tables
from tests.support.answers import load, play, write_sources
from tests.support.exports import columns, load_plays, stored
from tests.support.killing import processes
from tests.support.s3_servers import Bucket, Server, moto

pytestmark = pytest.mark.slow

NOON = 1_541_073_600_000  # 2018-11-01 12:00 UTC
DAY = 24 * 3_600_000


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return load_plays(tmp_path_factory.mktemp("iceberg"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "it's an export"


def export(
    database: str, place: str | Path, catalog: str = "sqlite", **aws: Any
) -> dict[str, dict[str, Any]]:
    settings = compose({"database": database, **aws})
    target = Target(str(place), catalog, "sparkify", settings.aws)
    return export_to_iceberg(lambda at: opened(settings, read_only=True, writes_to=at), target)


def catalog_of(out: Path) -> Catalog:
    return SqlCatalog("sparkify", uri=f"sqlite:///{out}/catalog.db")


def table_of(out: Path, name: str) -> Table:
    return catalog_of(out).load_table(("sparkify", name))


def read(catalog: Catalog, name: str, names: list[str]) -> list[tuple[Any, ...]]:
    found = catalog.load_table(("sparkify", name)).scan().to_arrow().select(names)
    return sorted(zip(*(column.to_pylist() for column in found.columns), strict=True), key=repr)


def assert_equal(catalog: Catalog, database: str) -> None:
    for name in ICEBERG_LAYOUTS:
        names = columns(database, name)
        assert catalog.load_table(("sparkify", name)).schema().column_names == names
        assert read(catalog, name, names) == stored(database, name)


def tokens(out: Path) -> set[str]:
    snapshots = [table_of(out, name).current_snapshot() for name in ICEBERG_LAYOUTS]
    return {snapshot.summary.additional_properties["sparkify.token"] for snapshot in snapshots}  # type: ignore[union-attr]


def files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


# --- what is there then


def test_the_tables_hold_the_rows_of_the_warehouse(database: str, out: Path) -> None:
    export(database, out)
    assert_equal(catalog_of(out), database)
    assert not list(out.glob(".*"))


def test_a_reader_of_a_month_or_a_year_opens_its_files_only(database: str, out: Path) -> None:
    export(database, out)
    for name, condition, folder in (
        (
            "songplays",
            "start_time >= '2018-12-01T00:00:00' and start_time < '2019-01-01T00:00:00'",
            "month=12/",
        ),
        ("time", "start_time >= '2019-01-01T00:00:00'", "year=2019/"),
        ("songs", "year = 1999", "year=1999/"),
        ("songs", "year is null", "year=__HIVE_DEFAULT_PARTITION__/"),
    ):
        (task,) = table_of(out, name).scan(condition).plan_files()
        assert folder in task.file.file_path


@pytest.mark.thorough
def test_each_table_says_which_export_and_which_run_it_is_of(database: str, out: Path) -> None:
    for _ in range(2):
        export(database, out)
        assert len(tokens(out)) == 1
    for name in ICEBERG_LAYOUTS:
        first, second = table_of(out, name).snapshots()
        assert first.summary
        assert second.summary
        assert first.summary.additional_properties["sparkify.run"] == "1"
        assert first.summary.additional_properties != second.summary.additional_properties


def test_the_command_line_says_what_it_wrote(database: str, out: Path) -> None:
    arguments = ["export", str(out), "--format", "iceberg", "--database", database]
    said = [CliRunner().invoke(app, arguments, catch_exceptions=False) for _ in range(2)]
    assert [each.exit_code for each in said] == [0, 0]
    assert said[0].stderr == f"exported to {out}: tables of sparkify in sqlite\n"
    rows = [line.split() for line in said[1].stdout.splitlines()[2:]]
    assert rows == [[name, str(len(stored(database, name))), count, "0"] for name, _, count, _ in rows]
    assert {name for name, *_ in rows} == set(ICEBERG_LAYOUTS)


# --- a later export


def test_only_what_has_changed_is_written_again(tmp_path: Path, out: Path) -> None:
    database = load_plays(tmp_path)
    first = export(database, out)
    assert {name: table["written"] == table["files"] for name, table in first.items()} == dict.fromkeys(
        first, True
    )
    assert {name: table["written"] for name, table in export(database, out).items()} == dict.fromkeys(
        first, 0
    )
    old = {task.file.file_path for task in table_of(out, "songplays").scan().plan_files()}
    write_sources(tmp_path / "more", [], [play(NOON + 70 * DAY, 1, "Song", "Björk", session=999)])
    shutil.copytree(tmp_path / "more/log_data", tmp_path / "log_data/more")
    load(tmp_path, Path(database))
    again = export(database, out)
    written = {name: table["written"] for name, table in again.items()}
    assert (written["songplays"], written["time"], written["songs"], written["artists"]) == (1, 1, 0, 0)
    assert_equal(catalog_of(out), database)
    now = {task.file.file_path for task in table_of(out, "songplays").scan().plan_files()}
    assert len(old & now) == len(old) - 1
    assert len(tokens(out)) == 1


@pytest.mark.thorough
def test_rows_that_are_gone_from_the_warehouse_are_gone_from_the_tables(
    database: str, out: Path, tmp_path: Path
) -> None:
    export(database, out)
    few = load_plays(tmp_path / "few", days=3)
    export(few, out)
    assert_equal(catalog_of(out), few)


def test_what_somebody_else_did_to_a_table_does_not_last(database: str, out: Path) -> None:
    export(database, out)
    table_of(out, "songs").delete("year = 1999")
    table_of(out, "users").append(table_of(out, "users").scan().to_arrow())
    written = export(database, out)
    assert written["songs"]["written"] == written["songs"]["files"]
    assert_equal(catalog_of(out), database)


def test_an_earlier_export_stays_readable_and_no_file_of_it_is_deleted(
    database: str, out: Path, tmp_path: Path
) -> None:
    export(database, out)
    before = files(out)
    export(load_plays(tmp_path / "few", days=3), out)
    assert before <= files(out)
    users = table_of(out, "users")
    assert len(users.scan(snapshot_id=users.snapshots()[0].snapshot_id).to_arrow()) == len(
        stored(database, "users")
    )


@pytest.mark.thorough
def test_an_empty_warehouse_makes_empty_tables(database: str, out: Path, tmp_path: Path) -> None:
    empty = str(tmp_path / "empty.duckdb")
    with opened(compose({"database": empty})) as warehouse:
        create_tables(warehouse)
    for each in (empty, database, empty):
        export(each, out)
        assert_equal(catalog_of(out), each)


# --- what goes wrong


@pytest.mark.thorough
def test_a_failure_leaves_every_table_as_it_was(
    database: str, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(database, out)
    before = files(out)
    monkeypatch.setitem(ICEBERG_LAYOUTS, "time", Layout("SELECT nothing FROM time"))
    with pytest.raises(SparkifyError, match="nothing"):
        export(load_plays(tmp_path / "few", days=3), out)
    assert files(out) == before
    assert_equal(catalog_of(out), database)


def _killed(database: str, out: str, at: int) -> None:
    commit: Any = iceberg._commit
    seen: list[Any] = []

    def kill(*arguments: Any) -> Any:
        seen.append(arguments)
        if len(seen) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return commit(*arguments)

    vars(iceberg)["_commit"] = kill
    export(database, out)


@pytest.mark.thorough
@pytest.mark.parametrize("at", [1, 3])
def test_after_a_kill_each_table_is_whole_and_the_next_export_brings_all_up_to_date(
    database: str, out: Path, tmp_path: Path, at: int
) -> None:
    export(database, out)
    few = load_plays(tmp_path / "few", days=3)
    process = processes.Process(target=_killed, args=(few, str(out), at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert len(tokens(out)) == (1 if at == 1 else 2)
    for number, name in enumerate(ICEBERG_LAYOUTS, 1):
        names = columns(database, name)
        assert read(catalog_of(out), name, names) == stored(few if number < at else database, name)
    export(few, out)
    assert len(tokens(out)) == 1
    assert_equal(catalog_of(out), few)


# --- what is other people's


def test_a_folder_with_something_else_is_not_touched(database: str, out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="something other than an export"):
        export(database, out)
    assert files(out) == {"thesis.txt"}


def test_files_beside_the_tables_stay(database: str, out: Path) -> None:
    export(database, out)
    (out / "users/data/mine.txt").write_text("years of work")
    export(database, out)
    assert (out / "users/data/mine.txt").read_text() == "years of work"


def test_a_table_of_somebody_else_is_neither_changed_nor_joined(database: str, out: Path) -> None:
    out.mkdir()
    theirs = SqlCatalog("sparkify", uri=f"sqlite:///{out}/catalog.db", warehouse=str(out))
    theirs.create_namespace("sparkify")
    theirs.create_table("sparkify.songs", iceberg_schema())
    before = files(out)
    with pytest.raises(UsageError, match=r"sparkify\.songs that is no export"):
        export(database, out)
    assert files(out) == before


def test_a_table_with_other_columns_is_not_written_to(database: str, out: Path) -> None:
    export(database, out)
    with table_of(out, "users").update_schema() as update:
        update.delete_column("gender")
    with pytest.raises(UsageError, match="other columns"):
        export(database, out)


def iceberg_schema() -> Any:
    from sparkify.export.iceberg_tables import SCHEMAS

    return SCHEMAS["songs"]


# --- on S3, in AWS Glue


@pytest.fixture(scope="module")
def aws() -> Iterator[Server]:
    with moto() as server:
        yield server


@pytest.mark.thorough
def test_glue_lists_tables_on_s3(aws: Server, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket: Bucket = aws.bucket("lake")
    bucket.put("tables/notes.txt", b"years of work")
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", bucket.endpoint)
    options = {
        "s3_endpoint": bucket.endpoint,
        "aws_region": "us-east-1",
        "aws_access_key_id": bucket.access_key,
        "aws_secret_access_key": bucket.secret_key,
    }
    for _ in range(2):
        export(database, "s3://lake/tables", "glue", **options)
    catalog = GlueCatalog(
        "any",
        **{
            **{f"glue.{key}": value for key, value in keys_of(bucket).items()},
            **{f"s3.{key}": value for key, value in keys_of(bucket).items()},
            "s3.endpoint": bucket.endpoint,
        },
    )
    assert_equal(catalog, database)
    keys = [item["path"] for page in obstore.list(bucket.store) for item in page]
    assert "tables/notes.txt" in keys
    assert {key.split("/")[1] for key in keys} == {*ICEBERG_LAYOUTS, "notes.txt"}


def keys_of(bucket: Bucket) -> dict[str, str]:
    return {"access-key-id": bucket.access_key, "secret-access-key": bucket.secret_key, "region": "us-east-1"}


# --- what can't be meant


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["s3://bucket/x", "--format", "iceberg"], "SQLite catalog lies in a folder"),
        (["out", "--format", "iceberg", "--catalog", "glue"], "Glue lists tables on S3"),
        (["out", "--format", "iceberg", "--catalog", "hive"], "no such catalog"),
        (["out", "--format", "iceberg", "--catalog", "https://me:marked@host"], "--catalog"),
        (["out", "--format", "iceberg", "--namespace", "a.b'"], "no name of a database"),
        (["out", "--format", "iceberg", "--overwrite"], "--overwrite goes with --format parquet"),
        (["out", "--catalog", "glue"], "go with --format iceberg"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_a_hint(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    error = CliRunner().invoke(app, ["export", *arguments, "--database", database]).exception
    assert isinstance(error, UsageError)
    assert message in error.message
    assert error.hint
    assert "marked" not in error.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("package", "catalog"), [("pyiceberg", "sqlite"), ("sqlalchemy", "sqlite"), ("boto3", "glue")]
)
def test_a_missing_package_is_named_with_how_to_install_it_and_nothing_is_made(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, catalog: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    place = "s3://lake/tables" if catalog == "glue" else tmp_path / "out"
    with pytest.raises(UsageError, match=f"need {package}, which is not installed") as refused:
        export(database, place, catalog)
    assert refused.value.hint == how_to_install("iceberg")
    assert list(tmp_path.iterdir()) == []


def test_a_token_goes_to_no_catalog_in_the_clear(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICEBERG_TOKEN", "marked-and-secret")
    with pytest.raises(UsageError, match="readable for everybody") as refused:
        export(database, tmp_path / "out", "http://catalog.example")
    assert "marked-and-secret" not in str(refused.value)


def test_a_catalog_that_does_not_answer_is_an_error_that_names_the_place(
    database: str, tmp_path: Path
) -> None:
    with pytest.raises(SparkifyError, match="can't be exported to"):
        export(database, tmp_path / "out", "http://127.0.0.1:9")


def test_no_configuration_file_of_pyiceberg_in_the_working_directory_is_followed(
    database: str, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".pyiceberg.yaml").write_text(
        f"catalog:\n  sparkify:\n    uri: sqlite:///{tmp_path}/theirs.db\n    py-catalog-impl: x.Y\n"
    )
    monkeypatch.chdir(tmp_path)
    export(database, out)
    assert not (tmp_path / "theirs.db").exists()
    assert_equal(catalog_of(out), database)
