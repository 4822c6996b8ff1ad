"""Checks a warehouse: every question against its expected answer, and all audits.

Expected answers are CSV files in a folder, one per question, with a header: ``top_songs.csv`` is what the
question ``top_songs`` must answer. A question of one's own is two files in that folder, ``NAME.sql`` and
``NAME.csv``.
"""

import csv
import difflib
import io
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sparkify.answers.query import require_select
from sparkify.answers.questions import Question, ask, load_questions, parse_question
from sparkify.errors import CheckError, UsageError, WarehouseError
from sparkify.load.audits import begin_of, find_bad_rows, load_audits
from sparkify.printing.output import cell_text, print_rows
from sparkify.printing.terminal import printable
from sparkify.warehouse.contract import Row, Session

_SHOWN_ROWS = 3

BAD = ("different", "error", "failed")
"""The results that make a check fail."""

_TO_PEOPLE = {"no answer": "not compared"}
"""What people read instead of a result: the question has been answered, but no answer was expected of it."""


@dataclass(frozen=True)
class Outcome:
    """What a check found about one question or audit.

    Attributes:
        kind: question or audit.
        name: its name.
        result: equal, different, no answer (there is no expected one) or error; for an audit passed, warned
            or failed.
        rows: how many rows the question answered.
        remark: what differs, in a few words.
        columns: names of the columns of ``differing``.
        differing: the first rows that differ, expected and answered one below the other.
    """

    kind: str
    name: str
    result: str
    rows: int | None = None
    remark: str = ""
    columns: list[str] = field(default_factory=list)
    differing: list[list[str]] = field(default_factory=list)


def check_all(
    warehouse: Session, answers: Path | None, oldest_allowed: datetime | None = None
) -> list[Outcome]:
    """Ask all questions, compare the answers with the expected ones, and run all audits.

    Args:
        warehouse: one that has been loaded.
        answers: folder with expected answers and one's own questions; None to run everything, and compare
            nothing.
        oldest_allowed: since when the newest event must have happened, in UTC; None for any age.

    Raises:
        UsageError: the folder is not there, or holds an answer to no question.
    """
    questions, expected = _collect(answers)
    with warehouse.snapshot():
        # Before anybody's own questions could change what they see.
        audited = audit_all(warehouse, oldest_allowed)
        return [_check_question(warehouse, it, expected.get(it.name)) for it in questions] + audited


def audit_all(warehouse: Session, oldest_allowed: datetime | None = None) -> list[Outcome]:
    """Run all audits on a warehouse as it is; each that found something says what, the others nothing."""
    audited = []
    for audit in load_audits():
        finding = find_bad_rows(warehouse, audit, begin_of(audit, oldest_allowed=oldest_allowed))
        result = "passed" if finding is None else "failed" if audit.fails else "warned"
        remark = str(finding or "").removeprefix(f"{audit.name}: ")
        audited.append(Outcome("audit", audit.name, result, remark=remark))
    return audited


def _collect(answers: Path | None) -> tuple[list[Question], dict[str, Path]]:
    """The questions to ask, own ones last, and the files of the expected answers by name."""
    questions = load_questions()
    if answers is None:
        return questions, {}
    if not answers.is_dir():
        raise UsageError(f"{answers}: no such folder", "name the folder that holds the expected answers")
    names = {question.name for question in questions}
    for path in sorted(answers.glob("*.sql")):
        if path.stem in names:
            raise UsageError(f"{path}: there is a question of this name already", "give it another name")
        questions.append(parse_question(path.stem, _read(path), str(path)))
        names.add(path.stem)
    expected = {path.stem: path for path in sorted(answers.glob("*.csv"))}
    if not expected and len(questions) == len(load_questions()):
        raise UsageError(
            f"{answers}: this folder holds no expected answers (NAME.csv)",
            f"name another folder, or write today's answers with: sparkify questions {answers} --all --csv",
        )
    for name, path in expected.items():
        if name not in names:
            nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
            raise UsageError(
                f"{path}: no question is called {name!r}"
                + (f"; did you mean {nearest[0]}?" if nearest else ""),
                f"put the question beside it as {name}.sql, or rename the file",
            )
    return questions, expected


def _check_question(warehouse: Session, question: Question, answer: Path | None) -> Outcome:
    try:
        require_select(question.sql, warehouse.engine)
        columns, rows = ask(warehouse, question)
    except (UsageError, WarehouseError) as error:
        return Outcome("question", question.name, "error", remark=error.message)
    if answer is None:
        return Outcome("question", question.name, "no answer", len(rows))
    return compare(question.name, columns, rows, answer)


def compare(name: str, columns: Sequence[str], rows: Sequence[Row], answer: Path) -> Outcome:
    """Compare an answer with the expected one.

    Numbers are compared as numbers and moments as moments, whatever way they are written; NULL is an empty
    field. The order of the rows counts.

    Args:
        name: the question's name.
        columns: the names of the answer's columns.
        rows: the answer.
        answer: the CSV file with the expected one.
    """
    header, *wanted = _read_csv(answer)

    def different(remark: str, **more: Any) -> Outcome:
        return Outcome("question", name, "different", len(rows), remark, **more)

    if [column.lower() for column in header] != [column.lower() for column in columns]:
        return different(f"columns {', '.join(columns)}; expected {', '.join(header)}")
    answered = [[cell_text(value) for value in row] for row in rows]
    # Where a field says the same in another way, it is written as in the answer from here on.
    wanted = [_aligned(row, rows[number]) if number < len(rows) else row for number, row in enumerate(wanted)]
    numbers = [
        number
        for number in range(max(len(wanted), len(answered)))
        if wanted[number : number + 1] != answered[number : number + 1]
    ]
    if not numbers:
        return Outcome("question", name, "equal", len(rows))
    if Counter(map(tuple, wanted)) == Counter(map(tuple, answered)):
        remark = "the same rows in another order; the question's ORDER BY leaves it open"
    elif len(wanted) != len(answered):
        remark = f"{len(answered):,} rows, expected {len(wanted):,}; row {numbers[0] + 1:,} differs first"
    else:
        remark = f"{len(numbers):,} of {len(rows):,} rows differ, row {numbers[0] + 1:,} first"
    differing = []
    for number in numbers[:_SHOWN_ROWS]:
        for label, side in (("expected", wanted), ("answered", answered)):
            fields = side[number] if number < len(side) else ["(no row)"] + [""] * (len(header) - 1)
            differing.append([str(number + 1), label, *fields])
    return different(remark, columns=["row", "", *columns], differing=differing)


def _aligned(wanted: list[str], row: Row) -> list[str]:
    return [
        cell_text(value) if _means(text, value) else text for text, value in zip(wanted, row, strict=True)
    ]


def _means(text: str, value: Any) -> bool:
    """Whether a field of a CSV file means a value of an answer."""
    try:
        if isinstance(value, bool):
            return text.lower() == str(value).lower()
        if isinstance(value, int | float | Decimal):
            return Decimal(text) == Decimal(str(value))
        if isinstance(value, datetime):
            return datetime.fromisoformat(text) == value
        if isinstance(value, date):
            return date.fromisoformat(text) == value
    except (ValueError, TypeError, InvalidOperation):
        return False
    return text == cell_text(value)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")  # ends of lines as they are: a cell may hold any
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}", "check its permissions") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a UTF-8 text file", "save it as UTF-8") from None


def _read_csv(path: Path) -> list[list[str]]:
    csv.field_size_limit(2**31 - 1)
    records = [record for record in csv.reader(io.StringIO(_read(path), newline="")) if record]
    remedy = f"write it with: sparkify questions {path.stem} --csv"
    if not records:
        raise UsageError(f"{path}: empty; a header with the names of the columns must come first", remedy)
    for number, record in enumerate(records[1:], 2):
        if len(record) != len(records[0]):
            raise UsageError(
                f"{path}: record {number} has {len(record)} fields, the header {len(records[0])}", remedy
            )
    return records


def _to_people(result: str) -> str:
    return _TO_PEOPLE.get(result, result)


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print a table of what is equal and what differs, then the first rows that do."""
    print_rows(
        ["check", "name", "result", "rows", "remark"],
        [
            (
                each.kind,
                each.name,
                _to_people(each.result),
                "" if each.rows is None else each.rows,
                each.remark,
            )
            for each in outcomes
        ],
        "table",
    )
    for outcome in outcomes:
        if outcome.differing:
            sys.stdout.write(f"\n{printable(outcome.name)}\n")
            print_rows(outcome.columns, outcome.differing, "table")


def require_good(outcomes: Sequence[Outcome]) -> str:
    """Sum a check up in a line.

    Raises:
        CheckError: something differs or failed.
    """
    counts = Counter((outcome.kind, outcome.result) for outcome in outcomes)
    parts = [
        f"{count} {kind}{'s' if count > 1 else ''} {_to_people(result)}"
        for (kind, result), count in counts.items()
    ]
    summary = ", ".join(parts)
    if any(outcome.result in BAD for outcome in outcomes):
        raise CheckError(
            summary,
            "look at the rows above; if the warehouse is right, renew an expected answer with:"
            " sparkify questions NAME --csv",
        )
    return summary
