"""Compares the answers of a question about two spans: row by row, by what the rows are about."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sparkify.warehouse.contract import Row


def compared(
    columns: Sequence[str], rows: Sequence[Row], before: Sequence[Row], keys: Sequence[str]
) -> tuple[list[str], list[Row]]:
    """One answer beside the one about the span before.

    Args:
        columns: of both answers.
        rows: the answer.
        before: the answer about the span before, with all of its rows.
        keys: the columns that say what a row is about.

    Returns:
        The columns, each but the keys followed by ``previous_`` of it, and after the first of these
        ``change_percent``; and the rows, in the order of ``rows``. NULL where the other span has no such row.
    """
    width = len(keys)
    is_key = [column in keys for column in columns]
    known = {_key(row, is_key): row for row in before}
    measures = [column for column in columns if column not in keys]
    names = [*keys]
    for number, measure in enumerate(measures):
        names += [measure, f"previous_{measure}"] + (["change_percent"] if number == 0 else [])
    made = []
    for row in rows:
        earlier = known.get(_key(row, is_key))
        values = list(row[:width])
        for number, at in enumerate(range(width, len(columns))):
            then = earlier[at] if earlier else None
            values += [row[at], then] + ([_change(row[at], then)] if number == 0 else [])
        made.append(tuple(values))
    return names, made


def _key(row: Row, is_key: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(value for value, used in zip(row, is_key, strict=True) if used)


def _change(now: Any, then: Any) -> float | None:
    if not isinstance(now, int | float | Decimal) or not isinstance(then, int | float | Decimal) or not then:
        return None
    return round(100 * (float(now) - float(then)) / float(then), 1)
