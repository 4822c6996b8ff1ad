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
        keys: the columns that say what a row is about, which come first.

    Returns:
        The columns, each but the keys followed by ``previous_`` of it, and after the first of these
        ``change_percent``; and the rows, in the order of ``rows``. NULL where the other span has no such row.
    """
    width = len(keys)
    if width == len(columns):  # there is nothing to compare
        return list(columns), list(rows)
    known = {row[:width]: row for row in before}
    names = [*keys]
    for column in columns[width:]:
        names += [column, f"previous_{column}"]
    names.insert(width + 2, "change_percent")
    made = []
    for row in rows:
        earlier = known.get(row[:width], (None,) * len(row))
        values = list(row[:width])
        for now, then in zip(row[width:], earlier[width:], strict=True):
            values += [now, then]
        values.insert(width + 2, _change(row[width], earlier[width]))
        made.append(tuple(values))
    return names, made


def _change(now: Any, then: Any) -> float | None:
    if not isinstance(now, int | float | Decimal) or not isinstance(then, int | float | Decimal) or not then:
        return None
    return round(100 * (float(now) - float(then)) / float(then), 1)
