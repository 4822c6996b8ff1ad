"""Reads source files as records: from bytes to Arrow batches of (file_id, line, raw, fault, …).

A record is one JSON object, usually a line. Whether it is good is not decided here, but by the SQL that
casts it; only what can't become text at all (bad UTF-8, a record over 4 MB) is given a ``fault`` here. Every
byte of a file that does not just stand between objects ends up in exactly one record.

Almost all files are one object per line, and these are cut by NumPy without a Python step per line and
without copying (``sparkify.reading.cutting``); small files many at a time, large ones chunk by chunk.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

import pyarrow as pa

from sparkify.errors import BadFileError, SourceChangedError, UnusableFilesError
from sparkify.reading.contents import MAX_UNPACKED_RATIO, contents
from sparkify.reading.cutting import SCHEMA, Cutter, Place
from sparkify.sources.objects import LoadFile, Store

CHUNK_BYTES = 4 * 2**20
"""How much is read and cut at a time: few steps per byte, and small beside the memory limit."""

SMALL_BYTES = 2**19
"""How much of small files is cut at a time: less, so that it is judged while the next are opened and read."""

_SHOWN_OF_A_BATCH = 20


class RecordReader:
    """Reads files and counts the records in each.

    Args:
        store: where the files are.
        files: what to read, in order.
        chunk_bytes: how much to read and cut at a time.
        on_progress: called with (files finished, bytes read) since the last call.
        on_records: shown some texts of each batch.
        max_unpacked_ratio: how many bytes of text a byte of gzip may hold.

    Attributes:
        counts: records per file_id, complete once the batches have been consumed.
        sizes: by file_id, how many bytes of text it holds.
        lost: by file_id, how many of these are in no record, for the record is too long; less those that
            texts have gained, because bytes that are not UTF-8 are written out in them.
        uris: by file_id, which file it is.
        bad: files of which nothing can be loaded; what came of them is to be dropped.
        changed: by URI, files that changed while they were read, with their versions as listed; likewise.
        error: what ended the reading early, for the consumer on the other side of the Arrow stream.
    """

    def __init__(
        self,
        store: Store,
        files: Iterable[LoadFile],
        *,
        chunk_bytes: int = CHUNK_BYTES,
        on_progress: Callable[[int, int], None] = lambda _files, _bytes: None,
        on_records: Callable[[list[str]], None] = lambda _texts: None,
        max_unpacked_ratio: int = MAX_UNPACKED_RATIO,
    ) -> None:
        self._store = store
        self._files = files
        self._chunk_bytes = chunk_bytes
        self._on_progress = on_progress
        self._on_records = on_records
        self._max_unpacked_ratio = max_unpacked_ratio
        self._cutter = Cutter()
        self._waiting: list[tuple[int, bytes]] = []
        self._waiting_bytes = 0
        self.counts = self._cutter.counts
        self.sizes: dict[int, int] = {}
        self.lost = self._cutter.lost
        self.uris: dict[int, str] = {}
        self.bad: list[BadFileError] = []
        self.changed: dict[str, str] = {}
        self.error: BaseException | None = None

    def stream(self) -> pa.RecordBatchReader:
        """The records as an Arrow stream, to be consumed once."""
        return pa.RecordBatchReader.from_batches(SCHEMA, self._guarded())

    def _guarded(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches()
        except BaseException as error:
            self.error = error
            raise

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Small files are cut many at a time; a large one by itself, chunk by chunk."""
        for file, data in self._store.read(self._files, self._chunk_bytes):
            self.counts[file.file_id] = self.sizes[file.file_id] = 0
            self.uris[file.file_id] = file.source.uri
            try:
                yield from self._of_file(file, data)
            except BadFileError as bad:
                self.bad.append(bad)
            except SourceChangedError:
                self.changed[file.source.uri] = file.source.version
            self._on_progress(1, 0)
        yield from self._cut_waiting()

    def expect_damage(self) -> None:
        """Have all records tested from now on: some look like objects and are no JSON."""
        self._cutter.is_doubtful = True

    def cut_again(self, records: Sequence[tuple[int, int, str]]) -> pa.RecordBatchReader:
        """What lines hold that look like an object and are no JSON: several objects, or just damage.

        Args:
            records: file_id, line and text of each.
        """

        def batches() -> Iterator[pa.RecordBatch]:
            places, texts, size = list[Place](), list[bytes](), 0
            for file_id, line, text in records:
                self.counts[file_id] -= 1
                places.append(Place(file_id, line))
                texts.append(text.encode())
                size += len(texts[-1])
                if size >= self._chunk_bytes:
                    yield from self._cut(places, texts, trusts_lines=False)
                    places, texts, size = [], [], 0
            if texts:
                yield from self._cut(places, texts, trusts_lines=False)

        self.expect_damage()
        return pa.RecordBatchReader.from_batches(SCHEMA, batches())

    def require_all(self) -> None:
        """Make sure that all files could be read.

        Raises:
            UnusableFilesError: some are bad, or have changed meanwhile.
        """
        if self.bad or self.changed:
            raise UnusableFilesError(self.bad, self.changed)

    def _of_file(self, file: LoadFile, data: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
        chunks = self._sized(file, contents(file.source.uri, self._counted(data), self._max_unpacked_ratio))
        first = next(chunks, b"")
        second = next(chunks, None)
        if second is not None:
            yield from self._cut_large(file.file_id, chain([first, second], chunks))
            return
        self._waiting.append((file.file_id, first))
        self._waiting_bytes += len(first)
        if self._waiting_bytes >= min(self._chunk_bytes, SMALL_BYTES):
            yield from self._cut_waiting()

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._on_progress(0, len(chunk))
            yield chunk

    def _sized(self, file: LoadFile, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.sizes[file.file_id] += len(chunk)
            yield chunk

    def _cut_waiting(self) -> Iterator[pa.RecordBatch]:
        """Whole files, all together."""
        if self._waiting:
            places = [Place(file_id) for file_id, _ in self._waiting]
            yield from self._cut(places, [text for _, text in self._waiting])
        self._waiting, self._waiting_bytes = [], 0

    def _cut_large(self, file_id: int, chunks: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
        """One file, chunk by chunk, with what is left over of one carried into the next."""
        place = Place(file_id)
        chunk: bytes | None = next(chunks)
        while chunk is not None:
            following = next(chunks, None)
            yield from self._cut([place], [place.carry + chunk], final=following is None)
            chunk = following

    def _cut(
        self, places: list[Place], texts: list[bytes], *, final: bool = True, trusts_lines: bool = True
    ) -> Iterator[pa.RecordBatch]:
        batch = self._cutter.cut(places, texts, final=final, trusts_lines=trusts_lines)
        if batch is None:
            return
        if trusts_lines:  # or else they have been shown, as they are on their lines
            self._show(batch)
        yield batch

    def _show(self, batch: pa.RecordBatch) -> None:
        # Not every n-th: a pattern in the data could keep time with it.
        some = random.Random(0).sample(range(len(batch)), min(len(batch), _SHOWN_OF_A_BATCH))  # noqa: S311 (no secret)
        raw = batch.column("raw")
        self._on_records([raw[position].as_py() for position in sorted(some)])
