"""What is passed from Python, as the text that the command line takes: days as dates, zones as zones."""

import operator
import os
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sparkify.errors import UsageError

Day = date | str
"""A day; moments, those of pandas included, are days if they are at midnight."""


def as_text(name: str, value: Any, example: str) -> str:
    """A text that was passed.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(value, str):
        raise UsageError(f"{name}={value!r} is not a text", f"write for example: {example}")
    return value


def as_path(name: str, value: Any) -> str | None:
    """A path that was passed, as text or otherwise."""
    if value is None:
        return None
    try:
        return os.fsdecode(value)
    except TypeError:
        raise UsageError(f"{name}={value!r} is not a path", "pass a text or a pathlib.Path") from None


def as_day(name: str, value: Day | None) -> str | None:
    """A day that was passed."""
    example = f"{name}='2018-11-15'"
    if isinstance(value, datetime) and value == value:  # which NaT, the moment that pandas lacks, is not
        if value.time() != time():
            raise UsageError(f"{name}={value} is a moment, not a day", f"write for example: {example}")
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else as_text(name, value, example)


def as_last(value: str | timedelta | None) -> str | None:
    """A number of days that was passed."""
    example = "last='7d'"
    if isinstance(value, timedelta):
        if value % timedelta(days=1):
            raise UsageError(f"last={value!r} is not a number of days", f"write for example: {example}")
        return f"{value.days}d"
    return None if value is None else as_text("last", value, example)


def as_zone(value: str | tzinfo | None) -> str | None:
    """The name of a time zone that was passed."""
    name = getattr(value, "key", value)
    return None if name is None else as_text("time_zone", name, "time_zone='America/Los_Angeles'")


def as_limit(value: Any) -> int | None:
    """A number of rows that was passed."""
    if value is None:
        return None
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(f"limit={value!r} is not a number of rows", "write for example: limit=10")
    return number


def as_given(name: str, value: Any) -> str:
    """What fills in a question's blank."""
    if isinstance(value, date):
        return as_day(name, value) or ""
    try:
        return value if isinstance(value, str) else str(operator.index(value))
    except TypeError:
        example = f"{name}='2018-11-15', or {name}=10"
        raise UsageError(
            f"{name}={value!r} is neither a day nor a number", f"write for example: {example}"
        ) from None
