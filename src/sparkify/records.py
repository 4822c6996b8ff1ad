"""Cuts source files into records: from bytes to Arrow batches of (file_id, line, raw, fault).

A record is one JSON object. Usually it is a line; objects spread over lines, and objects with nothing
between them, are found as well. Whether a record is good is not decided here, but by the SQL that
casts it; only what can't become text at all (bad UTF-8, a record over 4 MB) is given a ``fault`` here.
Every byte of a file that is not white space ends up in exactly one record. A damaged gzip file is an error.

Almost all files are one object per line, and these are cut by NumPy without a Python step per line.
``sparkify.splitter`` takes the others.
"""

import codecs
import gzip
import io
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkify.errors import SourceError
from sparkify.sources import LoadFile, Store
from sparkify.splitter import MAX_RECORD_BYTES, TOO_LONG, Record, split

SCHEMA = pa.schema(
    [("file_id", pa.int32()), ("line", pa.int64()), ("raw", pa.string()), ("fault", pa.string())]
)
"""One row per record: its file, its first line (from 1), its text, and what is wrong with its bytes."""

CHUNK_BYTES = 4 * 2**20
"""How much is read and cut at a time: few steps per byte, and small beside the memory limit."""

KEPT_BYTES = 1000
"""How much is kept of a record that can't become text; Redshift's error tables keep 1,024."""

_SHOWN_OF_A_BATCH = 20

_WORTH_ASKING_BYTES = 2**16
"""From how much text on DuckDB is asked which lines are objects."""

Positions = npt.NDArray[np.int64]
"""Byte offsets, or the numbers of lines."""

Flags = npt.NDArray[np.bool_]

_GZIP_MAGIC = b"\x1f\x8b"
_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"  # as byte values


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive whole lines of one file."""

    file_id: int
    first_line: int
    data: bytes


class RecordReader:
    """Reads files and counts the records in each.

    Args:
        store: where the files are.
        files: what to read, in order.
        careful: take a line for an object only where it can be parsed, not where its ends look like one.
        chunk_bytes: how much to read and cut at a time.
        on_progress: called with (files finished, bytes read) since the last call.
        on_records: shown some texts of each batch.

    Attributes:
        counts: records per file_id, complete once the batches have been consumed.
        error: what ended the reading early, for the consumer on the other side of the Arrow stream.
    """

    def __init__(
        self,
        store: Store,
        files: Iterable[LoadFile],
        *,
        careful: bool = False,
        chunk_bytes: int = CHUNK_BYTES,
        on_progress: Callable[[int, int], None] = lambda _files, _bytes: None,
        on_records: Callable[[list[str]], None] = lambda _texts: None,
    ) -> None:
        self._store = store
        self._files = files
        self._careful = careful
        self._chunk_bytes = chunk_bytes
        self._on_progress = on_progress
        self._on_records = on_records
        self._parser: duckdb.DuckDBPyConnection | None = None
        self.counts: dict[int, int] = {}
        self.error: BaseException | None = None

    def stream(self) -> pa.RecordBatchReader:
        """The records as an Arrow stream, to be consumed once."""
        return pa.RecordBatchReader.from_batches(SCHEMA, self._guarded())

    def _guarded(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches():
                texts = batch.column("raw")
                # Not every n-th: a pattern in the data could keep time with it.
                some = random.Random(0).sample(range(len(texts)), min(len(texts), _SHOWN_OF_A_BATCH))  # noqa: S311
                self._on_records([texts[position].as_py() for position in sorted(some)])
                yield batch
        except BaseException as error:
            self.error = error
            raise

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Small files are cut many at a time; a large one by itself, chunk by chunk."""
        waiting: list[_Piece] = []
        waiting_bytes = 0
        for file, data in self._store.read(self._files, self._chunk_bytes):
            self.counts[file.file_id] = 0
            chunks = _with_last(_contents(file.source.uri, self._counted(data)))
            first, last = next(chunks, (b"", True))
            if last and not self._careful:
                waiting.append(_Piece(file.file_id, 1, first))
                waiting_bytes += len(first)
                if waiting_bytes >= self._chunk_bytes:
                    yield from self._cut(waiting)
                    waiting, waiting_bytes = [], 0
            else:
                yield from self._cut_large(file.file_id, chain([(first, last)], chunks))
            self._on_progress(1, 0)
        if waiting:
            yield from self._cut(waiting)

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._on_progress(0, len(chunk))
            yield chunk

    def _cut(self, pieces: list[_Piece]) -> Iterator[pa.RecordBatch]:
        """Whole files: those of one object per line together, the others by the splitter."""
        batch, irregular = self._cut_lines(pieces)
        if batch is not None:
            yield batch
            return
        regular = [piece for number, piece in enumerate(pieces) if number not in irregular]
        if regular:
            yield from self._cut(regular)
        for number in sorted(irregular):
            piece = pieces[number]
            known = self._known_objects(piece.data)
            records, _, _ = split(piece.data, piece.first_line, final=True, known=known)
            yield self._from_records(piece.file_id, records)

    def _cut_large(self, file_id: int, chunks: Iterable[tuple[bytes, bool]]) -> Iterator[pa.RecordBatch]:
        """One file, chunk by chunk, with what is left over of one carried into the next."""
        line = 1
        carry = b""
        skipping = False
        for chunk, last in chunks:
            if skipping:  # the rest of a record that is too long
                newline = chunk.find(b"\n") + 1
                if not newline:
                    continue
                chunk, line, skipping = chunk[newline:], line + 1, False
            data = carry + chunk
            # Up to the last newline, since a line says what it is only when it is whole. Where none comes
            # for longer than a record may be, it is objects with nothing between them.
            whole = len(data) if last else data.rfind(b"\n") + 1
            if not whole and len(data) <= MAX_RECORD_BYTES:
                carry = data
                continue
            whole = whole or len(data)
            piece = _Piece(file_id, line, data[:whole])
            batch, _ = self._cut_lines([piece])
            if batch is not None:
                yield batch
                line += data.count(b"\n", 0, whole)
                carry = data[whole:]
            else:
                known = self._known_objects(piece.data)
                records, rest, line = split(piece.data, line, final=last, known=known)
                yield self._from_records(file_id, records)
                carry = rest + data[whole:]
            if len(carry) > MAX_RECORD_BYTES:
                yield self._from_records(file_id, [Record(line, carry, TOO_LONG)])
                line += carry.count(b"\n")
                carry, skipping = b"", True

    def _cut_lines(self, pieces: list[_Piece]) -> tuple[pa.RecordBatch | None, set[int]]:
        """All lines of some pieces, if each line is an object by itself as far as its ends show.

        Returns:
            The batch, or None and the positions of the pieces that have other lines.
        """
        data = pieces[0].data if len(pieces) == 1 else b"\n".join(piece.data for piece in pieces)
        newlines, lines, starts, ends = _find_lines(data)
        piece_starts = np.cumsum([0] + [len(piece.data) + 1 for piece in pieces[:-1]])
        piece_of = np.searchsorted(piece_starts, starts, "right") - 1
        regular = _is_regular(data, starts, ends)
        if self._careful and regular.all():
            regular = self._is_object(data, starts, ends)
        if not regular.all():
            return None, set(piece_of[~regular].tolist())
        try:
            raw = _texts(data, starts)
        except pa.ArrowInvalid:  # some piece is not UTF-8: take them record by record
            return None, {number for number, piece in enumerate(pieces) if not _is_utf8(piece.data)}
        first_lines = np.array([piece.first_line for piece in pieces])
        line_of_piece = np.searchsorted(newlines, piece_starts, "left")
        file_ids = np.array([piece.file_id for piece in pieces], np.int32)
        for file_id, count in zip(
            file_ids.tolist(), np.bincount(piece_of, minlength=len(pieces)).tolist(), strict=True
        ):
            self.counts[file_id] += count
        return pa.RecordBatch.from_arrays(
            [
                _integers(file_ids[piece_of]),
                _integers(lines - line_of_piece[piece_of] + first_lines[piece_of]),
                raw,
                pa.nulls(len(starts), pa.string()),
            ],
            schema=SCHEMA,
        ), set()

    def _known_objects(self, data: bytes) -> dict[int, int]:
        """Where the lines start that are one object each, and where these end: spares the splitter work."""
        _, _, starts, ends = _find_lines(data)
        known = self._is_object(data, starts, ends)
        return dict(zip(starts[known].tolist(), ends[known].tolist(), strict=True))

    def _is_object(self, data: bytes, starts: Positions, ends: Positions) -> Flags:
        """Which lines are one object, as far as DuckDB tells, which parses many times as fast as Python."""
        if len(data) < _WORTH_ASKING_BYTES:  # the splitter tells sooner
            return np.zeros(len(starts), np.bool_)
        try:
            texts = _texts(data, starts)
        except pa.ArrowInvalid:  # not UTF-8 somewhere, which is found out again, record by record
            texts = pa.array(
                [data[start:end].decode(errors="replace") for start, end in zip(starts, ends, strict=True)]
            )
        if self._parser is None:
            self._parser = duckdb.connect(config={"threads": 1})
        self._parser.register("lines", pa.table({"raw": texts}))
        valid = self._parser.execute("SELECT JSON_VALID(raw) AS is_valid FROM lines").fetchnumpy()["is_valid"]
        found: Flags = valid & _is_regular(data, starts, ends)
        return found

    def _from_records(self, file_id: int, records: list[Record]) -> pa.RecordBatch:
        self.counts[file_id] += len(records)
        texts, faults = [], []
        for record in records:
            fault = record.fault
            try:
                text = record.data.decode() if fault is None else ""
            except UnicodeDecodeError as error:
                fault = f"not UTF-8: {error.reason} at byte {error.start + 1}"
            if fault is not None:
                text = record.data[:KEPT_BYTES].decode(errors="backslashreplace")
            texts.append(text)
            faults.append(fault)
        return pa.RecordBatch.from_arrays(
            [
                pa.array([file_id] * len(records), pa.int32()),
                pa.array([record.line for record in records], pa.int64()),
                pa.array(texts, pa.string()),
                pa.array(faults, pa.string()),
            ],
            schema=SCHEMA,
        )


def _find_lines(data: bytes) -> tuple[Positions, Positions, Positions, Positions]:
    """Where the newlines are; and the numbers from 0, starts and ends of the lines that are not empty."""
    text = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(text == _NEWLINE)
    starts = np.concatenate(([0], newlines + 1))
    ends = np.concatenate((newlines, [len(text)]))
    ends = ends - ((ends > starts) & (text[ends - 1] == _RETURN) if len(text) else 0)
    lines = np.flatnonzero(ends > starts)
    return newlines, lines, starts[lines], ends[lines]


def _is_regular(data: bytes, starts: Positions, ends: Positions) -> Flags:
    """Which lines are one object as far as their ends show."""
    text = np.frombuffer(data, np.uint8)
    found: Flags = (text[starts] == _OPEN) & (text[ends - 1] == _CLOSE) & (ends - starts <= MAX_RECORD_BYTES)
    return found


def _texts(data: bytes, starts: Positions) -> pa.StringArray:
    """Each record's text, up to the next one's: the white space between them is part of no value.

    Raises:
        pyarrow.ArrowInvalid: not UTF-8.
    """
    offsets = np.append(starts, len(data)).astype(np.int32)
    texts = pa.Array.from_buffers(pa.string(), len(starts), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    texts.validate(full=True)
    return texts


def _integers(values: npt.NDArray[np.integer[Any]]) -> pa.Array:
    # pa.array would import pandas where that is installed, to see whether the values are its.
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))]
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether it is the last."""
    iterator = iter(chunks)
    held = next(iterator, None)
    while held is not None:
        following = next(iterator, None)
        yield held, following is None
        held = following


def _contents(uri: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A file's text as UTF-8: unpacked if it is gzip, whatever its name, and without a byte order mark.

    Raises:
        SourceError: the file is damaged gzip.
    """
    first = next(chunks, b"")
    if first.startswith(_GZIP_MAGIC):
        chunks = _unpacked(uri, _ChunkFile(first, chunks))
        first = next(chunks, b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _utf8_from_utf16(chain([first], chunks))
        return
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from chunks


def _utf8_from_utf16(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16 as UTF-8; what is not valid there is not valid here, and so refused with its record."""
    decoder = codecs.getincrementaldecoder("utf-16")(errors="surrogatepass")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="surrogatepass")
    if decoder.getstate()[0]:  # it ends in the middle of a character
        yield b"\xff"


def _unpacked(uri: str, file: "_ChunkFile") -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=io.BufferedReader(file, CHUNK_BYTES)) as unpacked:
            while chunk := unpacked.read1(CHUNK_BYTES):
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        # How many records lie behind the damage nobody can tell, so they could be neither rows nor rejects.
        raise SourceError(
            f"{uri}: damaged gzip file, nothing was loaded: {error}",
            "deliver it again (is it still being written?) or take it out of the folder, and run again",
        ) from None


class _ChunkFile(io.RawIOBase):
    """Chunks as a file, for those who read from files."""

    def __init__(self, first: bytes, chunks: Iterator[bytes]) -> None:
        self._buffer = first
        self._chunks = chunks

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self._buffer:
            self._buffer = next(self._chunks, b"")
        taken, self._buffer = self._buffer[: len(target)], self._buffer[len(target) :]
        target[: len(taken)] = taken
        return len(taken)
