"""What is said of a DuckDB file that is none, is damaged or can't be written, and of disks that are full."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sparkify.config.settings import Settings
from sparkify.errors import StatementError, WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.sql import TABLES
from sparkify.warehouse.opening import connect
from tests.support.builders import event, track, write
from tests.support.engines import DuckDBEngine
from tests.support.runs import run_etl
from tests.support.settings import changed


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse with some thousand plays."""
    folder = tmp_path_factory.mktemp("loaded")
    write(folder / "song_data/a.json", track())
    write(
        folder / "log_data/a.json",
        *(event(ts=number, userAgent=f"{number * 7919:x}" * 9) for number in range(9000)),
    )
    settings = DuckDBEngine(folder).settings(folder)
    run_etl(settings, NullProgress())
    return settings


@pytest.fixture
def settings(loaded: Settings, tmp_path: Path) -> Settings:
    """A copy of it of the test's own."""
    database = tmp_path / "w.duckdb"
    database.write_bytes(Path(loaded.database).read_bytes())
    return changed(loaded, database=str(database))


def refused(settings: Settings, database: Path, *, read_only: bool = True) -> WarehouseError:
    with pytest.raises(WarehouseError) as caught:
        connect(changed(settings, database=str(database)), read_only=read_only).close()
    assert caught.value.message.startswith(f"{database}: ")
    assert "statement" not in caught.value.hint
    return caught.value


# --- files of another kind


def make_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songplays (id)")
    connection.close()


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "SQLite": (make_sqlite, "but a SQLite database"),
    "Parquet": (lambda path: pq.write_table(pa.table({"a": [1]}), path), "but a Parquet file"),
    "spreadsheet": (
        lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 5000),
        "but a zip file or a spreadsheet",
    ),
    "gzip": (lambda path: path.write_bytes(b"\x1f\x8b" + b"x" * 5000), "but a gzip file"),
    "Git LFS": (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        "but a Git LFS pointer",
    ),
    "text": (lambda path: path.write_text("a,b\n1,2\n" * 1000), ""),
    "zeros": (lambda path: path.write_bytes(bytes(100_000)), ""),
    "empty": (lambda path: path.touch(), "but empty"),
}


@pytest.mark.parametrize("name", ["w.duckdb", "w.parquet", "w.json"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_kind_is_named_for_what_it_is_and_not_touched(
    settings: Settings, tmp_path: Path, kind: str, name: str
) -> None:
    make, what = FOREIGN[kind]
    path = tmp_path / "other" / name
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    for read_only in (True, False):
        error = refused(settings, path, read_only=read_only)
        assert "not a DuckDB database" in error.message
        assert what in error.message
        assert "this file was not touched" in error.hint
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [name]


def test_nothing_is_fetched_from_the_internet(settings: Settings, tmp_path: Path) -> None:
    make_sqlite(tmp_path / "other.db")
    warehouse = connect(settings, read_only=True)
    try:
        for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert warehouse.query(f"SELECT current_setting('{name}')") == [(False,)]
        # DuckDB knows that these are in extensions, and would download and load them.
        for sql in (
            f"FROM sqlite_scan('{tmp_path}/other.db', 'songplays')",
            f"ATTACH '{tmp_path}/other.db' AS other (TYPE sqlite)",
            "FROM read_parquet('https://example.com/x.parquet')",
            "FROM st_read('x.shp')",
        ):
            with pytest.raises(WarehouseError) as caught:
                warehouse.query(sql)
            assert "download" not in caught.value.message
    finally:
        warehouse.close()


def test_a_new_file_can_be_opened_by_the_duckdb_of_other_tools(loaded: Settings) -> None:
    warehouse = connect(loaded, read_only=True)
    try:
        told = warehouse.query("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal")
    finally:
        warehouse.close()
    assert told == [("v1.4.0+",)]
    # What DuckDB 1.4 compares with what it can read.
    assert int.from_bytes(Path(loaded.database).read_bytes()[12:20], "little") == 67
    assert "1.4 or newer" in (Path(__file__).parents[3] / "docs/connect.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_said_to_be_none(settings: Settings, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path("/dev/null")
    message = "is a folder" if kind == "folder" else "not a regular file"
    for read_only in (True, False):
        assert message in refused(settings, path, read_only=read_only).message


# --- damage, versions, places


def use(settings: Settings) -> None:
    """Open a warehouse, and read all of it."""
    warehouse = connect(settings, read_only=True)
    try:
        for table in TABLES:
            warehouse.query(f"SELECT MAX(COLUMNS(*)) FROM {table}")
    finally:
        warehouse.close()


@pytest.mark.parametrize("left", [100, 5000, 13_000, 0.5])
def test_a_file_that_was_cut_off_is_said_to_be_damaged(settings: Settings, left: float) -> None:
    path = Path(settings.database)
    content = path.read_bytes()
    path.write_bytes(content[: int(left if left > 1 else left * len(content))])
    with pytest.raises(WarehouseError) as caught:
        use(settings)
    assert caught.value.message.startswith(f"{path}: damaged: ")
    assert caught.value.hint.startswith("restore it from a backup")


@pytest.mark.parametrize("left", [0.6, 0.9])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_without_its_end_is_refused_before_anything_is_read_or_written(
    settings: Settings, left: float, read_only: bool
) -> None:
    path = Path(settings.database)
    cut = path.read_bytes()[: int(left * path.stat().st_size)]
    path.write_bytes(cut)
    with pytest.raises(WarehouseError) as caught:
        connect(settings, read_only=read_only)
    assert caught.value.message.startswith(f"{path}: damaged: ")
    assert path.read_bytes() == cut


@pytest.mark.parametrize("at", ["head", "body"])
def test_a_file_with_other_bytes_in_it_is_said_to_be_damaged(settings: Settings, at: str) -> None:
    path = Path(settings.database)
    content = bytearray(path.read_bytes())
    start, end = (20, 60) if at == "head" else (3 * 4096, len(content))
    content[start:end] = b"\xa5" * (end - start)
    path.write_bytes(content)
    with pytest.raises(WarehouseError) as caught:
        use(settings)
    assert caught.value.message.startswith(f"{path}: damaged: ")
    assert caught.value.hint.startswith("restore it from a backup")


def test_a_file_of_a_newer_duckdb_is_said_to_be_one() -> None:
    from sparkify.warehouse.duckdb.errors import open_error

    # As DuckDB 1.3.2 says of a file of 2.0; no newer version is there to write one.
    text = (
        "IO Error: Trying to read a database file with version number 999, but we can only read versions"
        " between 64 and 66.\nThe database file was created with an newer version of DuckDB."
    )
    error = open_error("w.duckdb", duckdb.IOException(text))
    assert error.message.startswith("w.duckdb: written by a DuckDB version that the installed one (")
    assert "pip install --upgrade duckdb" in error.hint


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root can write to")
def test_a_folder_that_can_not_be_written_is_said_to_be_one(settings: Settings, tmp_path: Path) -> None:
    error = refused(settings, Path("/sys/w.duckdb"), read_only=False)
    assert error.message.startswith("/sys/w.duckdb: can't be opened: ")
    assert "must be writable" in error.hint
    error = refused(settings, tmp_path / "no/such/w.duckdb", read_only=False)
    assert error.message.endswith("w.duckdb: can't be opened: No such file or directory")
    assert error.hint.startswith(f"create the folder {tmp_path}/no/such first")
    (tmp_path / "link.duckdb").symlink_to("gone/w.duckdb")
    error = refused(settings, tmp_path / "link.duckdb", read_only=False)
    assert error.hint.startswith(f"create the folder {tmp_path}/gone first")
    write(tmp_path / "file", "x")
    assert "Not a directory" in refused(settings, tmp_path / "file/w.duckdb", read_only=False).message
    # No file can be made in this folder, which is there.
    error = refused(settings, Path("/proc/w.duckdb"), read_only=False)
    assert error.hint == "name another file with --database"


# --- statements


def test_only_users_are_told_to_correct_a_statement(settings: Settings) -> None:
    warehouse = connect(settings, read_only=True)
    try:
        for sql in ("SELECT no_such FROM songplays", "SELECT * FROM no_such", "SELECT CAST('a' AS INTEGER)"):
            with pytest.raises(StatementError) as caught:
                warehouse.query(sql)
            assert "correct the statement" not in caught.value.hint
            assert "this is a bug in sparkify" in caught.value.hint
    finally:
        warehouse.close()


# --- full disks: no file may become larger than this, which the system says in the same way


def limited(settings: Settings, limit: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from sparkify.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=dict(os.environ) | {"SPARKIFY_DATABASE": settings.database},
        cwd=Path(settings.database).parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("command", "out", "limit", "said"),
    [
        ("export", "out", 20_000, "out: can't be written: File too large"),
        ("report", "report.html", 20_000, "report.html: can't be written: File too large"),
        ("simulate", "made", 2000, "can't write to made"),
    ],
)
def test_a_full_disk_at_the_place_of_output_is_said_to_be_there(
    settings: Settings, command: str, out: str, limit: int, said: str
) -> None:
    pytest.importorskip("resource")
    size = ("--songs", "50", "--users", "50", "--days", "2") if command == "simulate" else ()
    done = limited(settings, limit, command, out, *size)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error: {said}" in done.stderr
    assert "free some space" in done.stderr
    folder = Path(settings.database).parent
    left = {path.name for path in folder.iterdir()} - {"w.duckdb", "made"}
    assert left == set()


def test_an_earlier_export_stays_when_the_disk_is_full(settings: Settings) -> None:
    pytest.importorskip("resource")
    folder = Path(settings.database).parent
    assert limited(settings, 10**9, "export", "out").returncode == 0
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    done = limited(settings, 20_000, "export", "out", "--overwrite")
    assert done.returncode == 1
    assert "an export that was there is as it was" in done.stderr
    assert {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()} == before
