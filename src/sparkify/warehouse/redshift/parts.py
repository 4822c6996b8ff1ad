"""Bundles for Amazon Redshift: judged records in compressed parts of similar size, on the work prefix.

Records are judged here, exactly as the DuckDB engine judges them, and before the transaction that loads them.
Each line of a part is an object whose keys are the columns, with file_id and line, where it came from; so
each row carries its file_id, and each reject its reason.
"""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import duckdb

from sparkify.errors import WarehouseError
from sparkify.reading.judged_json import judged_json
from sparkify.reading.judging import prepare, staged
from sparkify.reading.raw_text import SPACE, KeptTexts
from sparkify.reading.records import RecordReader
from sparkify.reading.staged import Staged
from sparkify.sources.objects import NOUNS
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.duckdb.opening import NO_EXTENSIONS
from sparkify.warehouse.reading import reader_of
from sparkify.warehouse.redshift.copy import LONGEST_TEXT_BYTES, MAX_MAXERROR, Copy, LoadError, run_copy
from sparkify.warehouse.redshift.session import RedshiftSession
from sparkify.warehouse.redshift.work import WorkFolder

PART_BYTES = 64 * 2**20
"""Of JSON before compression; AWS advises parts of 1 MB to 1 GB after it (Loading data files)."""

PARTS_WANTED = 8
"""Below PART_BYTES parts get smaller rather than fewer, so that all slices of a small cluster have some."""


@dataclass
class Bundle:
    """Records that have been judged and written to the work prefix.

    Attributes:
        job: the files that they are from.
        work: where the parts are.
        manifest: the URI of the manifest of the parts; empty where there is no good record.
        records: how many good records they hold.
        rejects: the rows of staging_rejects for the bad ones.
        staged: what was read of the files.
    """

    job: LoadJob
    work: WorkFolder
    manifest: str = ""
    records: int = 0
    rejects: list[Row] = field(default_factory=list)
    staged: Staged = field(default_factory=Staged)


def bundle(job: LoadJob, work: WorkFolder, memory_limit: str, smallest: int) -> Bundle:
    """Judge the records of files, and write the good ones into parts of similar size.

    Args:
        job: the files, and the paths of the columns.
        work: where to write.
        memory_limit: what may be kept in memory while records are judged.
        smallest: bytes below which parts get fewer rather than smaller.

    Raises:
        SourceError: a file can't be read.
        WarehouseError: there are too many bad records for any limit.
    """
    result = Bundle(job, work)
    target = min(PART_BYTES, max(smallest, job.size // PARTS_WANTED))
    reader = reader_of(job)
    uploads: list[Future[str]] = []
    with (
        duckdb.connect(config={**NO_EXTENSIONS, "memory_limit": memory_limit}) as judge,
        ThreadPoolExecutor(2, "upload") as pool,
    ):
        judge.execute("SET enable_progress_bar = false")  # on stdout, where Python is interactive
        judge.execute("SET TimeZone = 'UTC'")
        prepare(judge, job.source, job.paths)
        for number, lines in enumerate(_part_lines(judge, reader, target, result)):
            result.records += len(lines)
            uploads.append(pool.submit(_upload, work, f"{job.source}-{number:04}.json.gz", lines))
            if len(uploads) > 2:  # so that no more than a few parts wait in memory
                uploads[-3].result()
        parts = [upload.result() for upload in uploads]
        result.staged, _ = staged(judge, reader)
    if parts:
        result.manifest = work.put_manifest(job.source, parts)
    return result


def _upload(work: WorkFolder, name: str, lines: list[str]) -> str:
    return work.put(name, gzip.compress("\n".join(lines).encode(), 1))


def _part_lines(
    judge: duckdb.DuckDBPyConnection, reader: RecordReader, target: int, result: Bundle
) -> Iterator[list[str]]:
    """The good records in parts; the bad ones go to the result."""
    job, lines, size = result.job, list[str](), 0
    kept = KeptTexts(LONGEST_TEXT_BYTES)
    for texts, bad in judged_json(judge, reader, job.source, job.options.max_rejects):
        for file_id, line, raw, reason in bad:
            text, is_whole = kept.of(file_id, raw.strip(SPACE), reason)
            uri = reader.uris[file_id]
            result.rejects.append((job.source, uri, line, reason, text, file_id, is_whole))
        if len(result.rejects) > MAX_MAXERROR:  # COPY itself tolerates no more
            raise WarehouseError(
                f"more than {MAX_MAXERROR:,} records are bad; nothing was changed",
                "look at staging_rejects of a DuckDB warehouse loaded from the same files, and mend them",
            )
        for text in texts:
            lines.append(text)
            size += len(text)
            if size >= target:
                yield lines
                lines, size = [], 0
    if lines:
        yield lines


def load_bundle(session: RedshiftSession, bundle: Bundle) -> None:
    """Load the parts into the batch table, and what was refused before or by COPY into staging_rejects.

    Raises:
        TooManyRejectsError: COPY refuses more records than max_reject_share allows.
    """
    job, work, rejects = bundle.job, bundle.work, list(bundle.rejects)
    uris = {file.file_id: file.source.uri for file in job.files}

    def origin(error: LoadError) -> tuple[str, int]:
        # The line of a part says nothing to anyone; where it came from does.
        file_id, line, _ = origin_of(work, error.uri, error.line)
        return uris[file_id], line

    share = job.options.max_reject_share
    copy = Copy(
        "copy_by_name",
        bundle.manifest,
        int(share * bundle.records),
        share,
        session.region,
        options=["MANIFEST", "GZIP"],
        table=f"batch_{NOUNS[job.source]}",
    )
    for error in run_copy(session, copy, origin) if bundle.manifest else ():
        # Redshift may know better than the judge here; then the record is a reject after all.
        file_id, line, text = origin_of(work, error.uri, error.line)
        # What was bundled, and so not the record as it stands in the file.
        kept = text.encode()[:LONGEST_TEXT_BYTES].decode(errors="ignore")
        rejects.append((job.source, uris[file_id], line, str(error), kept, file_id, False))
    session.insert("staging_rejects", rejects)


def origin_of(work: WorkFolder, uri: str, line: int) -> tuple[int, int, str]:
    """Where a line of a part came from: file_id, line, and its text."""
    lines = gzip.decompress(work.get(uri)).split(b"\n")
    # From 1, as the pages' examples show; none says so, and one that counts from 0 begins with a line 0.
    text = lines[min(max(line, 1), len(lines)) - 1].decode()
    record = json.loads(text)
    return int(record["file_id"]), int(record["line"]), text
