"""Takes the star schema elsewhere, and what was heard: one folder of Parquet files per table.

Owns the layout (below) and the switch from an earlier export to a new one. How an engine writes Parquet is
its own matter: ``Unloading.write_parquet``. The same on S3 is ``export.s3``'s.

    OUT/songplays/year=2018/month=11/…parquet      OUT/users/…parquet
    OUT/time/year=2018/month=11/…parquet           OUT/songs/…parquet
    OUT/heard_plays/year=2018/month=11/…parquet    OUT/artists/…parquet
    OUT/user_levels/…parquet
    OUT/_export.json                               the tables with their rows and files

Partition columns are told by the folders, as Hive, Spark, DuckDB and Arrow read them. Songs have none:
their years would make dozens of tiny files, and the folder of unknown years is one that pandas can't read.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkify import __version__
from sparkify.answers.questions import require_tables
from sparkify.errors import SparkifyError, UsageError
from sparkify.system.disk import remedy, writing
from sparkify.system.switching import move, name_beside, switch
from sparkify.warehouse.contract import Unloading, Warehouse

MANIFEST = "_export.json"
"""Tells an export from any other folder. Readers of data sets pass over names that begin with _."""


OpenToWrite = Callable[[str], AbstractContextManager[Warehouse]]
"""Opens the warehouse for writing Parquet below a place, and nowhere else."""


@dataclass(frozen=True)
class Layout:
    """How a table is laid out: its rows and their order, and the columns that become folders."""

    rows: str
    order_by: str = ""
    partition_by: tuple[str, ...] = ()

    @property
    def select(self) -> str:
        """The rows in their order."""
        return f"{self.rows} ORDER BY {self.order_by}" if self.order_by else self.rows


PARQUET_LAYOUTS = {
    "songplays": Layout(
        "SELECT songplays.*, CAST(EXTRACT(YEAR FROM start_time) AS INTEGER) AS year,"
        " CAST(EXTRACT(MONTH FROM start_time) AS INTEGER) AS month FROM songplays",
        "start_time, user_id, session_id",
        ("year", "month"),
    ),
    "users": Layout("SELECT * FROM users", "user_id"),
    "songs": Layout("SELECT * FROM songs", "song_id"),
    "artists": Layout("SELECT * FROM artists", "artist_id"),
    "time": Layout("SELECT * FROM time", "start_time", ("year", "month")),
    "heard_plays": Layout(
        "SELECT heard_plays.*, CAST(EXTRACT(YEAR FROM start_time) AS INTEGER) AS year,"
        " CAST(EXTRACT(MONTH FROM start_time) AS INTEGER) AS month FROM heard_plays",
        "start_time, user_id, session_id",
        ("year", "month"),
    ),
    "user_levels": Layout("SELECT * FROM user_levels", "user_id, valid_from"),
}
"""What is exported: also what was heard, for most plays are of songs that the catalogue lacks, and the
history of levels."""


@dataclass(frozen=True)
class _Before:
    """What a folder holds before an export: the manifest, None without one, and the files that it lists."""

    manifest: bytes | None = None
    listed: frozenset[str] = frozenset()


def export(
    open_to_write: OpenToWrite,
    out: Path,
    *,
    overwrite: bool = False,
    tell: Callable[[str], object] = lambda _: None,
) -> dict[str, Any]:
    """Write the five tables, heard_plays and user_levels as Parquet into a folder: all of it or nothing.

    The files are written aside and then take the place of the folder in one step, so that a reader who lists
    it sees the old export or the new one, never some of both.

    Args:
        open_to_write: opens the warehouse.
        out: a folder that is not there or empty; an earlier export with ``overwrite``.
        overwrite: replace an earlier export.
        tell: takes a line about files that others have put into the folder meanwhile.

    Returns:
        By table, its rows and the number of its files.

    Raises:
        UsageError: the folder is in use for something, or overwriting was not asked for.
        SparkifyError: the files can't be written, or another export has come meanwhile.
    """
    # Not by mkdtemp, which keeps others out: opening it later as the umask says would take a look at the
    # umask, and the only way to look is to change it, for all threads.
    aside = name_beside(out.absolute().parent.resolve() / out.absolute().name)
    with open_to_write(str(aside)) as warehouse:
        require_tables(warehouse, PARQUET_LAYOUTS)
        before = _require_replaceable(out, overwrite=overwrite)
        with writing(out, "name another folder", "made"):
            aside.parent.mkdir(parents=True, exist_ok=True)
            aside.mkdir()
        try:
            with warehouse.snapshot():
                rows = {
                    name: _write(warehouse, name, layout, aside) for name, layout in PARQUET_LAYOUTS.items()
                }
            files = {name: _parquet_files(aside, name) for name in PARQUET_LAYOUTS}
            tables = {name: {"rows": rows[name], "files": files[name]} for name in PARQUET_LAYOUTS}
            manifest = {"software": f"Sparkify Warehouse {__version__}", "tables": tables}
            (aside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
            is_replaced = switch(aside, out)
        except BaseException as error:
            shutil.rmtree(aside, ignore_errors=True)
            if isinstance(error, OSError):
                raise SparkifyError(
                    f"{out}: can't be written: {error.strerror}",
                    f"{remedy(error, 'check the disk')}, and run again;"
                    " an export that was there is as it was",
                ) from None
            raise
    if is_replaced:
        _clear(aside, out, before, tell)
    return {name: {"rows": rows[name], "files": len(files[name])} for name in PARQUET_LAYOUTS}


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


def _require_replaceable(out: Path, *, overwrite: bool) -> _Before:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(f"{out}: not a folder", "name a folder that is not there yet")
    if not out.exists() or not any(out.iterdir()):
        return _Before()
    manifest = _manifest(out)
    listed = None if manifest is None else files_of(manifest)
    if manifest is None or listed is None:
        raise UsageError(
            f"{out}: holds something other than an export, and was not touched",
            "name a folder that is not there yet",
        )
    if foreign := [name for name in _files(out) if name not in listed | {MANIFEST}]:
        raise UsageError(
            f"{out}: holds more than an export, {foreign[0]} for one, and was not touched",
            "move that away, or name another folder",
        )
    if not overwrite:
        raise UsageError(
            f"{out}: holds an export already", "replace it with --overwrite, or name another folder"
        )
    return _Before(manifest, frozenset(listed))


def _manifest(folder: Path) -> bytes | None:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError:
        return None


def _files(folder: Path) -> list[str]:
    """All that is below a folder, links for themselves, but for its folders."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _clear(old: Path, out: Path, before: _Before, tell: Callable[[str], object]) -> None:
    """Delete what was in a folder before, and give back what it was not known to hold.

    Args:
        old: where that is now.
        out: where it was.
        before: what was known of it.
        tell: takes a line about what is given back.
    """
    try:
        if old.is_symlink() or not old.is_dir() or _manifest(old) != before.manifest:
            switch(old, out)
            shutil.rmtree(old, ignore_errors=True)  # this one's
            raise SparkifyError(
                f"{out}: another export, or something else, has come here meanwhile, and is there now",
                "let one at a time write there; to replace an export that is there now: --overwrite",
            )
        if foreign := [name for name in _files(old) if name not in before.listed | {MANIFEST}]:
            for name in foreign:
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                move(old / name, out / name)
            tell(f"{out}: {foreign[0]} has been put there meanwhile, and is there still")
        for name in before.listed | {MANIFEST}:
            (old / name).unlink(missing_ok=True)
        for folder in sorted((path for path in old.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        old.rmdir()
    except OSError as error:
        raise SparkifyError(
            f"{out}: the new export is there, but what was there before can't be removed: {error.strerror}",
            f"look whether {old} holds anything of yours, and remove it",
        ) from None


def _write(warehouse: Unloading, name: str, layout: Layout, aside: Path) -> int:
    warehouse.write_parquet(layout.select, str(aside / name), layout.partition_by)
    ((rows,),) = warehouse.query(f"SELECT COUNT(*) FROM {name}")
    return int(rows)


def _parquet_files(aside: Path, name: str) -> list[str]:
    return sorted(path.relative_to(aside).as_posix() for path in (aside / name).rglob("*.parquet"))
