"""The geometry of the report's charts: from values to shares, ticks and paths, with no colour and no markup.

Widths and heights are shares of the room that the page gives a chart, so one chart fits a phone and a desk.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

STEPS = 9
"""Steps of the colour scale of heat maps; 0 is for nothing at all."""


@dataclass(frozen=True)
class Bar:
    """One horizontal bar.

    Attributes:
        label: what it is of.
        text: its value, formatted.
        share: its length, 0 to 1.
        note: said after the label, in smaller type.
        second: whether it has the second colour.
    """

    label: str
    text: str
    share: float
    note: str = ""
    second: bool = False


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, the label above (``stacked``) or beside each."""

    bars: list[Bar]
    stacked: bool = False
    kind: str = "bars"


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, 0 to 1, what it says, and whether a narrow screen leaves it out."""

    at: float
    text: str
    minor: bool = False


@dataclass(frozen=True)
class Panel:
    """One plot over an axis of equal steps: columns or a line, or columns up and down.

    Attributes:
        name: what the values are.
        path: outline in a box as wide as there are steps, and 100 high.
        second_path: outline of the downward columns.
        faint_path: outline of the columns of which the time is covered only partly.
        faint_second_path: likewise, downward.
        is_line: whether ``path`` is a line, to be filled below.
        ticks: marks of the vertical axis, from the top.
    """

    name: str
    path: str
    ticks: list[Tick]
    second_path: str = ""
    is_line: bool = False
    faint_path: str = ""
    faint_second_path: str = ""


@dataclass(frozen=True)
class Series:
    """Panels above each other over one horizontal axis.

    Attributes:
        steps: how many steps the axis has.
        panels: the plots.
        ticks: marks of the horizontal axis.
        points: by step, what is said of it when it is pointed at.
        legend: names of the first and the second colour, where both are used.
    """

    steps: int
    panels: list[Panel]
    ticks: list[Tick]
    points: list[str]
    legend: list[str] = field(default_factory=list)
    kind: str = "series"


@dataclass(frozen=True)
class Cell:
    """One cell of a heat map.

    Attributes:
        step: its step of the colour scale.
        text: what it shows.
        tip: what is said of it.
        is_part: whether the data cover only a part of its time.
    """

    step: int
    text: str
    tip: str
    is_part: bool = False


@dataclass(frozen=True)
class Heat:
    """A heat map: a table whose cells are coloured by their value."""

    corner: str
    columns: list[str]
    rows: list[tuple[str, list[Cell | None]]]
    shows_text: bool
    low: str = ""
    high: str = ""
    kind: str = "heat"


@dataclass(frozen=True)
class Tile:
    """One state of the tile map, at a column and a row from 1."""

    column: int
    row: int
    cell: Cell


@dataclass(frozen=True)
class Tiles:
    """A map of equal tiles, and what has no place on it."""

    tiles: list[Tile]
    rest: str
    low: str
    high: str
    kind: str = "tiles"


@dataclass(frozen=True)
class Grid:
    """A plain table; ``numeric`` tells which columns are numbers."""

    columns: list[str]
    rows: list[list[str]]
    numeric: list[bool]
    kind: str = "grid"


@dataclass(frozen=True)
class Nothing:
    """Nothing to show, and why."""

    text: str = "No plays yet."
    kind: str = "nothing"


Chart = Bars | Series | Heat | Tiles | Grid | Nothing


def number(value: Any) -> str:
    """A number with thousands set apart; a fraction keeps one decimal."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{float(value):,.1f}"


def compact(value: float) -> str:
    """A number in at most four characters, for axes and tiles."""
    for limit, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            short = value / limit
            return f"{short:.1f}".rstrip("0").rstrip(".") + suffix if short < 10 else f"{short:.0f}{suffix}"
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def nice_top(value: float) -> float:
    """The smallest round number that is not below a value, and splits into two round halves."""
    if value <= 2:
        return 2
    magnitude = 10.0 ** math.floor(math.log10(value))
    return next(step * magnitude for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10) if step * magnitude >= value)


def bars(
    rows: Sequence[Any],
    label: str | Callable[[Any], str],
    value: str = "plays",
    *,
    note: str | Callable[[Any], str] = lambda _: "",
    second: Callable[[Any], bool] = lambda _: False,
    limit: int = 10,
    stacked: bool = False,
) -> Bars:
    """Horizontal bars, in the order of the rows; texts are what a column holds, or what a function makes."""
    label_of, note_of = _text_of(label), _text_of(note)
    shown = rows[:limit]
    # Of whole numbers no decimals are shown; SQL's exact decimals divide by no floats.
    values = [row[value] if isinstance(row[value], int) else float(row[value]) for row in shown]
    top = max(values, default=0) or 1
    return Bars(
        [
            Bar(label_of(row), number(length), round(length / top, 4), note_of(row), second(row))
            for row, length in zip(shown, values, strict=True)
        ],
        stacked,
    )


def _text_of(what: str | Callable[[Any], str]) -> Callable[[Any], str]:
    return (lambda row: str(row[what])) if isinstance(what, str) else what


def columns_panel(
    name: str, values: Sequence[float], down: Sequence[float] = (), faint: Sequence[bool] = ()
) -> Panel:
    """A plot of columns, those of ``down`` hanging below the base line, and some faint."""
    is_faint = faint or [False] * len(values)
    if not down:
        top = nice_top(max(values))
        ticks = [Tick(0, compact(top)), Tick(0.5, compact(top / 2)), Tick(1, "0")]
        path, faint_path = _split_columns(values, is_faint, 100, -100 / top)
        return Panel(name, path, ticks, faint_path=faint_path)
    # One scale for both directions, and the base line where it leaves each the room it needs.
    up_top, down_top = nice_top(max(values)), nice_top(max(down))
    base = 100 * up_top / (up_top + down_top)
    scale = 100 / (up_top + down_top)
    ticks = [Tick(0, compact(up_top)), Tick(base / 100, "0"), Tick(1, compact(down_top))]
    path, faint_path = _split_columns(values, is_faint, base, -scale)
    second, faint_second = _split_columns(down, is_faint, base, scale)
    return Panel(name, path, ticks, second, faint_path=faint_path, faint_second_path=faint_second)


def line_panel(name: str, values: Sequence[float]) -> Panel:
    """A plot of a line, filled below."""
    top = nice_top(max(values))
    line = "L".join(f"{i + 0.5:g} {100 - 100 * value / top:.4g}" for i, value in enumerate(values))
    return Panel(
        name, f"M{line}", [Tick(0, compact(top)), Tick(0.5, compact(top / 2)), Tick(1, "0")], is_line=True
    )


def _split_columns(
    values: Sequence[float], is_faint: Sequence[bool], base: float, scale: float
) -> tuple[str, str]:
    """The outlines of the columns that are not faint, and of those that are."""
    full, part = (
        [value if faint is wanted else 0 for value, faint in zip(values, is_faint, strict=True)]
        for wanted in (False, True)
    )
    return _columns(full, base, scale), _columns(part, base, scale)


def _columns(values: Sequence[float], base: float, scale: float) -> str:
    gap = 0.12 if len(values) < 80 else 0
    return "".join(
        f"M{i + gap:g} {base:.4g}V{base + value * scale:.4g}H{i + 1 - gap:g}V{base:.4g}Z"
        for i, value in enumerate(values)
        if value
    )


def thin(labels: Sequence[tuple[int, str]], steps: int, *, wide: int = 13, narrow: int = 6) -> list[Tick]:
    """Axis marks in the middle of their steps, no more than fit a wide and a narrow screen."""
    kept = labels[:: math.ceil(len(labels) / wide) or 1]
    every = math.ceil(len(kept) / narrow) or 1
    return [Tick(round((i + 0.5) / steps, 4), text, n % every != 0) for n, (i, text) in enumerate(kept)]


def step_of(value: float, top: float) -> int:
    """The step of the colour scale for a value: 0 for nothing, else 1 to STEPS - 1."""
    if value <= 0 or top <= 0:
        return 0
    return min(STEPS - 1, 1 + int((STEPS - 1) * value / top))
