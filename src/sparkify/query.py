"""The user's own SQL: which statements may run, and how much of an answer is shown."""

import re
import sys
from collections.abc import Iterator
from itertools import islice

import duckdb

from sparkify.engines import Row, Warehouse
from sparkify.errors import StatementError, UsageError, WarehouseError
from sparkify.output import Form, print_rows

TABLE_ROWS = 1000
"""How many rows a table shows unless told otherwise: nobody reads more, and a table needs all at once."""

# PIVOT is several statements to DuckDB.
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
_READING_WORDS = ("SELECT", "WITH", "EXPLAIN", "SHOW", "VALUES", "TABLE")
_COMMENTS = re.compile(r"(\s|;|--[^\n]*(\n|$)|/\*.*?\*/)*", re.DOTALL)


def read_statement(sql: str) -> str:
    """The SQL that the command line names.

    Args:
        sql: the statement, or ``-`` for standard input.

    Raises:
        UsageError: it is not UTF-8.
    """
    if sql != "-":
        # Bytes of the command line that are no text come as lone surrogates.
        data = sql.encode(errors="surrogateescape")
    else:
        data = sys.stdin.buffer.read() if sys.stdin is not None else b""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = "standard input" if sql == "-" else "the statement"
        raise UsageError(
            f"{place}: not UTF-8: {error.reason} at byte {error.start + 1}", "save it as UTF-8"
        ) from None


def require_select(sql: str, engine: str) -> None:
    """Make sure that a text is one statement that only reads.

    Raises:
        UsageError: it is not.
    """
    if engine == "duckdb":
        try:
            statements = duckdb.extract_statements(sql)
        except duckdb.Error:
            return  # the engine says what is wrong with it
        kinds = [statement.type for statement in statements]
        refused = next((kind.name for kind in kinds if kind not in _READING), None)
        count = len(kinds)
    else:
        comments = _COMMENTS.match(sql)
        words = re.split(r"\W", sql[comments.end() if comments else 0 :].lstrip("( \n\t").upper(), maxsplit=1)
        count = 1 if words[0] else 0  # of several the server refuses to run any
        refused = words[0] if words[0] not in _READING_WORDS else None
    if not count:
        raise UsageError(
            "there is no statement in the SQL", "write for example: SELECT COUNT(*) FROM songplays"
        )
    if refused:
        raise UsageError(
            f"only reading is possible here, and this is a statement of the kind {refused}",
            "write a SELECT; into a file with: --csv > FILE, or sparkify export",
        )
    if count > 1:
        raise UsageError(f"{count} statements, where there can be one", "run them one by one")


def print_answer(warehouse: Warehouse, sql: str, form: Form, limit: int | None) -> str:
    """Run a statement and print its rows.

    Args:
        warehouse: where.
        sql: one statement that only reads.
        form: how to print the rows.
        limit: print no more; by default TABLE_ROWS of a table, and all in other forms.

    Returns:
        What is to be said about rows that were not printed; empty where all were.

    Raises:
        UsageError: the statement is none that reads.
        WarehouseError: the warehouse refused it.
    """
    require_select(sql, warehouse.engine)
    if limit is None and form == "table":
        limit = TABLE_ROWS
    try:
        columns, rows = warehouse.stream(sql)
        shown: Iterator[Row] = rows if limit is None else islice(rows, limit)
        print_rows(columns, shown, form)
        sys.stdout.flush()  # whoever reads on no more needs to be told of no more
        is_all = limit is None or next(rows, None) is None
    except StatementError as error:
        raise WarehouseError(error.message, error.users_hint) from None
    if is_all:
        return ""
    return f"there are more than these {limit:,} rows: --limit N shows N of them, --csv or --json all"
