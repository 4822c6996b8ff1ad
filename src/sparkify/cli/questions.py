"""The command that asks the analysts' questions."""

from contextlib import redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify.cli.options import (
    Config,
    Database,
    Last,
    Printed,
    Since,
    TimeZone,
    Until,
    prints_rows,
    settings_of,
)
from sparkify.config import credentials
from sparkify.errors import UsageError
from sparkify.printing.terminal import say
from sparkify.printing.wording import plural
from sparkify.system.disk import writing
from sparkify.system.switching import move, name_beside

if TYPE_CHECKING:
    from sparkify.answers.questions import Question
    from sparkify.answers.spans import Span
    from sparkify.printing.output import Form
    from sparkify.printing.tables import Look
    from sparkify.warehouse.contract import Row, Session

app = typer.Typer()

_FEW = 10
"""Rows that --all prints of each answer."""


class Compare(StrEnum):
    """What a span is compared with."""

    PREVIOUS = "previous"


@app.command()
@prints_rows
def questions(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="The question to answer, or the folder of --all.", show_default="list them"
        ),
    ] = None,
    config: Config = None,
    database: Database = None,
    *,
    printed: Printed,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    compare: Annotated[
        Compare | None,
        typer.Option(help="Compare each row with the span before, of the same length."),
    ] = None,
    time_zone: TimeZone = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="How many rows, instead of the number the question has."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the question is about, e.g. day=2018-11-15."),
    ] = None,
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Answer all questions: the first 10 rows of each, or all rows as files with --csv FOLDER.",
        ),
    ] = False,
    excel: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.xlsx",
            help="Write the answer (without NAME: all answers, a sheet each) to this new file.",
        ),
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print the question's SQL.")] = False,
) -> None:
    """List the analysts' questions, or answer one, about all plays or a span of time."""
    from sparkify.answers import questions
    from sparkify.answers.asked import read_asked
    from sparkify.answers.restricting import restricted
    from sparkify.answers.spans import span_of
    from sparkify.warehouse.opening import opened

    form = printed.form
    values = questions.parse_given(given or ())
    asked = read_asked(since, until, last, time_zone, limit)
    if excel:
        _require_excel_alone(excel, name, form, is_other=sql)
        all_ = False
    folder = Path(name) if all_ and name is not None else None
    name = None if folder else name
    if (name is None and (values or sql)) or (all_ and (folder is None) == (form != "table")):
        raise UsageError(
            "--given and --sql go with a question's NAME, --all with --csv and a folder, or neither",
            "see sparkify questions --help",
        )
    if name is None and not all_ and not excel:
        _print_list(form, printed.look(is_prose=True))
        return
    chosen = questions.load_questions() if name is None else [questions.find_question(name)]
    if sql and asked == read_asked(None, None, None, None):
        typer.echo(questions.fill_in(chosen[0], values), nl=False)
        return
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        questions.require_tables(warehouse, questions.needs_of(chosen))
        span = span_of(warehouse, asked)
        if sql:
            typer.echo(restricted(questions.fill_in(chosen[0], values), span), nl=False)
            return
        left_out = [question for question in chosen if compare and name is None and not question.keys]
        chosen = [question for question in chosen if question not in left_out]
        look = printed.look(bars=True)
        answering = _Answering(
            warehouse, span, values, form, look, is_few=all_ and not folder, is_compared=bool(compare)
        )
        if excel:
            _write_excel(answering, chosen, excel)
        elif folder:
            _write_files(answering, chosen, folder)
        else:
            answering.print_all(chosen)
        answering.say_notes()
        if left_out:
            say(f"note: can't be compared, and left out: {', '.join(each.name for each in left_out)}")


def _write_files(answering: "_Answering", chosen: "list[Question]", folder: Path) -> None:
    """Write each answer into a file of its own, in a folder that is not there yet, or empty."""
    credentials.require_none(str(folder), "FOLDER")
    ending = "json" if answering.form == "json" else "csv"
    with writing(folder, "name another folder"):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder}: is not empty, and was not touched", "name a new folder")
        for question in chosen:
            path = folder / f"{question.name}.{ending}"
            with path.open("x", encoding="utf-8", newline="") as file, redirect_stdout(file):
                answering.print_all([question])
    say(f"wrote {len(chosen)} answers to {folder}")


def _require_excel_alone(file: Path, name: str | None, form: "Form", *, is_other: bool) -> None:
    from sparkify.printing.excel import require_excel

    credentials.require_none(str(file), "FILE.xlsx")
    if form != "table" or is_other or file.suffix.lower() != ".xlsx":
        raise UsageError(
            "--excel writes a file whose name ends in .xlsx, and goes with no other form",
            f"write for example: sparkify questions {name or ''} --excel answers.xlsx".replace("  ", " "),
        )
    require_excel()
    if file.exists():
        raise UsageError(f"{file}: is there already, and was not touched", "name a new file")


def _write_excel(answering: "_Answering", chosen: "list[Question]", file: Path) -> None:
    """Write each answer into a sheet of its own, of a file that is not there yet."""
    from sparkify.answers.covering import about
    from sparkify.printing.excel import Sheet, workbook

    sheets = [Sheet(question.name, question.title, *answering.ask(question)) for question in chosen]
    content, cut = workbook(sheets, about(answering.span, is_compared=answering.is_compared))
    aside = name_beside(file)
    try:
        with writing(file, "name another file"):
            aside.write_bytes(content)
            move(aside, file)
    finally:
        aside.unlink(missing_ok=True)
    if cut:
        say(f"note: {cut:,} texts were cut to what a cell of Excel holds; --csv has them whole")
    say(f"wrote {plural(len(chosen), 'answer')} to {file}")


def _print_list(form: "Form", look: "Look") -> None:
    from sparkify.answers.questions import load_questions
    from sparkify.printing.output import print_rows

    listed = [(each.name, each.title, each.takes) for each in load_questions()]
    print_rows(["name", "question", "also_takes"], listed, form, look)
    say("answer one with: sparkify questions NAME")
    say("spans of time: sparkify questions -h")


@dataclass
class _Answering:
    """Asks questions about one span, and prints the answers."""

    warehouse: "Session"
    span: "Span"
    given: dict[str, str]
    form: "Form"
    look: "Look"
    is_few: bool
    is_compared: bool
    why_empty: str = ""
    is_cut: bool = False

    def ask(self, question: "Question") -> "tuple[list[str], list[Row]]":
        """The columns and rows of an answer."""
        from sparkify.answers import questions
        from sparkify.answers.emptiness import why_empty

        ask = questions.ask_compared if self.is_compared else questions.ask
        columns, rows = ask(self.warehouse, question, self.given, self.span)
        if not rows and not self.why_empty:
            self.why_empty = why_empty(self.warehouse, self.span, self.given)
        return columns, rows

    def print_all(self, chosen: "list[Question]") -> None:
        """Print the answers."""
        from sparkify.printing.output import print_rows

        for question in chosen:
            columns, rows = self.ask(question)
            if self.is_few:
                typer.echo(f"\n{question.title}  ({question.name})")
            self.is_cut |= print_rows(columns, rows[:_FEW] if self.is_few else rows, self.form, self.look)
            if self.is_few and len(rows) > _FEW:
                typer.echo(f"… and {len(rows) - _FEW:,} more: sparkify questions {question.name}")

    def say_notes(self) -> None:
        """Say what is to be said of the answers: which days they are about, and why there are none."""
        from sparkify.answers.covering import notes_on
        from sparkify.printing.tables import CUT

        notes = notes_on(self.span, is_compared=self.is_compared)
        for note in [self.why_empty] if self.why_empty else notes:
            say(f"note: {note}")
        if self.is_cut:
            say(CUT)
