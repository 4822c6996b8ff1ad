"""Staging on DuckDB: from files to staging tables and staging_rejects, in one pass.

Events that quick_events.sql is sure of go straight to their table. All other records are judged one by one;
what is no JSON may be several objects, which are judged in its place.
"""

import duckdb

from sparkify.reading.judging import (
    INVALID,
    LARGE_RECORD_BYTES,
    Staged,
    are_usual,
    judged_relation,
    pieces_of,
    prepare,
    records_of,
    staged,
)
from sparkify.reading.raw_text import BEGINNING_CHARACTERS, KEPT_BYTES, KEPT_TEXTS
from sparkify.reading.records import RecordReader
from sparkify.reading.splitter import TOO_LONG
from sparkify.sources.objects import NOUNS, Source
from sparkify.sql import read_sql
from sparkify.warehouse.contract import LoadJob
from sparkify.warehouse.duckdb.aside import aside
from sparkify.warehouse.duckdb.session import DuckDBSession


def stage_files(session: DuckDBSession, job: LoadJob, reader: RecordReader, columns: list[str]) -> Staged:
    """Load the records of files, each to its staging table or to staging_rejects.

    Args:
        session: of the warehouse.
        job: its files.
        reader: reads them; counts the records.
        columns: of the staging table.

    Raises:
        UnusableFilesError: some files can't be loaded.
    """
    connection = session.connection
    noun, is_quick = NOUNS[job.source], are_usual(job.source, job.paths)
    prepare(connection, columns, job.paths)
    if is_quick:
        if not _load_certain(session, reader):
            return staged(reader, {})
    else:
        with session.explained(), records_of(connection, reader):
            _judge(connection, job.source, "CREATE OR REPLACE TEMP TABLE judged AS")
        reader.require_all()
    torn = session.query("SELECT file_id, line, raw FROM judged WHERE reason = ?", [INVALID])
    if torn:
        session.query("DELETE FROM judged WHERE reason = ?", [INVALID])
        with session.explained(), pieces_of(connection, torn, reader):
            _judge(connection, job.source, "INSERT INTO judged")
    session.run(
        f"INSERT INTO staging_{noun} SELECT * EXCLUDE (line, raw, reason) FROM judged WHERE reason IS NULL"
    )
    ids = session.query("SELECT DISTINCT file_id FROM judged WHERE reason IS NOT NULL")
    if not ids:
        return staged(reader, {})
    session.run("CREATE OR REPLACE TEMP TABLE rejected_files (file_id INTEGER, source VARCHAR, file VARCHAR)")
    session.insert("rejected_files", [(file_id, job.source, reader.uris[file_id]) for (file_id,) in ids])
    bounds = {"kept_texts": KEPT_TEXTS, "kept_bytes": KEPT_BYTES, "beginning": BEGINNING_CHARACTERS}
    for name, value in {**bounds, "too_long": TOO_LONG}.items():
        session.query(f"SET VARIABLE {name} = ?", [value])
    session.run(read_sql("stage_rejects", "duckdb"))
    damaged = session.query(
        "SELECT file_id, SUM(STRLEN(raw))::BIGINT FROM judged"
        " WHERE reason LIKE 'not %' OR (reason IS NOT NULL AND STRLEN(raw) > ?) GROUP BY file_id",
        [LARGE_RECORD_BYTES],
    )
    return staged(reader, dict(damaged))


def _load_certain(session: DuckDBSession, reader: RecordReader) -> bool:
    """Load the events that are right at first sight, and judge the others, if there are any."""
    connection = session.connection
    with session.explained(), aside(connection, session.location) as under_review:
        with records_of(connection, reader):
            connection.execute(read_sql("quick_events", "duckdb"))
            connection.execute(read_sql("stage_events", "duckdb"))
        reader.require_all()
        if not under_review.count:
            return False
        connection.register("records", under_review.read())
        _judge(connection, "log_data", "CREATE OR REPLACE TEMP TABLE judged AS")
        connection.unregister("records")
    return True


def _judge(connection: duckdb.DuckDBPyConnection, source: Source, into: str) -> None:
    """Put the records of the relation ``records`` into the table ``judged``, with the text of the bad ones.

    Args:
        connection: where.
        source: whose records.
        into: the beginning of the statement that makes or fills the table.
    """
    judged = judged_relation(connection, source)
    connection.execute(
        f"{into} SELECT * REPLACE (CASE WHEN reason IS NOT NULL THEN raw END AS raw) FROM {judged}"
    )
