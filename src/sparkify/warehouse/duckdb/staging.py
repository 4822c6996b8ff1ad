"""Staging on DuckDB: from files to staging tables and staging_rejects, in one pass."""

import tempfile
from pathlib import Path

from sparkify.reading.judging import IS_GOOD, judge, judged, prepare, staged
from sparkify.reading.raw_text import BEGINNING_CHARACTERS, KEPT_BYTES, KEPT_TEXTS
from sparkify.reading.records import RecordReader
from sparkify.reading.splitter import TOO_LONG
from sparkify.reading.staged import Staged
from sparkify.sources.objects import NOUNS
from sparkify.sql import read_sql
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.duckdb.session import DuckDBSession


def stage_files(session: DuckDBSession, job: LoadJob, reader: RecordReader) -> Staged:
    """Load the records of files, each to its staging table or to staging_rejects.

    Args:
        session: of the warehouse.
        job: its files.
        reader: reads them; counts the records.

    Raises:
        UnusableFilesError: some files can't be loaded.
        TooManyRejectsError: far more records are bad than may be.
    """
    noun, is_in_memory = NOUNS[job.source], session.location == ":memory:"
    prepare(session.connection, job.source, job.paths)

    def load() -> list[Row]:
        session.connection.execute(
            f"INSERT INTO staging_{noun} BY NAME"
            f" SELECT * EXCLUDE (line, raw, reason) FROM {judged(job.source)} WHERE {IS_GOOD}"
        )
        return []

    folder = tempfile.gettempdir() if is_in_memory else str(Path(session.location).absolute().parent)
    with session.explained():
        list(
            judge(
                session.connection,
                reader,
                load,
                max_rejects=job.options.max_rejects,
                folder=folder,
            )
        )
        found, with_rejects = staged(session.connection, reader)
    if with_rejects:
        session.run(
            "CREATE OR REPLACE TEMP TABLE rejected_files (file_id INTEGER, source VARCHAR, file VARCHAR)"
        )
        session.insert(
            "rejected_files", [(file_id, job.source, reader.uris[file_id]) for file_id in with_rejects]
        )
        bounds = {"kept_texts": KEPT_TEXTS, "kept_bytes": KEPT_BYTES, "beginning": BEGINNING_CHARACTERS}
        for name, value in {**bounds, "too_long": TOO_LONG}.items():
            session.query(f"SET VARIABLE {name} = ?", [value])
        session.run(read_sql("stage_rejects", "duckdb"))
    return found
