"""Loading small files on Amazon Redshift: bundled into parts on the work prefix, and those loaded by COPY.

Their records are judged before, exactly as the DuckDB engine judges them, so each row carries its file_id and
each reject its reason. ``redshift_parts`` writes the parts.
"""

from dataclasses import replace

import duckdb

from sparkify.reading.judging import prepare, staged
from sparkify.reading.staged import Staged
from sparkify.sources.objects import NOUNS
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.duckdb.opening import NO_EXTENSIONS
from sparkify.warehouse.reading import reader_of
from sparkify.warehouse.redshift.copy import LONGEST_TEXT_BYTES, Copy, LoadError, run_copy
from sparkify.warehouse.redshift.parts import Bundle, bundle, origin_of
from sparkify.warehouse.redshift.session import RedshiftSession
from sparkify.warehouse.redshift.work import WorkFolder
from sparkify.warehouse.tables import columns_of


def copy_bundled(
    session: RedshiftSession,
    job: LoadJob,
    work: WorkFolder,
    *,
    role_arn: str,
    region: str,
    memory_limit: str,
    smallest_part: int,
) -> Staged:
    """Bundle and load files.

    Args:
        session: of the warehouse.
        job: the files.
        work: where the parts go.
        role_arn: of the role that reads them there.
        region: of the work prefix; empty if that of Redshift.
        memory_limit: what may be kept in memory while records are judged.
        smallest_part: bytes below which parts get fewer rather than smaller.

    Raises:
        SourceError: a file can't be read.
        TooManyRejectsError: COPY refuses more records than max_reject_share allows.
    """

    def advance(files: int, size: int) -> None:
        session.keep_awake()  # nothing else is said to Redshift for as long as records are read
        job.advance(files, size)

    reader = reader_of(replace(job, advance=advance))
    with duckdb.connect(config={**NO_EXTENSIONS, "memory_limit": memory_limit}) as judge:
        judge.execute("SET enable_progress_bar = false")  # on stdout, where Python is interactive
        judge.execute("SET TimeZone = 'UTC'")
        prepare(judge, job.source, columns_of(f"staging_{NOUNS[job.source]}"), job.paths)
        bundled = bundle(work, job, judge, reader, smallest_part)
        found = staged(judge, reader)
    rejects = _copy_parts(session, job, work, bundled, role_arn, region)
    session.insert("staging_rejects", rejects)
    return found


def _copy_parts(
    session: RedshiftSession, job: LoadJob, work: WorkFolder, bundled: Bundle, role_arn: str, region: str
) -> list[Row]:
    """Load parts, and give the rows of staging_rejects for what was refused before or by COPY."""
    uris = {file.file_id: file.source.uri for file in job.files}
    rejects: list[Row] = [
        (job.source, uris[file_id], *rest, file_id, is_whole) for *rest, file_id, is_whole in bundled.rejects
    ]
    if not bundled.parts:
        return rejects
    share = job.options.max_reject_share
    copy = Copy(
        f"copy_{NOUNS[job.source].removesuffix('s')}_parts",
        work.put_manifest(job.source, bundled.parts),
        role_arn,
        int(share * bundled.records),
        share,
        region,
        options=["MANIFEST", "GZIP"],
    )

    def origin(error: LoadError) -> tuple[str, int]:
        # The line of a part says nothing to anyone; where it came from does.
        file_id, line, _ = origin_of(work, error.uri, error.line)
        return uris[file_id], line

    for error in run_copy(session, copy, origin):
        # Redshift may know better than the judge here; then the record is a reject after all.
        file_id, line, text = origin_of(work, error.uri, error.line)
        # What was bundled, and so not the record as it stands in the file.
        kept = text.encode()[:LONGEST_TEXT_BYTES].decode(errors="ignore")
        rejects.append((job.source, uris[file_id], line, str(error), kept, file_id, False))
    return rejects
