"""Bundles for Amazon Redshift: judged records in compressed parts of similar size, on the work prefix.

Records are judged here exactly as the DuckDB engine judges them. Each line of a part is an object whose keys
are the columns, with file_id and line, where it came from.
"""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from sparkify.errors import WarehouseError
from sparkify.reading.judging import (
    INVALID,
    LARGE_RECORD_BYTES,
    are_usual,
    judged_relation,
    pieces_of,
    records_of,
)
from sparkify.reading.records import RecordReader
from sparkify.sources.objects import Source
from sparkify.sql import read_sql
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.redshift.copy import KEPT_CHARACTERS
from sparkify.warehouse.redshift.work import WorkFolder

PART_BYTES = 64 * 2**20
"""Of JSON before compression; AWS advises parts of 1 MB to 1 GB after it (Loading data files)."""

SMALLEST_PART_BYTES = 4 * 2**20
PARTS_WANTED = 8
"""Below PART_BYTES parts get smaller rather than fewer, so that all slices of a small cluster have some."""

MAX_REJECTS = 100_000
"""As many as COPY itself tolerates at most (MAXERROR)."""

_BATCH_ROWS = 20_000


@dataclass
class Bundle:
    """Records that have been judged and written to the work prefix.

    Attributes:
        parts: the URIs of the compressed parts.
        records: how many good records they hold.
        rejects: (line, reason, raw, file_id) of the bad ones.
        damaged: by file_id, how many bytes of these are no JSON, or one record that is too large for one.
    """

    parts: list[str] = field(default_factory=list)
    records: int = 0
    rejects: list[Row] = field(default_factory=list)
    damaged: dict[int, int] = field(default_factory=dict)


def bundle(
    work: WorkFolder, job: LoadJob, connection: duckdb.DuckDBPyConnection, reader: RecordReader
) -> Bundle:
    """Judge the records of files, and write the good ones into parts of similar size.

    Each line of a part is an object whose keys are the columns, with file_id and line, where it came from.

    Args:
        work: where to write.
        job: the files, and the paths of the columns.
        connection: where records are judged; knows the paths of the columns.
        reader: of the files.

    Raises:
        SourceError: a file can't be read.
        WarehouseError: there are too many bad records for any limit.
    """
    target = min(PART_BYTES, max(SMALLEST_PART_BYTES, job.size // PARTS_WANTED))
    result = Bundle()
    uploads: list[Future[str]] = []
    with ThreadPoolExecutor(2, "upload") as pool:
        for number, (lines, count) in enumerate(_part_lines(job, connection, reader, target, result)):
            result.records += count
            uploads.append(pool.submit(_upload, work, f"{job.source}-{number:04}.json.gz", lines))
            if len(uploads) > 2:  # so that no more than a few parts wait in memory
                uploads[-3].result()
        result.parts = [upload.result() for upload in uploads]
    return result


def _upload(work: WorkFolder, name: str, lines: list[str]) -> str:
    return work.put(name, gzip.compress("\n".join(lines).encode(), 1))


def _part_lines(
    job: LoadJob,
    connection: duckdb.DuckDBPyConnection,
    reader: RecordReader,
    target: int,
    result: Bundle,
) -> Iterator[tuple[list[str], int]]:
    lines: list[str] = []
    size = 0
    for texts, bad in _judged(job, connection, reader):
        for file_id, line, raw, reason in bad:
            # PostgreSQL's wire has no NUL characters in texts.
            text = raw.strip()[:KEPT_CHARACTERS].replace("\0", "\N{REPLACEMENT CHARACTER}")
            result.rejects.append((line, reason, text, file_id))
            if reason.startswith("not ") or len(raw) > LARGE_RECORD_BYTES:
                result.damaged[file_id] = result.damaged.get(file_id, 0) + len(raw)
        if len(result.rejects) > MAX_REJECTS:
            raise WarehouseError(
                f"more than {MAX_REJECTS:,} records are bad; nothing was changed",
                "look at staging_rejects of a DuckDB warehouse loaded from the same files, and mend them",
            )
        for text in texts:
            lines.append(text)
            size += len(text)
            if size >= target:
                yield lines, len(lines)
                lines, size = [], 0
    if lines:
        yield lines, len(lines)


def _judged(
    job: LoadJob, connection: duckdb.DuckDBPyConnection, reader: RecordReader
) -> Iterator[tuple[list[str], list[Row]]]:
    """The good records as JSON texts, and the bad ones as (file_id, line, raw, reason)."""
    is_quick = are_usual(job.source, job.paths)
    torn: list[Row] = []
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
                yield from _good_and_bad(connection, job.source, torn)
        reader.require_all()
        if is_quick:
            connection.execute("CREATE OR REPLACE TEMP VIEW records AS SELECT * FROM under_review")
            yield from _good_and_bad(connection, job.source, torn)
        if torn:
            with pieces_of(connection, torn, reader):
                yield from _good_and_bad(connection, job.source, None)
    except duckdb.Error as error:
        raise WarehouseError(
            f"bundling {job.source}: {str(error).splitlines()[0]}", "free some memory"
        ) from None


def _good_and_bad(
    connection: duckdb.DuckDBPyConnection, source: Source, torn: list[Row] | None
) -> Iterator[tuple[list[str], list[Row]]]:
    """What is said of the relation ``records``; what is no JSON goes to ``torn`` where that is a list."""
    for batch in _batches(connection, judged_relation(connection, source), "reason IS NULL", "reason"):
        bad: list[Row] = []
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


def origin_of(work: WorkFolder, uri: str, line: int) -> tuple[int, int, str]:
    """Where a line of a part came from: file_id, line, and its text."""
    lines = gzip.decompress(work.get(uri)).split(b"\n")
    # From 1, as the pages' examples show; none says so, and one that counts from 0 begins with a line 0.
    text = lines[min(max(line, 1), len(lines)) - 1].decode()
    record = json.loads(text)
    return int(record["file_id"]), int(record["line"]), text
