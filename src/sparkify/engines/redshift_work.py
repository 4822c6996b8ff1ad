"""The work prefix: where a run keeps what Redshift is to load from, and bundles of small files above all.

A run writes below ``<work prefix>/sparkify-staging/<its own name>/`` and removes it when it ends. What a
killed run left behind is removed by a later one: a run that is alive writes something there now and then.
"""

import contextlib
import gzip
import json
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import duckdb

from sparkify.config import Settings
from sparkify.engines import Row, Source
from sparkify.engines.parsing import NOUNS, create_view
from sparkify.errors import SourceError, SparkifyError, UsageError, WarehouseError
from sparkify.jsonpaths import written
from sparkify.records import RecordReader
from sparkify.s3_folder import S3Folder

PART_BYTES = 64 * 2**20
"""Of JSON before compression; AWS advises parts of 1 MB to 1 GB after it (Loading data files)."""

SMALLEST_PART_BYTES = 4 * 2**20
PARTS_WANTED = 8
"""Below PART_BYTES parts get smaller rather than fewer, so that all slices of a small cluster have some."""

MAX_REJECTS = 100_000
"""As many as COPY itself tolerates at most (MAXERROR)."""

_SIGN_OF_LIFE = "alive"
_RENEWED_AFTER_SECONDS = 600.0
_LEFT_BEHIND_AFTER = timedelta(days=1)
"""Since anything was last written to a run's folder, by the clock of S3."""
_BATCH_ROWS = 20_000


class WorkFolder:
    """A run's own folder below the work prefix; a context manager, at whose end the folder is removed.

    Args:
        settings: the work prefix, and how to reach S3.

    Raises:
        UsageError: the work prefix is no s3:// URI.
        SourceError: it can't be reached.
    """

    def __init__(self, settings: Settings) -> None:
        prefix = settings.work_prefix
        if not prefix.startswith("s3://") or prefix == "s3://":
            raise UsageError(f"[S3] WORK_PREFIX: {prefix!r} is not on S3", "write it as s3://bucket/folder")
        self._place = S3Folder(f"{prefix.rstrip('/')}/sparkify-staging", settings)
        self._run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self._names: list[str] = []
        self._ended = threading.Event()
        self._renewal = threading.Thread(target=self._stay_alive, name="sign of life", daemon=True)

    def __enter__(self) -> Self:
        self.put(_SIGN_OF_LIFE, b"1")  # not empty: that would be a console's folder
        self._remove_left_behind()
        self._renewal.start()
        return self

    def _remove_left_behind(self) -> None:
        entries = self._place.entries()
        ours = entries.get(f"{self._run}/{_SIGN_OF_LIFE}")
        if ours is None:  # a listing that is behind, and nothing to tell the time by
            return
        last_written: dict[str, datetime] = {}
        for name, entry in entries.items():
            run = name.partition("/")[0]
            last_written[run] = max(entry.modified, last_written.get(run, entry.modified))
        oldest = ours.modified - _LEFT_BEHIND_AFTER
        self._place.delete(name for name in entries if last_written[name.partition("/")[0]] < oldest)

    def _stay_alive(self) -> None:
        """Renew the sign of life: one COPY may take longer than others wait before they tidy up."""
        while not self._ended.wait(_RENEWED_AFTER_SECONDS):
            with contextlib.suppress(SparkifyError):  # the next one may arrive
                self._place.put(f"{self._run}/{_SIGN_OF_LIFE}", b"1")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._renewal.join(timeout=1)
        # Nothing depends on it: what is left costs a little until a later run removes it.
        with contextlib.suppress(SparkifyError):
            self._place.delete(self._names)

    def put(self, name: str, content: bytes) -> str:
        """Write an object, and give its URI."""
        name = f"{self._run}/{name}"
        self._names.append(name)
        self._place.put(name, content)
        return self._place.uri + name

    def get(self, uri: str) -> bytes:
        """Read an object of this folder."""
        content = self._place.get(uri.removeprefix(self._place.uri))
        if content is None:
            raise SourceError(
                f"{uri}: has gone", "let nothing else delete below [S3] WORK_PREFIX, and run again"
            )
        return content

    def put_manifest(self, name: str, uris: list[str]) -> str:
        """Write a manifest of just these objects, each of which must be there (mandatory)."""
        entries = [{"url": uri, "mandatory": True} for uri in dict.fromkeys(uris)]
        return self.put(f"{name}.manifest", json.dumps({"entries": entries}, indent=1).encode())


@dataclass
class Bundle:
    """Records that have been judged and written to the work prefix.

    Attributes:
        parts: the URIs of the compressed parts.
        records: how many good records they hold.
        rejects: (line, reason, raw, file_id) of the bad ones.
    """

    parts: list[str]
    records: int
    rejects: list[Row]


def bundle(
    work: WorkFolder, source: Source, connection: duckdb.DuckDBPyConnection, reader: RecordReader, size: int
) -> Bundle:
    """Judge the records of files, and write the good ones into parts of similar size.

    Each line of a part is an object whose keys are the columns, with file_id and line, where it came from.

    Args:
        work: where to write.
        source: which of the two sources.
        connection: where records are judged; knows the paths of the columns.
        reader: the files.
        size: their bytes.

    Raises:
        SourceError: a file can't be read.
        WarehouseError: there are too many bad records for any limit.
    """
    target = min(PART_BYTES, max(SMALLEST_PART_BYTES, size // PARTS_WANTED))
    result = Bundle([], 0, [])
    uploads: list[Future[str]] = []
    with ThreadPoolExecutor(2, "upload") as pool:
        for number, (lines, count) in enumerate(
            _part_lines(source, connection, reader, target, result.rejects)
        ):
            result.records += count
            uploads.append(pool.submit(_upload, work, f"{source}-{number:04}.json.gz", lines))
            if len(uploads) > 2:  # so that no more than a few parts wait in memory
                uploads[-3].result()
        result.parts = [upload.result() for upload in uploads]
    return result


def _upload(work: WorkFolder, name: str, lines: list[str]) -> str:
    return work.put(name, gzip.compress("\n".join(lines).encode(), 1))


def _part_lines(
    source: Source,
    connection: duckdb.DuckDBPyConnection,
    reader: RecordReader,
    target: int,
    rejects: list[Row],
) -> Iterator[tuple[list[str], int]]:
    lines: list[str] = []
    size = 0
    for texts, bad in _judged(source, connection, reader):
        rejects += bad
        if len(rejects) > MAX_REJECTS:
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
    source: Source, connection: duckdb.DuckDBPyConnection, reader: RecordReader
) -> Iterator[tuple[list[str], list[Row]]]:
    """The good records as JSON texts, and the bad ones as (line, reason, raw, file_id)."""
    noun = NOUNS[source]
    connection.register("records", reader.stream())
    try:
        create_view(connection, noun)
        columns = [
            name
            for name, *_ in connection.execute(f"DESCRIBE parsed_{noun}").fetchall()
            if name not in ("raw", "reason", "is_suspect")
        ]
        # A TIMESTAMP's own text has the form that COPY's TIMEFORMAT 'auto' reads.
        pairs = ", ".join(f"'{name}', {'ts::VARCHAR' if name == 'ts' else name}" for name in columns)
        judged = connection.sql(
            f"SELECT CASE WHEN reason IS NULL THEN json_object({pairs})::VARCHAR END,"
            " line, reason, CASE WHEN reason IS NOT NULL THEN LEFT(raw, 1000) END, file_id"
            f" FROM parsed_{noun}"
        ).to_arrow_reader(_BATCH_ROWS)
        for batch in judged:
            texts = batch.column(0).drop_null().to_pylist()
            bad: list[Row] = []
            if len(texts) < batch.num_rows:
                rows = zip(*(batch.column(number).to_pylist() for number in range(5)), strict=True)
                # PostgreSQL's wire has no NUL characters in texts.
                bad = [
                    (line, reason, raw.replace("\0", "\N{REPLACEMENT CHARACTER}"), file_id)
                    for text, line, reason, raw, file_id in rows
                    if text is None
                ]
            yield texts, bad
    except Exception as error:
        # What ends the reading reaches us through two foreign layers, which keep its text alone.
        if isinstance(reader.error, Exception):
            raise reader.error from None
        if isinstance(error, duckdb.Error):
            raise WarehouseError(
                f"bundling {source}: {str(error).splitlines()[0]}", "free some memory"
            ) from None
        raise
    finally:
        connection.unregister("records")


def origin_of(work: WorkFolder, uri: str, line: int) -> tuple[int, int, str]:
    """Where a line of a part came from: file_id, line, and its text.

    Raises:
        SourceError: the part has no such line.
    """
    lines = gzip.decompress(work.get(uri)).split(b"\n")
    if not 0 < line <= len(lines):
        raise SourceError(f"{uri}: has no line {line}", "this is a bug in sparkify: please report it")
    text = lines[line - 1].decode()
    record = json.loads(text)
    return int(record["file_id"]), int(record["line"]), text


def jsonpaths_file(work: WorkFolder, paths: list[list[str | int]]) -> str:
    """Write a JSONPaths file with these paths, and give its URI."""
    document = {"jsonpaths": [written(path) for path in paths]}
    return work.put("columns.jsonpaths", json.dumps(document, indent=1).encode())
