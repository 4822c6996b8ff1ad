"""Answers as an Excel file: a sheet each, with numbers and moments that are such to a spreadsheet."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sparkify.errors import UsageError
from sparkify.printing.output import cell_text
from sparkify.printing.tables import is_identifying
from sparkify.system.extras import how_to_install

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS, _LONGEST_TEXT, _MOST_DIGITS = 1_048_575, 32_767, 15
"""What Excel can hold: rows below a header, characters in a cell, digits of a number."""

_LONGEST_NAME = 31
_FIRST_DAY = date(1900, 3, 1)
"""Before it, Excel's days are off by one."""


@dataclass(frozen=True)
class Sheet:
    """An answer.

    Attributes:
        name: the name of its sheet.
        title: what it answers.
        columns: the names of its columns.
        rows: its values.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def require_excel() -> None:
    """Make sure that Excel files can be written.

    Raises:
        UsageError: the library for it is not installed.
    """
    try:
        import xlsxwriter  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError(
            "Excel files need xlsxwriter, which is not installed",
            f"{how_to_install('excel')}; without it: --csv",
        ) from None


def workbook(sheets: Sequence[Sheet], about: str, most_rows: int = MOST_ROWS) -> tuple[bytes, int]:
    """The bytes of a file with a list of the answers and a sheet for each, and how many texts were cut.

    Args:
        sheets: the answers.
        about: what all of them are about.
        most_rows: how many rows a sheet may have below its header.

    Raises:
        UsageError: one has more rows than a sheet can hold.
    """
    from xlsxwriter.workbook import Workbook

    for sheet in sheets:
        if len(sheet.rows) > most_rows:
            raise UsageError(
                f"{sheet.name}: has {len(sheet.rows):,} rows, and a sheet of Excel holds {most_rows:,}",
                "limit them with --limit N, or write --csv",
            )
    made = io.BytesIO()
    book = Workbook(made, {"in_memory": True})
    listed = [(sheet.name, sheet.title, len(sheet.rows), about) for sheet in sheets]
    contents = Sheet("Contents", "", ("sheet", "question", "rows", "about"), listed)
    cut = sum([_write(book, sheet) for sheet in (contents, *sheets)])
    front = book.worksheets()[0]
    for row, sheet in enumerate(sheets, 1):
        front.write_url(row, 0, f"internal:'{sheet.name[:_LONGEST_NAME]}'!A1", string=sheet.name)
    book.close()
    return made.getvalue(), cut


def _write(book: "Workbook", sheet: Sheet) -> int:
    page = book.add_worksheet(sheet.name[:_LONGEST_NAME])
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    for column, name in enumerate(sheet.columns):
        page.write_string(0, column, name, bold)
    styles = _Styles(book)
    cut = 0
    for row, values in enumerate(sheet.rows, 1):
        for column, value in enumerate(values):
            cut += _write_cell(page, row, column, value, styles, sheet.columns[column])
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    page.autofit()
    return cut


class _Styles:
    """How numbers and moments are shown."""

    def __init__(self, book: "Workbook") -> None:
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.count = book.add_format({"num_format": "#,##0"})
        self.number = book.add_format({"num_format": "0"})
        self.fraction = book.add_format({"num_format": "#,##0.0##"})


def _write_cell(page: "Worksheet", row: int, column: int, value: Any, styles: _Styles, name: str) -> int:
    """Write a value, and say whether it was cut."""
    if value is None:
        return 0
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal) and _is_exact(value):
        whole = styles.number if is_identifying(name) else styles.count
        page.write_number(row, column, float(value), whole if isinstance(value, int) else styles.fraction)
    elif isinstance(value, date) and (value.date() if isinstance(value, datetime) else value) >= _FIRST_DAY:
        if isinstance(value, datetime):
            page.write_datetime(row, column, value.replace(tzinfo=None), styles.moment)
        else:
            page.write_datetime(row, column, value, styles.day)
    else:
        text = cell_text(value)
        page.write_string(row, column, text[:_LONGEST_TEXT])
        return int(len(text) > _LONGEST_TEXT)
    return 0


def _is_exact(value: float | Decimal) -> bool:
    """Whether Excel has this number as it is."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite() and len(value.as_tuple().digits) <= _MOST_DIGITS
    return abs(value) < 10**_MOST_DIGITS
