"""Prints rows to stdout: as a table for people, as CSV or JSON for programs."""

import csv
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal


def print_rows(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Literal["table", "csv", "json"]
) -> None:
    """Print rows under the names of their columns.

    Args:
        columns: the names.
        rows: the values; None is NULL: empty in a table and in CSV, null in JSON.
        form: table (aligned, for people), csv (RFC 4180, with a header), json (one array of objects).
    """
    if form == "json":
        objects = [dict(zip(columns, row, strict=True)) for row in rows]
        json.dump(objects, sys.stdout, ensure_ascii=False, indent=1, default=_json_value)
        sys.stdout.write("\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell_text(value) for value in row] for row in rows)
    else:
        _print_table(columns, rows)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Into a pipe or a file a row is one line, however long.
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        is_number = any(isinstance(row[number], int | float | Decimal) for row in rows)
        table.add_column(Text(column), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        # Text, since what stands in the data is never markup.
        table.add_row(*(Text("" if value is None else cell_text(value)) for value in row))
    console.print(table)


def cell_text(value: Any) -> str:
    """A value as it stands in a table or in CSV."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _json_value(value: Any) -> float | str:
    return float(value) if isinstance(value, Decimal) else cell_text(value)
