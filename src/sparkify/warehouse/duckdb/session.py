"""A session on a DuckDB file: statements, the transaction of a run, and what is said of errors."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from sparkify.config.settings import DuckDBOptions
from sparkify.errors import WarehouseError
from sparkify.system.interrupts import interruptible
from sparkify.warehouse.contract import Row
from sparkify.warehouse.copies import PublishedCopy
from sparkify.warehouse.duckdb.errors import open_error, require_database, statement_error
from sparkify.warehouse.duckdb.opening import open_database

_ROWS_AT_ONCE = 2000

T = TypeVar("T")


class DuckDBSession:
    """A connection to a DuckDB file, in this process.

    Args:
        database: the file.
        options: what DuckDB may use.
        read_only: whether nothing is written to it.
        writes_to: the one folder that may be written to besides; by default none.

    Raises:
        WarehouseError: the file is no DuckDB database, can't be made, or another process has it open.
    """

    engine = "duckdb"
    read_copy: PublishedCopy | None = None

    def __init__(
        self, database: str, options: DuckDBOptions, *, read_only: bool = False, writes_to: Path | None = None
    ) -> None:
        self.location = database
        self._is_reader = read_only
        self._is_new = not Path(self.location).exists()
        if read_only and self._is_new:
            raise WarehouseError(f"{self.location}: no such database", "load one first with: sparkify etl")
        if self.location != ":memory:":
            require_database(self.location)
        try:
            self.connection = open_database(database, options, read_only=read_only, writes_to=writes_to)
        except duckdb.Error as error:
            raise open_error(self.location, error, read_only=read_only) from None
        if not self._is_new and self.location != ":memory:":
            try:
                self._require_whole()
            except BaseException:
                self.connection.close()
                raise

    def _require_whole(self) -> None:
        """Refuse a file of which the end is missing, before anything is written to it or said about it.

        DuckDB finds out only when it reads a block that is missing, which many commands never do. Blocks that
        it counts may not have been written yet, so all tables are read where some seem to be missing.
        """
        with self.explained():
            query = self.connection.execute
            needed = query(
                "SELECT used_blocks * block_size FROM pragma_database_size()"
                " WHERE database_name = CURRENT_DATABASE()"
            ).fetchone()
            if needed is None or Path(self.location).stat().st_size >= needed[0]:
                return
            for (table,) in query(
                'SELECT FORMAT(\'"{}"."{}"\', REPLACE(schema_name, \'"\', \'""\'),'
                " REPLACE(table_name, '\"', '\"\"'))"
                " FROM duckdb_tables() WHERE database_name = CURRENT_DATABASE()"
            ).fetchall():
                query(f"SELECT BIT_XOR(HASH(t)) FROM {table} AS t")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement with ``?`` for its parameters, and return its rows."""
        with self.explained():
            return self.connection.execute(sql, list(parameters)).fetchall()

    def select(self, sql: str) -> tuple[list[str], list[Row]]:
        """Run a statement, and return the names of its columns and its rows."""
        with self.explained():
            result = self.connection.execute(sql)
            return [column[0] for column in result.description or ()], result.fetchall()

    def stream(self, sql: str) -> tuple[list[str], Iterator[Row]]:
        """Run a user's SELECT; its rows come while they are taken."""
        with self.explained():
            result = self.connection.execute(sql)
        return [column[0] for column in result.description or ()], self._rows_of(result)

    def _rows_of(self, result: duckdb.DuckDBPyConnection) -> Iterator[Row]:
        rows: list[Row] = [()]
        while rows:
            with self.explained():
                rows = result.fetchmany(_ROWS_AT_ONCE)
            yield from rows

    def run(self, script: str) -> None:
        """Run all statements of a SQL file."""
        with self.explained():
            self.connection.execute(script)

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table of this project, in the order of its columns."""
        columns = list(zip(*rows, strict=True))
        if not columns:
            return
        # Arrays and one statement: a statement per row is hundreds of times slower. A value that all rows
        # share needs no array, which costs as well; the first column says how many rows there are.
        is_array = [True, *(column.count(column[0]) < len(column) for column in columns[1:])]
        values = ", ".join("UNNEST(?)" if varies else "?" for varies in is_array)
        with self.explained():
            self.connection.execute(
                f'INSERT INTO "{table}" SELECT {values}',
                [
                    list(column) if varies else column[0]
                    for column, varies in zip(columns, is_array, strict=True)
                ],
            )

    def snapshot(self) -> contextlib.AbstractContextManager[None]:
        """Let all that is read meanwhile be of one state: nobody else writes to a file that is open here."""
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commits at the end, rolls back on an exception."""
        self.connection.begin()
        try:
            yield
        except BaseException:
            # After an error COMMIT would succeed without a word and keep nothing.
            with contextlib.suppress(duckdb.Error):  # some errors have ended the transaction already
                _even_if_interrupted(self.connection.rollback)
            raise
        with self.explained():
            self.connection.commit()
        self._is_new = False

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """What fails inside is told in this project's words; Ctrl-C ends the statement that runs."""
        with interruptible(self.connection.interrupt):
            try:
                yield
            except duckdb.Error as error:
                raise statement_error(self.location, error) from None

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        # Nothing was ever committed to it, by this process or by one that was a moment faster. It is removed
        # while it is still locked: afterwards it may be another process's.
        if self._is_new and not self._holds_tables():
            for file in (self.location, f"{self.location}.wal"):
                with contextlib.suppress(OSError):  # nothing is lost by an empty database that stays
                    Path(file).unlink()
        self.connection.close()

    def _holds_tables(self) -> bool:
        try:
            sql = "SELECT 1 FROM duckdb_tables() WHERE NOT internal"
            return bool(_even_if_interrupted(lambda: self.connection.execute(sql).fetchone()))
        except duckdb.Error:  # after a fatal one no statement works any more: better to leave the file
            return True


def _even_if_interrupted(act: Callable[[], T]) -> T:
    """Do what is to be done once a statement was interrupted.

    The interrupt comes from another thread, and may come late: when that statement has ended by itself.
    """
    try:
        return act()
    except duckdb.InterruptException:
        return act()
