"""Answers as CSV: whatever a text holds, every reader reads back as many rows, with just that text."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sparkify.answers.check import compare
from sparkify.printing.output import print_rows
from tests.support.builders import event, track, write
from tests.support.cli import Run

TEXTS = [
    "x\rFORGED SONG,Real Artist,1,1", "\r", "a\r", "\ra", "\n", "a\nb", "\r\n", "a\r\nb", '"', 'a"\r"b',
    "a,b", "", " a ", "'a'", "\t=1", "#a", "NULL", "nan", "\\N", "a\\", '\\"', "\u2028", "\u0085", "\v\f\x1c",
    "\x1b[31m", "\ufeffa", "7",
]  # fmt: skip
"""What has led readers of CSV astray."""


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Path]:
    """Writes rows as CSV into a file."""

    def write_rows(columns: list[str], rows: list[tuple[object, ...]], form: str = "csv") -> Path:
        print_rows(columns, rows, form)  # type: ignore[arg-type]
        path = tmp_path / "answer.csv"
        path.write_bytes(capsys.readouterr().out.encode())
        return path

    return write_rows


Written = Callable[..., Path]
ROWS = [(number, text, text) for number, text in enumerate(TEXTS)]
COLUMNS = ["n", "a", "b"]


def test_csv_read_by_python_is_what_was_written(written: Written) -> None:
    with written(COLUMNS, ROWS).open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [COLUMNS, *([str(n), a, b] for n, a, b in ROWS)]


@pytest.mark.parametrize("engine", ["c", "python"])
def test_csv_read_by_pandas_is_what_was_written(written: Written, engine: str) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(
        written(COLUMNS, ROWS), dtype={"a": str, "b": str}, keep_default_na=False, engine=engine
    )
    assert frame.values.tolist() == [list(row) for row in ROWS]


def test_csv_read_by_duckdb_is_what_was_written(written: Written) -> None:
    path = written(COLUMNS, ROWS)
    with duckdb.connect() as connection:
        found = connection.execute("SELECT n, COALESCE(a, ''), COALESCE(b, '') FROM read_csv(?)", [str(path)])
        assert found.fetchall() == ROWS


def test_csv_read_by_check_is_what_was_written(written: Written) -> None:
    path = written(COLUMNS, ROWS)
    assert compare("answer", COLUMNS, ROWS, path).result == "equal"
    other = [(n, a.replace("\r", "\n"), b) for n, a, b in ROWS]
    assert compare("answer", COLUMNS, other, path).result == "different"


def test_cells_of_a_megabyte_are_read_by_check(written: Written) -> None:
    rows = [(1, "x" * 2**20, "")]
    assert compare("answer", COLUMNS, rows, written(COLUMNS, rows)).result == "equal"


def test_records_end_in_a_newline_alone(written: Written) -> None:
    assert written(["a"], [("x",), ("y\r",)]).read_bytes() == b'a\nx\n"y\r"\n'


def answered(folder: Path, option: str) -> list[list[str]]:
    """The answer to a question, sent to a file that check reads, too."""
    path = write(folder / "answers/top_songs.csv")
    with path.open("wb") as file:
        command = [sys.executable, "-m", "sparkify", "questions", "top_songs", option]
        subprocess.run(command, cwd=folder, stdout=file, check=True)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.thorough
@pytest.mark.slow
def test_a_title_forges_no_row_of_an_answer(run: Run, tmp_path: Path) -> None:
    title = "x\rFORGED SONG,Real Artist,1,1\r\n=cmd|' /C calc'!A0"
    write(tmp_path / "data/song_data/a.json", track())
    write(tmp_path / "data/log_data/a.json", event(song=title, artist="@SUM(1+1)"))
    assert run("etl").returncode == 0
    assert answered(tmp_path, "--csv")[1:] == [[title, "@SUM(1+1)", "1", "1"]]
    assert "1 question equal" in run("check", "answers").stderr
    assert answered(tmp_path, "--csv-safe")[1:] == [[title, "'@SUM(1+1)", "1", "1"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("\rx", "'\rx"),
        ("\nx", "'\nx"), (" =1", "' =1"), ("\u00a0@x", "'\u00a0@x"), ("\uff1dx", "'\uff1dx"),
        ("\uff0b1", "'\uff0b1"), ("\uff0d1", "'\uff0d1"), ("\uff20x", "'\uff20x"), ("a=1", "a=1"), ("", ""),
        ("x@y", "x@y"), (" a", " a"),
        (-1.5, "-1.5"), (-2, "-2"), (None, ""), (["=1"], '["=1"]'),
    ],
)  # fmt: skip
def test_texts_that_spreadsheets_take_for_formulas_are_marked_and_numbers_are_not(
    written: Written, value: object, text: str
) -> None:
    with written(["=n", "v"], [(1, value)], "csv-safe").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["'=n", "v"], ["1", text]]


def test_csv_for_spreadsheets_can_be_asked_for_in_two_ways_and_not_as_json(run: Run) -> None:
    for options in (["--csv-safe"], ["--format", "csv-safe"], ["--csv", "--csv-safe"]):
        assert run("questions", *options).stdout.startswith("name,question,also_takes\n")
    assert run("questions", "--csv-safe", "--json").returncode == 2


def test_json_says_the_same_and_all_of_it_can_be_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = [*TEXTS, "\x7f\x9b\u202e\u2066\U000e0041\u200b", "é\u200d日"]
    print_rows(["a\x9b"], [(text,) for text in texts], "json")
    printed = capsys.readouterr().out
    assert [row["a\x9b"] for row in json.loads(printed)] == texts
    assert printed.replace("\n", "").replace("\u200d", "").isprintable()
    assert "é" in printed
