"""A session on Amazon Redshift: statements, the one transaction of a run, and the lock for its one writer."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import duckdb

from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.errors import BusyError, WarehouseError
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Row
from sparkify.warehouse.copies import PublishedCopy
from sparkify.warehouse.redshift.login import CanceledError, explain, log_in

LOCK_WAIT_MS = 3000
"""How long to wait for a lock: a run lets go a moment after its end, and most people's queries are short."""

CATALOG = "pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
"""All tables; information_schema has only those that the user has a right on."""

_MAX_PARAMETERS = 32767
"""Of a prepared statement, in the wire protocol."""

_MAX_STATEMENT_BYTES = 4 * 2**20
"""A statement may have 16 MB (Database Developer Guide: SQL reference)."""

IDLE_SECONDS = 300
"""After which a writer logs in anew. Serverless ends idle sessions, after an hour by default, and bills each
statement that would keep one awake with a minute."""

_POLL_SECONDS = 0.2

_PADDED_SCALE = 10
"""Digits after the point from which on zeros at the end are filling, and nobody's measurement."""


def _unpadded(value: Any) -> Any:
    """A number without the zeros with which Redshift fills the scale of a quotient, which ROUND keeps."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    text = f"{value:f}"
    if len(text.partition(".")[2]) < _PADDED_SCALE:
        return value
    short = text.rstrip("0")
    return Decimal(f"{short}0" if short.endswith(".") else short)


class RedshiftSession:
    """A connection to Amazon Redshift.

    Args:
        redshift: where it is and how to get in.
        aws: how to log in through IAM.
        read_only: whether statements may only read.
        writes_to: where a reader may also have Redshift write files; by default nowhere.

    Raises:
        WarehouseError: it can't be reached, or doesn't let us in.
    """

    engine = "redshift"
    read_copy: PublishedCopy | None = None

    def __init__(
        self, redshift: RedshiftOptions, aws: AwsOptions, *, read_only: bool = False, writes_to: str = ""
    ) -> None:
        name = redshift.host or redshift.workgroup or redshift.cluster_identifier
        self.location = f"{name}/{redshift.db_name or 'dev'}"
        self._redshift = redshift
        self._aws = aws
        self.role_arn, self.region = redshift.iam_role_arn, aws.aws_region
        self._is_reader = read_only
        # No page says whether a read-only transaction may UNLOAD.
        self._begin_reading = "BEGIN" if writes_to else "BEGIN READ ONLY"
        self._in_transaction = False
        self._watcher: RedshiftSession | None = None
        self._last_sent = time.monotonic()
        self._connection = log_in(redshift, aws)
        try:
            if not read_only:
                self._prepare_to_write()
        except WarehouseError:
            self.close()
            raise

    def _prepare_to_write(self) -> None:
        # An idle workgroup takes seconds to wake up, which must not count as waiting for a lock.
        self.select("CREATE TEMP TABLE sparkify_awake AS SELECT 1 AS nothing")
        there = f"SELECT 1 FROM {CATALOG} WHERE n.nspname = CURRENT_SCHEMA() AND c.relname = 'writer_lock'"
        if not self.query(there):
            with self._impatient():
                self.select(read_sql("writer_lock", self.engine))
        with self.transaction():
            pass  # a second writer learns of the first one before it has listed anything

    def select(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[Row]]:
        """Run one statement with ``?`` for its parameters; gives the names of its columns, and its rows."""
        if not self._is_reader:
            if not self._in_transaction and time.monotonic() - self._last_sent > IDLE_SECONDS:
                self.close()
                self._watcher, self._connection = None, log_in(self._redshift, self._aws)
            return self._send(sql, parameters)
        with self.snapshot():
            try:
                return self._send(sql, parameters)
            except WarehouseError:
                # An error ends a transaction: begin anew, or no statement would work any more.
                with contextlib.suppress(WarehouseError):
                    self._send("ROLLBACK")
                    self._send(self._begin_reading)
                raise

    def _send(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[Row]]:
        from redshift_connector.error import Error

        cursor = self._connection.cursor()
        cursor.paramstyle = "qmark"
        try:
            # Without parameters the text goes as it is, whatever ? and % it holds.
            cursor.execute(sql, list(parameters) or None)
            if not cursor.description:
                return [], []
            return [column[0] for column in cursor.description], [
                tuple(map(_unpadded, row)) for row in cursor.fetchall()
            ]
        except (Error, OSError) as error:
            raise explain(error, self.location, self._redshift, self._aws) from None
        except BaseException:
            self.close()  # interrupted in the middle of a message, maybe
            raise
        finally:
            self._last_sent = time.monotonic()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several statements of a reader see one state of the warehouse.

        Without, each is a transaction of its own: Serverless bills open ones, whether anything runs or not.
        """
        if self._in_transaction or not self._is_reader:
            yield
            return
        with self._until_commit(self._begin_reading):
            yield

    @contextlib.contextmanager
    def _until_commit(self, begin: str) -> Iterator[None]:
        self._send(begin)
        self._in_transaction = True
        try:
            yield
            self._send("COMMIT")
        except BaseException:
            self.roll_back()
            raise
        finally:
            self._in_transaction = False

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement with ``?`` for its parameters, and return its rows."""
        return self.select(sql, parameters)[1]

    def watch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Ask a system view, in a session of its own.

        No page says that a transaction sees what has been logged since it began.
        """
        if self._watcher is None:
            self._watcher = RedshiftSession(self._redshift, self._aws, read_only=True)
        return self._watcher.query(sql, parameters)

    def stream(self, sql: str) -> tuple[list[str], Iterator[Row]]:
        """Run a user's SELECT; the driver takes all of its rows at once."""
        columns, rows = self.select(sql)
        return columns, iter(rows)

    def run(self, script: str) -> None:
        """Run all statements of a SQL file in the shared dialect."""
        for statement in duckdb.extract_statements(script):
            self.select(statement.query)

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table of this project, in the order of its columns."""
        some: list[Row] = []
        size = 0
        for row in rows:
            row_size = sum(len(str(value).encode()) for value in row)
            if some and (
                size + row_size > _MAX_STATEMENT_BYTES or (len(some) + 1) * len(row) > _MAX_PARAMETERS
            ):
                self._insert(table, some)
                some, size = [], 0
            some.append(row)
            size += row_size
        if some:
            self._insert(table, some)

    def _insert(self, table: str, rows: list[Row]) -> None:
        places = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
        self.select(f"INSERT INTO {table} VALUES {places}", [value for row in rows for value in row])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, by one writer at a time: commits at the end, rolls back on an exception.

        Raises:
            WarehouseError: someone else is writing.
        """
        # Looked at before the lock is asked for: no page says that statement_timeout ends a wait for one.
        patience = time.monotonic() + LOCK_WAIT_MS / 1000
        while holder := self.holder(["writer_lock"]):
            if time.monotonic() > patience:
                raise self._in_use(holder)
            time.sleep(_POLL_SECONDS)
        with self._until_commit("BEGIN"):
            # First in the transaction, so that all it reads is as its predecessor left it.
            self.lock_soon("writer_lock")
            yield

    def lock_soon(self, *tables: str) -> None:
        """Keep everybody else out of tables until the transaction ends, if they leave them in time.

        Raises:
            WarehouseError: someone has not.
        """
        with self._impatient():
            try:
                self.select(f"LOCK {', '.join(tables)}")
            except CanceledError:
                self.roll_back()
                raise self._in_use(
                    self.holder(tables) or "another session, which this user may not see"
                ) from None

    @contextlib.contextmanager
    def _impatient(self) -> Iterator[None]:
        """Let statements wait for locks a moment only; after an error roll_back ends that, too."""
        self.select(f"SET statement_timeout TO {LOCK_WAIT_MS}")
        yield
        self.select("RESET statement_timeout")

    def _in_use(self, holder: str) -> BusyError:
        return BusyError(
            f"{self.location}: in use by {holder}",
            "wait until it has finished; PG_TERMINATE_BACKEND(process) ends an abandoned session",
        )

    def holder(self, tables: Sequence[str]) -> str:
        """Who holds a lock on one of the tables; empty where nobody does, or this user may not see it.

        This session must be in no transaction: Serverless and Multi-AZ clusters refuse to show these views.
        """
        # A query for each: views of the system's can't be joined with the catalogue's tables on a cluster.
        names = ", ".join(f"'{table}'" for table in tables)
        with contextlib.suppress(WarehouseError):
            found = self.query(
                f"SELECT c.oid FROM {CATALOG} WHERE n.nspname = CURRENT_SCHEMA() AND c.relname IN ({names})"
            )
            relations = {int(row[0]) for row in found}
            locks = self.query("SELECT pid, relation, txn_start FROM svv_transactions WHERE granted")
            for process, relation, since in locks:
                if int(relation or 0) in relations:
                    users = self.query(
                        "SELECT TRIM(user_name) FROM stv_sessions WHERE process = ?", [process]
                    )
                    name = f" of user {users[0][0]}" if users else ""
                    return f"process {process}{name}, since {since:%Y-%m-%d %H:%M:%S} UTC"
        return ""

    def roll_back(self) -> None:
        """Undo what has been done since the transaction began; nothing if the connection is lost."""
        with contextlib.suppress(WarehouseError):
            self._send("ROLLBACK")
            self._send("RESET statement_timeout")

    def take_notices(self) -> list[str]:
        """What the server has said beside its answers since this was last asked."""
        notices = [notice.get(b"M", b"").decode() for notice in self._connection.notices]
        self._connection.notices.clear()
        return notices

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        from redshift_connector.error import Error

        if self._watcher:
            self._watcher.close()
        with contextlib.suppress(Error, OSError):
            self._connection.close()
