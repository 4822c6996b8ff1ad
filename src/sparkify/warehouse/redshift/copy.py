"""COPY on Amazon Redshift: the statement, running it, and what Redshift tells of files and refused records.

The statements are templates, ``sql/redshift/copy_*.sql``. COPY takes no parameters, so values become SQL
text, and ``literal`` is the one way in which they do. What COPY did is read from SYS views, which clusters
and Serverless have alike. They survive a rollback, and may lag behind.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, NamedTuple

from sparkify.errors import TooManyRejectsError, UsageError, WarehouseError
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Row
from sparkify.warehouse.redshift.session import RedshiftSession

MAX_MAXERROR = 100_000
"""COPY's highest MAXERROR (Database Developer Guide: COPY, data load operations)."""

LONGEST_TEXT_BYTES = 65_535
"""VARCHAR holds no more (Database Developer Guide: Character types)."""

SYSTEM_VIEWS_SECONDS = 90.0
"""How long to wait for rows of SYS views; no page bounds their delay."""

_SHOWN_ERRORS = 5
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")


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


def role(arn: str) -> str:
    """A role as IAM_ROLE takes it; DEFAULT where none is named."""
    return literal(arn) if arn else "DEFAULT"


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


@dataclass(frozen=True)
class Copy:
    """A COPY.

    Attributes:
        template: which file below sql/redshift.
        uri: a prefix or a manifest.
        max_errors: how many records may be bad.
        max_reject_share: what that came from, for messages.
        region: where the files are; empty if where Redshift is.
        options: MANIFEST, GZIP.
        table: which to load, for a template that does not name one.
        columns: which to fill, for a template that lists them.
        jsonpaths: the URI of the JSONPaths file, for a template that has one.
    """

    template: str
    uri: str
    max_errors: int
    max_reject_share: float
    region: str = ""
    options: Sequence[str] = ()
    table: str = ""
    columns: Sequence[str] = ()
    jsonpaths: str = ""

    def statement(self, role_arn: str) -> str:
        """The SQL, for the role that reads; empty is the cluster's default role."""
        region = [f"REGION {literal(self.region)}"] if self.region else []
        return Template(read_sql(self.template, "redshift")).substitute(
            table=self.table,
            columns=", ".join(self.columns),
            uri=literal(self.uri),
            role=role(role_arn),
            jsonpaths=literal(self.jsonpaths),
            # n errors are too many already; 0 and 1 are the same.
            max_errors=min(self.max_errors + 1, MAX_MAXERROR),
            options="\n".join([*region, *self.options]),
        )


class LoadError(NamedTuple):
    """A record that COPY refused: its object, its last line's number, where it failed if told, and why."""

    uri: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column}: {self.reason}" if self.column else self.reason


class FileRead(NamedTuple):
    """What COPY read of a file: how many lines, and the ETag of the object, which may be empty."""

    lines: int
    etag: str


def as_logged(uri: str) -> str:
    """A URI as the system views hold it: CHAR(256)."""
    return uri.encode()[:256].decode(errors="ignore").rstrip(" ")


def run_copy(
    session: RedshiftSession,
    copy: Copy,
    origin: Callable[[LoadError], tuple[str, int]] = lambda error: (error.uri, error.line),
) -> list[LoadError]:
    """Run a COPY, and give the records it refused, whose file and line ``origin`` tells as people know them.

    Raises:
        TooManyRejectsError: more were bad than MAXERROR allows; the transaction is rolled back.
        WarehouseError: it failed for another reason, or Redshift doesn't tell what it refused.
    """
    ((process, last_id, since),) = session.query("SELECT PG_BACKEND_PID(), PG_LAST_COPY_ID(), GETDATE()")
    session.take_notices()
    try:
        session.query(copy.statement(session.role_arn))
    except WarehouseError as failure:
        if "Load into table" not in failure.message:
            raise
        # The transaction is lost already; only after it is given up can the reasons be read.
        session.roll_back()
        # Not by PG_LAST_COPY_ID(), which a COPY that fails leaves as it was.
        of_session = "session_id = ? AND query_id > ? AND start_time >= ?"
        found = _errors(session, of_session, [process, last_id, since], 1)[:_SHOWN_ERRORS]
        shown = "".join(f"\n  {uri}:{line}: {error}" for error in found for uri, line in [origin(error)])
        raise TooManyRejectsError(
            f"more records are bad than max_reject_share ({copy.max_reject_share:.4g}) allows;"
            f" nothing was changed{shown or '; Redshift has not told which (SYS_LOAD_ERROR_DETAIL)'}",
            "fix the files, or allow more with --max-reject-share",
        ) from None
    told = [re.search(r"(\d+) record\(s\) could not be loaded", notice) for notice in session.take_notices()]
    expected = sum(int(match[1]) for match in told if match)
    found = _errors(session, "query_id = ?", [_last_copy_id(session)], expected) if expected else []
    if len(found) < expected:
        raise WarehouseError(
            f"{session.location}: Redshift has refused {expected:,} records, and told of {len(found):,}"
            f" (SYS_LOAD_ERROR_DETAIL) within {SYSTEM_VIEWS_SECONDS:.0f} seconds; nothing was changed",
            "run again",
        )
    return found


def _last_copy_id(session: RedshiftSession) -> int:
    ((query_id,),) = session.query("SELECT PG_LAST_COPY_ID()")
    return int(query_id)


def _errors(
    session: RedshiftSession, condition: str, parameters: Sequence[Any], expected: int
) -> list[LoadError]:
    """The records that a COPY refused, as soon as there are as many as expected."""
    rows = _told(
        session,
        "SELECT TRIM(file_name), line_number, TRIM(column_name), TRIM(error_message)"
        f" FROM sys_load_error_detail WHERE {condition} ORDER BY 1, 2 LIMIT {MAX_MAXERROR}",
        parameters,
        lambda rows: len(rows) >= expected,
        SYSTEM_VIEWS_SECONDS,
    )
    return [LoadError(*row) for row in rows]


def files_read(session: RedshiftSession, expected: set[str]) -> dict[str, FileRead]:
    """What the last COPY read, by URI as logged; less than expected if Redshift doesn't tell in time."""
    rows = _told(
        session,
        "SELECT TRIM(file_name), SUM(lines_scanned), COALESCE(MAX(TRIM(file_etag)), '')"
        " FROM sys_load_detail WHERE query_id = ? GROUP BY 1",
        [_last_copy_id(session)],
        lambda rows: {uri for uri, *_ in rows} >= expected,
        SYSTEM_VIEWS_SECONDS / 4,  # less patiently: the files can be listed and read instead
    )
    return {uri: FileRead(int(lines or 0), etag.strip('"')) for uri, lines, etag in rows}


def _told(
    session: RedshiftSession,
    sql: str,
    parameters: Sequence[Any],
    is_enough: Callable[[list[Row]], bool],
    seconds: float,
) -> list[Row]:
    """What a system view has, as soon as it has enough, or at the end of patience."""
    until = time.monotonic() + seconds
    pause = 0.1
    while not is_enough(rows := session.watch(sql, parameters)) and time.monotonic() < until:
        time.sleep(pause)
        pause = min(2 * pause, 5.0)
    return rows
