"""The Amazon Redshift engine: a warehouse on a cluster or a Serverless workgroup.

Owns the session: statements, the one transaction of a run, and the lock that keeps it to one writer.
Staging is ``redshift_stage``'s, logging in ``redshift_login``'s.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from sparkify.config.settings import Settings
from sparkify.errors import WarehouseError
from sparkify.reading.judging import Staged
from sparkify.sources.objects import LoadFile, Source, SourcePlan, Store
from sparkify.sql import REBUILT_TABLES, TABLES, VIEWS, read_sql
from sparkify.warehouse import tables
from sparkify.warehouse.contract import OnRecords, Progress, Row
from sparkify.warehouse.redshift.copy import check_settings
from sparkify.warehouse.redshift.login import explain, log_in, message_of
from sparkify.warehouse.redshift.staging import Stager
from sparkify.warehouse.redshift.unload import unload, unload_to_folder

LOCK_WAIT_MS = 3000
"""How long to wait for a lock: a run lets go a moment after its end, and most people's queries are short."""

_CATALOG = "pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
"""All tables; information_schema has only those that the user has a right on."""

_MAX_PARAMETERS = 32767
"""Of a prepared statement, in the wire protocol."""

_QUERY_CANCELED = "57014"  # what statement_timeout raises (PostgreSQL error codes)

_OTHERS_REMEDY = "name another database in [CLUSTER] DB_NAME, or rename what is not of this project"


class RedshiftWarehouse:
    """A connection to Amazon Redshift.

    Args:
        settings: where it is and how to get in, the role it reads S3 with, and the work prefix.
        read_only: whether statements may only read.

    Raises:
        UsageError: a setting is missing or can't be meant.
        WarehouseError: it can't be reached, or doesn't let us in.
    """

    engine = "redshift"

    def __init__(self, settings: Settings, *, read_only: bool = False) -> None:
        check_settings(settings)
        name = settings.host or settings.workgroup or settings.cluster_identifier
        self.location = f"{name}/{settings.db_name or 'dev'}"
        self._settings = settings
        self._read_only = read_only
        self._connection = log_in(settings)
        self._stager = Stager(self, settings)
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
            explained = explain(error, self.location, self._settings)
            if self._read_only:
                self._read_again()
            raise explained from None

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
                raise explain(error, self.location, self._settings) from None
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
            f"SELECT c.oid FROM {_CATALOG} WHERE n.nspname = CURRENT_SCHEMA() AND c.relname IN ({names})"
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

    def has_tables(self) -> bool:
        """Whether the tables of this project are there."""
        return tables.are_there(self.location, self._relations(), _OTHERS_REMEDY)

    def own_tables(self) -> list[str]:
        """The tables of this project that are there."""
        return tables.own(self.location, self._relations(), _OTHERS_REMEDY)

    def upgrade_tables(self) -> bool:
        """Bring the tables of an older version up to date, if that is what is there."""
        found = self._relations()
        for statement in tables.statements_to_upgrade(found, self.engine):
            self.execute(statement)
        return tables.lacks_play_matches(found)

    def _relations(self) -> tables.Relations:
        names = ", ".join(f"'{name}'" for name in (*TABLES, *tables.OLD_NAMES, *VIEWS))
        rows = self.query(
            f"SELECT c.relname, c.relkind, a.attname FROM {_CATALOG}"
            " LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            f" WHERE n.nspname = CURRENT_SCHEMA() AND c.relname IN ({names}) ORDER BY c.relname, a.attnum"
        )
        columns: dict[tuple[str, str], list[str]] = {}
        for name, kind, column in rows:
            columns.setdefault((name, kind), []).append(column)
        return {name: tables.Relation(kind == "r", tuple(own)) for (name, kind), own in columns.items()}

    def create_tables(self) -> None:
        """Drop all tables of this project, and create them empty.

        Raises:
            WarehouseError: something else has one of their names, or someone is reading them.
        """
        if there := self.own_tables():
            self.execute(f"SET statement_timeout TO {LOCK_WAIT_MS}")
            self._lock(*there)
            self.execute("RESET statement_timeout")
        for view in VIEWS:
            self.execute(f"DROP VIEW IF EXISTS {view}")
        for table in there:
            self.execute(f"DROP TABLE {table}")
        for table in TABLES:
            self.execute(read_sql(f"tables/{table}", self.engine))
        for view in VIEWS:
            self.execute(read_sql(f"views/{view}", self.engine))

    def empty_tables(self) -> None:
        """Leave all tables of this project empty, but for the table of runs."""
        # By DELETE: TRUNCATE would commit, and DROP would take along grants and other people's views, and
        # keep readers waiting until the end of the run.
        for table in REBUILT_TABLES:
            self.execute(f"DELETE FROM {table}")

    def must_rebuild(self, plans: Mapping[Source, SourcePlan]) -> bool:
        """Whether a plan can't be carried out on top of what is loaded, only from empty tables."""
        return self._stager.must_rebuild(plans)

    def stage(
        self,
        source: Source,
        store: Store,
        added: list[LoadFile],
        removed: list[int],
        paths: list[list[str | int]],
        progress: Progress,
        on_records: OnRecords,
    ) -> Staged:
        """Load the records of files, and take out those of files that have been replaced."""
        return self._stager.stage(source, store, added, removed, paths, progress, on_records)

    def count_loaded(self, source: Source) -> dict[int, int]:
        """How many records of each file the last ``stage`` has loaded."""
        return self._stager.count_loaded(source)

    def restage_events(self) -> None:
        """Leave the relations that ``stage`` leaves, as if this run had added all staged events."""
        self._stager.restage_events()

    def forget_batch(self) -> None:
        """Drop what the last ``stage`` of each source has left."""
        self._stager.forget_batch()

    def insert_songplays(self, select: str) -> None:
        """Append new plays to songplays and play_matches; IDENTITY numbers them."""
        self.run(f"CREATE TEMP TABLE new_plays AS\n{select}")
        self.run(read_sql("insert_songplays", self.engine))

    def audit_scope(self) -> contextlib.AbstractContextManager[None]:
        """Let audits see everything: a cluster has the strength for it."""
        return contextlib.nullcontext()

    def write_parquet(self, select: str, folder: str, partition_by: Sequence[str] = ()) -> None:
        """Write the rows of a SELECT as Parquet files into a folder that is not there yet."""
        if folder.startswith("s3://"):
            unload(self.execute, self._settings, select, folder, partition_by)
        else:
            unload_to_folder(self.execute, self._settings, select, Path(folder), partition_by)

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        from redshift_connector.error import Error

        with contextlib.suppress(Error, OSError):
            self._connection.close()
