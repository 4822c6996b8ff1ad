"""Where the records of a text may begin and end, found by NumPy without a step for each, and their texts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MAX_RECORD_BYTES = 4 * 2**20
"""Amazon Redshift loads no larger JSON object (COPY from JSON format); one limit serves both engines."""

SEPARATORS = b" \t\r\n,[]\x1e\xef\xbb\xbf"
"""What may stand between objects."""

NEWLINE, _RETURN, _COMMA, OPEN, CLOSE = b"\n\r,{}"  # as byte values

Bytes = npt.NDArray[np.uint8]

Positions = npt.NDArray[np.int64]
"""Byte offsets, or the numbers of lines."""

Flags = npt.NDArray[np.bool_]

_NEAR = 64
"""How far to look for what precedes an object before all of the text is looked at for it."""


def _among(values: bytes) -> Flags:
    """Of each byte value, whether it is one of these."""
    found = np.zeros(256, np.bool_)
    found[list(values)] = True
    return found


_is_separator = _among(SEPARATORS)
_is_separator_on_line = _among(SEPARATORS.replace(b"\n", b""))
_is_blank_or_bracket = _among(SEPARATORS.replace(b"\n", b"").replace(b",", b""))
_may_end_value = _among(b'el"0123456789')


@dataclass(frozen=True, slots=True)
class Pieces:
    """Records of a text, in order, by their positions.

    Attributes:
        starts: where each begins.
        ends: where each ends.
        are_lines: whether nothing but white space is between them.
        rest: from where on the text is left over, since it may go on.
        newlines: where the text has newlines.
    """

    starts: Positions
    ends: Positions
    are_lines: bool
    rest: int
    newlines: Positions


def lines_of(text: Bytes, newlines: Positions, end: int) -> tuple[Positions, Positions]:
    """The starts and ends of the lines that are not empty, up to the end of one."""
    ends = np.append(newlines[: np.searchsorted(newlines, end)], end)
    starts = np.append(0, ends[:-1] + 1)
    ends = ends - ((ends > starts) & (text[ends - 1] == _RETURN)) if end else ends
    filled = ends > starts
    return starts[filled], ends[filled]


def are_whole(text: Bytes, starts: Positions, ends: Positions) -> Flags:
    """Which pieces are one object as far as their ends show."""
    found: Flags = (ends > starts) & (ends - starts <= MAX_RECORD_BYTES)
    found[found] = (text[starts[found]] == OPEN) & (text[ends[found] - 1] == CLOSE)
    return found


def texts_of(data: bytes, starts: Positions, ends: Positions, *, are_lines: bool = False) -> pa.StringArray:
    """The texts from each start to its end; those of lines with the white space behind them, without copying.

    Raises:
        pyarrow.ArrowInvalid: not UTF-8.
    """
    offsets = (
        np.append(starts, ends[-1])
        if are_lines
        else np.append(np.column_stack([starts, ends]).ravel(), len(data))
    ).astype(np.int32)
    texts = pa.Array.from_buffers(
        pa.string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
    if not are_lines:  # every other one is what stands between
        texts = texts[::2]
    texts.validate(full=True)
    return texts


def candidates(text: Bytes, opens: Positions) -> Positions:
    """Those braces with which an object may begin: on a line, or behind another element of an array."""
    before = _last_before(text, opens, _is_separator_on_line)
    previous = text[np.maximum(before, 0)]
    is_behind_comma = text[_last_before(text, opens, _is_blank_or_bracket)] == _COMMA
    found: Positions = opens[
        (before < 0)
        | (previous == CLOSE)
        | (previous == NEWLINE)
        | (_may_end_value[previous] & is_behind_comma)  # an element of an array that is no object
    ]
    return found


def trimmed(text: Bytes, starts: Positions, ends: Positions) -> Positions:
    """The ends of pieces without the separators that they end with."""
    found: Positions = np.maximum(_last_before(text, ends, _is_separator) + 1, starts)
    return found


def _last_before(text: Bytes, ends: Positions, is_skipped: Flags) -> Positions:
    """The position of what precedes each end, -1 if nothing does, where some bytes are skipped."""
    found = ends - 1
    near = np.arange(len(ends))
    for _ in range(_NEAR):
        near = near[found[near] >= 0]
        near = near[is_skipped[text[found[near]]]]
        if not len(near):
            return found
        found[near] -= 1
    solid = np.maximum.accumulate(np.where(is_skipped[text], -1, np.arange(len(text))))
    far = near[found[near] >= 0]
    found[far] = solid[found[far]]
    return found
