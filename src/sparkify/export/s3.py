"""The star schema on S3, where nothing can be renamed: still one export or the other, whole.

    PREFIX/_export.json                                          which files are the export, and their rows
    PREFIX/songplays/year=2018/month=11/TOKEN-….parquet          laid out as in a folder
    PREFIX/_sparkify-TOKEN/songplays/year=2018/month=11/….parquet    an export on its way

Owns the order of things. The engine writes below ``_sparkify-TOKEN/``, where readers of the tables don't
look. S3 copies the files from there to their places, under names that no other export has. Writing
``_export.json`` is the switch. Then the files that the one before it listed are deleted, and
``_sparkify-TOKEN/`` last: as long as a file there has a copy in the tables' folders, the copy is ours. So
an export that was killed is told from other people's files, whose removal nobody asked for.
"""

import contextlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sparkify import __version__
from sparkify.answers.questions import require_tables
from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError, SparkifyError, UsageError
from sparkify.export.parquet import LAYOUTS, MANIFEST, OpenToWrite, files_of
from sparkify.sources.s3_folder import Entry, S3Folder
from sparkify.system import interrupts
from sparkify.warehouse.contract import Unloading

_ASIDE = re.compile(r"_sparkify-(\d{8}T\d{6}-[0-9a-f]{8})/(.*?)([^/]*)")
"""The token, the folder in the export, and the file's name."""

_DATA = re.compile(rf"({'|'.join(LAYOUTS)})/.+\.parquet")
"""What a manifest may have us delete."""

Tables = dict[str, dict[str, Any]]
"""What the manifest says of each table: its rows, its files, and their bytes in the same order."""


@dataclass(frozen=True)
class _Found:
    """What is below the prefix.

    Attributes:
        entries: all of it.
        listed: what the manifest says to be of the export that is there, or of the one before it.
    """

    entries: dict[str, Entry]
    listed: set[str]

    @property
    def manifest(self) -> Entry | None:
        """The manifest's version."""
        return self.entries.get(MANIFEST)

    @property
    def aside(self) -> set[str]:
        """The files of exports on their way, or killed."""
        return {name for name in self.entries if _ASIDE.fullmatch(name)}

    @property
    def placed(self) -> set[str]:
        """The copies of these in the tables' folders."""
        return {_place(name) for name in self.aside} & self.entries.keys()


def export_to_s3(
    open_to_write: OpenToWrite, out: str, aws: AwsOptions, *, overwrite: bool = False
) -> dict[str, Any]:
    """Write the five tables as Parquet below a prefix: the whole of it or nothing.

    Args:
        open_to_write: opens the warehouse.
        out: ``s3://bucket/prefix`` with nothing below it; an earlier export with ``overwrite``.
        aws: how to reach S3.
        overwrite: replace an earlier export.

    Returns:
        By table, its rows and the number of its files.

    Raises:
        UsageError: the prefix is in use for something, or overwriting was not asked for.
        SparkifyError: the files can't be written; the export that was there is as it was. Or the earlier
            one's can't be deleted after the switch.
    """
    with open_to_write(out) as warehouse:
        require_tables(warehouse)
        place = S3Folder(out, aws)
        before = _look(place)
        _require_replaceable(place, before, overwrite=overwrite)
        token = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        try:
            tables, now = _write(warehouse, place, token)
            _switch(place, before, now, tables)
        except BaseException as error:
            _clean_up(place, token, before, error)
            raise
    _remove_replaced(place, before, now, token)
    return {name: {"rows": table["rows"], "files": len(table["files"])} for name, table in tables.items()}


def _look(place: S3Folder) -> _Found:
    entries = place.entries()
    manifest = place.get(MANIFEST)
    listed = set() if manifest is None else files_of(manifest)
    if listed is None:
        raise _in_use(place, "something other than", MANIFEST)
    return _Found(entries, {name for name in listed if _DATA.fullmatch(name)} & entries.keys())


def _require_replaceable(place: S3Folder, found: _Found, *, overwrite: bool) -> None:
    others = found.entries.keys() - {MANIFEST} - found.listed - found.aside - found.placed
    if others:
        raise _in_use(place, "something other than" if found.manifest is None else "more than", min(others))
    if found.manifest and not overwrite:
        raise UsageError(
            f"{place.uri}: holds an export already", "replace it with --overwrite, or name another prefix"
        )


def _in_use(place: S3Folder, what: str, example: str) -> UsageError:
    return UsageError(
        f"{place.uri}: holds {what} an export, {example} for one, and was not touched",
        "name a prefix with nothing below it, or move that away",
    )


def _write(warehouse: Unloading, place: S3Folder, token: str) -> tuple[Tables, dict[str, Entry]]:
    """Write the files aside, and copy them to their places; and tell of them and of all there is."""
    aside = f"_sparkify-{token}/"
    # May we? Better to know before the work than after it, with two exports in the same folders.
    place.put(f"{aside}probe", b"sparkify")
    place.delete([f"{aside}probe"])
    rows = {}
    with warehouse.snapshot():
        for name, layout in LAYOUTS.items():
            warehouse.write_parquet(layout.select, f"{place.uri}{aside}{name}", layout.partition_by)
            ((rows[name],),) = warehouse.query(f"SELECT COUNT(*) FROM {name}")
    written = {name: entry.size for name, entry in place.entries().items() if name.startswith(aside)}
    place.copy({name: _place(name) for name in written})
    sizes = {_place(name): size for name, size in sorted(written.items())}
    there = place.entries()
    for name, size in sizes.items():
        if name not in there or there[name].size != size:
            raise SourceError(f"{place.uri}{name}: has not arrived", "run again")
    tables = {}
    for table in LAYOUTS:
        files = [name for name in sizes if name.startswith(f"{table}/")]
        tables[table] = {"rows": rows[table], "files": files, "bytes": [sizes[name] for name in files]}
    return tables, there


def _place(name: str) -> str:
    """Where a file that was written aside is copied to."""
    match = _ASIDE.fullmatch(name)
    if match is None:
        raise ValueError(name)
    token, folder, file = match.groups()
    return f"{folder}{token}-{file}"


def _switch(place: S3Folder, before: _Found, now: dict[str, Entry], tables: Tables) -> None:
    """Let the manifest name the new files instead of the old ones."""
    if now.get(MANIFEST) != before.manifest:
        raise _overtaken(place)
    manifest = {
        "software": f"Sparkify Warehouse {__version__}",
        "tables": tables,
        "replaced": sorted(before.listed),
    }
    content = (json.dumps(manifest, indent=1) + "\n").encode()
    interrupts.point_of_no_return(
        f"ended while the earlier export was removed from {place.uri}; another export finds what is left"
    )
    try:
        place.put(MANIFEST, content, replacing=before.manifest)
    except SparkifyError as error:
        # It may have been done though the answer was lost.
        try:
            done = place.get(MANIFEST) == content
        except SparkifyError:
            raise SparkifyError(
                f"{error.message}; whether the new export has taken the earlier one's place is not known",
                "run again with --overwrite: what is left of either is removed then",
            ) from None
        if not done:
            raise
    else:
        # A server that ignores the condition has let another one, a moment later, write over it.
        with contextlib.suppress(SourceError):
            if place.get(MANIFEST) != content:
                raise _overtaken(place)


def _clean_up(place: S3Folder, token: str, before: _Found, error: BaseException) -> None:
    """Remove what a failed export has written, as far as that is possible; the next one removes the rest."""
    with contextlib.suppress(SourceError):
        there = place.entries()
        is_other = there.get(MANIFEST) != before.manifest
        if is_other and token.encode() in (place.get(MANIFEST) or b""):
            return  # it ended in the very moment of the switch: what is there is ours
        # By the token, for whoever has overtaken us may have removed what they are copies of.
        place.delete({name for name in there if name.rpartition("/")[2].startswith(f"{token}-")})
        place.delete({name for name in there if name.startswith(f"_sparkify-{token}/")})
        if is_other and isinstance(error, SparkifyError):
            raise _overtaken(place) from None


def _overtaken(place: S3Folder) -> SparkifyError:
    return SparkifyError(
        f"{place.uri}: another export has been finished here meanwhile, and is there now",
        "let one at a time write there; to replace what is there now, run again with --overwrite",
    )


def _remove_replaced(place: S3Folder, before: _Found, now: dict[str, Entry], token: str) -> None:
    """Delete what has been replaced, what killed exports had left, and what this one wrote aside.

    Nothing that has come meanwhile: of an export that has begun since, it is that one's own to remove, and
    where the server ignores the condition of the switch, the manifest may name it by now.
    """
    try:
        place.delete(before.listed | before.placed)
        place.delete(before.aside | {name for name in now if name.startswith(f"_sparkify-{token}/")})
    except SourceError as error:
        raise SparkifyError(
            f"the new export is in place, but not all files of the earlier one could be deleted:"
            f" {error.message}",
            "until they are, only readers who go by _export.json read the right ones; run again with"
            " --overwrite",
        ) from None
