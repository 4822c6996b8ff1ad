"""Cuts the texts of files into records, each with its line, as Arrow's texts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkify.reading.pieces import MAX_RECORD_BYTES, Flags, Pieces, Positions, texts_of
from sparkify.reading.raw_text import escaped
from sparkify.reading.splitter import TOO_LONG, Splitter

_BEGINNING_BYTES = 1000
"""How much is kept of a record that is too long."""


class Cut(NamedTuple):
    """Records that were cut together.

    Attributes:
        file_ids: which file each is of.
        lines: the first line of each.
        texts: what they say.
        faults: of each, what is wrong with its bytes; None where nothing is wrong with any.
        whole: which begin and end as objects do.
    """

    file_ids: npt.NDArray[np.int32]
    lines: Positions
    texts: pa.StringArray
    faults: list[str | None] | None
    whole: Flags


class Place:
    """How far a file has been cut.

    Attributes:
        file_id: the file.
        line: the number of the line that ``carry`` begins on.
        carry: what is left over, from where no object is open.
        is_skipping: whether the rest of a line belongs to a record that is too long.
    """

    def __init__(self, file_id: int) -> None:
        self.file_id = file_id
        self.line = 1
        self.carry = b""
        self.is_skipping = False


class Cutter:
    """Cuts texts.

    Attributes:
        lost: by file_id, how many bytes of text are in no record, for the record is too long; less those that
            texts have gained, because bytes that are not UTF-8 are written out in them.
    """

    def __init__(self) -> None:
        self._splitter = Splitter()
        self.lost: dict[int, int] = {}

    def cut(self, places: Sequence[Place], texts: Sequence[bytes], *, final: bool) -> Cut | None:
        """Cut the texts of some files, each from where no object is open; None if there is no record.

        Args:
            places: where each of them begins.
            texts: of the files, all of them to the end, or that of one alone.
            final: whether they are all to the end; if not, what may go on is ``carry`` of the place.
        """
        data = b"\n".join(texts)
        last = places[-1]
        if last.is_skipping:
            data = self._skipped(last, data)
        begins = np.cumsum([0] + [len(text) + 1 for text in texts[:-1]])
        pieces = self._splitter.split(data, begins, final=final)
        starts, newlines, rest = pieces.starts, pieces.newlines, pieces.rest
        if len(data) - rest > MAX_RECORD_BYTES:
            pieces = pieces.with_rest(len(data))
            starts, rest, last.is_skipping = pieces.starts, len(data), True
        of = np.searchsorted(begins, starts, "right") - 1
        first_lines = np.array([place.line for place in places]) - np.searchsorted(newlines, begins)
        lines = np.searchsorted(newlines, starts) + first_lines[of]
        last.line = int(np.searchsorted(newlines, rest) + first_lines[-1])
        last.carry = data[rest:]
        return self._cut(data, pieces, np.array([place.file_id for place in places], np.int32)[of], lines)

    def _skipped(self, place: Place, data: bytes) -> bytes:
        """A text without the rest of a record that is too long."""
        newline = data.find(b"\n")
        end = len(data) if newline < 0 else newline + 1
        self._lose(place.file_id, end)
        place.is_skipping = newline < 0
        place.line += newline >= 0
        return data[end:]

    def _cut(
        self, data: bytes, pieces: Pieces, file_ids: npt.NDArray[np.int32], lines: Positions
    ) -> Cut | None:
        if not len(lines):
            return None
        if (pieces.ends - pieces.starts).max() <= MAX_RECORD_BYTES:
            try:
                texts = texts_of(data, pieces)
            except pa.ArrowInvalid:  # not UTF-8 somewhere
                pass
            else:
                return Cut(file_ids, lines, texts, None, pieces.whole)
        found, faults = [], []
        spans = zip(file_ids.tolist(), pieces.starts.tolist(), pieces.ends.tolist(), strict=True)
        for file_id, start, end in spans:
            text, fault = self._one(file_id, data[start:end])
            found.append(text)
            faults.append(fault)
        return Cut(file_ids, lines, pa.array(found, pa.string()), faults, pieces.whole)

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
