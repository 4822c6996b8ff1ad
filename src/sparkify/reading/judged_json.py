"""Judged records as JSON, in batches: for a warehouse that is not the database that judges them."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from sparkify.errors import WarehouseError
from sparkify.reading.jsonpaths import Path
from sparkify.reading.judging import INVALID, are_usual, judged_relation, pieces_of, records_of
from sparkify.reading.records import RecordReader
from sparkify.sources.objects import Source
from sparkify.sql import read_sql

BadRecord = tuple[Any, ...]
"""file_id, line, text and reason."""

_BATCH_ROWS = 20_000


def judged_json(
    connection: duckdb.DuckDBPyConnection, reader: RecordReader, source: Source, paths: Sequence[Path]
) -> Iterator[tuple[list[str], list[BadRecord]]]:
    """The good records as JSON whose keys are the columns, with file_id and line, and the bad ones.

    Args:
        connection: where records are judged; knows the paths of the columns.
        reader: of the files.
        source: whose records.
        paths: of the columns.

    Raises:
        SourceError: a file can't be read.
        WarehouseError: there is too little memory.
    """
    is_quick = are_usual(source, paths)
    torn: list[BadRecord] = []
    try:
        with records_of(connection, reader):
            if is_quick:
                connection.execute(read_sql("quick_events", "duckdb"))
                # Put aside by a cursor, since the connection is busy with the records.
                aside = connection.cursor()
                aside.execute(
                    "CREATE TABLE under_review (file_id INTEGER, line BIGINT, raw VARCHAR, fault VARCHAR)"
                )
                for batch in _batches(connection, "quick_events", "NOT is_under_review", "fault"):
                    yield batch.column("good").drop_null().to_pylist(), []
                    if batch.column("good").null_count:
                        aside.register("batch", pa.Table.from_batches([batch]))
                        aside.execute(
                            "INSERT INTO under_review SELECT file_id, line, raw, why FROM batch"
                            " WHERE good IS NULL"
                        )
            else:
                yield from _good_and_bad(connection, source, torn)
        reader.require_all()
        if is_quick:
            connection.execute("CREATE OR REPLACE TEMP VIEW records AS SELECT * FROM under_review")
            yield from _good_and_bad(connection, source, torn)
        if torn:
            with pieces_of(connection, torn, reader):
                yield from _good_and_bad(connection, source, None)
    except duckdb.Error as error:
        raise WarehouseError(f"bundling {source}: {str(error).splitlines()[0]}", "free some memory") from None


def _good_and_bad(
    connection: duckdb.DuckDBPyConnection, source: Source, torn: list[BadRecord] | None
) -> Iterator[tuple[list[str], list[BadRecord]]]:
    """What is said of the relation ``records``; what is no JSON goes to ``torn`` where that is a list."""
    for batch in _batches(connection, judged_relation(connection, source), "reason IS NULL", "reason"):
        bad: list[BadRecord] = []
        if batch.column("good").null_count:
            columns = (batch.column(name).to_pylist() for name in ("file_id", "line", "raw", "why"))
            bad = [row for row in zip(*columns, strict=True) if row[-1] is not None]
        if torn is not None:
            torn += [row for row in bad if row[-1] == INVALID]
            bad = [row for row in bad if row[-1] != INVALID]
        yield batch.column("good").drop_null().to_pylist(), bad


def _batches(
    connection: duckdb.DuckDBPyConnection, relation: str, is_good: str, why: str
) -> Iterator[pa.RecordBatch]:
    """The rows of a relation as (good, file_id, line, raw, why): the record as JSON, or its text."""
    columns = [
        name
        for name, *_ in connection.execute(f"DESCRIBE {relation}").fetchall()
        if name not in ("raw", "fault", "reason", "is_under_review")
    ]
    # A TIMESTAMP's own text has the form that COPY's TIMEFORMAT 'auto' reads.
    pairs = ", ".join(f"'{name}', {'ts::VARCHAR' if name == 'ts' else name}" for name in columns)
    yield from connection.sql(
        f"SELECT CASE WHEN {is_good} THEN json_object({pairs})::VARCHAR END AS good, file_id, line,"
        f" CASE WHEN NOT ({is_good}) THEN raw::VARCHAR END AS raw, {why} AS why FROM {relation}"
    ).to_arrow_reader(_BATCH_ROWS)
