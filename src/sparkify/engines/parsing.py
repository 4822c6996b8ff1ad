"""The judgement of records: which can be loaded, and as what. One SQL for both engines.

``sql/duckdb/parse_*.sql`` casts records and says what is wrong with those that can't be loaded. The DuckDB
engine loads from it; for Redshift, records are judged by it before they are bundled, so that the same record
fares the same on both.
"""

from collections.abc import Sequence

import duckdb

from sparkify.engines import Source
from sparkify.sql_queries import read_sql

NOUNS: dict[Source, str] = {"song_data": "songs", "log_data": "events"}
"""What the records of a source are, as the names of the tables say it."""


def set_paths(
    connection: duckdb.DuckDBPyConnection,
    noun: str,
    columns: Sequence[str],
    paths: Sequence[Sequence[str | int]],
) -> None:
    """Say which key of a record fills which column.

    Args:
        connection: where the records will be judged.
        noun: ``songs`` or ``events``.
        columns: of the staging table, in order; those beyond the paths are not filled by keys.
        paths: for each column the keys that lead to its value.
    """
    singular = noun.removesuffix("s")
    connection.execute(f"SET VARIABLE {singular}_columns = ?", [list(columns[: len(paths)])])
    connection.execute(f"SET VARIABLE {singular}_paths = ?", [[_json_path(path) for path in paths]])


def create_view(connection: duckdb.DuckDBPyConnection, noun: str) -> None:
    """Make the view ``parsed_songs`` or ``parsed_events`` over the relation ``records``."""
    if noun == "events":
        connection.execute(read_sql("event_records", "duckdb"))
    connection.execute(read_sql(f"parse_{noun}", "duckdb"))


def _json_path(path: Sequence[str | int]) -> str:
    """A path as DuckDB takes it."""
    is_ambiguous = any(isinstance(step, int) or step.isdigit() for step in path)
    if is_ambiguous and not any(step in ("", "*") for step in path):
        # A pointer's /0 is a position as well as a key.
        return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{_quoted(step)}" for step in path)
    # RFC 6901: any key can be named, whatever characters it holds.
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
