"""Cuts a text into records, each with its line: without a step per line where all are objects.

Only lines that are something else go to ``sparkify.reading.splitter``.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sparkify.reading.raw_text import escaped
from sparkify.reading.splitter import (
    MAX_RECORD_BYTES,
    TOO_LONG,
    Flags,
    Pieces,
    Positions,
    Splitter,
    texts_between,
)

_BEGINNING_BYTES = 1000
"""How much is kept of a record that is too long."""

_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"  # as byte values


class Cut(NamedTuple):
    """Records that were cut together.

    Attributes:
        file_ids: which file each is of, or which all are of.
        lines: the first line of each.
        texts: what they say.
        faults: of each, what is wrong with its bytes; None where nothing is wrong with any.
        whole: which begin and end as objects do; None where all do.
    """

    file_ids: npt.NDArray[np.int32] | int
    lines: Positions
    texts: pa.StringArray
    faults: list[str | None] | None
    whole: Flags | None = None


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

    def cut(self, place: Place, data: bytes, begin: int, *, final: bool) -> Iterator[Cut]:
        """A text from where no object is open; what may go on behind it stays in ``place.carry``."""
        place.carry = b""
        if place.is_skipping:  # the rest of a record that is too long
            newline = data.find(b"\n", begin)
            end = len(data) if newline < 0 else newline + 1
            self._lose(place.file_id, end - begin)
            place.is_skipping = newline < 0
            place.line += newline >= 0
            begin = end
        whole = len(data) if final else data.rfind(b"\n", begin) + 1
        if whole <= begin:
            if final or len(data) - begin <= MAX_RECORD_BYTES:
                place.carry = data[begin:]
                return
            # No line ends for longer than a record may be: these are objects with nothing between them.
            whole = len(data)
        newlines, starts, ends = find_lines(data, begin, whole)
        regular = is_regular(data, starts, ends)
        if regular.all():
            lines = np.searchsorted(newlines, starts) + place.line
            yield from self.of_lines(data, starts, ends, place.file_id, lines)
            place.line += len(newlines)
            place.carry = data[whole:]
            return
        yield from self._cut_mixed(place, data, whole, (newlines, starts, ends, regular), final=final)

    def _cut_mixed(
        self,
        place: Place,
        data: bytes,
        whole: int,
        found: tuple[Positions, Positions, Positions, Flags],
        *,
        final: bool,
    ) -> Iterator[Cut]:
        """A text of which some lines are no objects: those go to the splitter, the others as they are."""
        newlines, starts, ends, regular = found
        kept = regular.copy()
        irregulars, regulars = np.flatnonzero(~regular), np.flatnonzero(regular)
        loose: list[Pieces] = []
        rest = whole
        cursor = 0
        while (number := int(np.searchsorted(irregulars, cursor))) < len(irregulars):
            first = int(irregulars[number])
            after = int(np.searchsorted(regulars, first))
            cursor = int(regulars[after]) if after < len(regulars) else len(starts)
            start, more = int(starts[first]), 1
            while True:
                is_end = cursor == len(starts)
                end = whole if is_end else int(starts[cursor])
                pieces = self._splitter.split(data[start:end], final=final and is_end)
                if start + pieces.rest == end or is_end:
                    break
                # An object goes on over lines that look whole.
                cursor, more = min(cursor + more, len(starts)), 2 * more
            pieces = Pieces(pieces.starts + start, pieces.ends + start, start + pieces.rest)
            lines = slice(first, cursor)
            # Damage as it usually is: lines that were cut off, each a record of its own.
            kept[lines] = pieces.rest == end and _are_lines(pieces, starts[lines], ends[lines])
            if not kept[first]:
                loose.append(pieces)
                rest = pieces.rest if is_end else rest
        yield from self._of_regular_among(place, data, starts, ends, kept, newlines)
        yield from self._of_pieces(place, data, loose, newlines)
        place.line += int(np.searchsorted(newlines, rest))
        place.carry = data[rest:]
        if len(place.carry) > MAX_RECORD_BYTES:
            long = np.array([0], np.int64), np.array([len(place.carry)], np.int64)
            yield self._one_by_one(place.carry, *long, place.file_id, np.array([place.line], np.int64))
            place.line += place.carry.count(b"\n")
            place.carry, place.is_skipping = b"", True

    def _of_regular_among(
        self,
        place: Place,
        data: bytes,
        starts: Positions,
        ends: Positions,
        kept: Flags,
        newlines: Positions,
    ) -> Iterator[Cut]:
        """The regular lines among others, which are blanked for it."""
        if not kept.any():
            return
        text = data
        if not kept.all():
            blanked = bytearray(data)
            for first, last in zip(starts[~kept].tolist(), ends[~kept].tolist(), strict=True):
                blanked[first:last] = b" " * (last - first)
            text = bytes(blanked)
        starts, ends = starts[kept], ends[kept]
        whole = is_regular(data, starts, ends)
        lines = np.searchsorted(newlines, starts) + place.line
        yield from (
            cut._replace(whole=whole) for cut in self.of_lines(text, starts, ends, place.file_id, lines)
        )

    def of_lines(
        self,
        data: bytes,
        starts: Positions,
        ends: Positions,
        file_ids: npt.NDArray[np.int32] | int,
        lines: Positions,
    ) -> Iterator[Cut]:
        """Records whose texts reach to the next: white space between them is part of no value."""
        if not len(starts):
            return
        offsets = np.append(starts, ends[-1]).astype(np.int32)
        texts = pa.Array.from_buffers(
            pa.string(), len(starts), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        )
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:  # not UTF-8 somewhere
            yield self._one_by_one(data, starts, ends, file_ids, lines)
            return
        yield Cut(file_ids, lines, texts, None)

    def _of_pieces(
        self, place: Place, data: bytes, loose: list[Pieces], newlines: Positions
    ) -> Iterator[Cut]:
        """Records of the splitter's."""
        if not loose:
            return
        starts = np.concatenate([pieces.starts for pieces in loose])
        ends = np.concatenate([pieces.ends for pieces in loose])
        if not len(starts):
            return
        lines = np.searchsorted(newlines, starts) + place.line
        if (ends - starts).max() <= MAX_RECORD_BYTES:
            try:
                texts = texts_between(data, starts, ends)
            except pa.ArrowInvalid:
                pass
            else:
                yield Cut(place.file_id, lines, texts, None, is_regular(data, starts, ends))
                return
        yield self._one_by_one(data, starts, ends, place.file_id, lines)

    def _one_by_one(
        self,
        data: bytes,
        starts: Positions,
        ends: Positions,
        file_ids: npt.NDArray[np.int32] | int,
        lines: Positions,
    ) -> Cut:
        """Records of which some can't become text."""
        texts, faults = [], []
        owners = np.broadcast_to(file_ids, len(starts)).tolist()
        for file_id, start, end in zip(owners, starts.tolist(), ends.tolist(), strict=True):
            fault = TOO_LONG if end - start > MAX_RECORD_BYTES else None
            try:
                text = data[start:end].decode() if fault is None else ""
            except UnicodeDecodeError as error:
                fault = f"not UTF-8: {error.reason} at byte {error.start + 1}"
            if fault is not None:
                text = escaped(data[start : end if fault != TOO_LONG else start + _BEGINNING_BYTES])
                self._lose(file_id, end - start - len(text.encode()))
            texts.append(text)
            faults.append(fault)
        return Cut(file_ids, lines, pa.array(texts, pa.string()), faults)

    def _lose(self, file_id: int, size: int) -> None:
        self.lost[file_id] = self.lost.get(file_id, 0) + size


def find_lines(data: bytes, begin: int, end: int) -> tuple[Positions, Positions, Positions]:
    """Where newlines are in a part of a text; and the starts and ends of the lines that are not empty."""
    text = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(text[begin:end] == _NEWLINE) + begin
    starts = np.concatenate(([begin], newlines + 1))
    ends = np.concatenate((newlines, [end]))
    if end > begin:
        ends = ends - ((ends > starts) & (text[ends - 1] == _RETURN))
    filled = ends > starts
    return newlines, starts[filled], ends[filled]


def is_regular(data: bytes, starts: Positions, ends: Positions) -> Flags:
    """Which lines are one object as far as their ends show."""
    text = np.frombuffer(data, np.uint8)
    found: Flags = (text[starts] == _OPEN) & (text[ends - 1] == _CLOSE) & (ends - starts <= MAX_RECORD_BYTES)
    return found


def _are_lines(pieces: Pieces, starts: Positions, ends: Positions) -> bool:
    """Whether pieces are just these lines."""
    return (
        np.array_equal(pieces.starts, starts)
        and np.array_equal(pieces.ends, ends)
        and int((ends - starts).max()) <= MAX_RECORD_BYTES
    )
