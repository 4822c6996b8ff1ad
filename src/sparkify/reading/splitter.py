"""Splits text that is not one JSON object per line: objects over lines, several on a line, arrays of them.

Owns the rules for everything unusual. Between objects may stand white space, commas, the brackets of arrays,
byte order marks and 0x1E (RFC 7464): none of it belongs to a record. An object that is whole is a record,
wherever it begins. What can't be read as one is damage, and goes with the rest of its line; where it has gone
on over lines, up to where the next object begins.
"""

import json
from array import array
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa

from sparkify.reading.pieces import (
    CLOSE,
    MAX_RECORD_BYTES,
    NEWLINE,
    OPEN,
    SEPARATORS,
    Bytes,
    Flags,
    Pieces,
    Positions,
    are_whole,
    candidates,
    lines_of,
    texts_between,
    trimmed,
)

TOO_LONG = "longer than 4 MB"

_SPACE = b" \t\r\n"

_BEFORE_LINES = b" \t\r\x1e\xef\xbb\xbf"

_WORTH_ASKING = 100
"""From how many pieces on DuckDB is asked which are valid: it parses many times as fast as Python."""

_LONGEST_TOKEN = 12
"""Characters before the end in which an error may come from the cut alone: a literal or an escape."""

# Numbers stay texts: they may have any length, and their values are not asked for.
decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode

_AT_ONCE = np.zeros(1, np.int64)


class Splitter:
    """Splits texts, and keeps what that takes.

    Its work is linear in the text: a look at what follows an object that does not end is paid from a budget.
    """

    def __init__(self) -> None:
        self._parser: duckdb.DuckDBPyConnection | None = None

    def split(
        self, data: bytes, begins: Positions = _AT_ONCE, *, final: bool, trusts_lines: bool = True
    ) -> Pieces:
        """Cut a text into records.

        Args:
            data: from where no object is open.
            begins: where in it files begin; no object goes on in the next.
            final: whether nothing follows; if not, an object that is cut off is left over.
            trusts_lines: take lines that begin and end as objects do for objects.
        """
        text = np.frombuffer(data, np.uint8)
        newlines = np.flatnonzero(text == NEWLINE)
        end = len(data) if final else int(newlines[-1]) + 1 if len(newlines) else 0
        if not end and len(data) > MAX_RECORD_BYTES:
            end = len(data)  # objects with nothing between them
        starts, ends = lines_of(text, newlines, end)
        are_good = are_whole(text, starts, ends) if trusts_lines else np.zeros(len(starts), np.bool_)
        if are_good.all():
            return Pieces(starts, ends, are_good, True, end, newlines)
        odd_starts, odd_ends, odd_are_good = self._odd_pieces(data, starts, are_good, begins, end)
        if not final and not are_good[-1]:  # the last piece may go on behind the text
            odd_are_good[-1] = False
        starts = np.append(starts[are_good], odd_starts)
        order = np.argsort(starts)
        pieces = starts[order], np.append(ends[are_good], odd_ends)[order]
        are_good = np.append(are_good[are_good], odd_are_good)[order]
        walk = _Walk(data, pieces, are_good, np.append(begins[1:], end), final)
        rest = walk.run()
        starts, ends = np.frombuffer(walk.starts, np.int64), np.frombuffer(walk.ends, np.int64)
        return Pieces(starts, ends, are_whole(text, starts, ends), False, rest, newlines)

    def _odd_pieces(
        self, data: bytes, lines: Positions, are_good: Flags, begins: Positions, end: int
    ) -> tuple[Positions, Positions, Flags]:
        """Where objects may begin and end in the lines that are not good, and which are objects.

        What precedes the first in a row of such lines is a piece as well.
        """
        are_first = np.diff(np.searchsorted(begins, lines, "right"), prepend=0) > 0  # of their files
        firsts = np.flatnonzero(~are_good & (are_first | np.append(True, are_good[:-1])))
        stops = np.append(np.flatnonzero(are_good | are_first), len(lines))
        row_starts = lines[firsts]
        row_ends = np.append(lines, end)[stops[np.searchsorted(stops, firsts, "right")]]
        rows = zip(row_starts.tolist(), row_ends.tolist(), strict=True)
        joined = b"".join([data[start:stop] for start, stop in rows])
        text = np.frombuffer(joined, np.uint8)
        places = np.cumsum(row_ends - row_starts) - (row_ends - row_starts)  # of rows in what is joined
        starts = np.union1d(candidates(text), places)
        ends = trimmed(text, starts, np.append(starts[1:], len(joined)))
        shifts = (row_starts - places)[np.searchsorted(places, starts, "right") - 1]
        return starts + shifts, ends + shifts, self._are_objects(joined, text, starts, ends)

    def _are_objects(self, data: bytes, text: Bytes, starts: Positions, ends: Positions) -> Flags:
        """Which pieces are one JSON object each, as far as it is worth asking."""
        none = np.zeros(len(starts), np.bool_)
        if len(starts) < _WORTH_ASKING:
            return none
        try:
            texts = texts_between(data, starts, ends)
        except pa.ArrowInvalid:  # not UTF-8 somewhere
            return none
        if self._parser is None:
            self._parser = duckdb.connect(config={"threads": 1})
        self._parser.register("pieces", pa.table({"raw": texts}))
        valid = self._parser.execute("SELECT JSON_VALID(raw) AS is_valid FROM pieces").fetchnumpy()
        found: Flags = are_whole(text, starts, ends) & np.asarray(valid["is_valid"], np.bool_)
        return found


@dataclass(slots=True)
class _Walk:
    """From piece to piece: those that are objects as they are in runs, the others one by one.

    Attributes:
        data: the text.
        pieces: where they begin and end.
        are_good: which are objects.
        limits: where files end; no object goes beyond.
        final: whether nothing follows the text.
        starts: where the records begin.
        ends: where they end.
        limit: where the file ends that is looked at.
        budget: what looking ahead in it may still cost, so that the work is linear in the text.
    """

    data: bytes
    pieces: tuple[Positions, Positions]
    are_good: Flags
    limits: Positions
    final: bool
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    ends: "array[int]" = field(default_factory=lambda: array("q"))
    limit: int = 0
    budget: int = 0

    @property
    def size(self) -> int:
        """Up to where the text is looked at."""
        return int(self.limits[-1])

    def run(self) -> int:
        """Go over all pieces, from the first; returns from where on the text is left over."""
        rest = None
        piece = 0
        for number in np.flatnonzero(~self.are_good).tolist():
            if rest is not None:
                return rest
            if number < piece:  # inside of an object before it
                continue
            self._add_run(piece, number)
            piece = number + 1
            start, following = self._start_of(number), self._start_of(number + 1)
            if self.data[start] != OPEN:
                rest = self._add_lines(start, following)
                continue
            end, reached, is_open = self._object_at(start, following)
            if end is None:
                line_end = self._line_end(start, following)
                if not self.final and (is_open or line_end == self.size):
                    return start
                if self.data[line_end:reached].strip(_SPACE):
                    line_end = following  # it did go on over lines: up to where the next object begins
                trimmed = int(self.pieces[1][number])
                is_whole = trimmed > start and self.data[trimmed - 1] == CLOSE
                self._add(start, trimmed if is_whole and trimmed < line_end else line_end)
            else:
                piece = int(np.searchsorted(self.pieces[0], end, "left"))
                following = self._start_of(piece)
                line_end = self._line_end(end, following)
                if not self.final and line_end == self.size:
                    return start
                self._add_beside(start, end, line_end)
            rest = self._add_lines(line_end, following)
        if rest is not None:
            return rest
        self._add_run(piece, len(self.pieces[0]))
        return self.size

    def _object_at(self, start: int, following: int) -> tuple[int | None, int, bool]:
        """Where the object ends that begins here, if it does.

        Returns:
            Its end or None, how far it is right, and whether it may go on behind the text.
        """
        limit = int(self.limits[np.searchsorted(self.limits, start, "right")])
        if limit != self.limit:  # of another file
            self.limit, self.budget = limit, 4 * (limit - start) + MAX_RECORD_BYTES
        window = following - start
        while self.budget > 0:
            # A part of the text: an error counts the lines before it, which must not be all that came before.
            # Latin-1 keeps one character per byte, and JSON's structure is ASCII whatever the strings hold.
            text = self.data[start : min(start + window, limit)].decode("latin-1")
            self.budget -= len(text)
            try:
                return start + decode(text)[1], start, False
            except json.JSONDecodeError as error:
                reached = start + error.pos
                # A string may not run over a newline, so an unterminated one reaches to the end of the text.
                is_cut_off = (
                    error.msg.startswith("Unterminated string") or error.pos >= len(text) - _LONGEST_TOKEN
                )
            except (ValueError, RecursionError):
                return None, start, False
            if not is_cut_off or start + window >= limit:
                return None, reached, is_cut_off
            window = 2 * window + _LONGEST_TOKEN
        return None, start, False

    def _start_of(self, number: int) -> int:
        return int(self.pieces[0][number]) if number < len(self.pieces[0]) else self.size

    def _line_end(self, start: int, end: int) -> int:
        newline = self.data.find(b"\n", start, end)
        return end if newline < 0 else newline

    def _add_run(self, first: int, last: int) -> None:
        self.starts.frombytes(self.pieces[0][first:last].tobytes())
        self.ends.frombytes(self.pieces[1][first:last].tobytes())

    def _add(self, start: int, end: int) -> None:
        self.starts.append(start)
        self.ends.append(end)

    def _add_beside(self, start: int, end: int, line_end: int) -> None:
        """An object, with what stands beside it on its line."""
        beside = self.data[end:line_end].lstrip(_SPACE)
        if _is_blank(beside):
            self._add(start, end)
        elif beside.startswith(b","):  # an element of an array, and behind it one that is no object
            self._add(start, end)
            self._add(line_end - len(beside.lstrip(SEPARATORS)), line_end)
        else:  # it can't be told from damage to the object
            self._add(start, line_end)

    def _add_lines(self, start: int, end: int) -> int | None:
        """What stands outside of objects, a record a line.

        Returns:
            Where its last line begins, if that may go on behind the text.
        """
        while start < end:
            line_end = self._line_end(start, end)
            line = self.data[start:line_end]
            if not _is_blank(line):
                if line_end == self.size and not self.final:
                    return start
                skipped = len(line) - len(line.lstrip(_BEFORE_LINES))
                self._add(start + skipped, start + len(line.rstrip(_SPACE)))
            start = line_end + 1
        return None


def _is_blank(data: bytes) -> bool:
    return not data.strip(SEPARATORS)


def recut(text: str) -> list[tuple[int, str]]:
    """The records of a text that was one line and is no JSON: several pieces of it, or itself.

    Returns:
        For each, how many lines it begins behind the first, and its text.
    """
    if "}" not in text and "\n" not in text.strip() and text.count("{") < 2:
        return [(0, text)]  # cheaply, for there may be millions of such lines
    data = text.encode()
    pieces = Splitter().split(data, final=True, trusts_lines=False)
    found = [
        (line, data[start:end].decode())
        for line, start, end in zip(
            np.searchsorted(pieces.newlines, pieces.starts).tolist(),
            pieces.starts.tolist(),
            pieces.ends.tolist(),
            strict=True,
        )
    ]
    return found if len(found) > 1 else [(0, text)]
