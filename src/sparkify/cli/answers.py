"""The commands that answer: the user's own SQL, the analysts' questions, checks, the report."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sparkify.cli.options import (
    Config,
    Database,
    Last,
    Printed,
    ResultAsJson,
    Since,
    TimeZone,
    Until,
    prints_rows,
    settings_of,
)
from sparkify.config import credentials
from sparkify.printing.terminal import say

app = typer.Typer()


@app.command()
@prints_rows
def query(
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL|FILE.sql", help="A statement, or a file with one.", show_default="standard input"
        ),
    ] = "-",
    config: Config = None,
    database: Database = None,
    *,
    printed: Printed,
    limit: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Print at most N rows.", show_default="1000 of a table"),
    ] = None,
) -> None:
    """Run a SQL statement against the warehouse, read-only, and print its rows.

    Structs, lists and maps are nested in JSON output, and written as JSON in tables and CSV. Bytes are
    hexadecimal.
    """
    from sparkify.answers import query as querying
    from sparkify.warehouse.opening import opened

    if sql == "-" and sys.stdin is not None and sys.stdin.isatty():
        say("reading SQL from the terminal; end it with Ctrl-D on a line of its own")
    statement = querying.read_statement(sql)
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        more = querying.print_answer(warehouse, statement, printed.form, limit, printed.look())
    for line in more:
        say(line)


@app.command()
def check(
    answers: Annotated[
        Path | None,
        typer.Argument(
            metavar="ANSWERS_DIR",
            help="Folder with NAME.csv, what each question must answer, and NAME.sql for own questions."
            " Without it nothing is compared.",
        ),
    ] = None,
    config: Config = None,
    database: Database = None,
    as_json: ResultAsJson = False,
) -> None:
    """Ask all questions, compare the answers with the expected ones, and run all audits."""
    from sparkify.answers import check as checks
    from sparkify.answers.asked import Asked
    from sparkify.answers.emptiness import why_empty
    from sparkify.answers.questions import require_tables
    from sparkify.answers.spans import span_of
    from sparkify.cli.results import check_result, place_of, result_of
    from sparkify.load.audits import oldest_allowed_of
    from sparkify.warehouse.opening import opened

    with result_of("check", is_wanted=as_json) as result:
        credentials.require_none(str(answers or ""), "ANSWERS_DIR")
        settings = settings_of(config, database=database)
        with opened(settings, read_only=True) as warehouse:
            result |= place_of(warehouse)
            require_tables(warehouse)
            if why := why_empty(warehouse, span_of(warehouse, Asked())):
                say(f"note: {why}")
            oldest_allowed = oldest_allowed_of(datetime.now(UTC), settings.loading.max_age_hours)
            outcomes = checks.check_all(warehouse, answers, oldest_allowed)
        result |= check_result(outcomes)
        if not as_json:
            checks.print_outcomes(outcomes)
        say(checks.require_good(outcomes))


@app.command()
def report(
    out: Annotated[
        str, typer.Argument(metavar="OUT.html", help="The file to write, or a folder for report.html.")
    ] = "report.html",
    config: Config = None,
    database: Database = None,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    time_zone: TimeZone = None,
) -> None:
    """Write a page with all answers as charts, and the quality of the data."""
    from sparkify.answers.asked import read_asked
    from sparkify.answers.emptiness import why_empty
    from sparkify.answers.questions import require_tables
    from sparkify.answers.report import write_report
    from sparkify.answers.spans import span_of
    from sparkify.warehouse.opening import opened

    credentials.require_none(out, "OUT.html")
    path = Path(out)
    if out.endswith("/") or path.is_dir():
        path /= "report.html"
    asked = read_asked(since, until, last, time_zone)
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        require_tables(warehouse)
        span = span_of(warehouse, asked)
        if why := why_empty(warehouse, span):
            say(f"note: {why}")
        write_report(warehouse, path, span)
    typer.echo(path)
    say("open it in a browser; to ask one question: sparkify questions")
