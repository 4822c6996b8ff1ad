"""Splits text that is not one JSON object per line: objects over lines, several on a line, arrays of them.

Owns the rules for everything unusual. Between objects may stand white space, commas, the brackets of arrays,
byte order marks and 0x1E (RFC 7464): none of it belongs to a record. An object that is whole is a record,
wherever it begins. What can't be read as one is damage, and goes with the rest of its line; where it has gone
on over lines, up to where the next object begins.
"""

import json
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
    texts_of,
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
        lines, line_ends = lines_of(text, newlines, end)
        are_good = are_whole(text, lines, line_ends) & trusts_lines
        if are_good.all():
            return Pieces(lines, line_ends, True, end, newlines)
        starts = _starts(text[:end], lines, are_good, begins)
        ends = trimmed(text, starts, np.append(starts[1:], end))
        are_records = np.zeros(len(starts), np.bool_)
        are_records[np.searchsorted(starts, lines[are_good])] = True
        odd = ~are_records
        are_records[odd] = self._are_objects(data, text, starts[odd], ends[odd])
        if not final and not are_good[-1]:  # the last piece may go on behind the text
            are_records[-1] = False
        walk = _Walk(data, starts, ends, are_records, np.append(begins[1:], end), final)
        rest = walk.run()
        starts = np.append(starts[are_records], np.array(walk.found_starts, np.int64))
        ends = np.append(ends[are_records], np.array(walk.found_ends, np.int64))
        order = np.argsort(starts, kind="stable")
        return Pieces(starts[order], ends[order], False, rest, newlines)

    def _are_objects(self, data: bytes, text: Bytes, starts: Positions, ends: Positions) -> Flags:
        """Which pieces are one JSON object each, as far as it is worth asking."""
        none = np.zeros(len(starts), np.bool_)
        if len(starts) < _WORTH_ASKING:
            return none
        try:
            texts = texts_of(data, starts, ends)
        except pa.ArrowInvalid:  # not UTF-8 somewhere
            return none
        if self._parser is None:
            self._parser = duckdb.connect(config={"threads": 1})
        self._parser.register("pieces", pa.table({"raw": texts}))
        valid = self._parser.execute("SELECT JSON_VALID(raw) AS is_valid FROM pieces").fetchnumpy()
        found: Flags = are_whole(text, starts, ends) & np.asarray(valid["is_valid"], np.bool_)
        return found


def _starts(text: Bytes, lines: Positions, are_good: Flags, begins: Positions) -> Positions:
    """Where pieces begin: each line that is good, and each object that may begin in the others.

    What precedes the first in a row of such lines is a piece as well.
    """
    are_first = np.diff(np.searchsorted(begins, lines, "right"), prepend=0) > 0  # of their files
    firsts = are_good | are_first | np.append(True, are_good[:-1])
    opens = np.flatnonzero(text == OPEN)
    opens = opens[~are_good[np.searchsorted(lines, opens, "right") - 1]]
    starts = np.sort(np.append(lines[firsts], candidates(text, opens)), kind="stable")
    found: Positions = starts[np.diff(starts, prepend=-1) > 0]
    return found


@dataclass(slots=True)
class _Walk:
    """From piece to piece of those that are no objects as they are.

    Attributes:
        data: the text.
        starts: where pieces begin.
        ends: where they end.
        are_records: which are objects; in the end, which are records as they are.
        limits: where files end; no object goes beyond.
        final: whether nothing follows the text.
        found_starts: where the records begin that were found instead of the others.
        found_ends: where they end.
        limit: where the file ends that is looked at.
        budget: what looking ahead in it may still cost, so that the work is linear in the text.
    """

    data: bytes
    starts: Positions
    ends: Positions
    are_records: Flags
    limits: Positions
    final: bool
    found_starts: list[int] = field(default_factory=list)
    found_ends: list[int] = field(default_factory=list)
    limit: int = 0
    budget: int = 0

    @property
    def size(self) -> int:
        """Up to where the text is looked at."""
        return int(self.limits[-1])

    def run(self) -> int:
        """Go over all pieces, from the first; returns from where on the text is left over."""
        following = 0
        for number in np.flatnonzero(~self.are_records).tolist():
            if number < following:  # inside of an object before it
                continue
            following, rest = self._look_into(number)
            if rest is not None:
                self.are_records[number:] = False
                return rest
        return self.size

    def _look_into(self, number: int) -> tuple[int, int | None]:
        """Find the records of a piece, and of those behind it that its object goes on in.

        Returns:
            The piece to go on with, and from where on the text is left over, if it is.
        """
        start, stop, following = self._start_of(number), self._start_of(number + 1), number + 1
        if self.data[start] != OPEN:
            return following, self._add_lines(start, stop)
        end, reached, is_open = self._object_at(start, stop)
        if end is None:
            line_end = self._line_end(start, stop)
            if not self.final and (is_open or line_end == self.size):
                return following, start
            if self.data[line_end:reached].strip(_SPACE):
                line_end = stop  # it did go on over lines: up to where the next object begins
            trimmed = int(self.ends[number])
            self._add(start, min(trimmed, line_end) if self.data[trimmed - 1] == CLOSE else line_end)
        else:
            following = int(np.searchsorted(self.starts, end, "left"))
            self.are_records[number:following] = False
            stop = self._start_of(following)
            line_end = self._line_end(end, stop)
            if not self.final and line_end == self.size:
                return following, start
            self._add_beside(start, end, line_end)
        return following, self._add_lines(line_end, stop)

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
        return int(self.starts[number]) if number < len(self.starts) else self.size

    def _line_end(self, start: int, end: int) -> int:
        newline = self.data.find(b"\n", start, end)
        return end if newline < 0 else newline

    def _add(self, start: int, end: int) -> None:
        self.found_starts.append(start)
        self.found_ends.append(end)

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
