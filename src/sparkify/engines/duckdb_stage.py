"""Staging in DuckDB: from source files to rows of staging_events, staging_songs and staging_rejects.

Owns the order of the three ways of reading, each for what the one before it does not take: large plain files
by DuckDB itself, all files by ``sparkify.records`` with cuts at line ends, files with bad records by its
splitter.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import duckdb

from sparkify.engines import OnRecords, Progress, Source, plain_files
from sparkify.engines.parsing import NOUNS, create_view
from sparkify.errors import SparkifyError
from sparkify.local_files import LocalSource
from sparkify.records import RecordReader
from sparkify.sources import LoadFile, Store
from sparkify.sql_queries import read_sql

if TYPE_CHECKING:
    from sparkify.engines.duckdb import DuckDBWarehouse


def stage_files(
    warehouse: "DuckDBWarehouse",
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    store: Store,
    added: list[LoadFile],
    paths: list[list[str | int]],
    progress: Progress,
    on_records: OnRecords,
) -> dict[int, int]:
    """Load the records of files, each to its staging table or to staging_rejects.

    Args:
        warehouse: where to, with the relations ``batch_songs`` or ``batch_events`` over the new rows.
        connection: to that warehouse, with the paths set.
        source: which of the two sources.
        store: where its files are.
        added: the files.
        paths: for each column of the staging table, the keys that lead to its value.
        progress: told how far the reading is.
        on_records: shown texts of records, of plain files some.

    Returns:
        The number of records in each file, by file_id.
    """
    noun = NOUNS[source]
    counts: dict[int, int] = {}
    keys = plain_files.unique_keys(paths)
    # Songs come in tiny files, and what DuckDB reads itself it must be able to open.
    if source == "log_data" and keys is not None and isinstance(store, LocalSource):
        counts |= _stage_plain(warehouse, connection, store, added, keys, progress, on_records)
    odd = _odd_files(warehouse) if counts else set()
    others = [file for file in added if file.file_id not in counts]
    if others:
        reader = RecordReader(store, others, on_progress=progress, on_records=on_records)
        _read_into(warehouse, connection, f"stage_{noun}", noun, reader)
        counts |= reader.counts
    counts |= _restage_dirty(warehouse, connection, source, store, added, counts, odd)
    return counts


def _stage_plain(
    warehouse: "DuckDBWarehouse",
    connection: duckdb.DuckDBPyConnection,
    store: LocalSource,
    added: list[LoadFile],
    keys: list[str],
    progress: Progress,
    on_records: OnRecords,
) -> dict[int, int]:
    """Load large plain files of log_data.

    Returns:
        The number of lines in each file that was read, by file_id.
    """
    counts: dict[int, int] = {}
    with warehouse.explained():
        connection.execute("SET VARIABLE event_keys = ?", [dict.fromkeys(keys, "VARCHAR")])
    for group in plain_files.groups(added):
        lines = plain_files.count_lines(store, group)
        plain = [file for file in group if file.file_id in lines]
        if not plain:
            continue
        warehouse.run("CREATE OR REPLACE TEMP TABLE plain_files (file_id INTEGER, uri VARCHAR)")
        warehouse.insert("plain_files", [(file.file_id, file.source.uri) for file in plain])
        try:
            with warehouse.explained():
                connection.execute("SET VARIABLE plain_uris = ?", [[file.source.uri for file in plain]])
                connection.execute(read_sql("event_files", warehouse.engine))
                connection.execute(read_sql("parse_events", warehouse.engine))
                with _watched(connection, sum(file.source.size for file in plain), progress):
                    connection.execute(read_sql("stage_events", warehouse.engine))
        finally:
            # What was read must be what was counted; and if a file has changed, that explains any error.
            store.check_unchanged(plain)
        for file in plain:
            on_records(plain_files.some_lines(file))
        counts |= lines
        progress(len(plain), 0)
    return counts


def _odd_files(warehouse: "DuckDBWarehouse") -> set[int]:
    """The plain files that hold texts which can't be loaded, as far as the columns tell."""
    return {file_id for (file_id,) in warehouse.query(read_sql("odd_files", warehouse.engine))}


@contextlib.contextmanager
def _watched(connection: duckdb.DuckDBPyConnection, size: int, progress: Progress) -> Iterator[None]:
    """Tell how far the statement inside has read, of so many bytes."""
    told = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal told
        while not done.wait(0.1):
            read = int(connection.query_progress() / 100 * size)  # negative at first
            if read > told:
                progress(0, read - told)
                told = read

    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    progress(0, size - told)


def _read_into(
    warehouse: "DuckDBWarehouse",
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    noun: str,
    reader: RecordReader,
) -> None:
    connection.register("records", reader.stream())
    try:
        with warehouse.explained():
            create_view(connection, noun)
            connection.execute(read_sql(statement, warehouse.engine))
    except SparkifyError:
        if reader.error is not None:
            raise reader.error from None
        raise
    finally:
        # An error has aborted the transaction, and the stream goes with it.
        with contextlib.suppress(duckdb.Error):
            connection.unregister("records")


def _restage_dirty(
    warehouse: "DuckDBWarehouse",
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    store: Store,
    added: list[LoadFile],
    counts: dict[int, int],
    odd: set[int],
) -> dict[int, int]:
    """Read the files again that not all records of could be loaded from, or odd ones, to tell which and why.

    Returns:
        The number of records in each of these files, by file_id.
    """
    noun = NOUNS[source]
    table = f"staging_{noun}"
    warehouse.query(f"DELETE FROM {table} WHERE file_id IS NULL")
    loaded = warehouse.count_loaded(source)
    dirty = [
        file for file in added if file.file_id in odd or loaded.get(file.file_id, 0) != counts[file.file_id]
    ]
    if not dirty:
        return {}
    ids = [file.file_id for file in dirty]
    warehouse.query(f"DELETE FROM {table} WHERE list_contains(?, file_id)", [ids])
    warehouse.run("CREATE OR REPLACE TEMP TABLE dirty_files (file_id INTEGER, source VARCHAR, file VARCHAR)")
    warehouse.insert("dirty_files", [(file.file_id, source, file.source.uri) for file in dirty])
    reader = RecordReader(store, dirty, careful=True)
    _read_into(warehouse, connection, f"restage_{noun}", noun, reader)
    return reader.counts
