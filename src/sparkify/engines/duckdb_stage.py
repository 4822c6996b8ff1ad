"""Staging on DuckDB: from files to staging tables and staging_rejects, in one pass.

Events that quick_events.sql is sure of go straight to their table. All other records are judged one by one;
what is no JSON may be several objects, which are judged in its place.
"""

from typing import TYPE_CHECKING

import duckdb

from sparkify.engines import Source, Staged
from sparkify.engines.nouns import NOUNS
from sparkify.engines.parsing import INVALID, are_usual, prepare, records_of, recut_records
from sparkify.records import RecordReader
from sparkify.sql_queries import read_sql

if TYPE_CHECKING:
    from sparkify.engines.duckdb import DuckDBWarehouse


def stage_files(
    warehouse: "DuckDBWarehouse",
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    reader: RecordReader,
    columns: list[str],
    paths: list[list[str | int]],
) -> Staged:
    """Load the records of files, each to its staging table or to staging_rejects.

    Args:
        warehouse: where to.
        connection: to that warehouse.
        source: which of the two sources.
        reader: its files; counts the records.
        columns: of the staging table.
        paths: for each column, the keys that lead to its value.

    Raises:
        UnusableFilesError: some files can't be loaded.
    """
    noun = NOUNS[source]
    prepare(connection, source, columns, paths)
    with warehouse.explained(), records_of(connection, reader):
        if are_usual(source, paths):
            connection.execute(read_sql("quick_events", "duckdb"))
            connection.execute(read_sql("stage_events", "duckdb"))
        else:
            _judge(connection, noun)
    reader.require_all()
    if are_usual(source, paths):
        warehouse.run(read_sql("review_events", "duckdb"))
        with warehouse.explained():
            _judge(connection, noun)
    torn = warehouse.query("SELECT file_id, line, raw FROM judged WHERE reason = ?", [INVALID])
    if torn:
        warehouse.query("DELETE FROM judged WHERE reason = ?", [INVALID])
        warehouse.run("CREATE OR REPLACE TEMP TABLE judged_before AS SELECT * FROM judged")
        with warehouse.explained():
            connection.register("pieces", recut_records(torn, reader.counts))
            connection.execute("CREATE OR REPLACE TEMP VIEW records AS SELECT * FROM pieces")
            _judge(connection, noun)
            connection.unregister("pieces")
        warehouse.run("INSERT INTO judged SELECT * FROM judged_before")
    warehouse.run(
        f"INSERT INTO staging_{noun} SELECT * EXCLUDE (line, raw, reason) FROM judged WHERE reason IS NULL"
    )
    ids = warehouse.query("SELECT DISTINCT file_id FROM judged WHERE reason IS NOT NULL")
    warehouse.run(
        "CREATE OR REPLACE TEMP TABLE rejected_files (file_id INTEGER, source VARCHAR, file VARCHAR)"
    )
    warehouse.insert("rejected_files", [(file_id, source, reader.uris[file_id]) for (file_id,) in ids])
    warehouse.run(read_sql("stage_rejects", "duckdb"))
    damaged: dict[int, int] = dict(
        warehouse.query(
            "SELECT file_id, SUM(STRLEN(raw))::BIGINT FROM judged WHERE reason LIKE 'not %' GROUP BY file_id"
        )
    )
    for file_id, size in reader.lost.items():
        damaged[file_id] = damaged.get(file_id, 0) + size
    return Staged(reader.counts, reader.sizes, damaged)


def _judge(connection: duckdb.DuckDBPyConnection, noun: str) -> None:
    """Make the table ``judged`` of the relation ``records``; it keeps the text of what can't be loaded."""
    connection.execute(read_sql(f"judged_{noun}", "duckdb"))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE judged AS"
        f" SELECT * REPLACE (CASE WHEN reason IS NOT NULL THEN raw END AS raw) FROM judged_{noun}"
    )
