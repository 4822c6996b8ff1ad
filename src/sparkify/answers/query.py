"""The user's own SQL: which statements may run, and how much of an answer is shown."""

import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from sparkify.errors import StatementError, UsageError, WarehouseError
from sparkify.printing.output import Form, print_rows
from sparkify.printing.tables import CUT, Look
from sparkify.system.extras import how_to_install
from sparkify.warehouse.contract import Row, Session

TABLE_ROWS = 1000
"""How many rows a table shows unless told otherwise: nobody reads more, and a table needs all at once."""

_QUERY_WORDS = b"SELECT WITH FROM VALUES TABLE PIVOT UNPIVOT SHOW DESCRIBE SUMMARIZE".split()
_FILE = re.compile(r"[^\s;'\"()]*\.sql|[^\n;]*[/\\\\][^\n;]*\.sql", re.IGNORECASE)
"""A file's name: no statement ends in a column named sql of a table without anything before it."""

_NO_COLUMN = re.compile(r"\bcolumn\b.*(not found|does not exist)|does not have a column", re.IGNORECASE)
_DOUBLE_QUOTED = re.compile(r'column "([^"]*)"', re.IGNORECASE)
"""A name that the engine does not know as a column."""

_USER = re.compile(r"""(?<![\w."'])user(?![\w."'(])""", re.IGNORECASE)
_NAMED_USER = re.compile(r"\bAS\s+\"?user\b", re.IGNORECASE)
"""SQL's word for who is connected, and a column that somebody calls so."""

_WORD = re.compile(rb"\w+|.", re.DOTALL)


def read_statement(sql: str) -> str:
    """The SQL that the command line names.

    Args:
        sql: the statement; the name of a file with it, which ends in ``.sql``; or ``-`` for standard input.

    Raises:
        UsageError: it is not UTF-8, or the file can't be read.
    """
    place = "the statement"
    if sql == "-":
        place = "standard input"
        data = sys.stdin.buffer.read() if sys.stdin is not None else b""
    elif _FILE.fullmatch(sql):
        place = sql
        try:
            data = Path(sql).read_bytes()
        except OSError as error:
            raise UsageError(f"{sql}: can't be read: {error.strerror}", "check the path") from None
    else:
        # Bytes of the command line that are no text come as lone surrogates.
        data = sql.encode(errors="surrogateescape")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{place}: not UTF-8: {error.reason} at byte {error.start + 1}", "save it as UTF-8"
        ) from None


def users_error(error: StatementError, sql: str) -> WarehouseError:
    """What to tell of a statement of the user's own: all that the engine said; a hint where more is known."""
    place = _place(sql, error.position) if error.position else ""
    hint = error.users_hint
    if not hint and (text := _DOUBLE_QUOTED.search(error.message)) and f'"{text[1]}"' in sql:
        hint = f"if {text[1]} is a text, write it in single quotes: '{text[1]}'; double quotes are for names"
    elif not hint and "unterminated" in error.message.lower():
        hint = "a single quote within a text is written twice: 'Don''t'"
    elif not hint and _NO_COLUMN.search(error.message):
        hint = "see the columns of a table with: SELECT * FROM users LIMIT 1, or in docs/tables.md"
    # All alike indented, so that the mark stays below the place.
    below = "".join(f"\n  {line}" for line in f"{error.details}\n{place}".splitlines() if line)
    return WarehouseError(error.message + below, hint)


def _place(sql: str, position: int) -> str:
    """The line of a statement with a mark below a place, as DuckDB draws it."""
    before = sql[: position - 1]
    line = sql.splitlines()[before.count("\n")] if before.count("\n") < len(sql.splitlines()) else ""
    begin = f"LINE {before.count(chr(10)) + 1}: "
    column = len(before) - (before.rfind("\n") + 1)
    return f"{begin}{line}\n{' ' * (len(begin) + column)}^"


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
        refused = next(filter(None, map(_kind_of_writing, statements)), None)
        count = len(statements)
    else:
        try:
            from sparkify.answers.redshift_sql import require_reading
        except ImportError:
            raise UsageError(
                "the parser of Redshift's SQL is not installed",
                how_to_install("redshift"),
            ) from None
        count, refused = require_reading(sql), None
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


def _kind_of_writing(statement: duckdb.Statement) -> str:
    """The kind of a statement that may do more than read; empty where it reads."""
    if statement.type == duckdb.StatementType.SELECT:
        return ""
    sql = statement.query.encode()
    tokens = _tokens(sql)
    if tokens[0][1] != b"EXPLAIN":
        # PIVOT is several statements to DuckDB, whatever is done with its rows.
        is_read = statement.type == duckdb.StatementType.MULTI and _is_query(sql)
        return "" if is_read else statement.type.name
    # EXPLAIN ANALYZE runs what it explains; its options may stand in parentheses, as a SELECT may.
    tokens = tokens[2 if tokens[1][1] == b"ANALYZE" else 1 :]
    explained = tokens[:1]
    if tokens[0][1] == b"(":
        options_end = [word for _, word in tokens].index(b")")
        explained += tokens[options_end + 1 : options_end + 2]
    return "" if any(_is_query(sql[at:]) for at, _ in explained) else "EXPLAIN, and not of a SELECT"


def _is_query(sql: bytes) -> bool:
    """Whether a statement is one that can stand in the place of a table."""
    tokens = _tokens(sql)
    end = next((at for at, word in tokens if word == b";"), len(sql))
    try:
        duckdb.extract_statements(f"SELECT * FROM (\n{sql[:end].decode()}\n)")
    except duckdb.Error:
        return False
    return next((word for _, word in tokens if word != b"("), b"") in _QUERY_WORDS


def _tokens(sql: bytes) -> list[tuple[int, bytes]]:
    """Where words and marks are in a statement, comments left out, and what they are in capitals."""
    found = []
    for at, kind in duckdb.tokenize(sql.decode()):
        word = _WORD.match(sql, at)
        if word and kind != duckdb.token_type.comment:
            found.append((at, word[0].upper()))
    return found


def print_answer(
    warehouse: Session, sql: str, form: Form, limit: int | None, look: Look | None = None
) -> list[str]:
    """Run a statement and print its rows.

    Args:
        warehouse: where.
        sql: one statement that only reads.
        form: how to print the rows.
        limit: print no more; by default TABLE_ROWS of a table, and all in other forms.
        look: how a table is to look.

    Returns:
        What is to be said about rows that were not printed, and texts that were cut.

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
        is_cut = print_rows(columns, shown, form, look)
        sys.stdout.flush()  # whoever reads on no more needs to be told of no more
        is_all = limit is None or next(rows, None) is None
    except StatementError as error:
        raise users_error(error, sql) from None
    notes = [CUT] if is_cut else []
    if "user" in map(str.lower, columns) and _USER.search(sql) and not _NAMED_USER.search(sql):
        notes.append("note: in SQL, user is who is connected; the users of the service are in user_id")
    if not is_all:
        notes.append(f"showing the first {limit:,} rows; for more: --limit N, for all: --csv or --json")
    return notes
