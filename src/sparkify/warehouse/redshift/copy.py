"""COPY for Amazon Redshift: the statement, how many errors it may have, running it, and what it says of them.

The statements stand in ``sql/redshift/copy_*.sql``; here the values of a run are put in their places. COPY
takes no parameters, so values have to become SQL text, and ``literal`` is the one way in which they do.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sparkify.errors import TooManyRejectsError, UsageError, WarehouseError
from sparkify.sql import read_sql
from sparkify.warehouse.redshift.session import RedshiftSession

MAX_MAXERROR = 100_000
"""COPY's highest MAXERROR (Database Developer Guide: COPY, data load operations)."""

KEPT_CHARACTERS = 1000
"""Of a record that was refused, in staging_rejects."""

_SHOWN_ERRORS = 5
_ERROR_TABLE_TRIES = 20
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")

Query = Callable[..., list[tuple[Any, ...]]]


def literal(text: str) -> str:
    r"""A text as a string of Redshift's SQL.

    Quotes are doubled, and so are backslashes, which escape in Redshift's strings.

    Raises:
        UsageError: it holds control characters, which belong in no URI, ARN or region.
    """
    if not text.isprintable():
        raise UsageError(
            f"{text!r}: has a control character or another that can't be printed", "correct it in dwh.cfg"
        )
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def check_role(arns: str) -> None:
    """Refuse a role that can't be one, before anything is asked of AWS.

    Raises:
        UsageError: naming the setting, and not the value, which may be a secret in the wrong line.
    """
    for part in filter(None, arns.split(",")):
        if not _ROLE.fullmatch(part.strip()):
            raise UsageError(
                "[IAM_ROLE] ARN (or DWH_ROLE_ARN) is not the ARN of a role",
                "it looks like arn:aws:iam::123456789012:role/name; empty means the cluster's default role",
            )


def copy_statement(
    name: str,
    uri: str,
    role_arn: str,
    *,
    max_errors: int,
    region: str,
    jsonpaths: str = "",
    options: Sequence[str] = (),
) -> str:
    """A COPY, ready to run.

    Args:
        name: which file below sql/redshift.
        uri: a prefix or a manifest.
        role_arn: of the role that reads; empty for the cluster's default role.
        max_errors: how many records may be bad.
        region: where the files are; empty if where Redshift is.
        jsonpaths: the URI of the JSONPaths file, for a statement that has one.
        options: MANIFEST, GZIP.
    """
    role = literal(role_arn) if role_arn else "DEFAULT"
    places = [
        (r"FROM 's3://[^']*'", f"FROM {literal(uri)}"),
        (r"IAM_ROLE DEFAULT", f"IAM_ROLE {role}"),
        (r"REGION '[^']*'\n", f"REGION {literal(region)}\n" if region else ""),
        # n errors are too many already; 0 and 1 are the same.
        (r"MAXERROR \d+;", "\n".join([f"MAXERROR {min(max_errors + 1, MAX_MAXERROR)}", *options])),
    ]
    if jsonpaths:
        places.append((r"JSON 's3://[^']*'", f"JSON {literal(jsonpaths)}"))
    statement = re.sub(r"(?m)^--.*\n", "", read_sql(name, "redshift"))
    for place, text in places:
        statement, found = re.subn(place, lambda _, text=text: text, statement)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"sql/redshift/{name}.sql: {place} stands there {found} times")
    return statement


@dataclass(frozen=True)
class LoadError:
    """A record that COPY refused.

    Attributes:
        uri: the object.
        line: the number of the record's last line.
        column: where it failed; may be empty.
        reason: as COPY words it.
        raw: the record's beginning; None on Serverless, which doesn't tell.
    """

    uri: str
    line: int
    column: str
    reason: str
    raw: str | None

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


def run_copy(
    session: RedshiftSession,
    statement: str,
    max_reject_share: float,
    origin: Callable[[LoadError], tuple[str, int]] = lambda error: (error.uri, error.line),
) -> list[LoadError]:
    """Run a COPY, and give the records it refused.

    Args:
        session: of the warehouse.
        statement: the COPY.
        max_reject_share: for what is said of too many errors.
        origin: tells the file and the line that people know a refused record by.

    Raises:
        TooManyRejectsError: more were bad than MAXERROR allows; the transaction is rolled back.
        WarehouseError: it failed for another reason.
    """
    serverless = session.is_serverless
    session.take_notices()
    try:
        session.query(statement)
    except WarehouseError as failure:
        if "Load into table" not in failure.message:
            raise
        # The transaction is lost already; only after it is given up can the reasons be read.
        session.roll_back()
        query_id = failed_copy_id(session.query, serverless=serverless)
        errors = read_load_errors(session.query, query_id, serverless=serverless, limit=_SHOWN_ERRORS)
        places = [(*origin(error), error) for error in errors]
        shown = "".join(f"\n  {uri}:{line}: {error}" for uri, line, error in places)
        raise TooManyRejectsError(
            "more records are bad than max_reject_share"
            f" ({max_reject_share:.4g}) allows; nothing was changed{shown}",
            "mend the files, or allow more with --max-reject-share",
        ) from None
    told = [re.search(r"(\d+) record\(s\) could not be loaded", notice) for notice in session.take_notices()]
    expected = sum(int(match[1]) for match in told if match)
    return _await_errors(session, expected, serverless=serverless) if expected else []


def _await_errors(session: RedshiftSession, expected: int, *, serverless: bool) -> list[LoadError]:
    """The errors of the COPY before; the system tables may be a moment behind its own count of them."""
    ((query_id,),) = session.query("SELECT PG_LAST_COPY_ID()")
    for _ in range(_ERROR_TABLE_TRIES):
        errors = read_load_errors(session.query, query_id, serverless=serverless)
        if len(errors) >= expected:
            break
        time.sleep(0.5)
    return errors


def read_load_errors(
    query: Query, query_id: int, *, serverless: bool, limit: int = MAX_MAXERROR
) -> list[LoadError]:
    """What a COPY refused, by file and line.

    The system tables are no part of the transaction: they can be read in it and after its rollback.

    Args:
        query: runs SQL with parameters.
        query_id: of the COPY.
        serverless: whether it ran on Serverless, where the STL views are not there.
        limit: how many at most.
    """
    if serverless:
        rows = query(
            "SELECT TRIM(file_name), line_number, TRIM(column_name), TRIM(error_message), NULL"
            f" FROM sys_load_error_detail WHERE query_id = ? ORDER BY 1, 2 LIMIT {limit}",
            [query_id],
        )
    else:
        rows = query(
            "SELECT TRIM(filename), line_number, TRIM(colname), TRIM(err_reason), TRIM(raw_line)"
            f" FROM stl_load_errors WHERE query = ? ORDER BY 1, 2 LIMIT {limit}",
            [query_id],
        )
    return [LoadError(*row) for row in rows]


def failed_copy_id(query: Query, *, serverless: bool) -> int:
    """The query id of the COPY that just failed in this session, by its errors."""
    # Not PG_LAST_COPY_ID(): it is documented for a COPY that completed.
    table, column, session = (
        ("sys_load_error_detail", "query_id", "session_id")
        if serverless
        else ("stl_load_errors", "query", "session")
    )
    rows = query(f"SELECT COALESCE(MAX({column}), -1) FROM {table} WHERE {session} = PG_BACKEND_PID()")
    return int(rows[0][0])


def lines_scanned(query: Query, query_id: int) -> dict[str, int]:
    """How many lines of each object a COPY read, by URI (cut to 256 bytes, as the table has it)."""
    return {
        uri: int(lines)
        for uri, lines in query(
            "SELECT TRIM(filename), SUM(lines_scanned) FROM stl_load_commits WHERE query = ? GROUP BY 1",
            [query_id],
        )
    }
