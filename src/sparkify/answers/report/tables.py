"""The plain tables of the report: of the data's quality, and of the numbers below each chart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sparkify.answers.report.charts import number
from sparkify.answers.report.words import Record, shown
from sparkify.printing.tables import is_identifying


@dataclass(frozen=True)
class Table:
    """A plain table of the data quality section; ``numeric`` says which columns are numbers."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    width: int = 12
    numeric: list[bool] = field(default_factory=list)


def numeric_columns(rows: Sequence[Sequence[Any]], width: int) -> list[bool]:
    """By column, whether it holds numbers."""
    return [any(isinstance(row[at], int | float | Decimal) for row in rows) for at in range(width)]


def cell(column: str, value: Any) -> str:
    """A value as text: thousands set apart where the numbers count something."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and not is_identifying(column)
    return number(value) if is_count else shown(value)


def table(title: str, columns: Sequence[str], rows: Sequence[Record], width: int = 12) -> Table:
    """A table of some columns of records."""
    values = [[row[column] for column in columns] for row in rows]
    texts = [
        [
            f"{number(value / 1e6)} MB" if column == "size" else cell(column, value)
            for column, value in zip(columns, row, strict=True)
        ]
        for row in values
    ]
    names = [column.replace("_", " ") for column in columns]
    return Table(title, names, texts, width, numeric_columns(values, len(columns)))
