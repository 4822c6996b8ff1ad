"""Whether the tables in a database are this project's, all of them, and of this version: on any engine.

Other people's tables have these names, too: ``users`` is a common one, and the five tables of the star
schema are those of a well-known exercise. So a table is ours if it has our columns, and a set of them if
tables are among it that nobody else would have made. Nothing else is ever dropped or written to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sparkify.errors import WarehouseError
from sparkify.sql_queries import STAGING_TABLES, STATE_TABLES, TABLES, VIEWS, read_sql

_ADDED = {
    "runs": {
        "event_keys": "VARCHAR(64)",
        "song_location": "VARCHAR(65535)",
        "log_location": "VARCHAR(65535)",
    },
    "ledger": {"gone_at": "TIMESTAMP"},
}
"""By table, the columns that versions after the first have put behind its others, with types that all engines
have. Where they were not filled in yet, NULL has to say the right thing."""


@dataclass(frozen=True)
class Relation:
    """A table or view of a database.

    Attributes:
        is_table: whether it is a table.
        columns: the names of its columns, in order; of a view they don't matter.
    """

    is_table: bool
    columns: tuple[str, ...] = ()


Relations = Mapping[str, Relation]
"""By name, in lower case, what there is under names of this project."""


@cache
def columns_of(table: str) -> tuple[str, ...]:
    """The names of a table's columns, in order; the same on all engines."""
    return tuple(re.findall(r"^    (\w+) [A-Z]", read_sql(f"tables/{table}", "duckdb"), re.MULTILINE))


def own(location: str, found: Relations, remedy: str) -> list[str]:
    """The tables of this project that are there, all of them or some.

    Args:
        location: the database, for messages.
        found: what there is.
        remedy: what to do where something is somebody else's.

    Raises:
        WarehouseError: something under our names is.
    """
    tables = [name for name in TABLES if name in found]
    for name in tables:
        if found[name].columns not in _versions(name) or not found[name].is_table:
            raise WarehouseError(
                f"{location}: {_described(found[name])} {name} is there, which is not of this project;"
                " nothing was changed",
                remedy,
            )
    for name in VIEWS:
        if name in found and (found[name].is_table or not tables):
            raise WarehouseError(
                f"{location}: {_described(found[name])} {name} is there, which is not of this project;"
                " nothing was changed",
                remedy,
            )
    if tables and not set(tables) & {*STAGING_TABLES, *STATE_TABLES}:
        raise WarehouseError(
            f"{location}: has the tables {', '.join(tables)}, but none of {', '.join(STATE_TABLES)}, so they"
            " are not of this project; nothing was changed",
            remedy,
        )
    return tables


def are_there(location: str, found: Relations, remedy: str) -> bool:
    """Whether the tables of this project are there.

    Raises:
        WarehouseError: only some are, they are of an older version, or somebody else's.
    """
    there = own(location, found, remedy)
    missing = [name for name in TABLES if name not in there]
    if there and missing:
        raise WarehouseError(
            f"{location}: has the tables {', '.join(there)}, but not {', '.join(missing)}",
            "make all of them anew with: sparkify create-tables, which asks first",
        )
    if not missing and statements_to_upgrade(found):
        raise WarehouseError(
            f"{location}: was loaded by an older version of sparkify",
            "bring it up to date with: sparkify etl, which loses nothing",
        )
    return not missing


def statements_to_upgrade(found: Relations) -> list[str]:
    """What brings the tables of an older version up to date; nothing where some are missing or not ours."""
    if any(name not in found or found[name].columns not in _versions(name) for name in TABLES):
        return []
    columns = [
        f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
        for table, added in _ADDED.items()
        for column, kind in added.items()
        if column not in found[table].columns
    ]
    return columns + [read_sql(f"views/{name}") for name in VIEWS if name not in found]


def _versions(table: str) -> list[tuple[str, ...]]:
    """The columns of a table in this version and in those before."""
    columns = columns_of(table)
    return [columns[: len(columns) - count] for count in range(len(_ADDED.get(table, ())) + 1)]


def _described(relation: Relation) -> str:
    return f"a table with the columns {', '.join(relation.columns)} named" if relation.is_table else "a view"
