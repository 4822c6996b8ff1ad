"""What no page settles about Amazon Redshift, asked of a warehouse: for a real one, tried on the stand-in.

Statements run in connections of the driver's with autocommit, below one folder on S3, and in tables whose
names begin with ``doubt_``.
"""

import contextlib
import gzip
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from redshift_connector.core import Connection
from redshift_connector.error import Error

GIVE_UP_S = 120
"""After which a system view is taken not to tell."""


@dataclass(frozen=True)
class Doubt:
    """An assumption, and what was seen.

    Attributes:
        what: the question.
        expected: a regular expression for the answer that the engine counts on.
        seen: the answer.
    """

    what: str
    expected: str
    seen: str

    @property
    def is_as_expected(self) -> bool:
        """Whether the engine's assumption holds."""
        return re.fullmatch(self.expected, self.seen) is not None


DOUBTS = pytest.StashKey[list[tuple[str, Doubt]]]()
"""What a round on AWS has seen, by kind of warehouse; tests/cluster/conftest.py prints it at the end."""


class Asker:
    """Asks a warehouse.

    Args:
        connect: opens a connection of the driver's.
        folder: ``s3://bucket/folder/`` with nothing below it, in Redshift's region.
        put: writes an object there, and gives its ETag without quotes.
        role: as IAM_ROLE takes it.
    """

    def __init__(
        self, connect: Callable[[], Connection], folder: str, put: Callable[[str, bytes], str], role: str
    ) -> None:
        self._connect = connect
        self._folder = folder
        self._put = put
        self._role = role
        self._connection = self._open()

    def _open(self) -> Connection:
        connection = self._connect()
        connection.autocommit = True
        return connection

    def sql(self, statement: str, connection: Connection | None = None) -> list[Any]:
        """The rows of a statement."""
        cursor = (connection or self._connection).cursor()
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def seen(self, statement: str, connection: Connection | None = None) -> str:
        """The rows of a statement, or the code and the text of its error."""
        try:
            return repr(self.sql(statement, connection))
        except Error as error:
            told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
            with contextlib.suppress(Error):
                self.sql("ROLLBACK", connection)
            return " ".join(f"{told.get('C', '')} {told.get('M', error)} {told.get('D', '')}".split())

    def ask(self) -> list[Doubt]:
        """Ask everything, and leave no table behind."""
        try:
            return [
                *self._about_users(),
                *self._about_numbers_and_keys(),
                *self._about_locks(),
                *self._about_copy(),
                *self._about_reading(),
            ]
        finally:
            for table in ("doubt_load", "doubt_keys", "doubt_lock"):
                self.seen(f"DROP TABLE IF EXISTS {table}")
            self._connection.close()

    def _about_users(self) -> list[Doubt]:
        seen = self.seen("SELECT CURRENT_USER, usesuper FROM pg_user WHERE usename = CURRENT_USER")
        return [Doubt("who created the warehouse is a superuser", r".*True.*", seen)]

    def _about_numbers_and_keys(self) -> list[Doubt]:
        share = self.sql(
            "SELECT ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) FROM (SELECT 1 AS x) AS t"
        )
        self.sql("CREATE TABLE doubt_keys (x INT, PRIMARY KEY (x))")
        # The stand-in enforces keys, which Redshift does not.
        self.seen("INSERT INTO doubt_keys VALUES (1), (1)")
        duplicates = self.seen("SELECT x FROM doubt_keys GROUP BY x HAVING COUNT(*) > 1")
        return [
            Doubt("how a rounded quotient is written", r"100\.0+", str(share[0][0])),
            Doubt("duplicates of a PRIMARY KEY are found by GROUP BY", r"\[\(1,\)\]", duplicates),
        ]

    def _about_locks(self) -> list[Doubt]:
        self.sql("CREATE TABLE doubt_lock (x INT)")
        other = self._open()
        try:
            self.sql("BEGIN", other)
            self.sql("LOCK doubt_lock", other)
            self.sql("SET statement_timeout TO 3000")
            self.sql("BEGIN")
            began = time.monotonic()
            waited = self.seen("LOCK doubt_lock")
            seconds = time.monotonic() - began
            self.sql("RESET statement_timeout")
            began = time.monotonic()
            created = self.seen("CREATE TABLE IF NOT EXISTS doubt_lock (x INT)")
            at_once = "at once" if time.monotonic() - began < 2 else "waits"
            return [
                Doubt(
                    "statement_timeout ends a wait for LOCK",
                    r"57014 .* after 3 s",
                    f"{waited} after {seconds:.0f} s",
                ),
                Doubt(
                    "CREATE TABLE IF NOT EXISTS waits for no lock", r"\[\] at once", f"{created} {at_once}"
                ),
                Doubt(
                    "who holds a lock is told (Serverless: 42501)",
                    r"\[\(.*\)\]|42501 .*",
                    self.seen("SELECT pid, txn_start FROM svv_transactions WHERE granted LIMIT 1"),
                ),
                Doubt(
                    "sessions have users (Serverless: 42501)",
                    r"\[\(.*\)\]|42501 .*",
                    self.seen("SELECT TRIM(user_name) FROM stv_sessions LIMIT 1"),
                ),
            ]
        finally:
            other.close()

    def _about_copy(self) -> list[Doubt]:
        etag = self._put("load/good.json", b'{"x": 1}\n{"x": 2}\n')
        self._put("load/bad.json", b'{"x": "a"}\n{"x": 3}\n{"x": "b"}\n')
        self._put("load/empty", b"")
        self._put("zip/bad.json.gz", gzip.compress(b'{"x": "a"}\n{"x": 3}\n'))
        self.sql("CREATE TABLE doubt_load (x INT)")
        self.sql("BEGIN")
        copied = self.seen(self._copy("load/", "'auto'", "MAXERROR 9"))
        files, files_lag = self._awaited(
            "SELECT TRIM(file_name), SUM(lines_scanned), MAX(TRIM(file_etag)) FROM sys_load_detail"
            " WHERE query_id = PG_LAST_COPY_ID() GROUP BY 1 ORDER BY 1",
            2,
        )
        lines, errors_lag = self._awaited(
            "SELECT line_number FROM sys_load_error_detail WHERE query_id = PG_LAST_COPY_ID() ORDER BY 1", 2
        )
        self.seen("COMMIT")
        zipped = self.seen(self._copy("zip/", "'auto'", "MAXERROR 9 GZIP"))
        zipped_lines, _ = self._awaited(
            "SELECT line_number FROM sys_load_error_detail WHERE query_id = PG_LAST_COPY_ID()", 1
        )
        told = {name.rpartition("/")[2]: (int(lines or 0), etag.strip('"')) for name, lines, etag in files}
        self._put("paths", b'{"jsonpaths": ["$[\'a\'][5]"]}')
        position = self.seen(self._copy("load/good.json", f"'{self._folder}paths'", "MAXERROR 9"))
        return [
            Doubt("COPY of a folder with an empty object", r"\[\]", copied),
            Doubt(
                "SYS_LOAD_DETAIL tells lines and ETag, in the transaction",
                re.escape(repr((2, etag))),
                repr(told.get("good.json")),
            ),
            Doubt("an empty object has a row there", r"\(0, .*\)|None", repr(told.get("empty"))),
            Doubt("SYS_LOAD_DETAIL lags by (s)", r"\d\d?", f"{files_lag:.0f}"),
            Doubt("SYS_LOAD_ERROR_DETAIL lags by (s)", r"\d\d?", f"{errors_lag:.0f}"),
            Doubt("lines of bad records count from 1", r"\[1, 3\]", repr([line for (line,) in lines])),
            Doubt(
                "and so in compressed files", r"\[\] \[1\]", f"{zipped} {[line for (line,) in zipped_lines]}"
            ),
            Doubt("an array position that is not there", r".*Not an array or index out of range.*", position),
        ]

    def _copy(self, place: str, paths: str, options: str) -> str:
        source = f"'{self._folder}{place}' IAM_ROLE {self._role}"
        return f"COPY doubt_load FROM {source} FORMAT AS JSON {paths} {options}"

    def _awaited(self, statement: str, rows: int) -> tuple[list[Any], float]:
        began = time.monotonic()
        while len(found := self.sql(statement)) < rows and time.monotonic() - began < GIVE_UP_S:
            time.sleep(1)
        return found, time.monotonic() - began

    def _about_reading(self) -> list[Doubt]:
        self.sql("BEGIN READ ONLY")
        place = f"'{self._folder}u/' IAM_ROLE {self._role}"
        unloaded = self.seen(f"UNLOAD ('SELECT * FROM doubt_load') TO {place} FORMAT AS PARQUET")
        self.seen("COMMIT")
        return [Doubt("UNLOAD in a read-only transaction (not relied on)", r".*", unloaded)]


def table_of(doubts: list[tuple[str, Doubt]]) -> str:
    """Kind of warehouse, doubt, expected and seen, as text; what is not as expected is marked."""
    rows = [
        (" " if doubt.is_as_expected else "!", kind, doubt.what, doubt.expected, doubt.seen)
        for kind, doubt in doubts
    ]
    rows.insert(0, (" ", "", "doubt", "expected", "seen"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )
