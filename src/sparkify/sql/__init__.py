"""Finds the SQL by name: the engine's own file where there is one, else the one all engines share.

Every statement the warehouse runs stands in a file below ``sparkify/sql``, named after the table it fills:

    sql/tables/            one CREATE TABLE per file, as Redshift takes it; see create_table for other engines
    sql/<engine>/          loading, and whatever else an engine has a dialect of its own for
    sql/ledger/            what files have lost since they were loaded, and which bring or hold old events
    sql/prune/             letting go of old events, likewise
    sql/star/              the star schema, run verbatim on every engine
    sql/views/             fact_ and dim_ names over the star schema, what was heard in each play, the version
    sql/accounts/          where all loaded events went: those of a run, those of the warehouse
    sql/audits/            one SELECT of bad rows per file
    sql/shell/             what the shell completes
    sql/questions/         one question of the analysts per file, run verbatim on every engine
"""

import re
from functools import cache
from importlib.resources import files

STAGING_TABLES = ("staging_events", "staging_songs", "staging_rejects")
STAR_TABLES = ("songplays", "users", "songs", "artists", "time")
LEVEL_TABLES = ("user_levels",)
"""What analysts find beside the star schema: derived from events like it."""

DERIVED_STATE = (
    "encoding_repairs",
    "song_matches",
    "play_matches",
    "user_latest_event",
    "event_days",
)
STATE_TABLES = ("ledger", "runs", "pruned_events", *DERIVED_STATE)
"""What incremental runs remember between them; some of it is derived from what is staged."""

HISTORY_TABLES = ("audit_results", "run_notes", "column_nulls")
"""What runs have found, beside the table of runs itself."""

TABLES = STAGING_TABLES + STAR_TABLES + LEVEL_TABLES + STATE_TABLES + HISTORY_TABLES
REBUILT_TABLES = tuple(table for table in TABLES if table not in ("runs", *HISTORY_TABLES))
"""What a load from scratch fills anew: the runs before it have been, whatever is left of what they loaded."""

VIEWS = (
    "fact_songplays",
    "dim_users",
    "dim_songs",
    "dim_artists",
    "dim_time",
    "heard_plays",
    "event_horizon",
    "play_span",
    "audit_window",
    "judged_days",
    "oldest_allowed",
    "events_kept_since",
    "schema_version",
)
SCHEMA_VERSION = 3
"""Of the tables and views, as the view schema_version says; in warehouses that lack it, it is 0."""

_BY_USE = STAR_TABLES + LEVEL_TABLES + STAGING_TABLES + STATE_TABLES + HISTORY_TABLES
WHICH_TABLES = f"the tables are: {', '.join(_BY_USE)}; the views: {', '.join(VIEWS)}"
"""What to say to those who have asked for another one."""

_REDSHIFT_ONLY = re.compile(
    r" IDENTITY \(0, 1\)| NOT NULL| PRIMARY KEY|(?<=VARCHAR)\(\d+\)|(?<=DOUBLE) PRECISION"
    r"|(?<=^\)).*(?=;\n\Z)",
    re.MULTILINE | re.DOTALL,
)
"""What only Redshift needs of sql/tables. Without a length, its VARCHAR would hold 256 bytes."""


@cache
def read_sql(name: str, engine: str | None = None) -> str:
    """The text of a SQL file.

    Args:
        name: path below ``sql/`` without its ending, e.g. ``star/users``; with an
            engine, below that engine's folder if it is there.
        engine: ``duckdb`` or ``redshift``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    root = files("sparkify") / "sql"
    if engine is not None:
        own = root / engine / f"{name}.sql"
        if own.is_file():
            return own.read_text(encoding="utf-8")
    return (root / f"{name}.sql").read_text(encoding="utf-8")


@cache
def create_table(table: str, engine: str) -> str:
    """The statement that creates a table.

    Engines other than Redshift get columns and types only: neither what is physical on Redshift, nor
    constraints. Redshift's planner trusts keys that it does not enforce; DuckDB would keep an index for each.
    Audits check them on every engine.

    Args:
        table: its name.
        engine: ``duckdb`` or ``redshift``.
    """
    sql = read_sql(f"tables/{table}")
    return sql if engine == "redshift" else _REDSHIFT_ONLY.sub("", sql)


@cache
def columns_of(table: str) -> tuple[str, ...]:
    """The names of a table's columns, in order; the same on all engines."""
    return tuple(re.findall(r"^    (\w+) [A-Z]", read_sql(f"tables/{table}"), re.MULTILINE))


def relation(sql: str, name: str) -> str:
    """A SELECT as a relation that another one can read from."""
    return f"(\n{sql.strip().removesuffix(';')}\n) AS {name}"


@cache
def names_in(folder: str) -> tuple[str, ...]:
    """The names of the SQL files in a folder below ``sql/``, sorted."""
    return tuple(
        sorted(
            entry.name.removesuffix(".sql")
            for entry in (files("sparkify") / "sql" / folder).iterdir()
            if entry.name.endswith(".sql")
        )
    )
