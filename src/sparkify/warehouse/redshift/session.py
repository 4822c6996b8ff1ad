"""A session on Amazon Redshift: statements, the one transaction of a run, and the lock for its one writer."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.errors import WarehouseError
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Row
from sparkify.warehouse.redshift.login import explain, is_serverless, log_in, message_of

LOCK_WAIT_MS = 3000
"""How long to wait for a lock: a run lets go a moment after its end, and most people's queries are short."""

CATALOG = "pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
"""All tables; information_schema has only those that the user has a right on."""

_MAX_PARAMETERS = 32767
"""Of a prepared statement, in the wire protocol."""

_QUERY_CANCELED = "57014"  # what statement_timeout raises (PostgreSQL error codes)


class RedshiftSession:
    """A connection to Amazon Redshift.

    Args:
        redshift: where it is and how to get in.
        aws: how to log in through IAM.
        read_only: whether statements may only read.

    Raises:
        WarehouseError: it can't be reached, or doesn't let us in.
    """

    engine = "redshift"

    def __init__(self, redshift: RedshiftOptions, aws: AwsOptions, *, read_only: bool = False) -> None:
        name = redshift.host or redshift.workgroup or redshift.cluster_identifier
        self.location = f"{name}/{redshift.db_name or 'dev'}"
        self._redshift = redshift
        self._aws = aws
        self._read_only = read_only
        self.is_serverless = is_serverless(redshift)
        self._connection = log_in(redshift, aws)
        try:
            self.execute("BEGIN READ ONLY" if read_only else read_sql("writer_lock", self.engine))
        except WarehouseError:
            self.close()
            raise

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[Row]]:
        """Run one statement with ``?`` for its parameters.

        Returns:
            The names of its columns and its rows; none where it has no result.
        """
        from redshift_connector.error import Error

        cursor = self._connection.cursor()
        cursor.paramstyle = "qmark"
        try:
            # Without parameters the text goes as it is, whatever ? and % it holds.
            cursor.execute(sql, list(parameters) or None)
            if not cursor.description:
                return [], []
            return [column[0] for column in cursor.description], [tuple(row) for row in cursor.fetchall()]
        except (Error, OSError) as error:
            explained = self._explain(error)
            if self._read_only:
                self._read_again()
            raise explained from None

    def _explain(self, error: Exception) -> WarehouseError:
        return explain(error, self.location, self._redshift, self._aws)

    def _read_again(self) -> None:
        """Begin anew after an error, which ends a transaction: without, no statement would work any more."""
        from redshift_connector.error import Error

        with contextlib.suppress(Error, OSError):
            cursor = self._connection.cursor()
            cursor.execute("ROLLBACK")
            cursor.execute("BEGIN READ ONLY")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement with ``?`` for its parameters, and return its rows."""
        return self.execute(sql, parameters)[1]

    def select(self, sql: str) -> tuple[list[str], list[Row]]:
        """Run a statement, and return the names of its columns and its rows."""
        return self.execute(sql)

    def stream(self, sql: str) -> tuple[list[str], Iterator[Row]]:
        """Run a user's SELECT; the driver takes all of its rows at once."""
        columns, rows = self.execute(sql)
        return columns, iter(rows)

    def run(self, script: str) -> None:
        """Run all statements of a SQL file in the shared dialect."""
        for statement in duckdb.extract_statements(script):
            self.execute(statement.query)

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table of this project, in the order of its columns."""
        waiting = list(rows)
        if not waiting:
            return
        at_once = _MAX_PARAMETERS // len(waiting[0])
        for start in range(0, len(waiting), at_once):
            some = waiting[start : start + at_once]
            places = ", ".join(["(" + ", ".join("?" * len(some[0])) + ")"] * len(some))
            self.execute(f"INSERT INTO {table} VALUES {places}", [value for row in some for value in row])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, by one writer at a time: commits at the end, rolls back on an exception.

        Raises:
            WarehouseError: someone else is writing.
        """
        self._begin()
        try:
            yield
        except Exception:
            self.roll_back()
            raise
        except BaseException:
            # Interrupted in the middle of a message, maybe: this connection can't be spoken to any more.
            self.close()
            raise
        self.execute("COMMIT")

    def _begin(self) -> None:
        self.execute(f"SET statement_timeout TO {LOCK_WAIT_MS}")
        try:
            self.execute("BEGIN")
            # First in the transaction, so that all it reads is as its predecessor left it.
            self._lock("writer_lock")
            self.execute("RESET statement_timeout")
        except BaseException:
            self.roll_back()
            raise

    def lock_soon(self, *tables: str) -> None:
        """Keep everybody else out of tables until the transaction ends, if they leave them in time.

        Raises:
            WarehouseError: someone has not.
        """
        self.execute(f"SET statement_timeout TO {LOCK_WAIT_MS}")
        self._lock(*tables)
        self.execute("RESET statement_timeout")

    def _lock(self, *tables: str) -> None:
        """Keep everybody else out of tables until the transaction ends.

        Raises:
            WarehouseError: someone has not left them within statement_timeout.
        """
        from redshift_connector.error import Error

        try:
            cursor = self._connection.cursor()
            cursor.execute(f"LOCK {', '.join(tables)}")
        except Error as error:
            if message_of(error)[0] != _QUERY_CANCELED:
                raise self._explain(error) from None
            self.roll_back()
            raise WarehouseError(
                f"{self.location}: in use by {self._holder(tables)}",
                "wait until it has finished; PG_TERMINATE_BACKEND(process) ends an abandoned session",
            ) from None

    def _holder(self, tables: Sequence[str]) -> str:
        """Who holds a lock on one of the tables, as far as this user may see; this session holds none."""
        # A query for each: views of the system's can't be joined with the catalogue's tables on a cluster.
        names = ", ".join(f"'{table}'" for table in tables)
        found = self.query(
            f"SELECT c.oid FROM {CATALOG} WHERE n.nspname = CURRENT_SCHEMA() AND c.relname IN ({names})"
        )
        relations = {int(row[0]) for row in found}
        locks = self.query("SELECT pid, relation, txn_start FROM svv_transactions WHERE granted")
        for process, relation, since in locks:
            if int(relation or 0) in relations:
                users = self.query("SELECT TRIM(user_name) FROM stv_sessions WHERE process = ?", [process])
                name = f" of user {users[0][0]}" if users else ""
                return f"process {process}{name}, since {since:%Y-%m-%d %H:%M:%S} UTC"
        return "someone whom this user may not see (SVV_TRANSACTIONS)"

    def roll_back(self) -> None:
        """Undo what has been done since the transaction began; nothing if the connection is lost."""
        with contextlib.suppress(WarehouseError):
            self.execute("ROLLBACK")
            self.execute("RESET statement_timeout")

    def take_notices(self) -> list[str]:
        """What the server has said beside its answers since this was last asked."""
        notices = [notice.get(b"M", b"").decode() for notice in self._connection.notices]
        self._connection.notices.clear()
        return notices

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        from redshift_connector.error import Error

        with contextlib.suppress(Error, OSError):
            self._connection.close()
