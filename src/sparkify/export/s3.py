"""Exports as Parquet on S3, where nothing can be renamed: each goes below a folder of its own.

    PREFIX/TOKEN/songplays/year=2018/month=11/….parquet    laid out as in a folder
    PREFIX/TOKEN/_export.json                              the tables with their rows and files, written last

What else is below the prefix is nobody's business here. With ``overwrite`` the exports that were there before
are deleted once the new one is complete: until then, readers of all folders see both. Whoever can't have that
takes Iceberg tables.
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
from sparkify.errors import SourceError, SparkifyError
from sparkify.export.parquet import MANIFEST, PARQUET_LAYOUTS, OpenToWrite, files_of
from sparkify.sources.s3_folder import S3Folder
from sparkify.warehouse.contract import Unloading

# Up to version 0.2.0 an export was at the prefix itself.
_AN_EXPORT = re.compile(rf"((?:\d{{8}}T\d{{6}}-[0-9a-f]{{8}}/)?){re.escape(MANIFEST)}")
_DATA = re.compile(rf"({'|'.join(PARQUET_LAYOUTS)})/.+\.parquet")
"""What a manifest may have us delete."""


@dataclass(frozen=True)
class Exported:
    """An export: where it is, and by table its rows and the number of its files."""

    uri: str
    tables: dict[str, dict[str, Any]]


def export_to_s3(
    open_to_write: OpenToWrite, out: str, aws: AwsOptions, *, overwrite: bool = False
) -> Exported:
    """Write the five tables, heard_plays and user_levels as Parquet below a new folder of a prefix.

    Args:
        open_to_write: opens the warehouse.
        out: ``s3://bucket/prefix``.
        aws: how to reach S3.
        overwrite: delete the exports that are below the prefix already, after the new one is complete.

    Raises:
        SparkifyError: the files can't be written, and none is left; what was there is as it was. Or the new
            export is complete, but an earlier one can't be deleted.
    """
    with open_to_write(out) as warehouse:
        require_tables(warehouse, PARQUET_LAYOUTS)
        place = S3Folder(out, aws)
        earlier = _earlier(place) if overwrite else []
        token = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        new = S3Folder(f"{place.uri}{token}", aws)
        try:
            tables = _write(warehouse, new)
        except BaseException:
            with contextlib.suppress(SourceError):
                new.delete(new.entries())
            raise
    try:
        place.delete(earlier)
    except SourceError as error:
        raise SparkifyError(
            f"the new export is in {new.uri}, but not all files of the earlier one could be deleted:"
            f" {error.message}",
            "readers of all folders see both until they are; run again with --overwrite",
        ) from None
    return Exported(
        new.uri, {name: {"rows": each["rows"], "files": len(each["files"])} for name, each in tables.items()}
    )


def _earlier(place: S3Folder) -> list[str]:
    """The files of complete exports below a prefix: those that their manifests list, and the manifests."""
    entries = place.entries()
    found = []
    for name in entries:
        if match := _AN_EXPORT.fullmatch(name):
            listed = files_of(place.get(name) or b"")
            if listed is not None:
                files = {match[1] + file for file in listed if _DATA.fullmatch(file)}
                found += [*(files & entries.keys()), name]
    return found


def _write(warehouse: Unloading, new: S3Folder) -> dict[str, dict[str, Any]]:
    rows = {}
    with warehouse.snapshot():
        for name, layout in PARQUET_LAYOUTS.items():
            warehouse.write_parquet(layout.select, f"{new.uri}{name}", layout.partition_by)
            ((rows[name],),) = warehouse.query(f"SELECT COUNT(*) FROM {name}")
    written = {name: entry.size for name, entry in sorted(new.entries().items())}
    tables = {}
    for table in PARQUET_LAYOUTS:
        files = [name for name in written if name.startswith(f"{table}/")]
        tables[table] = {"rows": rows[table], "files": files, "bytes": [written[name] for name in files]}
    manifest = {"software": f"Sparkify Warehouse {__version__}", "tables": tables}
    new.put(MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    return tables
