"""The command line: parses, calls, prints. It alone owns stdout, stderr and the exit code.

stdout is data; progress and messages go to stderr. Heavy imports stand inside the commands that use
them, so that ``sparkify --help`` answers at once.
"""

import sys
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
