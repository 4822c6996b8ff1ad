"""What is exported, as Apache Iceberg tables: engines write Parquet files, and PyIceberg registers them.

    OUT/catalog.db                                        the catalog, unless Glue or a REST server has it
    OUT/songplays/data/TOKEN/year=2018/month=11/….parquet     OUT/songplays/metadata/…

No row passes through this process. All files are written before the first table changes; then each table
changes in one commit, which readers see whole or not at all. Only partitions whose rows have changed since
the last export are written again, where the engine can tell (DuckDB). Nothing is ever deleted: earlier
snapshots stay readable until the tools of the catalog expire them.
"""

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sparkify import __version__
from sparkify.answers.questions import require_tables
from sparkify.config.location import is_on_s3
from sparkify.config.settings import AwsOptions
from sparkify.errors import SparkifyError, UsageError
from sparkify.export import catalogs
from sparkify.export.parquet import PARQUET_LAYOUTS, Layout, OpenToWrite
from sparkify.sources.s3_folder import S3Folder
from sparkify.system.disk import remedy, writing
from sparkify.warehouse.contract import Warehouse

ICEBERG_LAYOUTS = PARQUET_LAYOUTS | {"songs": Layout("SELECT * FROM songs", "song_id", ("year",))}
"""What is exported as Parquet is, but for songs, of which a later export writes the years that changed."""

_STATE = "sparkify.partitions"
"""The property with the digests of a table's partitions, and the snapshot's token that they are true of."""


@dataclass(frozen=True)
class Target:
    """Where tables go.

    Attributes:
        place: an absolute path without links, or ``s3://bucket/prefix``; without a slash at the end.
        catalog: ``sqlite``, ``glue``, or the address of a REST catalog.
        namespace: the database in the catalog.
        aws: how to reach S3 and Glue.
    """

    place: str
    catalog: str
    namespace: str
    aws: AwsOptions

    @property
    def is_on_s3(self) -> bool:
        """Whether the files are on S3."""
        return is_on_s3(self.place)


@dataclass
class _Change:
    """What an export does to a table: the files that come, the files that go, and all its partitions now.

    Attributes:
        stale: the partitions whose files go; None = all.
        is_written: whether any rows were written.
    """

    rows: int
    digests: dict[str, str] | None
    stale: set[str] | None = None
    is_written: bool = False
    added: list[str] = field(default_factory=list)
    removed: list[Any] = field(default_factory=list)


def export_to_iceberg(open_to_write: OpenToWrite, target: Target) -> dict[str, dict[str, Any]]:
    """Bring the tables in a catalog up to date.

    Args:
        open_to_write: the warehouse.
        target: where to.

    Returns:
        By table, its rows, the number of its files, and how many of these were written.

    Raises:
        UsageError: a package is missing, or the place or a table is used for something else; nothing is
            changed.
        SparkifyError: the files or the catalog can't be written. Tables that had been committed before are
            new, the others as they were; running again brings all up to date.
    """
    catalogs.require_usable(target.catalog, target.place)
    catalogs.require_installed(target.catalog)
    token = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    aside = target.place if target.is_on_s3 else f"{target.place}/.{token}"
    with open_to_write(aside) as warehouse:
        require_tables(warehouse, ICEBERG_LAYOUTS)
        with _prepared(target, aside), catalogs.explained(f"{target.place}: can't be exported to"):
            catalog = catalogs.open_catalog(target.catalog, target.place, target.aws)
            run, changes = _write_all(warehouse, catalog, target, token)
            properties = {"sparkify.token": token, "sparkify.run": str(run)}
            return {
                name: _commit(catalog, target, name, change, properties) for name, change in changes.items()
            }


@contextlib.contextmanager
def _prepared(target: Target, aside: str) -> Iterator[None]:
    """The place, which is free or holds earlier exports; what is written aside is gone afterwards."""
    if target.is_on_s3:
        S3Folder(target.place, target.aws)  # has the bucket a name, and may the credentials go there?
        yield
        return
    out = Path(target.place)
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: not a folder", "name a folder that is not there yet")
    if (
        target.catalog == catalogs.SQLITE
        and out.is_dir()
        and any(out.iterdir())
        and not (out / catalogs.DATABASE).is_file()
    ):
        raise UsageError(
            f"{out}: holds something other than an export to Iceberg, and was not touched",
            "name a folder that is not there yet",
        )
    with writing(out, "name another folder", "made"):
        Path(aside).mkdir(parents=True)
    try:
        yield
    except OSError as error:
        raise SparkifyError(
            f"{out}: can't be written: {error.strerror}",
            f"{remedy(error, 'check the disk')}, and run again; the tables are as they were",
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_all(
    warehouse: Warehouse, catalog: Any, target: Target, token: str
) -> tuple[int, dict[str, _Change]]:
    """Write the files of all tables that have changed, as of one moment, to where they stay; or of none.

    Only the warehouse is asked within its snapshot: on Redshift this is an open transaction, which Serverless
    bills.

    Returns:
        The latest run of that moment, and the changes by table.
    """
    from sparkify.export.iceberg_tables import load

    tables = {
        name: load(catalog, target.namespace, name, f"{target.place}/{name}") for name in ICEBERG_LAYOUTS
    }
    folders = {name: f"{target.place}/{name}/data/{token}" for name in ICEBERG_LAYOUTS}
    # Moved to where they stay once all are there.
    asides = folders if target.is_on_s3 else {name: f"{target.place}/.{token}/{name}" for name in folders}
    try:
        with warehouse.snapshot():
            ((run,),) = warehouse.query("SELECT COALESCE(MAX(run_id), 0) FROM runs")
            changes = {
                name: _write(warehouse, name, layout, tables[name], asides[name])
                for name, layout in ICEBERG_LAYOUTS.items()
            }
        for name, change in changes.items():
            change.removed = _stale_files(tables[name], change.stale)
            if change.is_written:
                change.added = _placed(target, asides[name], folders[name])
    except BaseException:
        for folder in folders.values():
            with contextlib.suppress(SparkifyError):
                _remove(target, folder)
        raise
    return run, changes


def _write(warehouse: Warehouse, name: str, layout: Layout, table: Any, folder: str) -> _Change:
    """Write those rows of a table whose partitions have changed since the last export."""
    from sparkify.export.iceberg_tables import SCHEMAS

    ((rows,),) = warehouse.query(f"SELECT COUNT(*) FROM {name}")
    change = _Change(rows, _digests(warehouse, layout))
    select = layout.select
    if change.digests is not None and table is not None and (before := _known(table)) is not None:
        changed = [key for key, digest in change.digests.items() if before.get(key) != digest]
        change.stale = {*changed, *(before.keys() - change.digests)}
        if not changed:
            return change
        wanted = " OR ".join(_condition(layout, json.loads(key)) for key in changed)
        select = f"SELECT * FROM ({layout.rows}) AS rows_of_table WHERE {wanted} ORDER BY {layout.order_by}"
    if rows:
        # The year and month of plays are no columns of their tables.
        keep = bool(layout.partition_by) and set(layout.partition_by) <= set(SCHEMAS[name].column_names)
        warehouse.write_parquet(select, folder, layout.partition_by, keep=keep)
        change.is_written = True
    return change


def _digests(warehouse: Warehouse, layout: Layout) -> dict[str, str] | None:
    """By partition, what changes when any of its rows does; None where the engine can't tell."""
    if warehouse.engine != "duckdb":
        return None
    columns = "".join(f"{column}, " for column in layout.partition_by)
    found = warehouse.query(
        f"SELECT {columns}COUNT(*), CAST(BIT_XOR(HASH(rows_of_table)) AS VARCHAR), VERSION()"
        f" FROM ({layout.rows}) AS rows_of_table GROUP BY ALL"
    )
    return {json.dumps(row[:-3]): f"{row[-3]} {row[-2]} {row[-1]}" for row in found if row[-3]}


def _known(table: Any) -> dict[str, str] | None:
    """The digests of an earlier export, unless somebody has written to the table since."""
    try:
        state = json.loads(table.properties[_STATE])
        summary = table.current_snapshot().summary.additional_properties
        return dict(state["digests"]) if state["token"] == summary["sparkify.token"] else None
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _condition(layout: Layout, values: list[int | None]) -> str:
    """SQL for the rows of a partition; its values are numbers that the database has given."""
    parts = (
        f"{column} IS NULL" if value is None else f"{column} = {int(value)}"
        for column, value in zip(layout.partition_by, values, strict=True)
    )
    return f"({' AND '.join(parts) or 'TRUE'})"


def _files(table: Any) -> list[Any]:
    return [task.file for task in table.scan().plan_files()]


def _stale_files(table: Any, stale: set[str] | None) -> list[Any]:
    from sparkify.export.iceberg_tables import partition_key

    if table is None:
        return []
    if stale is None:
        return _files(table)
    keys = {partition_key(tuple(json.loads(key))) for key in stale}
    return [file for file in _files(table) if (file.partition[0] if len(file.partition) else None) in keys]


def _placed(target: Target, aside: str, folder: str) -> list[str]:
    """Move what was written aside to where it stays, and name the files."""
    if target.is_on_s3:
        return [f"{folder}/{name}" for name in sorted(S3Folder(folder, target.aws).entries())]
    final = Path(folder)
    final.parent.mkdir(parents=True, exist_ok=True)
    Path(aside).rename(final)
    return sorted(str(path) for path in final.rglob("*.parquet"))


def _remove(target: Target, folder: str) -> None:
    """Remove what this export has written, and no table knows of."""
    if target.is_on_s3:
        place = S3Folder(folder, target.aws)
        place.delete(place.entries())
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _commit(
    catalog: Any, target: Target, name: str, change: _Change, properties: dict[str, str]
) -> dict[str, Any]:
    """Let a table have its new files instead of the old ones, in one step."""
    from pyiceberg.io.pyarrow import parquet_file_to_data_file

    from sparkify.export.iceberg_tables import OURS, SCHEMAS, SPECS, load

    location = f"{target.place}/{name}"
    table = load(catalog, target.namespace, name, location)
    if table is None:
        catalog.create_namespace_if_not_exists(target.namespace)
        table = catalog.create_table(
            (target.namespace, name),
            SCHEMAS[name],
            location=location,
            partition_spec=SPECS[name],
            properties={
                OURS: __version__,
                "write.parquet.compression-codec": "zstd",
                # The files name their columns, and know no numbers for them.
                "schema.name-mapping.default": SCHEMAS[name].name_mapping.model_dump_json(),
            },
        )
    state = {"token": properties["sparkify.token"], "digests": change.digests}
    with table.transaction() as transaction:
        transaction.set_properties({_STATE: json.dumps(state)})
        with transaction.update_snapshot(snapshot_properties=properties).overwrite() as files:
            for file in change.removed:
                files.delete_data_file(file)
            for path in change.added:
                files.append_data_file(parquet_file_to_data_file(table.io, transaction.table_metadata, path))
    return {"rows": change.rows, "files": len(_files(table)), "written": len(change.added)}
