"""Takes the star schema elsewhere: one folder of Parquet files per table.

Owns the layout (below) and the switch from an earlier export to a new one. How an engine writes Parquet is
its own matter: ``Warehouse.write_parquet``. The same on S3 is ``export_s3``'s.

    OUT/songplays/year=2018/month=11/…parquet      OUT/songs/year=1999/…parquet
    OUT/time/year=2018/month=11/…parquet           OUT/users/…parquet   OUT/artists/…parquet
    OUT/_export.json                               the tables with their rows and files

Partition columns are told by the folders, as Hive, Spark, DuckDB and Arrow read them; songs of an unknown
year are in the folder that these take for NULL. Songs are not partitioned by artist: that would make
thousands of tiny files.
"""

import ctypes
import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkify import __version__
from sparkify.engines import Warehouse
from sparkify.errors import SparkifyError, UsageError

MANIFEST = "_export.json"
"""Tells an export from any other folder. Readers of data sets pass over names that begin with _."""


@dataclass(frozen=True)
class Layout:
    """How a table is laid out: what is selected, and the columns that become folders."""

    select: str
    partition_by: tuple[str, ...] = ()


LAYOUTS = {
    "songplays": Layout(
        "SELECT songplays.*, CAST(EXTRACT(YEAR FROM start_time) AS INTEGER) AS year,"
        " CAST(EXTRACT(MONTH FROM start_time) AS INTEGER) AS month"
        " FROM songplays ORDER BY start_time, user_id, session_id",
        ("year", "month"),
    ),
    "users": Layout("SELECT * FROM users ORDER BY user_id"),
    "songs": Layout("SELECT * FROM songs ORDER BY song_id", ("year",)),
    "artists": Layout("SELECT * FROM artists ORDER BY artist_id"),
    "time": Layout("SELECT * FROM time ORDER BY start_time", ("year", "month")),
}


def export(warehouse: Warehouse, out: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Write the five tables as Parquet into a folder: the whole of it or nothing.

    The files are written aside and then take the place of the folder in one step, so that a reader who lists
    it sees the old export or the new one, never some of both.

    Args:
        warehouse: one that has been loaded.
        out: a folder that is not there or empty; an earlier export with ``overwrite``.
        overwrite: replace an earlier export.

    Returns:
        By table, its rows and the number of its files.

    Raises:
        UsageError: the folder is in use for something, or overwriting was not asked for.
        SparkifyError: the files can't be written.
    """
    _require_replaceable(out, overwrite=overwrite)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        # Not by mkdtemp, which keeps others out: opening it later as the umask says would take a look at the
        # umask, and the only way to look is to change it, for all threads.
        aside = out.absolute().parent / f".{out.name}.{secrets.token_hex(8)}"
        aside.mkdir()
    except OSError as error:
        raise SparkifyError(f"{out}: can't be made: {error.strerror}", "name another folder") from None
    try:
        tables = {name: _write(warehouse, name, layout, aside) for name, layout in LAYOUTS.items()}
        manifest = {"software": f"Sparkify Warehouse {__version__}", "tables": tables}
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        _switch(aside, out)
    except OSError as error:
        raise SparkifyError(
            f"{out}: can't be written: {error.strerror}", "the old export is as it was"
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return {name: {"rows": table["rows"], "files": len(table["files"])} for name, table in tables.items()}


def files_of(manifest: bytes) -> set[str] | None:
    """The files that an export's manifest lists, those it replaced included; None if it is no manifest."""
    try:
        told = json.loads(manifest)
        if not told["software"].startswith("Sparkify Warehouse "):
            return None
        files = {name for table in told["tables"].values() for name in table["files"]}
        return {str(name) for name in files | set(told.get("replaced", []))}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _require_replaceable(out: Path, *, overwrite: bool) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out}: not a folder", "name a folder that is not there yet")
    if not out.exists() or not any(out.iterdir()):
        return
    try:
        listed = files_of((out / MANIFEST).read_bytes())
    except OSError:
        listed = None
    if listed is None:
        raise UsageError(
            f"{out}: holds something other than an export, and was not touched",
            "name a folder that is not there yet",
        )
    there = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
    if foreign := [name for name in there if name not in listed | {MANIFEST}]:
        raise UsageError(
            f"{out}: holds more than an export, {foreign[0]} for one, and was not touched",
            "move that away, or name another folder",
        )
    if not overwrite:
        raise UsageError(
            f"{out}: holds an export already", "replace it with --overwrite, or name another folder"
        )


def _write(warehouse: Warehouse, name: str, layout: Layout, aside: Path) -> dict[str, Any]:
    warehouse.write_parquet(layout.select, str(aside / name), layout.partition_by)
    ((rows,),) = warehouse.query(f"SELECT COUNT(*) FROM {name}")
    files = sorted(path.relative_to(aside).as_posix() for path in (aside / name).rglob("*.parquet"))
    return {"rows": rows, "files": files}


def _switch(aside: Path, out: Path) -> None:
    """Put a folder in another's place; afterwards ``aside`` holds what was there before."""
    if not out.exists() or not any(out.iterdir()):
        aside.rename(out)  # in place of an empty folder, too
    elif not _exchange(aside, out):
        # Without an exchange there is a moment without any export, but none with half of one.
        old = aside.with_name(f"{aside.name}.old")
        out.rename(old)
        try:
            aside.rename(out)
        except OSError:
            old.rename(out)
            raise
        old.rename(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, where the system can: renameat2(2) of Linux."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    at_working_directory, exchange = -100, 2
    return renameat2 is not None and not renameat2(
        at_working_directory, os.fsencode(one), at_working_directory, os.fsencode(other), exchange
    )
