"""Prints rows to stdout: as a table for people, as CSV or JSON for programs."""

import csv
import io
import json
import math
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, Literal

from sparkify.printing.tables import Look, columns_of, laid_out
from sparkify.printing.terminal import printable

Form = Literal["table", "csv", "csv-safe", "json"]

_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that spreadsheets may take for a formula; the last four are = + - @ of full width."""


def print_rows(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Form, look: Look | None = None
) -> bool:
    """Print rows under the names of their columns; all but a table as they come, in bounded memory.

    Args:
        columns: the names.
        rows: the values; None is NULL: empty in CSV, null in JSON.
        form: table (aligned, for people: numbers are formatted), csv (RFC 4180, with a header), csv-safe
            (likewise, with an apostrophe before texts that spreadsheets would take for formulas), json (one
            array of objects; of columns of one name the later ones get a number, and what is no finite
            number is null).
            Structs, lists and maps are JSON in all of them, and bytes are hexadecimal.
        look: how a table is to look.

    Returns:
        Whether texts were cut, so that a table fits the terminal.
    """
    if form == "json":
        _print_json(_distinct(columns), rows)
    elif form == "table":
        return _print_table(columns, list(rows), look or Look())
    else:
        _print_csv(columns, rows, is_safe=form == "csv-safe")
    return False


def _print_table(columns: Sequence[str], rows: list[Sequence[Any]], look: Look) -> bool:
    if list(columns) == ["explain_key", "explain_value"]:  # DuckDB draws its plan
        sys.stdout.write("".join(f"{printable(str(row[1]), keep=chr(10)).rstrip()}\n" for row in rows))
        return False
    made = columns_of(columns, rows, cell_text, look)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    text, is_cut = laid_out(made, width, look)
    sys.stdout.write(text)
    return is_cut


class _Lines:
    """Ends records in LF alone. The writer must end them in CR LF, or it would not quote a text with a CR."""

    END = "\r\n"

    def write(self, record: str) -> None:
        sys.stdout.write(record.removesuffix(self.END) + "\n")


def _print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, is_safe: bool) -> None:
    # Whatever the locale: programs read it, on this machine or another.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    is_seen = sys.stdout.isatty()

    def cell(value: Any) -> str:
        text = cell_text(value)
        if is_safe and isinstance(value, str) and _FORMULA.match(text):
            text = f"'{text}"
        return printable(text) if is_seen else text

    writer = csv.writer(_Lines(), lineterminator=_Lines.END)
    writer.writerows([cell(value) for value in row] for row in chain([columns], rows))


def cell_text(value: Any) -> str:
    """A value as it stands in a table or in CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _interval_text(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(_json_value(value), ensure_ascii=False, allow_nan=False)
    if isinstance(value, bytes | bytearray | memoryview):
        return value.hex()
    return str(value)


def _interval_text(value: timedelta) -> str:
    """An interval as DuckDB and Redshift write it: ``2 days 03:00:00``. Drivers give a month as 30 days."""
    sign, size = ("-", -value) if value < timedelta() else ("", value)
    days = f"{sign}{size.days} day{'' if size.days == 1 and not sign else 's'}" if size.days else ""
    rest = size - timedelta(days=size.days)
    if days and not rest:
        return days
    minutes, seconds = divmod(rest.seconds, 60)
    fraction = f".{rest.microseconds:06}".rstrip("0") if rest.microseconds else ""
    time = f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"
    return f"{days} {time}".lstrip()


def _print_json(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    is_ascii = not sys.stdout.encoding.lower().startswith("utf")
    before = "[\n"
    for row in rows:
        item = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
        sys.stdout.write(before + _seen(json.dumps(item, ensure_ascii=is_ascii, allow_nan=False)))
        before = ",\n"
    sys.stdout.write("[]\n" if before == "[\n" else "\n]\n")


def print_object(item: dict[str, Any]) -> None:
    """Print one JSON object on a line, for programs."""
    sys.stdout.write(object_text(item) + "\n")


def object_text(item: dict[str, Any]) -> str:
    """A JSON object on a line; its moments are UTC, as ISO 8601 and RFC 3339 write them."""
    text = json.dumps(item, allow_nan=False, default=_json_item)
    return printable(text, escape=_escaped)


def _json_item(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return _json_value(value)


def _seen(text: str) -> str:
    """JSON that says the same, and shows whatever can't be seen: by itself JSON escapes only some of that."""
    return text if text.isascii() and "\x7f" not in text else printable(text, escape=_escaped)


def _escaped(character: str) -> str:
    return '"\\u007f"' if character == "\x7f" else json.dumps(character)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of which no two are equal: ``a``, ``a_2``, ``a_3``."""
    found: list[str] = []
    for name in names:
        new, number = name, 1
        while new in found or (number > 1 and new in names):
            number += 1
            new = f"{name}_{number}"
        found.append(new)
    return found


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {cell_text(key): _json_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(inner) for inner in value]
    return cell_text(value)
