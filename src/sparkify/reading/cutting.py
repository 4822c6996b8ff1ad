"""Cuts the texts of files into records, each with its line, as Arrow batches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkify.reading.pieces import MAX_RECORD_BYTES, Pieces, texts_of
from sparkify.reading.raw_text import escaped
from sparkify.reading.splitter import TOO_LONG, Splitter

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
it may be no JSON, although it looks like it."""

_BEGINNING_BYTES = 1000
"""How much is kept of a record that is too long."""


@dataclass(slots=True)
class Place:
    """How far a file has been cut.

    Attributes:
        file_id: the file.
        line: the number of the line that ``carry`` begins on.
        carry: what is left over, from where no object is open.
        is_skipping: whether the rest of a line belongs to a record that is too long.
    """

    file_id: int
    line: int = 1
    carry: bytes = b""
    is_skipping: bool = False


class Cutter:
    """Cuts texts.

    Attributes:
        counts: records by file_id.
        is_doubtful: whether records that look like objects may be no JSON.
        lost: by file_id, how many bytes of text are in no record, for the record is too long; less those that
            texts have gained, because bytes that are not UTF-8 are written out in them.
    """

    def __init__(self) -> None:
        self._splitter = Splitter()
        self.counts: dict[int, int] = {}
        self.is_doubtful = False
        self.lost: dict[int, int] = {}

    def cut(
        self, places: Sequence[Place], texts: Sequence[bytes], *, final: bool, trusts_lines: bool = True
    ) -> pa.RecordBatch | None:
        """Cut the texts of some files, each from where no object is open; None if there is no record.

        Args:
            places: where each of them begins.
            texts: of the files, all of them to the end, or that of one alone.
            final: whether they are all to the end; if not, what may go on is ``carry`` of the place.
            trusts_lines: take lines that begin and end as objects do for objects.
        """
        data = b"\n".join(texts)
        last = places[-1]
        if last.is_skipping:
            data = self._skipped(last, data)
        begins = np.cumsum([0] + [len(text) + 1 for text in texts[:-1]])
        pieces = self._splitter.split(data, begins, final=final, trusts_lines=trusts_lines)
        if len(data) - pieces.rest > MAX_RECORD_BYTES:
            starts, ends = np.append(pieces.starts, pieces.rest), np.append(pieces.ends, len(data))
            pieces = replace(pieces, starts=starts, ends=ends, are_lines=False, rest=len(data))
            last.is_skipping = True
        of = np.searchsorted(begins, pieces.starts, "right") - 1
        first_lines = np.array([place.line for place in places]) - np.searchsorted(pieces.newlines, begins)
        lines = np.searchsorted(pieces.newlines, pieces.starts) + first_lines[of]
        last.line = int(np.searchsorted(pieces.newlines, pieces.rest) + first_lines[-1])
        last.carry = data[pieces.rest :]
        if not len(lines):
            return None
        file_ids = np.array([place.file_id for place in places], np.int32)[of]
        for owner, count in zip(*np.unique(file_ids, return_counts=True), strict=True):
            self.counts[int(owner)] = self.counts.get(int(owner), 0) + int(count)
        found, faults = self._texts(data, pieces, file_ids)
        raw = pa.ExtensionArray.from_storage(SCHEMA.field("raw").type, found)
        doubts = _repeated(self.is_doubtful, len(lines))
        return pa.RecordBatch.from_arrays(
            [_column(file_ids), _column(lines), raw, faults, doubts], schema=SCHEMA
        )

    def _skipped(self, place: Place, data: bytes) -> bytes:
        """A text without the rest of a record that is too long."""
        newline = data.find(b"\n")
        end = len(data) if newline < 0 else newline + 1
        self._lose(place.file_id, end)
        place.is_skipping = newline < 0
        place.line += newline >= 0
        return data[end:]

    def _texts(
        self, data: bytes, pieces: Pieces, file_ids: npt.NDArray[np.int32]
    ) -> tuple[pa.StringArray, pa.StringArray]:
        """The texts of records, and what is wrong with their bytes."""
        starts, ends = pieces.starts, pieces.ends
        if (ends - starts).max() <= MAX_RECORD_BYTES:
            try:
                texts = texts_of(data, starts, ends, are_lines=pieces.are_lines)
                return texts, pa.nulls(len(texts), pa.string())
            except pa.ArrowInvalid:  # not UTF-8 somewhere
                pass
        spans = zip(file_ids.tolist(), starts.tolist(), ends.tolist(), strict=True)
        ones = [self._one(file_id, data[start:end]) for file_id, start, end in spans]
        found, faults = zip(*ones, strict=True)
        return pa.array(found, pa.string()), pa.array(faults, pa.string())

    def _one(self, file_id: int, data: bytes) -> tuple[str, str | None]:
        """The text of a record, and what is wrong with it if it can't become text as it is."""
        fault = TOO_LONG if len(data) > MAX_RECORD_BYTES else None
        try:
            if fault is None:
                return data.decode(), None
        except UnicodeDecodeError as error:
            fault = f"not UTF-8: {error.reason} at byte {error.start + 1}"
        text = escaped(data[:_BEGINNING_BYTES] if fault == TOO_LONG else data)
        self._lose(file_id, len(data) - len(text.encode()))
        return text, fault

    def _lose(self, file_id: int, size: int) -> None:
        self.lost[file_id] = self.lost.get(file_id, 0) + size


# pa.array and pa.repeat would import pandas where that is installed, to see whether the values are its.


def _repeated(value: bool, size: int) -> pa.Array:
    bits = (b"\xff" if value else b"\0") * (size // 8 + 1)
    return pa.Array.from_buffers(pa.bool_(), size, [None, pa.py_buffer(bits)])


def _column(values: npt.NDArray[np.generic]) -> pa.Array:
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))]
    )
