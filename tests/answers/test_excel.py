"""Answers as Excel files: what a spreadsheet finds in their cells."""

import io
import re
import sys
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from sparkify.answers.questions import load_questions
from sparkify.cli.app import app
from sparkify.errors import UsageError
from sparkify.printing.excel import Sheet, workbook
from tests.support.answers import load, play, write_sources

NOON = 1_541_073_600_000  # 2018-11-01 12:00 UTC


class Read:
    """A file as Excel's own format has it: by sheet, its cells with their types and number formats."""

    def __init__(self, content: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        self._texts = ["".join(node.itertext()) for node in self._xml("sharedStrings")]
        styles = self._xml("styles")
        formats = {node.get("numFmtId"): node.get("formatCode") for node in styles.iter("numFmt")}
        (cells,) = styles.iter("cellXfs")
        self._formats = [formats.get(node.get("numFmtId"), node.get("numFmtId")) for node in cells]
        self.names = [node.get("name") for node in self._xml("workbook").iter("sheet")]

    def _xml(self, part: str) -> ElementTree.Element:
        text = re.sub(r' xmlns="[^"]*"', "", self._zip.read(f"xl/{part}.xml").decode())
        return ElementTree.fromstring(text)  # noqa: S314 - of our own making

    def rows(self, number: int) -> list[list[tuple[Any, ...]]]:
        return [
            [self._cell(cell) for cell in row] for row in self._xml(f"worksheets/sheet{number}").iter("row")
        ]

    def _cell(self, cell: ElementTree.Element) -> tuple[Any, ...]:
        text, kind = cell.findtext("v") or "", cell.get("t", "n")
        if kind == "s":
            return ("text", self._texts[int(text)])
        return ("true or false", text) if kind == "b" else (float(text), self._formats[int(cell.get("s", 0))])


def cells(columns: Sequence[str], *rows: Sequence[Any]) -> list[list[tuple[Any, ...]]]:
    content, _ = workbook([Sheet("answer", "What?", columns, rows)], "2018")
    header, *found = Read(content).rows(2)
    assert header == [("text", name) for name in columns]
    return found


def test_numbers_are_numbers_and_moments_moments() -> None:
    columns = ["plays", "share_percent", "mean", "year", "day", "start_time", "is_paid"]
    row = (72752, 81.2, Decimal("2.50"), 2018, date(2018, 11, 1), datetime(2018, 11, 1, 12), True)
    assert cells(columns, row) == [
        [
            (72752.0, "#,##0"),
            (81.2, "#,##0.0##"),
            (2.5, "#,##0.0##"),
            (2018.0, "1"),  # the number that the format has for 0
            (43405.0, "yyyy-mm-dd"),
            (43405.5, "yyyy-mm-dd hh:mm:ss"),
            ("true or false", "1"),
        ]
    ]


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "https://example.com",
        "007",
        "",
        " a ",
        "a\nb",
        "日本 🎵",
        10**15,
        float("inf"),
        date(1899, 1, 1),
    ],
)
def test_what_excel_would_take_for_something_else_is_text(value: object) -> None:
    assert cells(["a", "b"], (value, "x")) == [[("text", str(value)), ("text", "x")]]


def test_null_is_an_empty_cell_and_a_text_is_cut_to_what_a_cell_holds() -> None:
    assert cells(["a", "b"], (None, 7)) == [[(7.0, "#,##0")]]
    content, cut = workbook([Sheet("a", "", ["a"], [("x" * 40_000,), ("y",)])], "")
    assert (cut, Read(content).rows(2)[1]) == (1, [("text", "x" * 32_767)])


def test_an_answer_with_more_rows_than_a_sheet_holds_is_refused() -> None:
    with pytest.raises(UsageError, match="has 3 rows, and a sheet of Excel holds 2"):
        workbook([Sheet("a", "", ["a"], [(1,), (2,), (3,)])], "", most_rows=2)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("excel")
    write_sources(folder, [], [play(NOON, 7, "A", "Bänd"), play(NOON + 60_000, 8, "=C", "Bänd", "paid")])
    return load(folder, folder / "w.duckdb").database


def run(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["questions", "--database", database, *arguments])


def test_all_answers_are_sheets_of_one_file_and_one_answer_is_too(database: str, tmp_path: Path) -> None:
    every, one = tmp_path / "every.xlsx", tmp_path / "one.xlsx"
    assert run(database, "--excel", str(every)).exit_code == 0
    read = Read(every.read_bytes())
    assert read.names == ["Contents", *(question.name for question in load_questions())]
    assert [row[1][1] for row in read.rows(1)[1:]] == [question.title for question in load_questions()]
    assert run(database, "top_songs", "--last", "7d", "--excel", str(one)).exit_code == 0
    read = Read(one.read_bytes())
    assert read.names == ["Contents", "top_songs"]
    assert read.rows(2)[2] == [("text", "A"), ("text", "Bänd"), (1.0, "#,##0"), (1.0, "#,##0")]
    again = run(database, "--excel", str(one))
    assert isinstance(again.exception, UsageError)
    assert "is there already" in again.exception.message
    assert sorted(tmp_path.iterdir()) == [every, one]


@pytest.mark.parametrize("arguments", [["--excel", "a.csv"], ["--excel", "a.xlsx", "--csv"]])
def test_excel_is_a_form_of_its_own(database: str, arguments: list[str]) -> None:
    refused = run(database, *arguments)
    assert isinstance(refused.exception, UsageError)
    assert "--excel writes a file whose name ends in .xlsx" in refused.exception.message


def test_without_the_library_it_is_said_how_to_get_it(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    refused = run(database, "--excel", str(tmp_path / "a.xlsx"))
    assert isinstance(refused.exception, UsageError)
    assert "make excel" in str(refused.exception.hint)
