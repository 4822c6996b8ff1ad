"""How the report writes days, numbers and values."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sparkify.answers.report.charts import Chart, number

Record = dict[str, Any]


View = Callable[[list[Record]], tuple[str, Chart]]


def needs_years(first: date, last: date) -> bool:
    """Whether a day and a month would not say which day between these two is meant."""
    return last - first >= timedelta(days=365)


def short_day(value: date, *, with_year: bool = False) -> str:
    """A day without its weekday, and as a rule without its year."""
    return f"{value.day} {value:%b}" + (f" {value.year}" if with_year else "")


def full_day(value: date) -> str:
    """A day with its weekday and year."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def plural(count: int, noun: str) -> str:
    """So many of something, never torn apart at the end of a line."""
    return f"{number(count)}\N{NO-BREAK SPACE}{noun}{'' if count == 1 else 's'}"


def shown(value: Any) -> str:
    """A value as the report's tables show it; numbers as a rule, years and ids too, stay as they are."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, date) and not hasattr(value, "hour"):
        return value.isoformat()
    if hasattr(value, "isoformat"):
        return str(value.isoformat(sep=" ", timespec="seconds"))
    return "" if value is None else str(value)
