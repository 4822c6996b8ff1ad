"""The commands that answer: the user's own SQL, the analysts' questions, checks, the report."""

from pathlib import Path
from typing import Annotated

import typer

from sparkify.cli.options import (
    AsCsv,
    AsJson,
    AsSafeCsv,
    Config,
    Database,
    Expanded,
    Format,
    Output,
    Plain,
    Wide,
    form_of,
    settings_of,
)
from sparkify.config import credentials
from sparkify.errors import UsageError
from sparkify.printing.terminal import say

app = typer.Typer()


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="A statement, or - to read it from standard input.")
    ],
    config: Config = None,
    database: Database = None,
    output: Output = Format.TABLE,
    as_csv: AsCsv = False,
    as_safe_csv: AsSafeCsv = False,
    as_json: AsJson = False,
    wide: Wide = False,
    expanded: Expanded = False,
    plain: Plain = False,
    limit: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Print no more rows.", show_default="1000 of a table"),
    ] = None,
) -> None:
    """Run a SQL statement against the warehouse, read-only, and print its rows.

    Structs, lists and maps are nested in JSON, and JSON texts in a table and in CSV. Bytes are hexadecimal.
    """
    from sparkify.answers import query as querying
    from sparkify.printing.tables import Look
    from sparkify.warehouse.opening import opened

    statement = querying.read_statement(sql)
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        more = querying.print_answer(
            warehouse,
            statement,
            form_of(output, as_csv=as_csv, as_safe_csv=as_safe_csv, as_json=as_json),
            limit,
            Look(wide, expanded, plain),
        )
    for line in more:
        say(line)


@app.command()
def questions(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The question to answer. [default: list them all]")
    ] = None,
    config: Config = None,
    database: Database = None,
    output: Output = Format.TABLE,
    as_csv: AsCsv = False,
    as_safe_csv: AsSafeCsv = False,
    as_json: AsJson = False,
    wide: Wide = False,
    expanded: Expanded = False,
    plain: Plain = False,
    given: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the question is about, e.g. day=2018-11-15."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Answer all of them, the first 10 rows each.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the question's SQL.")] = False,
) -> None:
    """List the analysts' questions, or answer one."""
    from sparkify.answers import questions
    from sparkify.printing.output import print_rows
    from sparkify.printing.tables import CUT, Look
    from sparkify.warehouse.opening import opened

    form = form_of(output, as_csv=as_csv, as_safe_csv=as_safe_csv, as_json=as_json)
    values = questions.parse_given(given or ())
    if (name is None and (values or sql)) or (all_ and (name is not None or form != "table")):
        raise UsageError(
            "--given and --sql go with the NAME of a question, --all with neither NAME nor another format",
            "see sparkify questions --help",
        )
    if name is None and not all_:
        listed = [(question.name, question.title) for question in questions.load_questions()]
        print_rows(["name", "question"], listed, form, Look(wide, expanded, plain, is_prose=True))
        return
    chosen = questions.load_questions() if name is None else [questions.find_question(name)]
    if sql:
        typer.echo(questions.fill_in(chosen[0], values), nl=False)
        return
    look, is_cut = Look(wide, expanded, plain, bars=True), False
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        questions.require_tables(warehouse)
        for question in chosen:
            columns, rows = questions.ask(warehouse, question, values)
            if all_:
                typer.echo(f"\n{question.title}  ({question.name})")
            is_cut |= print_rows(columns, rows[:10] if all_ else rows, form, look)
            if all_ and len(rows) > 10:
                typer.echo(f"… and {len(rows) - 10:,} more: sparkify questions {question.name}")
    if is_cut:
        say(CUT)


@app.command()
def check(
    answers: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ANSWERS_DIR]",
            help="Folder with NAME.csv, what each question must answer, and NAME.sql for own questions."
            " Without it nothing is compared.",
        ),
    ] = None,
    config: Config = None,
    database: Database = None,
) -> None:
    """Ask all questions, compare the answers with the expected ones, and run all audits."""
    from sparkify.answers import check as checks
    from sparkify.answers.questions import require_tables
    from sparkify.warehouse.opening import opened

    credentials.require_none(str(answers or ""), "ANSWERS_DIR")
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        require_tables(warehouse)
        outcomes = checks.check_all(warehouse, answers)
    checks.print_outcomes(outcomes)
    say(checks.require_good(outcomes))


@app.command()
def report(
    out: Annotated[Path, typer.Argument(metavar="OUT.html", help="The file to write.")] = Path("report.html"),
    config: Config = None,
    database: Database = None,
) -> None:
    """Write a page with all answers as charts, and the quality of the data."""
    from sparkify.answers.questions import require_tables
    from sparkify.answers.report import write_report
    from sparkify.warehouse.opening import opened

    credentials.require_none(str(out), "OUT.html")
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        require_tables(warehouse)
        write_report(warehouse, out)
    typer.echo(out)
