"""The command line: parses, calls, prints. It alone owns stdout, stderr and the exit code.

stdout is data; progress and messages go to stderr. Heavy imports stand inside the commands that use
them, so that ``sparkify --help`` answers at once.
"""

import sys
from datetime import datetime
from typing import Annotated

import typer

from sparkify import __version__
from sparkify.errors import SparkifyError

app = typer.Typer(
    name="sparkify",
    help="From a music service's song and log files to an audited star schema, on DuckDB or Amazon Redshift.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder to write to; a new or an empty one.")],
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
    from sparkify.simulate import Settings, sink_for
    from sparkify.simulate import simulate as run
    from sparkify.simulate.progress import progress

    settings = Settings(songs, artists, users, days, start.date(), seed, gzip, dirty)
    with progress() as tell:
        summary = run(settings, sink_for(out), tell)
    typer.echo(summary.describe(out), err=True)


def main(args: list[str] | None = None) -> None:
    """Run the tool and exit: 0 good, 1 failure with a message, 2 wrong usage."""
    try:
        app(args)
    except SparkifyError as error:
        typer.echo(f"error: {error.message}", err=True)
        if error.hint:
            typer.echo(f"  try: {error.hint}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
