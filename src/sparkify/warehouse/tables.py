"""Whether the tables in a database are this project's, all of them, and of this version: on any engine.

Other people's tables have these names, too: ``users`` is a common one, and the five tables of the star
schema are those of a well-known exercise. So a table is ours if it has our columns, and a set of them if
tables are among it that nobody else would have made. Nothing else is ever dropped or written to.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sparkify.errors import WarehouseError
from sparkify.sql import (
    DERIVED_STATE,
    HISTORY_TABLES,
    LEVEL_TABLES,
    SCHEMA_VERSION,
    STAGING_TABLES,
    STAR_TABLES,
    STATE_TABLES,
    TABLES,
    VIEWS,
    columns_of,
    create_table,
    read_sql,
)
from sparkify.warehouse.contract import Row

_ADDED = {
    "runs": {
        "event_keys": "VARCHAR(64)",
        "song_location": "VARCHAR(65535)",
        "log_location": "VARCHAR(65535)",
        "outcome": "VARCHAR(65535)",
    },
    "ledger": {"gone_at": "TIMESTAMP", "left_out": "VARCHAR(65535)"},
    "staging_rejects": {"is_whole": "BOOLEAN"},
}
"""By table, the columns that versions after the first have put behind its others, with types that all engines
have. Where they were not filled in yet, NULL has to say the right thing."""

_NEW = (*HISTORY_TABLES, "event_days", "user_levels", "pruned_events")
"""Tables that the first versions lack, and that may be missing for that."""

_FORMER = {
    "text_repairs": "encoding_repairs",
    "user_states": "user_latest_event",
    "heard_songs": "song_matches",
}
"""Names that tables had in older versions. heard_songs had no match_id, so that no play could refer to it."""

UPGRADE = "upgrade it with: sparkify etl (nothing is lost)"

OLD_NAMES = tuple(_FORMER)
"""The tables that only older versions have."""


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


def count_rows(query: Callable[[str], list[Row]], tables: Sequence[str]) -> dict[str, int]:
    """How many rows tables have.

    Args:
        query: runs a statement.
        tables: their names, all of this project.
    """
    counts = " UNION ALL ".join(
        f"SELECT '{table}' AS name, COUNT(*) AS rows_there FROM {table}" for table in tables
    )
    found: dict[str, int] = dict(query(counts))
    return {table: found[table] for table in tables}


def version(location: str, found: Relations, query: Callable[[str], list[Row]]) -> int:
    """Which version the tables of this project are of; 0 where no version is said.

    Who may read the star schema only can't ask: then it is taken for the version of this program.

    Args:
        location: the database, for messages.
        found: what there is.
        query: runs a statement in the database.

    Raises:
        WarehouseError: they are of a newer version than this program knows.
    """
    if "schema_version" not in found or not found.keys() >= set(STAGING_TABLES):
        return 0
    try:
        ((number,),) = query("SELECT version FROM schema_version")
        number = int(number)
    except (WarehouseError, ValueError, TypeError):
        return SCHEMA_VERSION
    if number > SCHEMA_VERSION:
        raise WarehouseError(
            f"{location}: was loaded by a newer version of sparkify (its schema has version {number}; this"
            f" program knows versions up to {SCHEMA_VERSION}); nothing was changed",
            "install the newer version here, too",
        )
    return number


def own(location: str, found: Relations, remedy: str) -> list[str]:
    """The tables of this project that are there, all of them or some.

    Args:
        location: the database, for messages.
        found: what there is.
        remedy: what to do where something is somebody else's.

    Raises:
        WarehouseError: something under our names is.
    """
    names = _names(found)
    tables = list(names.values())
    for name in set(tables) & set(TABLES):
        if found[name].columns not in _versions(name) or not found[name].is_table:
            raise WarehouseError(
                f"{location}: {_described(found[name])} {name} is there, which does not belong to this"
                " project;"
                " nothing was changed",
                remedy,
            )
    for name in VIEWS:
        if name in found and (found[name].is_table or not tables):
            raise WarehouseError(
                f"{location}: {_described(found[name])} {name} is there, which does not belong to this"
                " project;"
                " nothing was changed",
                remedy,
            )
    if tables and not set(names) & {*STAGING_TABLES, *STATE_TABLES}:
        raise WarehouseError(
            f"{location}: has the tables {', '.join(tables)}, but none of {', '.join(STATE_TABLES)}, so they"
            " do not belong to this project; nothing was changed",
            remedy,
        )
    return tables


def are_there(location: str, found: Relations, version: int, remedy: str) -> bool:
    """Whether the tables of this project are there.

    Args:
        location: the database, for messages.
        found: what there is.
        version: of the tables, if there are any.
        remedy: what to do where something is somebody else's.

    Raises:
        WarehouseError: only some are, they are of an older version, or somebody else's.
    """
    there = own(location, found, remedy)
    if statements_to_upgrade(found, version, "duckdb"):
        raise WarehouseError(f"{location}: was loaded by an older version of sparkify", UPGRADE)
    missing = [name for name in TABLES if name not in there]
    if there and missing:
        raise WarehouseError(
            f"{location}: has the tables {', '.join(there)}, but not {', '.join(missing)}",
            "recreate all of them with: sparkify create-tables, which asks first",
        )
    return not missing


def lacking(location: str, found: Relations, version: int, remedy: str) -> list[str]:
    """The tables and views that a warehouse of an older version lacks, or of which it lacks columns.

    Args:
        location: the database, for messages.
        found: what there is.
        version: of the tables.
        remedy: what to do where something is somebody else's.

    Raises:
        WarehouseError: some tables are missing for another reason, or they are somebody else's.
    """
    if not statements_to_upgrade(found, version, "duckdb"):
        return [] if are_there(location, found, version, remedy) else [*TABLES, *VIEWS]
    own(location, found, remedy)
    return [
        name
        for name in (*TABLES, *VIEWS)
        if name not in found or (name in TABLES and found[name].columns != columns_of(name))
    ]


def statements_to_upgrade(found: Relations, version: int, engine: str) -> list[str]:
    """What brings the tables of an older version up to date; nothing where some are missing or not ours."""
    names = _names(found)
    is_older = lacks_play_matches(found)
    if any(
        name not in names or (names[name] == name and found[name].columns not in _versions(name))
        for name in TABLES
        if not (name in _NEW or (is_older and name == "play_matches"))
    ):
        return []
    statements = [
        f"ALTER TABLE {names[table]} ADD COLUMN {column} {kind}"
        for table, added in _ADDED.items()
        for column, kind in added.items()
        if column not in found[names[table]].columns
    ]
    statements += [
        f"ALTER TABLE {old} RENAME TO {new}"
        for old, new in _FORMER.items()
        if names[new] == old and new != "song_matches"
    ]
    new = [name for name in _NEW if name not in names]
    if is_older:
        statements += ["DROP VIEW IF EXISTS heard_plays", "DROP TABLE heard_songs"]
        new = ["song_matches", "play_matches", *new]
    statements += [create_table(name, engine) for name in new]
    views = [name for name in VIEWS if version < SCHEMA_VERSION or name not in found]
    # In place of the older ones, so that grants and other people's views on them stay.
    return statements + [
        read_sql(f"views/{name}").replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1) for name in views
    ]


def lacks_play_matches(found: Relations) -> bool:
    """Whether the tables are those of an older version, which did not keep what was heard in which play."""
    return _names(found).get("song_matches") == "heard_songs" and "play_matches" not in found


def to_be_derived(found: Relations, version: int) -> Collection[str]:
    """The tables that must be derived from all that is staged.

    Version 1 lacks the history of levels. Those before derived some rows by other rules: all of them.
    """
    derived = (*STAR_TABLES, *LEVEL_TABLES, *DERIVED_STATE)
    missing = [table for table in derived if table not in found]
    return derived if version == 0 or set(missing) - set(LEVEL_TABLES) else missing


def _names(found: Relations) -> dict[str, str]:
    """By their names of today, the names of the tables that are there, if this project has made them."""
    names = {name: name for name in TABLES if name in found}
    if not names.keys() >= set(STAGING_TABLES):  # then whoever has tables of older names is somebody else
        return names
    for old, new in _FORMER.items():
        columns = columns_of(new)[1:] if new == "song_matches" else columns_of(new)
        if old in found and new not in found and found[old] == Relation(True, columns):
            names[new] = old
    return names


def _versions(table: str) -> list[tuple[str, ...]]:
    """The columns of a table in this version and in those before."""
    columns = columns_of(table)
    return [columns[: len(columns) - count] for count in range(len(_ADDED.get(table, ())) + 1)]


def _described(relation: Relation) -> str:
    return f"a table with the columns {', '.join(relation.columns)} named" if relation.is_table else "a view"
