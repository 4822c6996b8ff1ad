"""Loading small files on Amazon Redshift: bundled into parts on the work prefix, and those loaded by COPY.

Their records are judged before, exactly as the DuckDB engine judges them, so each row carries its file_id and
each reject its reason. ``redshift_work`` writes the parts.
"""

from typing import TYPE_CHECKING

import duckdb

from sparkify.config import Settings
from sparkify.engines import OnRecords, Progress, Row, Source
from sparkify.engines.parsing import NOUNS, set_paths
from sparkify.engines.redshift_copy import KEPT_CHARACTERS, LoadError, copy_statement, run_copy
from sparkify.engines.redshift_work import Bundle, WorkFolder, bundle, origin_of
from sparkify.records import RecordReader
from sparkify.sources import LoadFile, Store

if TYPE_CHECKING:
    from sparkify.engines.redshift import RedshiftWarehouse

Paths = list[list[str | int]]


def copy_bundled(
    warehouse: "RedshiftWarehouse",
    settings: Settings,
    source: Source,
    store: Store,
    files: list[LoadFile],
    paths: Paths,
    work: WorkFolder,
    progress: Progress,
    on_records: OnRecords,
) -> dict[int, int]:
    """Bundle and load files; those with bad records are read once more, to tell which and why.

    Returns:
        The number of records in each file, by file_id.

    Raises:
        SourceError: a file can't be read.
        TooManyRejectsError: COPY refuses more records than max_reject_share allows.
    """
    reader = RecordReader(store, files, on_progress=progress, on_records=on_records)
    first = _bundle(warehouse, settings, source, files, paths, work, reader)
    rejects = _copy_parts(warehouse, settings, source, files, work, first)
    dirty_ids = {reject[-1] for reject in rejects}
    if dirty_ids:
        ids = ", ".join(map(str, sorted(dirty_ids)))
        warehouse.query(f"DELETE FROM batch_{NOUNS[source]} WHERE file_id IN ({ids})")
        dirty = [file for file in files if file.file_id in dirty_ids]
        careful = RecordReader(store, dirty, careful=True)
        second = _bundle(warehouse, settings, source, dirty, paths, work, careful)
        rejects = _copy_parts(warehouse, settings, source, dirty, work, second)
        reader.counts |= careful.counts
    warehouse.insert("staging_rejects", rejects)
    return reader.counts


def _bundle(
    warehouse: "RedshiftWarehouse",
    settings: Settings,
    source: Source,
    files: list[LoadFile],
    paths: Paths,
    work: WorkFolder,
    reader: RecordReader,
) -> Bundle:
    columns, _ = warehouse.execute(f"SELECT * FROM staging_{NOUNS[source]} LIMIT 0")
    with duckdb.connect(config={"memory_limit": settings.memory_limit}) as judge:
        judge.execute("SET TimeZone = 'UTC'")
        set_paths(judge, NOUNS[source], columns, paths)
        return bundle(work, source, judge, reader, sum(file.source.size for file in files))


def _copy_parts(
    warehouse: "RedshiftWarehouse",
    settings: Settings,
    source: Source,
    files: list[LoadFile],
    work: WorkFolder,
    bundled: Bundle,
) -> list[Row]:
    """Load parts, and give the rows of staging_rejects for what was refused before or by COPY."""
    uris = {file.file_id: file.source.uri for file in files}
    rejects: list[Row] = [(source, uris[file_id], *rest, file_id) for *rest, file_id in bundled.rejects]
    if not bundled.parts:
        return rejects
    statement = copy_statement(
        f"copy_{NOUNS[source].removesuffix('s')}_parts",
        work.put_manifest(source, bundled.parts),
        settings,
        max_errors=int(settings.max_reject_share * bundled.records),
        region=settings.aws_region,
        options=["MANIFEST", "GZIP"],
    )

    def origin(error: LoadError) -> tuple[str, int]:
        # The line of a part says nothing to anyone; where it came from does.
        file_id, line, _ = origin_of(work, error.uri, error.line)
        return uris[file_id], line

    for error in run_copy(warehouse, settings, statement, origin):
        # Redshift may know better than the judge here; then the record is a reject after all.
        file_id, line, text = origin_of(work, error.uri, error.line)
        rejects.append((source, uris[file_id], line, str(error), text[:KEPT_CHARACTERS], file_id))
    return rejects
