"""Loading files on Amazon Redshift directly from where they are: COPY cuts and judges their records itself.

It can't say which row came from which file, so the rows have no file_id. How many came from each is told by
the lines that COPY scanned or, where these don't add up, counted by reading the files.
"""

import contextlib
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.errors import SourceChangedError, SourceError, WarehouseError
from sparkify.reading.records import RecordReader
from sparkify.sources.objects import NOUNS, LoadFile, Store
from sparkify.warehouse.contract import LoadJob, Row
from sparkify.warehouse.redshift.copy import (
    KEPT_CHARACTERS,
    MAX_MAXERROR,
    LoadError,
    copy_statement,
    lines_scanned,
    run_copy,
)
from sparkify.warehouse.redshift.session import RedshiftSession

_SAMPLED_FILES, _SAMPLED_BYTES, _SAMPLED_LINES = 10, 2**16, 100


@dataclass(frozen=True)
class DirectCopy:
    """What COPY is told about files.

    Attributes:
        uri: their prefix, or a manifest of them.
        jsonpaths: the URI of the JSONPaths file, where there is one.
        options: MANIFEST, GZIP.
    """

    uri: str
    jsonpaths: str = ""
    options: Sequence[str] = ()


def copy_direct(
    session: RedshiftSession, job: LoadJob, told: DirectCopy, *, role_arn: str, region: str
) -> dict[int, tuple[int, int]]:
    """Load files into the batch table, and what COPY refused into staging_rejects.

    Args:
        session: of the warehouse.
        job: the files.
        told: what COPY is told about them.
        role_arn: of the role that reads them.
        region: where they are; empty if where Redshift is.

    Returns:
        By file_id: how many records it has, and how many of them were refused.

    Raises:
        SourceChangedError: a file is not what was listed any more.
        TooManyRejectsError: more records are bad than max_reject_share allows.
        WarehouseError: the records don't add up.
    """
    # No record is shorter than a byte and a newline, so this is never too few; compressed, nobody knows.
    most = MAX_MAXERROR if "GZIP" in told.options else int(job.options.max_reject_share * (job.size // 2 + 1))
    statement = copy_statement(
        f"copy_{NOUNS[job.source]}",
        told.uri,
        role_arn,
        max_errors=most,
        region=region,
        jsonpaths=told.jsonpaths,
        options=told.options,
    )
    try:
        errors = run_copy(session, statement, job.options.max_reject_share)
    except WarehouseError:  # perhaps because a file has gone, or was never called what it was listed as
        _require_unchanged(job, told)
        raise
    _require_unchanged(job, told)
    by_uri = {_as_logged(file.source.uri): file for file in job.files}
    refused = Counter(by_uri[_as_logged(error.uri)].file_id for error in errors)
    counts = _count(session, job, by_uri, refused)
    session.insert("staging_rejects", _reject_rows(job, by_uri, errors))
    return {file_id: (count, refused[file_id]) for file_id, count in counts.items()}


def _require_unchanged(job: LoadJob, told: DirectCopy) -> None:
    """See that COPY has read what was listed: what it reads can't be made to depend on an ETag."""
    store, files = job.store, job.files
    listed = {item.uri: item for item in store.list_exactly()}
    for file in files:
        if listed.get(file.source.uri) != file.source:
            raise SourceChangedError(file.source.uri)
    if "MANIFEST" not in told.options and len(listed) != len(files):
        raise SourceChangedError(told.uri)


def some_records(store: Store, files: list[LoadFile]) -> list[str]:
    """The first lines of some files, for those who want to see what COPY alone reads."""
    lines: list[str] = []
    chosen = {number * (len(files) - 1) // (_SAMPLED_FILES - 1) for number in range(_SAMPLED_FILES)}
    # Who loads need not be allowed to read: the role that COPY uses is.
    with contextlib.suppress(SourceError, zlib.error):
        for number in sorted(chosen):
            source = files[number].source
            data = store.beginning(source, _SAMPLED_BYTES)
            is_whole = len(data) == source.size
            if source.uri.endswith(".gz"):
                unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
                data, is_whole = unpacking.decompress(data, _SAMPLED_BYTES), unpacking.eof
            found = data.decode(errors="replace").split("\n")
            lines += found[: len(found) if is_whole else -1][:_SAMPLED_LINES]
    return lines


def _count(
    session: RedshiftSession,
    job: LoadJob,
    by_uri: dict[str, LoadFile],
    refused: Counter[int],
) -> dict[int, int]:
    """The records in each file: the lines that COPY scanned if they add up, or else by reading the files.

    Raises:
        WarehouseError: neither adds up with what COPY loaded and refused.
    """
    ((loaded,),) = session.query("SELECT PG_LAST_COPY_COUNT()")
    if not session.is_serverless and len(by_uri) == len(job.files):
        ((query_id,),) = session.query("SELECT PG_LAST_COPY_ID()")
        lines = lines_scanned(session.query, query_id)
        if unknown := lines.keys() - by_uri.keys():
            raise SourceError(
                f"{min(unknown)}: loaded by COPY, but no source file",
                "set a work prefix ([S3] WORK_PREFIX): files are then loaded one by one",
            )
        counts = {file.file_id: lines.get(uri, 0) for uri, file in by_uri.items()}
        if sum(counts.values()) == loaded + refused.total() and all(
            counts[file_id] >= count for file_id, count in refused.items()
        ):
            return counts
    # Objects over several lines, blank lines, or a Serverless workgroup, which doesn't tell its lines.
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
    raw = _raw_texts(job.store, by_uri, errors)
    rows: list[Row] = []
    for error in errors:
        file = by_uri[_as_logged(error.uri)]
        text = raw.get((file.file_id, error.line), "") if error.raw is None else error.raw
        rows.append(
            (job.source, file.source.uri, error.line, str(error), text[:KEPT_CHARACTERS], file.file_id)
        )
    return rows


def _raw_texts(
    store: Store, by_uri: dict[str, LoadFile], errors: list[LoadError]
) -> dict[tuple[int, int], str]:
    """The records that were refused without their text, by file and line, from the files themselves."""
    wanted = {(by_uri[_as_logged(error.uri)].file_id, error.line) for error in errors if error.raw is None}
    if not wanted:
        return {}
    ids = {file_id for file_id, _ in wanted}
    found = {}
    for batch in RecordReader(store, [file for file in by_uri.values() if file.file_id in ids]).stream():
        for place, raw in zip(
            zip(batch.column("file_id").to_pylist(), batch.column("line").to_pylist(), strict=True),
            batch.column("raw"),
            strict=True,
        ):
            if place in wanted:
                found[place] = str(raw).strip()
    return found


def _as_logged(uri: str) -> str:
    """A URI as the system tables hold it: CHAR(256)."""
    return uri.encode()[:256].decode(errors="ignore").rstrip(" ")
