"""Splits text that is not one JSON object per line: objects over lines, several on a line, arrays of them.

Owns the rules for everything unusual. Between objects may stand white space, commas, the brackets of arrays,
byte order marks and 0x1E (RFC 7464): none of it belongs to a record. An object that is whole is a record,
wherever it begins. What can't be read as one is damage, and goes with the rest of its line; where it has gone
on over lines, up to where the next object begins.
"""

import json
from array import array
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

MAX_RECORD_BYTES = 4 * 2**20
"""Amazon Redshift loads no larger JSON object (COPY from JSON format); one limit serves both engines."""

TOO_LONG = "longer than 4 MB"

Positions = npt.NDArray[np.int64]
"""Byte offsets, or the numbers of lines."""

Flags = npt.NDArray[np.bool_]

_SPACE = b" \t\r\n"

_BEFORE_LINES = b" \t\r\x1e\xef\xbb\xbf"

SEPARATORS = b" \t\r\n,[]\x1e\xef\xbb\xbf"

_WORTH_ASKING = 100
"""From how many pieces on DuckDB is asked which are valid: it parses many times as fast as Python."""

_NEAR = 64
"""How far to look for what precedes an object before all of the text is looked at for it."""

_LONGEST_TOKEN = 12
"""Characters before the end in which an error may come from the cut alone: a literal or an escape."""

_CLOSE = ord("}")

_is_separator = np.zeros(256, np.bool_)
_is_separator[list(SEPARATORS)] = True

_may_end_value = np.zeros(256, np.bool_)
_may_end_value[list(b'el"0123456789')] = True

# Numbers stay texts: they may have any length, and their values are not asked for.
decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode


@dataclass(frozen=True, slots=True)
class Pieces:
    """Records of a text, in order, by their positions.

    Attributes:
        starts: where each begins.
        ends: where each ends.
        rest: from where on the text is left over, since it may go on.
    """

    starts: Positions
    ends: Positions
    rest: int


class Splitter:
    """Splits texts, and keeps what that takes.

    Its work is linear in the text: a look at what follows an object that does not end is paid from a budget.
    """

    def __init__(self) -> None:
        self._parser: duckdb.DuckDBPyConnection | None = None

    def split(self, data: bytes, *, final: bool) -> Pieces:
        """Cut a text into records.

        Args:
            data: from where no object is open.
            final: whether nothing follows; if not, an object that is cut off is left over.
        """
        text = np.frombuffer(data, np.uint8)
        starts = _candidates(text)
        bounds = np.append(starts, len(data))
        ends = _trimmed(text, starts, bounds[1:])
        # The last piece may go on behind the text.
        judged = len(starts) if final else len(starts) - 1
        is_good = np.zeros(len(starts), np.bool_)
        is_good[:judged] = self._are_objects(data, text, starts[:judged], ends[:judged])
        return _Walk(data, starts, ends, is_good, final=final).run()

    def _are_objects(
        self, data: bytes, text: npt.NDArray[np.uint8], starts: Positions, ends: Positions
    ) -> Flags:
        """Which pieces are one JSON object each."""
        found: Flags = (ends > starts) & (ends - starts <= MAX_RECORD_BYTES)
        found[found] = text[ends[found] - 1] == _CLOSE
        if len(starts) < _WORTH_ASKING:
            found[found] = [
                _is_object(data[start:end]) for start, end in zip(starts[found], ends[found], strict=True)
            ]
            return found
        if self._parser is None:
            self._parser = duckdb.connect(config={"threads": 1})
        try:
            texts = texts_between(data, starts, ends)
        except pa.ArrowInvalid:  # not UTF-8 somewhere, which is found out again, record by record
            texts = pa.array(
                [data[start:end].decode(errors="replace") for start, end in zip(starts, ends, strict=True)]
            )
        self._parser.register("pieces", pa.table({"raw": texts}))
        valid = self._parser.execute("SELECT JSON_VALID(raw) AS is_valid FROM pieces").fetchnumpy()[
            "is_valid"
        ]
        found &= np.asarray(valid, np.bool_)
        return found


class _Walk:
    """From piece to piece: those that are objects as they are in runs, the others one by one."""

    def __init__(
        self, data: bytes, starts: Positions, ends: Positions, is_good: Flags, *, final: bool
    ) -> None:
        self._data = data
        self._starts = starts
        self._ends = ends
        self._is_good = is_good
        self._final = final
        self._text = ""
        self._found_starts, self._found_ends = array("q"), array("q")
        # What looking ahead may cost in all, so that the work is linear in the text.
        self._budget = 4 * len(data) + MAX_RECORD_BYTES

    def run(self) -> Pieces:
        """All pieces, from the first."""
        size = len(self._data)
        rest = self._add_lines(0, self._start_of(0))
        piece = 0
        for number in np.flatnonzero(~self._is_good).tolist():
            if rest is not None:
                break
            if number < piece:  # inside of an object before it
                continue
            self._add_run(piece, number)
            start, following = self._start_of(number), self._start_of(number + 1)
            end, reached, is_open = self._object_at(start, following)
            if end is None:
                piece = number + 1
                line_end = self._line_end(start, following)
                if not self._final and (is_open or line_end == size):
                    return self._pieces(start)
                if self._data[line_end:reached].strip(_SPACE):
                    line_end = following  # it did go on over lines: up to where the next object begins
                trimmed = int(self._ends[number])
                is_whole = trimmed > start and self._data[trimmed - 1] == _CLOSE
                self._add(start, trimmed if is_whole and trimmed < line_end else line_end)
            else:
                piece = int(np.searchsorted(self._starts, end, "left"))
                following = self._start_of(piece)
                line_end = self._line_end(end, following)
                if not self._final and line_end == size:
                    return self._pieces(start)
                self._add_beside(start, end, line_end)
            rest = self._add_lines(line_end, following)
        if rest is not None:
            return self._pieces(rest)
        self._add_run(piece, len(self._starts))
        return self._pieces(size)

    def _object_at(self, start: int, following: int) -> tuple[int | None, int, bool]:
        """Where the object ends that begins here, if it does.

        Returns:
            Its end or None, how far it is right, and whether it may go on behind the text.
        """
        if not self._text:
            # Latin-1 keeps one character per byte, and JSON's structure is ASCII whatever the strings hold.
            self._text = self._data.decode("latin-1")
        size = len(self._text)
        window = following - start
        while self._budget > 0:
            # A part of the text: an error counts the lines before it, which must not be all that came before.
            text = self._text[start : start + window]
            self._budget -= len(text)
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
            if not is_cut_off or start + window >= size:
                return None, reached, is_cut_off
            window = min(2 * window + _LONGEST_TOKEN, size - start)
        return None, start, False

    def _start_of(self, number: int) -> int:
        return int(self._starts[number]) if number < len(self._starts) else len(self._data)

    def _line_end(self, start: int, end: int) -> int:
        newline = self._data.find(b"\n", start, end)
        return end if newline < 0 else newline

    def _add_run(self, first: int, last: int) -> None:
        self._found_starts.frombytes(self._starts[first:last].tobytes())
        self._found_ends.frombytes(self._ends[first:last].tobytes())

    def _add(self, start: int, end: int) -> None:
        self._found_starts.append(start)
        self._found_ends.append(end)

    def _add_beside(self, start: int, end: int, line_end: int) -> None:
        """An object, with what stands beside it on its line."""
        beside = self._data[end:line_end].lstrip(_SPACE)
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
            line = self._data[start:line_end]
            if not _is_blank(line):
                if line_end == len(self._data) and not self._final:
                    return start
                skipped = len(line) - len(line.lstrip(_BEFORE_LINES))
                self._add(start + skipped, start + len(line.rstrip(_SPACE)))
            start = line_end + 1
        return None

    def _pieces(self, rest: int) -> Pieces:
        return Pieces(
            np.frombuffer(self._found_starts, np.int64), np.frombuffer(self._found_ends, np.int64), rest
        )


def texts_between(data: bytes, starts: Positions, ends: Positions) -> pa.StringArray:
    """The texts from each start to its end.

    Raises:
        pyarrow.ArrowInvalid: not UTF-8.
    """
    offsets = np.append(np.column_stack([starts, ends]).ravel(), len(data)).astype(np.int32)
    texts = pa.Array.from_buffers(
        pa.string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    ).take(pa.array(np.arange(0, len(offsets) - 1, 2)))
    texts.validate(full=True)
    return texts


def _candidates(text: npt.NDArray[np.uint8]) -> Positions:
    """Where an object may begin: at the beginning of a line, or behind another element of an array."""
    opens = np.flatnonzero(text == ord("{"))
    before = opens - 1
    near = np.arange(len(opens))
    for _ in range(_NEAR):
        near = near[before[near] >= 0]
        near = near[_is_separator[text[before[near]]] & (text[before[near]] != ord("\n"))]
        if not len(near):
            break
        before[near] -= 1
    else:
        solid = np.maximum.accumulate(
            np.where(_is_separator[text] & (text != ord("\n")), -1, np.arange(len(text)))
        )
        before[near] = solid[before[near]]
    previous = text[np.maximum(before, 0)]
    commas = np.append(-1, np.flatnonzero(text == ord(",")))
    is_behind_comma = commas[np.searchsorted(commas, opens) - 1] > before
    found: Positions = opens[
        (before < 0)
        | (previous == _CLOSE)
        | (previous == ord("\n"))
        | (_may_end_value[previous] & is_behind_comma)  # an element of an array that is no object
    ]
    return found


def _trimmed(text: npt.NDArray[np.uint8], starts: Positions, ends: Positions) -> Positions:
    """The ends of pieces without the separators that they end with."""
    ends = ends.copy()
    near = np.arange(len(ends))
    for _ in range(_NEAR):
        near = near[(ends[near] > starts[near]) & _is_separator[text[ends[near] - 1]]]
        if not len(near):
            return ends
        ends[near] -= 1
    solid = np.maximum.accumulate(np.where(_is_separator[text], -1, np.arange(len(text))))
    ends[near] = np.maximum(solid[ends[near] - 1] + 1, starts[near])
    return ends


def _is_blank(data: bytes) -> bool:
    return not data.strip(SEPARATORS)


def _is_object(data: bytes) -> bool:
    try:
        text = data.decode("latin-1")
        value, end = decode(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and end == len(text)


def recut(text: str) -> list[tuple[int, str]]:
    """The records of a text that was one line and is no JSON: several pieces of it, or itself.

    Returns:
        For each, how many lines it begins behind the first, and its text.
    """
    if "}" not in text and "\n" not in text.strip() and text.count("{") < 2:
        return [(0, text)]  # cheaply, for there may be millions of such lines
    data = text.encode()
    pieces = Splitter().split(data, final=True)
    newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    found = [
        (line, data[start:end].decode())
        for line, start, end in zip(
            np.searchsorted(newlines, pieces.starts).tolist(),
            pieces.starts.tolist(),
            pieces.ends.tolist(),
            strict=True,
        )
    ]
    return found if len(found) > 1 else [(0, text)]
