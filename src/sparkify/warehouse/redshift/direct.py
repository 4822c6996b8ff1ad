"""Loading files on Amazon Redshift directly from where they are: COPY cuts and judges their records itself.

It can't say which row came from which file, so the rows have no file_id. How many came from each is told by
the lines that COPY scanned or, where these don't add up, counted by reading the files.
"""

import contextlib
from collections import Counter

from sparkify.errors import SourceChangedError, SourceError, WarehouseError
from sparkify.reading.raw_text import SPACE, KeptTexts
from sparkify.reading.records import RecordReader
from sparkify.sources.objects import LoadFile, Store
from sparkify.sources.s3 import MODIFIED
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.redshift.copy import (
    LONGEST_TEXT_BYTES,
    Copy,
    FileRead,
    LoadError,
    as_logged,
    files_read,
    run_copy,
)
from sparkify.warehouse.redshift.session import RedshiftSession


def copy_direct(session: RedshiftSession, job: LoadJob, copy: Copy) -> dict[int, tuple[int, int]]:
    """Load files into the batch table by a COPY of them, and what it refused into staging_rejects.

    Returns:
        By file_id: how many records it has, and how many of them were refused.

    Raises:
        SourceChangedError: a file is not what was listed any more.
        TooManyRejectsError: more records are bad than max_reject_share allows.
        WarehouseError: the records don't add up.
    """
    try:
        errors = run_copy(session, copy)
    except WarehouseError:  # perhaps because a file has gone, or was never called what it was listed as
        _require_unchanged(job, copy)
        raise
    by_uri = {as_logged(file.source.uri): file for file in job.files}
    read = files_read(session, {uri for uri, file in by_uri.items() if file.source.size})
    _require_listed(job, copy, by_uri, read)
    refused = Counter(by_uri[as_logged(error.uri)].file_id for error in errors)
    counts = _count(session, job, by_uri, read, refused)
    session.insert("staging_rejects", _reject_rows(job, by_uri, errors))
    return {file_id: (count, refused[file_id]) for file_id, count in counts.items()}


def _require_listed(job: LoadJob, copy: Copy, by_uri: dict[str, LoadFile], read: dict[str, FileRead]) -> None:
    """See that COPY has read what was listed: by the ETags that it tells, or else by listing again."""
    etags = {uri: told.etag for uri, told in read.items() if told.etag}
    versions = {uri: file.source.version for uri, file in by_uri.items()}
    comparable = {uri for uri in etags.keys() & versions.keys() if not versions[uri].startswith(MODIFIED)}
    for uri in sorted(comparable):
        if etags[uri] != versions[uri]:
            raise SourceChangedError(by_uri[uri].source.uri)
    # Consoles make empty objects for folders.
    unknown = {uri for uri, told in read.items() if told.lines} - by_uri.keys()
    if unknown or len(comparable) < len(job.files):
        _require_unchanged(job, copy)
    if unknown:
        raise SourceError(
            f"{min(unknown)}: loaded by COPY, but no source file",
            "set a work prefix ([S3] WORK_PREFIX): files are then loaded one by one",
        )


def _require_unchanged(job: LoadJob, copy: Copy) -> None:
    """See that the source lists what it listed before."""
    listed = {item.uri: item for item in job.store.list_exactly()}
    for file in job.files:
        if listed.get(file.source.uri) != file.source:
            raise SourceChangedError(file.source.uri)
    if "MANIFEST" not in copy.options and len(listed) != len(job.files):
        raise SourceChangedError(copy.uri)


def _count(
    session: RedshiftSession,
    job: LoadJob,
    by_uri: dict[str, LoadFile],
    read: dict[str, FileRead],
    refused: Counter[int],
) -> dict[int, int]:
    """The records in each file: the lines that COPY scanned if they add up, or else by reading the files.

    Raises:
        WarehouseError: neither adds up with what COPY loaded and refused.
    """
    ((loaded,),) = session.query("SELECT PG_LAST_COPY_COUNT()")
    counts = {file.file_id: read[uri].lines if uri in read else 0 for uri, file in by_uri.items()}
    if (
        len(counts) == len(job.files)
        and sum(counts.values()) == loaded + refused.total()
        and all(counts[file_id] >= count for file_id, count in refused.items())
    ):
        return counts
    # Objects over several lines, blank lines, or names too long for the system views.
    reader = RecordReader(job.store, job.files)
    for _ in reader.stream():
        pass
    if sum(reader.counts.values()) != loaded + refused.total():
        raise WarehouseError(
            f"{session.location}: the files have {sum(reader.counts.values()):,} records, but"
            f" COPY loaded {loaded:,} and refused {refused.total():,}; nothing was changed",
            "set a work prefix ([S3] WORK_PREFIX) and raise [S3] BUNDLE_BELOW_MB: records are then cut here",
        )
    return reader.counts


def _reject_rows(job: LoadJob, by_uri: dict[str, LoadFile], errors: list[LoadError]) -> list[Row]:
    places = [(by_uri[as_logged(error.uri)], error) for error in errors]
    raw = _raw_texts(job.store, {file.file_id: file for file, _ in places}, places)
    texts = KeptTexts(LONGEST_TEXT_BYTES)
    rows: list[Row] = []
    for file, error in places:
        found = raw.get((file.file_id, error.line))
        kept, is_whole = texts.of(file.file_id, *found) if found else (None, False)
        # Whose bytes are wrong in which way COPY words in its own way.
        is_whole = is_whole and not (found and found[1])
        rows.append((job.source, file.source.uri, error.line, str(error), kept, file.file_id, is_whole))
    return rows


def _raw_texts(
    store: Store, files: dict[int, LoadFile], places: list[tuple[LoadFile, LoadError]]
) -> dict[tuple[int, int], tuple[str, str]]:
    """The records that were refused, by file and line, from the files: SYS views don't have them.

    Each with what is wrong with its bytes, if anything is.
    """
    wanted = {(file.file_id, error.line) for file, error in places}
    found: dict[tuple[int, int], tuple[str, str]] = {}
    # Who loads need not be allowed to read: the role that COPY uses is.
    with contextlib.suppress(SourceError):
        for batch in RecordReader(store, list(files.values())).stream() if files else ():
            columns = (batch.column(name).to_pylist() for name in ("file_id", "line", "raw", "fault"))
            for file_id, line, raw, fault in zip(*columns, strict=True):
                if (file_id, line) in wanted:
                    found[file_id, line] = str(raw).strip(SPACE), fault or ""
    return found
