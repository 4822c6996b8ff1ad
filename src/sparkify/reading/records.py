"""Cuts source files into records: from bytes to Arrow batches of (file_id, line, raw, fault, …).

A record is one JSON object, usually a line. Whether it is good is not decided here, but by the SQL that
casts it; only what can't become text at all (bad UTF-8, a record over 4 MB) is given a ``fault`` here. Every
byte of a file that does not just stand between objects ends up in exactly one record.

Almost all files are one object per line, and these are cut by NumPy without a Python step per line and
without copying (``sparkify.reading.cutting``); small files many at a time, large ones chunk by chunk.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkify.errors import BadFileError, SourceChangedError, UnusableFilesError
from sparkify.reading.contents import MAX_UNPACKED_RATIO, contents
from sparkify.reading.cutting import Cut, Cutter, Place, find_lines, is_regular
from sparkify.reading.splitter import Flags
from sparkify.sources.objects import LoadFile, Store

SCHEMA = pa.schema(
    [
        ("file_id", pa.int32()),
        ("line", pa.int64()),
        ("raw", pa.json_(pa.string())),
        ("fault", pa.string()),
        ("is_doubtful", pa.bool_()),
    ]
)
"""One row per record: its file, its first line (from 1), its text, and what is wrong with its bytes; whether
it may be no JSON."""

CHUNK_BYTES = 4 * 2**20
"""How much is read and cut at a time: few steps per byte, and small beside the memory limit."""

_SHOWN_OF_A_BATCH = 20
_ASKED_AT_FIRST, _ASKED_EVERY, _FIRST_RECORDS = 16, 256, 50_000
"""Every so many records one is parsed, to tell whether damage is to be expected."""

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
"""Numbers may have any length, and their values are not asked for."""


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
        self._is_doubtful = False
        self._seen = 0
        self._waiting: list[tuple[int, bytes]] = []
        self._waiting_bytes = 0
        self.counts: dict[int, int] = {}
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

    def require_all(self) -> None:
        """Make sure that all files could be read.

        Raises:
            UnusableFilesError: some are bad, or have changed meanwhile.
        """
        if self.bad or self.changed:
            raise UnusableFilesError(self.bad, self.changed)

    def _of_file(self, file: LoadFile, data: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
        chunks = contents(file.source.uri, self._counted(data), self._max_unpacked_ratio)
        first = next(chunks, b"")
        second = next(chunks, None)
        self.sizes[file.file_id] += len(first)
        if second is not None:
            yield from self._cut_large(file.file_id, first, second, chunks)
            return
        self._waiting.append((file.file_id, first))
        self._waiting_bytes += len(first)
        if self._waiting_bytes >= self._chunk_bytes:
            yield from self._cut_waiting()

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._on_progress(0, len(chunk))
            yield chunk

    def _cut_waiting(self) -> Iterator[pa.RecordBatch]:
        """Whole files: those of one object per line together, the others by themselves."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if len(waiting) < 2:
            for file_id, text in waiting:
                yield from self._batches_of(Place(file_id), text, 0, final=True)
            return
        data = b"\n".join(text for _, text in waiting)
        newlines, starts, ends = find_lines(data, 0, len(data))
        file_starts = np.cumsum([0] + [len(text) + 1 for _, text in waiting[:-1]])
        file_of = np.searchsorted(file_starts, starts, "right") - 1
        odd = set(file_of[~is_regular(data, starts, ends)].tolist())
        if not odd:
            lines = np.searchsorted(newlines, starts) - np.searchsorted(newlines, file_starts)[file_of] + 1
            file_ids = np.array([file_id for file_id, _ in waiting], np.int32)[file_of]
            yield from map(self._batch, self._cutter.of_lines(data, starts, ends, file_ids, lines))
            return
        for number in sorted(odd):
            file_id, text = waiting[number]
            yield from self._batches_of(Place(file_id), text, 0, final=True)
        self._waiting = [file for number, file in enumerate(waiting) if number not in odd]
        yield from self._cut_waiting()

    def _cut_large(
        self, file_id: int, first: bytes, second: bytes, chunks: Iterator[bytes]
    ) -> Iterator[pa.RecordBatch]:
        """One file, chunk by chunk, with what is left over of one carried into the next."""
        place = Place(file_id)
        yield from self._batches_of(place, first, 0, final=False)
        chunk: bytes | None = second
        while chunk is not None:
            self.sizes[file_id] += len(chunk)
            following = next(chunks, None)
            begin = 0
            if place.carry or place.is_skipping:
                # The line that goes over the border by itself: copying a chunk costs more than cutting it.
                begin = chunk.find(b"\n") + 1 or len(chunk)
                head = place.carry + chunk[:begin]
                yield from self._batches_of(place, head, 0, final=following is None and begin == len(chunk))
            if place.carry:
                chunk, begin = place.carry + chunk[begin:], 0
            if begin < len(chunk) or (begin and following is None):
                yield from self._batches_of(place, chunk, begin, final=following is None)
            chunk = following

    def _batches_of(self, place: Place, data: bytes, begin: int, *, final: bool) -> Iterator[pa.RecordBatch]:
        return map(self._batch, self._cutter.cut(place, data, begin, final=final))

    def _batch(self, cut: Cut) -> pa.RecordBatch:
        file_ids, lines, texts, faults, whole = cut
        size = len(texts)
        if isinstance(file_ids, int):
            self.counts[file_ids] += size
            file_ids = np.full(size, file_ids, np.int32)
        else:
            owners, counts = np.unique(file_ids, return_counts=True)
            for owner, count in zip(owners.tolist(), counts.tolist(), strict=True):
                self.counts[owner] += count
        whole = np.ones(size, np.bool_) if whole is None else whole
        self._look_at(texts, whole)
        return pa.RecordBatch.from_arrays(
            [
                _column(file_ids),
                _column(lines),
                pa.ExtensionArray.from_storage(SCHEMA.field("raw").type, texts),
                pa.nulls(size, pa.string()) if faults is None else pa.array(faults, pa.string()),
                _flags(~whole | self._is_doubtful),
            ],
            schema=SCHEMA,
        )

    def _look_at(self, texts: pa.StringArray, whole: Flags) -> None:
        """Show some records to whoever asked for it, and look whether there is damage among them."""
        size = len(texts)
        # Not every n-th: a pattern in the data could keep time with it.
        some = random.Random(0).sample(range(size), min(size, _SHOWN_OF_A_BATCH))  # noqa: S311 (no secret)
        self._on_records([texts[position].as_py() for position in sorted(some)])
        # Many of the first, for damage at the rate of what came before shows there.
        every = _ASKED_AT_FIRST if self._seen < _FIRST_RECORDS else _ASKED_EVERY
        self._seen += size
        asked = range(random.randrange(min(every, size)), size, every)  # noqa: S311 (no secret)
        for position in () if self._is_doubtful else asked:
            self._is_doubtful |= bool(whole[position]) and not _is_json(texts[position].as_py())


def _is_json(text: str) -> bool:
    try:
        _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _column(values: npt.NDArray[np.generic]) -> pa.Array:
    # pa.array would import pandas where that is installed, to see whether the values are its.
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))]
    )


def _flags(values: Flags) -> pa.Array:
    return pa.Array.from_buffers(
        pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))]
    )
