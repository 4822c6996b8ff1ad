"""Splits text that is not one JSON object per line into records, one Python step at a time.

Owns the rules for everything unusual: objects spread over lines, several objects on a line, lines that are
cut off or no JSON at all. ``sparkify.records`` takes the fast way round it wherever it can, and finds
the same records there.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_RECORD_BYTES = 4 * 2**20
"""Amazon Redshift loads no larger JSON object (COPY from JSON format); one limit serves both engines."""

TOO_LONG = "longer than 4 MB"

_SPACE = re.compile(r"[ \t\r\n]*")
_BLANK = re.compile(r"[ \t\r]*")
_LONGEST_TOKEN = 12
"""Characters before the end in which an error may come from the cut alone: a literal or an escape."""

_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one record.

    Attributes:
        line: the line it begins on, from 1.
        data: its bytes.
        fault: why it can't be loaded whatever it says, or None.
    """

    line: int
    data: bytes
    fault: str | None = None


def _is_cut_off(error: json.JSONDecodeError, length: int) -> bool:
    """Whether the text ended too early, so that more of it may yet make an object."""
    # A string may not run over a newline, so an unterminated one reaches to the end of the text.
    return error.msg.startswith("Unterminated string") or error.pos >= length - _LONGEST_TOKEN


def split(
    data: bytes, line: int, *, final: bool, known: Mapping[int, int] = MappingProxyType({})
) -> tuple[list[Record], bytes, int]:
    """Cut a piece of a file into records.

    Objects that end where their line ends are records, wherever they begin. What is left of a line
    beside them can't be told from damage, so the whole line is then one record, for the loader to refuse.

    Args:
        data: bytes from the start of a line or an object.
        line: the number of that line.
        final: whether the file ends with these bytes; if not, an object that is cut off is left over.
        known: where lines start that are one object each, and where these end: need not be looked into.

    Returns:
        The records, the bytes left over, and the number of the line these begin on.
    """
    # Latin-1 keeps one character per byte, and JSON's structure is ASCII whatever the strings hold.
    text = data.decode("latin-1")
    length = len(text)
    records: list[Record] = []
    position = 0

    def add(start: int, end: int, at_line: int) -> None:
        fault = TOO_LONG if end - start > MAX_RECORD_BYTES else None
        records.append(Record(at_line, data[start:end], fault))

    while True:
        start = _end_of(_SPACE, text, position)
        line += text.count("\n", position, start)
        if start == length:
            return records, b"", line
        if start in known:
            position = known[start]
            records.append(Record(line, data[start:position]))
            continue
        objects, end, cut_off = _objects_on_line(text, start)
        if end is None and cut_off and not final:
            rest = objects[-1][1] if objects else start
            line_end = None
        elif end is None:
            objects_end = objects[-1][1] if objects else start
            newline = text.find("\n", objects_end)
            line_end = newline if newline >= 0 else length if final else None
            rest = start
            objects = [] if line_end is None else [(start, line_end)]
        else:
            rest = line_end = end
        at = start
        for object_start, object_end in objects:
            line += text.count("\n", at, object_start)
            at = object_start
            add(object_start, object_end, line)
        position = rest if line_end is None else line_end
        line += text.count("\n", at, position)
        if line_end is None:
            return records, data[position:], line


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _objects_on_line(text: str, start: int) -> tuple[list[tuple[int, int]], int | None, bool]:
    """The objects from ``start`` to the end of the line that the last of them ends on.

    Returns:
        Their (start, end), the end of that line if nothing else stands on it (else None), and whether
        that is because the text is cut off.
    """
    objects: list[tuple[int, int]] = []
    position = start
    while position < len(text) and text[position] == "{":
        try:
            _, end = _decode(text, position)
        except json.JSONDecodeError as error:
            return objects, None, _is_cut_off(error, len(text))
        except RecursionError:
            return objects, None, False
        objects.append((position, end))
        position = _end_of(_BLANK, text, end)
        if position == len(text) or text[position] == "\n":
            return objects, position, False
    return objects, None, False
