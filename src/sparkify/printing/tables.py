"""Tables for people: laid out so that a row stays a line, whatever the terminal's width.

Where a table is too wide, its titles are wrapped, then the gaps get narrower, then the widest texts are cut;
numbers and times never are. Only where that does not help are the values of a row printed below each other.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len, set_cell_size

from sparkify.printing.terminal import printable

_GAPS = ("   ", "  ")
"""Between columns: where there is room, and where there is not."""

_LEAST_TEXT = 8
"""Characters that a text keeps when it is cut: fewer say nothing."""

_BAR = 12
"""Characters of a bar for 100 percent."""

_DIGITS = 6
"""Significant digits of a fraction: more are noise to people. CSV and JSON have all."""

CUT = "… marks texts that were cut to fit; to see them whole: --wide, --expanded, --csv or --json"
"""What to say below a table with such texts."""

_JOINED, _SPACED = re.compile(r"[^_ ]*[_ ]*"), re.compile(r"[^ ]* *")
"""The words of names, and of sentences, with what parts them."""

_IDENTIFIES = re.compile(r"(?:^|[^a-z])(?:ids?|years?|run|line|ts|pid|oid|key|code|number)(?:[^a-z]|$)")
"""In the names of columns whose numbers count nothing: 2018 is a year, not two thousand of something."""


@dataclass(frozen=True)
class Look:
    """How a table is to look.

    Attributes:
        wide: cut nothing, however wide the table gets.
        expanded: print the values of each row below each other.
        plain: without lines and bars, for screen readers and simple terminals.
        bars: draw a bar beside percentages, where there is room.
        is_prose: wrap texts that are too wide, instead of cutting them.
    """

    wide: bool = False
    expanded: bool = False
    plain: bool = False
    bars: bool = False
    is_prose: bool = False


@dataclass
class Column:
    """A column of a table: its name, its cells as text, and how they are laid out.

    Attributes:
        name: what stands above it.
        cells: its values.
        to_right: whether it is aligned to the right.
        may_cut: whether its cells may be cut.
        may_wrap: whether its cells go on in the next line instead.
    """

    name: str
    cells: list[str]
    to_right: bool = False
    may_cut: bool = False
    may_wrap: bool = False
    width: int = 0

    def __post_init__(self) -> None:
        self.name = printable(self.name)
        self.cells = [printable(cell) for cell in self.cells]

    @property
    def body(self) -> int:
        """The width of the widest cell."""
        return max(map(cell_len, self.cells), default=0)

    @property
    def least(self) -> int:
        """The width below which no text is cut or wrapped."""
        if self.may_wrap:
            return max((cell_len(word) for cell in self.cells for word in cell.split()), default=0)
        return _LEAST_TEXT

    @property
    def word(self) -> int:
        """The width of the longest part of the name, which is wrapped no further."""
        return max(map(cell_len, _JOINED.findall(self.name)), default=0)


def columns_of(names: Sequence[str], rows: Sequence[Sequence[Any]], cell: Any, look: Look) -> list[Column]:
    """The columns of rows of values, formatted for people.

    Args:
        names: the names of the columns.
        rows: the values.
        cell: writes a value that is neither a number nor NULL.
        look: how the table is to look.
    """
    made = []
    for number, name in enumerate(names):
        values = [row[number] for row in rows]
        is_number = any(isinstance(value, int | float | Decimal) and value is not True for value in values)
        is_number = is_number and not any(isinstance(value, bool) for value in values)
        is_cut = any(isinstance(value, str | dict | list | tuple | bytes) for value in values)
        texts = _numbers(name, values, cell) if is_number else [_text(value, cell) for value in values]
        is_cut = is_cut and not is_number
        made.append(Column(name, texts, is_number, is_cut and not look.is_prose, is_cut and look.is_prose))
        if look.bars and not look.plain and name.endswith("_percent") and name != "change_percent":
            made.append(Column("", [_bar(value) for value in values]))
    return made


def is_identifying(name: str) -> bool:
    """Whether the numbers of a column count nothing, by its name."""
    return _IDENTIFIES.search(name.lower()) is not None


def _text(value: Any, cell: Any) -> str:
    return "NULL" if value is None else str(cell(value))


def _numbers(name: str, values: Sequence[Any], cell: Any) -> list[str]:
    """Numbers with thousands set apart, all with as many decimals as the one that needs most."""
    comma = "" if is_identifying(name) else ","
    floats = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    places = max(map(_places, floats), default=0)
    texts = []
    for value in values:
        if isinstance(value, float) and math.isfinite(value):
            is_tiny_or_huge = value and not 1e-4 <= abs(value) < 1e15
            texts.append(f"{value:.{_DIGITS}g}" if is_tiny_or_huge else f"{value:{comma}.{places}f}")
        elif isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite()):
            texts.append(f"{value:{comma}}" if isinstance(value, int) else f"{value:{comma}f}")
        else:
            texts.append(_text(value, cell))
    return texts


def _places(value: float) -> int:
    """How many decimals a number needs, one at least."""
    if value and not 1e-4 <= abs(value) < 1e15:
        return 1
    before = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    _, _, decimals = f"{value:.{max(_DIGITS - before, 1)}f}".partition(".")
    return max(len(decimals.rstrip("0")), 1)


def _bar(value: Any) -> str:
    if not isinstance(value, int | float | Decimal) or not 0 <= value <= 100:
        return ""
    whole, eighths = divmod(round(float(value) / 100 * _BAR * 8), 8)
    return "█" * whole + "▏▎▍▌▋▊▉"[eighths - 1 : eighths] if eighths else "█" * whole


def laid_out(columns: list[Column], width: int | None, look: Look | None = None) -> tuple[str, bool]:
    """The text of a table, and whether something in it was cut.

    Args:
        columns: the columns.
        width: how many characters there is room for; None for any number.
        look: how it is to look.
    """
    look = look or Look()
    has_rows = any(column.cells for column in columns)
    if look.expanded and has_rows:
        return _records(columns, width), False
    if look.wide:
        width = None
    for kept in (columns, [column for column in columns if column.name]):
        for gap in _GAPS:
            if _fits(kept, len(gap), width, is_cut=False):
                return _lines(kept, gap, look), False
    kept = [column for column in columns if column.name]
    if not has_rows or _fits(kept, len(_GAPS[-1]), width, is_cut=True):
        return _lines(kept, _GAPS[-1], look), has_rows and any(column.may_cut for column in kept)
    return _records(kept, width), False


def _fits(columns: list[Column], gap: int, width: int | None, *, is_cut: bool) -> bool:
    """Give each column its width; gives whether they have room, with names wrapped and texts cut."""
    for column in columns:
        column.width = max(column.body, cell_len(column.name))
    if width is None:
        return True
    room = width - gap * (len(columns) - 1)
    _shrink(columns, room, lambda column: max(column.body, column.word, 1))
    if is_cut:
        _shrink(
            [column for column in columns if column.may_cut or column.may_wrap],
            room - sum(column.width for column in columns if not (column.may_cut or column.may_wrap)),
            lambda column: min(max(column.least, column.word), column.width),
        )
    return sum(column.width for column in columns) <= room


def _shrink(columns: list[Column], room: int, least: Any) -> None:
    """Take from the widest columns until all have room, or have come to their least width."""
    while sum(column.width for column in columns) > room:
        wider = [column for column in columns if column.width > least(column)]
        if not wider:
            return
        max(wider, key=lambda column: column.width).width -= 1


def _lines(columns: list[Column], gap: str, look: Look) -> str:
    titles = [_wrapped(column.name, column.width) for column in columns]
    height = max(map(len, titles), default=0)
    titles = [[""] * (height - len(title)) + title for title in titles]
    lines = [_line(columns, line, gap) for line in zip(*titles, strict=True)]
    if not look.plain:
        whole = sum(column.width for column in columns) + len(gap) * (len(columns) - 1)
        lines.append("─" * whole)
    for cells in zip(*(column.cells for column in columns), strict=True):
        texts = [
            _wrapped(text, column.width, _SPACED) if column.may_wrap else [_cut(text, column.width)]
            for column, text in zip(columns, cells, strict=True)
        ]
        lines += [_line(columns, line, gap) for line in zip_longest(*texts, fillvalue="")]
    return "\n".join(lines) + "\n"


def _line(columns: list[Column], texts: Sequence[str], gap: str) -> str:
    cells = []
    for column, text in zip(columns, texts, strict=True):
        blank = " " * (column.width - cell_len(text))
        cells.append(blank + text if column.to_right else text + blank)
    return gap.join(cells).rstrip()


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _wrapped(text: str, width: int, words: re.Pattern[str] = _JOINED) -> list[str]:
    """A text in lines of no more than a width, broken after its words."""
    lines = [""]
    for word in words.findall(text)[:-1] or [text]:
        if lines[-1] and cell_len(lines[-1] + word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


def _records(columns: list[Column], width: int | None) -> str:
    columns = [column for column in columns if column.name or any(column.cells)]
    room = max((cell_len(column.name) for column in columns), default=0)
    indent = " " * (room + len(_GAPS[0]))
    separator = f"\n{indent}"

    def value(column: Column, text: str) -> str:
        name = f"{column.name}{' ' * (room - cell_len(column.name))}{_GAPS[0]}"
        left = max((width or 0) - len(indent), 1)
        lines = _wrapped(text, left, _SPACED) if column.may_wrap and width else [text]
        return f"{name}{separator.join(lines)}".rstrip() + "\n"

    records = zip(*(column.cells for column in columns), strict=True)
    return "\n".join("".join(map(value, columns, record)) for record in records)
