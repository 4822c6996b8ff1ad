"""What is exported as Iceberg has it: columns and partitions, and how tables are known as ours.

Columns have their numbers (field ids) by their places here, in every export: a new column comes last.
"""

from typing import TYPE_CHECKING

from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, MonthTransform
from pyiceberg.types import (
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)

from sparkify.errors import UsageError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

OURS = "sparkify.export"
"""The property of tables that this project has made."""

_TEXT, _INT, _LONG, _DOUBLE, _TIME = StringType(), IntegerType(), LongType(), DoubleType(), TimestampType()

_COLUMNS: dict[str, dict[str, IcebergType]] = {
    "songplays": {
        "songplay_id": _LONG,
        "start_time": _TIME,
        "user_id": _LONG,
        "level": _TEXT,
        "song_id": _TEXT,
        "artist_id": _TEXT,
        "session_id": _LONG,
        "location": _TEXT,
        "user_agent": _TEXT,
    },
    "users": {
        "user_id": _LONG,
        "first_name": _TEXT,
        "last_name": _TEXT,
        "gender": _TEXT,
        "level": _TEXT,
    },
    "songs": {"song_id": _TEXT, "title": _TEXT, "artist_id": _TEXT, "year": _INT, "duration": _DOUBLE},
    "artists": {
        "artist_id": _TEXT,
        "name": _TEXT,
        "location": _TEXT,
        "latitude": _DOUBLE,
        "longitude": _DOUBLE,
    },
    "time": {
        "start_time": _TIME,
        "hour": _INT,
        "day": _INT,
        "week": _INT,
        "month": _INT,
        "year": _INT,
        "weekday": _INT,
    },
    "heard_plays": {
        "start_time": _TIME,
        "user_id": _LONG,
        "level": _TEXT,
        "artist": _TEXT,
        "title": _TEXT,
        "length": _DOUBLE,
        "song_id": _TEXT,
        "artist_id": _TEXT,
        "session_id": _LONG,
        "location": _TEXT,
        "user_agent": _TEXT,
    },
    "user_levels": {"user_id": _LONG, "level": _TEXT, "valid_from": _TIME, "valid_to": _TIME},
}

SCHEMAS = {
    table: Schema(
        *(
            NestedField(number, column, kind, required=False)
            for number, (column, kind) in enumerate(columns.items(), 1)
        )
    )
    for table, columns in _COLUMNS.items()
}


def _by_month(table: str) -> PartitionSpec:
    source = SCHEMAS[table].find_field("start_time").field_id
    return PartitionSpec(PartitionField(source, 1000, MonthTransform(), "start_time_month"))


SPECS = {
    "songplays": _by_month("songplays"),
    "users": UNPARTITIONED_PARTITION_SPEC,
    "songs": PartitionSpec(
        PartitionField(SCHEMAS["songs"].find_field("year").field_id, 1000, IdentityTransform(), "year")
    ),
    "artists": UNPARTITIONED_PARTITION_SPEC,
    "time": _by_month("time"),
    "heard_plays": _by_month("heard_plays"),
    "user_levels": UNPARTITIONED_PARTITION_SPEC,
}

Partition = tuple[int | None, ...]
"""Of a file: its values for the columns that become folders in an export to Parquet."""


def partition_key(partition: Partition) -> int | None:
    """How Iceberg writes a partition: months are counted from January 1970."""
    if len(partition) == 2:  # year and month
        year, month = partition
        return None if year is None or month is None else (year - 1970) * 12 + month - 1
    return partition[0] if partition else None


def load(catalog: "Catalog", namespace: str, name: str, location: str) -> "Table | None":
    """A table of an earlier export; None if there is none.

    Raises:
        UsageError: the table is somebody else's, or is somewhere else.
    """
    from pyiceberg.exceptions import NoSuchTableError

    try:
        table = catalog.load_table((namespace, name))
    except NoSuchTableError:
        return None
    if OURS not in table.properties:
        raise UsageError(
            f"the catalog has a table {namespace}.{name} that is no export, and was not touched",
            "name another --namespace",
        )
    if table.location().rstrip("/") != location:
        raise UsageError(
            f"{namespace}.{name} is an export to {table.location()}",
            "export to the same place again, or name another --namespace",
        )
    if table.schema().as_struct() != SCHEMAS[name].as_struct() or table.spec() != SPECS[name]:
        raise UsageError(
            f"{namespace}.{name} has been given other columns or partitions since it was exported",
            "name another --namespace",
        )
    return table
