"""The command line: parses, calls, prints.

stdout is data; progress and messages go to stderr. Heavy imports stand inside the commands that use
them, so that ``sparkify --help`` answers at once.
"""

import functools
from collections.abc import Callable
from datetime import date
from typing import Annotated

import typer

from sparkify import __version__
from sparkify.cli import process
from sparkify.cli.answers import app as answers_app
from sparkify.cli.cluster import app as cluster_app
from sparkify.cli.doctor import doctor
from sparkify.cli.export import export
from sparkify.cli.notebooks import notebooks
from sparkify.cli.options import Config, Database, Yes, settings_of
from sparkify.cli.prune import prune
from sparkify.cli.questions import app as questions_app
from sparkify.cli.running import app as running_app
from sparkify.cli.shell import shell
from sparkify.cli.wording import application
from sparkify.errors import UsageError
from sparkify.printing.terminal import say

app = application(
    "sparkify",
    "From a music service's song and log files to an audited star schema, on DuckDB or Amazon Redshift.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(running_app)
app.add_typer(questions_app)
app.add_typer(answers_app)
app.add_typer(cluster_app)
app.command()(prune)
app.command()(shell)
app.command()(doctor)
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
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="Where to write: a new folder, or s3://bucket/prefix.")
    ],
    config: Config = None,
    songs: Annotated[int, typer.Option(help="Songs in the catalogue, one file each.")] = 10_000,
    artists: Annotated[
        int | None, typer.Option(help="Artists in the catalogue.", show_default="64 for 100 songs")
    ] = None,
    users: Annotated[int, typer.Option(help="Users, with about 80 events a month each.")] = 1_300,
    days: Annotated[int, typer.Option(help="Days of logs, one file each.")] = 30,
    start: Annotated[
        str,
        typer.Option(metavar="DATE", help="The first day."),
    ] = "2018-11-01",
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.")] = 1,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress the files.")] = False,
    dirty: Annotated[
        float,
        typer.Option(metavar="RATE", help="Share of records to break, to duplicate and to garble, each."),
    ] = 0.0,
) -> None:
    """Write song and log files of an imaginary music service."""
    from sparkify.config.location import is_on_s3
    from sparkify.config.places import output_place
    from sparkify.simulate import SimulationOptions, sink_for
    from sparkify.simulate import simulate as run
    from sparkify.simulate.progress import progress
    from sparkify.system import interrupts

    try:
        first_day = date.fromisoformat(start)
    except ValueError:
        raise UsageError(f"--start {start!r} is not a day", "write for example: --start 2018-11-01") from None
    options = SimulationOptions(songs, artists, users, days, first_day, seed, gzip, dirty)
    out = output_place(out)
    sink = sink_for(out, settings_of(config).aws if is_on_s3(out) else None)
    interrupts.leaves(lambda: "what was written is unfinished, and the same command finishes it")
    with progress() as tell:
        summary = run(options, sink, tell)
    say(summary.describe(out), in_lines=True)


@app.command()
def create_tables(config: Config = None, database: Database = None, yes: Yes = False) -> None:
    """Drop and recreate all tables and the ledger of loaded files; asks first unless they are empty."""
    from sparkify.cli.asking import require_agreement
    from sparkify.cli.summary import print_dropped
    from sparkify.printing.console import Console
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
    console = Console()
    print_dropped(dropped, console)
    console.print(f"created the tables in {dropped.location}")


def main(args: list[str] | None = None) -> None:
    """Run the tool as a process of its own and exit."""
    process.run_process(_command(), args)


def run(args: list[str] | None = None) -> None:
    """Run the tool inside another process; it ends with SystemExit."""
    process.run(_command(), args)


@functools.cache
def _command() -> Callable[..., object]:
    """All commands, put together once for a process that runs several."""
    return typer.main.get_command(app)
