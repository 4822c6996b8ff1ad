"""Judged records as JSON, in batches: for a warehouse that is not the database that judges them."""

import tempfile
from collections.abc import Iterator
from typing import Any

import duckdb

from sparkify.errors import WarehouseError
from sparkify.reading.judging import IS_GOOD, judge, judged
from sparkify.reading.records import RecordReader
from sparkify.sources.objects import Source

BadRecord = tuple[Any, ...]
"""file_id, line, text and reason."""

_BATCH_ROWS = 20_000


def judged_json(
    connection: duckdb.DuckDBPyConnection, reader: RecordReader, source: Source, max_rejects: int
) -> Iterator[tuple[list[str], list[BadRecord]]]:
    """The good records as JSON whose keys are the columns, with file_id and line, and the bad ones.

    Args:
        connection: where records are judged; prepared.
        reader: of the files.
        source: whose records.
        max_rejects: how many of them may be bad.

    Raises:
        SparkifyError: a file can't be read, or far too many records are bad.
        WarehouseError: there is too little memory.
    """
    relation = judged(source)

    def good() -> Iterator[list[str]]:
        columns = [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
        # A TIMESTAMP's own text has the form that COPY's TIMEFORMAT 'auto' reads.
        pairs = ", ".join(
            f"'{name}', {'ts::VARCHAR' if name == 'ts' else name}"
            for name in columns
            if name not in ("raw", "reason")
        )
        batches = connection.sql(f"SELECT json_object({pairs})::VARCHAR FROM {relation} WHERE {IS_GOOD}")
        for batch in batches.to_arrow_reader(_BATCH_ROWS):
            yield batch.column(0).to_pylist()

    try:
        folder = tempfile.gettempdir()
        for texts in judge(connection, reader, good, max_rejects=max_rejects, folder=folder):
            yield texts, []
        bad = connection.execute("SELECT file_id, line, raw, reason FROM judged ORDER BY file_id, line")
        while rows := bad.fetchmany(_BATCH_ROWS):
            yield [], rows
    except duckdb.Error as error:
        raise WarehouseError(f"bundling {source}: {str(error).splitlines()[0]}", "free some memory") from None
