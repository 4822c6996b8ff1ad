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

from sparkify.errors import WarehouseError
from sparkify.reading.judged_json import judged_json
from sparkify.reading.raw_text import SPACE, KeptTexts
from sparkify.reading.records import RecordReader
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.redshift.copy import LONGEST_TEXT_BYTES
from sparkify.warehouse.redshift.work import WorkFolder

PART_BYTES = 64 * 2**20
"""Of JSON before compression; AWS advises parts of 1 MB to 1 GB after it (Loading data files)."""

PARTS_WANTED = 8
"""Below PART_BYTES parts get smaller rather than fewer, so that all slices of a small cluster have some."""

MAX_REJECTS = 100_000
"""As many as COPY itself tolerates at most (MAXERROR)."""


@dataclass
class Bundle:
    """Records that have been judged and written to the work prefix.

    Attributes:
        parts: the URIs of the compressed parts.
        records: how many good records they hold.
        rejects: (line, reason, raw, file_id, is_whole) of the bad ones.
    """

    parts: list[str] = field(default_factory=list)
    records: int = 0
    rejects: list[Row] = field(default_factory=list)


def bundle(
    work: WorkFolder, job: LoadJob, connection: duckdb.DuckDBPyConnection, reader: RecordReader, smallest: int
) -> Bundle:
    """Judge the records of files, and write the good ones into parts of similar size.

    Each line of a part is an object whose keys are the columns, with file_id and line, where it came from.

    Args:
        work: where to write.
        job: the files, and the paths of the columns.
        connection: where records are judged; knows the paths of the columns.
        reader: of the files.
        smallest: bytes below which parts get fewer rather than smaller.

    Raises:
        SourceError: a file can't be read.
        WarehouseError: there are too many bad records for any limit.
    """
    target = min(PART_BYTES, max(smallest, job.size // PARTS_WANTED))
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
    kept = KeptTexts(LONGEST_TEXT_BYTES)
    for texts, bad in judged_json(connection, reader, job.source, job.options.max_rejects):
        for file_id, line, raw, reason in bad:
            text, is_whole = kept.of(file_id, raw.strip(SPACE), reason)
            result.rejects.append((line, reason, text, file_id, is_whole))
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


def origin_of(work: WorkFolder, uri: str, line: int) -> tuple[int, int, str]:
    """Where a line of a part came from: file_id, line, and its text."""
    lines = gzip.decompress(work.get(uri)).split(b"\n")
    # From 1, as the pages' examples show; none says so, and one that counts from 0 begins with a line 0.
    text = lines[min(max(line, 1), len(lines)) - 1].decode()
    record = json.loads(text)
    return int(record["file_id"]), int(record["line"]), text
