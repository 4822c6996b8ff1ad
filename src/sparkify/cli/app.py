"""The command line: parses, calls, prints.

stdout is data; progress and messages go to stderr. Heavy imports stand inside the commands that use
them, so that ``sparkify --help`` answers at once.
"""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify import __version__
from sparkify.cli import process
from sparkify.cli.answers import app as answers_app
from sparkify.cli.cluster import app as cluster_app
from sparkify.cli.export import export
from sparkify.cli.notebooks import notebooks
from sparkify.cli.options import Config, Database, Yes, settings_of
from sparkify.cli.progress import on_console
from sparkify.cli.questions import app as questions_app
from sparkify.cli.wording import application
from sparkify.errors import UsageError
from sparkify.printing.terminal import say

if TYPE_CHECKING:
    from sparkify.printing.console import Console

app = application(
    "sparkify",
    "From a music service's song and log files to an audited star schema, on DuckDB or Amazon Redshift.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(questions_app)
app.add_typer(answers_app)
app.add_typer(cluster_app)
app.command()(export)
app.command()(notebooks)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sparkify {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """From a music service's song and log files to an audited star schema, on DuckDB or Amazon Redshift."""


@app.command()
def simulate(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Where to: a new folder, or s3://bucket/prefix.")],
    config: Config = None,
    songs: Annotated[int, typer.Option(help="Songs in the catalogue, a file each.")] = 10_000,
    artists: Annotated[
        int | None, typer.Option(help="Artists in the catalogue.", show_default="64 for 100 songs")
    ] = None,
    users: Annotated[int, typer.Option(help="Users; each has some 80 events a month.")] = 1_300,
    days: Annotated[int, typer.Option(help="Days of logs.")] = 30,
    start: Annotated[
        datetime,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The first day.", show_default="2018-11-01"),
    ] = datetime(2018, 11, 1),
    seed: Annotated[int, typer.Option(help="Same seed, same data.")] = 1,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress the files.")] = False,
    dirty: Annotated[
        float,
        typer.Option(metavar="RATE", help="Share of records to break, and of those to double and to garble."),
    ] = 0.0,
) -> None:
    """Write song and log files of an imaginary music service."""
    from sparkify.config.location import is_on_s3
    from sparkify.config.places import output_place
    from sparkify.simulate import SimulationOptions, sink_for
    from sparkify.simulate import simulate as run
    from sparkify.simulate.progress import progress
    from sparkify.system import interrupts

    options = SimulationOptions(songs, artists, users, days, start.date(), seed, gzip, dirty)
    out = output_place(out)
    sink = sink_for(out, settings_of(config).aws if is_on_s3(out) else None)
    interrupts.leaves(lambda: "what was written is unfinished, and the same command finishes it")
    with progress() as tell:
        summary = run(options, sink, tell)
    say(summary.describe(out), in_lines=True)


@app.command()
def create_tables(config: Config = None, database: Database = None, yes: Yes = False) -> None:
    """Drop and create all tables, the ledger of loaded files included; asks first if they hold anything."""
    from sparkify.cli.asking import require_agreement
    from sparkify.cli.summary import print_dropped
    from sparkify.warehouse import recreate
    from sparkify.warehouse.opening import opened, opened_if_there

    settings = settings_of(config, database=database)
    agreed = None
    if not yes:
        with opened_if_there(settings) as there:
            agreed = recreate.look(there) if there else recreate.Holdings(settings.database, {})
    if agreed and agreed.rows:
        require_agreement(f"{agreed.location} holds {agreed.described()}", "Drop all of it?")
    with opened(settings) as warehouse:
        dropped = recreate.create_tables(warehouse, agreed)
    print_dropped(dropped, _stderr())
    _stderr().print(f"created the tables in {dropped.location}")


@app.command()
def etl(
    config: Config = None,
    database: Database = None,
    song_data: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="The song files: a folder or s3://bucket/prefix.",
            show_default="data/song_data",
        ),
    ] = None,
    log_data: Annotated[
        str | None,
        typer.Option(metavar="URI", help="The log files, likewise.", show_default="data/log_data"),
    ] = None,
    log_jsonpath: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="JSONPaths file of the logs.",
            show_default="log_json_path.json beside log_data, if there",
        ),
    ] = None,
    max_reject_share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Fail when a larger share of a source's records is bad, 0 to 1.",
            show_default="0.01",
        ),
    ] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Let links in a source's folder lead out of it.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Load everything again, from scratch.")] = False,
    drop_missing: Annotated[
        bool,
        typer.Option("--drop-missing", help="With --full: drop the rows of files that no longer exist."),
    ] = False,
    allow_shrunk: Annotated[
        bool, typer.Option("--allow-shrunk", help="Load files that had records and are empty now.")
    ] = False,
    skip_bad_files: Annotated[
        bool, typer.Option("--skip-bad-files", help="Go on without files of which nothing can be loaded.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print which files would be loaded, and load none.")
    ] = False,
) -> None:
    """Stage, transform and audit what is new in the source files."""
    from sparkify.cli import summary
    from sparkify.load import pipeline
    from sparkify.warehouse.opening import opened, opened_if_there

    if drop_missing and not full:
        raise UsageError("--drop-missing goes with --full", "without --full all that is loaded stays")
    settings = settings_of(
        config,
        database=database,
        song_data=song_data,
        log_data=log_data,
        log_jsonpath=log_jsonpath,
        max_reject_share=max_reject_share,
        follow_links=follow_links or None,
    )
    console = _stderr()
    if dry_run:
        with opened_if_there(settings) as there:
            plan = pipeline.plan_etl(there, settings.loading, settings.aws, full=full)
        summary.print_plan(plan, console)
        return
    clock = time.perf_counter()
    with opened(settings) as warehouse:
        result = pipeline.run_etl(
            warehouse,
            settings.loading,
            settings.aws,
            on_console(console),
            full=full,
            allow_shrunk=allow_shrunk,
            skip_bad_files=skip_bad_files,
            drop_missing=drop_missing,
        )
    summary.print_summary(result, settings.database, time.perf_counter() - clock, console)


@app.command()
def status(config: Config = None, database: Database = None) -> None:
    """Show what the warehouse holds, and the runs that loaded it."""
    from sparkify.cli import summary
    from sparkify.warehouse.opening import opened

    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        summary.print_status(warehouse, _stderr())


def _note(line: str) -> None:
    say(f"note: {line}")


def _stderr() -> "Console":
    from sparkify.printing.console import Console

    return Console()


def main(args: list[str] | None = None) -> None:
    """Run the tool as a process of its own and exit."""
    process.run_process(app, args)


def run(args: list[str] | None = None) -> None:
    """Run the tool inside another process; it ends with SystemExit."""
    process.run(app, args)
