"""What users are told of DuckDB's errors: whether it is the file, its disk, the memory or the statement."""

import errno
import os
import re
import stat
from pathlib import Path

import duckdb

from sparkify.errors import BusyError, StatementError, WarehouseError
from sparkify.printing.terminal import shortened
from sparkify.sql import WHICH_TABLES
from sparkify.system.disk import FULL

_MAGIC_AT, _MAGIC = 8, b"DUCK"
"""Every DuckDB file has it (DuckDB docs: Storage Versions and Format)."""

_KINDS = (
    (b"SQLite format 3\0", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a zip file or a spreadsheet"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"version https://git-lfs", "a Git LFS pointer"),
    (b"ARROW1", "an Arrow file"),
)

_FILE = re.compile(r'(?:Could not|Cannot) (?:\w+ )*?file \\?"(?P<path>.+?)\\?": (?P<reason>[A-Za-z][^"\\]*)')
_DAMAGED = re.compile(
    "Corrupt database|computed checksum|Could not read enough bytes|Failed to deserialize|not a valid DuckDB"
    "|Serialization Error",
    re.IGNORECASE,
)
_FROM_BACKUP = (
    "restore it from a backup, or load all files into another one with --database; it was not changed"
)
_NUMBERS = {os.strerror(number): number for number in sorted(errno.errorcode)}


def require_database(location: str) -> None:
    """Refuse a file that is none of DuckDB's, before DuckDB looks for something that could open it.

    Raises:
        WarehouseError: it is something else, or can't be read.
    """
    if location.startswith(":memory:"):
        raise WarehouseError(f"{location}: an in-memory database", "name a file with --database")
    path = Path(location)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise WarehouseError(f"{location}: is a folder", "name a file, for example in that folder")
        if not stat.S_ISREG(status.st_mode):
            raise WarehouseError(f"{location}: not a regular file", "name another file with --database")
        with path.open("rb") as file:
            begin = file.read(64)
    except FileNotFoundError:
        return
    except OSError as error:
        raise WarehouseError(
            f"{location}: can't be opened: {error.strerror}", "check the path and its permissions"
        ) from None
    if begin[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] != _MAGIC:
        kind = next((f", but {name}" for magic, name in _KINDS if begin.startswith(magic)), "")
        raise WarehouseError(
            f"{location}: not a DuckDB database{kind if begin else ', but empty'}",
            "name another file with --database, or restore a backup if this was a warehouse;"
            " this file was not touched",
        )


def file_error(error: duckdb.Error) -> OSError | None:
    """The system's error about a file that one of DuckDB's is about, with its path; None for others."""
    found = _FILE.search(str(error))
    if not found:
        return None
    reason = found["reason"].strip()
    return OSError(_NUMBERS.get(reason, 0), reason, found["path"])


def open_error(location: str, error: duckdb.Error, *, read_only: bool = False) -> WarehouseError:
    """What to tell of an error while a file is opened."""
    text = str(error)
    if holder := re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", text):
        return BusyError(
            f"{location}: in use by process {holder[2]} ({holder[1]})",
            "wait until it has finished; with [WAREHOUSE] PUBLISH set, a copy can be read meanwhile"
            if read_only
            else "wait until it has finished (etl --wait SECONDS does), or name another file with --database",
        )
    if "version number" in text:
        return WarehouseError(
            f"{location}: written by a DuckDB version that the installed one ({duckdb.__version__})"
            " can't read",
            "install the version that wrote it: .venv/bin/pip install --upgrade duckdb",
        )
    if _DAMAGED.search(text):
        return WarehouseError(f"{location}: damaged: {first_line(error)}", _FROM_BACKUP)
    cause = file_error(error)
    if cause and cause.errno in FULL:
        return WarehouseError(f"{location}: can't be written: {cause.strerror}", _FREE_SPACE)
    if cause and cause.errno in (errno.ENOENT, errno.ENOTDIR):
        folder = Path(os.path.realpath(location)).parent  # a link may lead elsewhere
        can_be_made = cause.errno == errno.ENOENT and not folder.is_dir()
        first = f"create the folder {folder} first, or " * can_be_made
        return WarehouseError(
            f"{location}: can't be opened: {cause.strerror}", f"{first}name another file with --database"
        )
    if cause:
        return WarehouseError(
            f"{location}: can't be opened: {cause.strerror}",
            "the file and its folder must be writable, or name another file with --database",
        )
    return WarehouseError(
        f"{location}: can't be opened: {first_line(error)}", "check the path and its permissions"
    )


_FREE_SPACE = "free some disk space, and run again; the warehouse is unchanged"


def statement_error(location: str, error: duckdb.Error) -> WarehouseError:
    """What to tell of an error while the database is at work."""
    text, message = str(error), f"{location}: {first_line(error)}"
    if _DAMAGED.search(text):
        return WarehouseError(f"{location}: damaged: {first_line(error)}", _FROM_BACKUP)
    if cause := file_error(error):
        # What does not fit in memory is in files beside the database.
        place = location if str(cause.filename).startswith(location) else cause.filename
        what = "can't be read" if "read" in text.partition("file")[0] else "can't be written"
        if cause.errno in FULL:
            return WarehouseError(f"{place}: {what}: {cause.strerror}", _FREE_SPACE)
        return WarehouseError(
            f"{place}: {what}: {cause.strerror}",
            "check the disk and the permissions there, and run again; the warehouse is unchanged",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return WarehouseError(
            message,
            "raise [WAREHOUSE] MEMORY_LIMIT, or free some disk space beside the database; the warehouse"
            " is unchanged",
        )
    if isinstance(error, duckdb.IOException):
        return WarehouseError(message, "check the disk, and run again; the warehouse is unchanged")
    if isinstance(error, duckdb.ConnectionException):
        return WarehouseError(message, "open the warehouse again")
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return WarehouseError(
            message, "run again; if that does not help, report it to DuckDB; the warehouse is unchanged"
        )
    if isinstance(error, duckdb.PermissionException):
        return StatementError(
            message, "ask the tables of the warehouse only; no other files can be read or written here"
        )
    details = shortened(
        "\n".join(line.rstrip() for line in text.strip().splitlines()[1:] if line.strip()), 4000
    )
    return StatementError(
        message, WHICH_TABLES if "Table with name" in first_line(error) else "", details=details
    )


def first_line(error: duckdb.Error) -> str:
    """DuckDB's message without the hints and the place that follow, and without all of a long value."""
    return shortened(str(error).strip().split("\n")[0], 1000)
