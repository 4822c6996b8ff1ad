"""The command line: parses, calls, prints. It alone owns stdout, stderr and the exit code.

stdout is data; progress and messages go to stderr. Heavy imports stand inside the commands that use
them, so that ``sparkify --help`` answers at once.
"""

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparkify import __version__
from sparkify.cluster.cli import app as cluster_app
from sparkify.errors import SparkifyError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sparkify.config import Settings

app = typer.Typer(
    name="sparkify",
    help="From a music service's song and log files to an audited star schema, on DuckDB or Amazon Redshift.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cluster_app)

Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Configuration file. [default: ./dwh.cfg, if there]"),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="DB",
        help="A DuckDB file, or 'redshift'. [default: sparkify.duckdb]",
        show_default=False,
    ),
]


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


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
def create_tables(config: Config = None, database: Database = None) -> None:
    """Drop and create all tables, the ledger of loaded files included."""
    from sparkify import pipeline

    location = pipeline.create_tables(_settings(config, database=database))
    _stderr().print(f"created the tables in {location}", highlight=False, markup=False)


@app.command()
def etl(
    config: Config = None,
    database: Database = None,
    song_data: Annotated[
        str | None,
        typer.Option(
            metavar="URI", help="Folder with the song files. [default: data/song_data]", show_default=False
        ),
    ] = None,
    log_data: Annotated[
        str | None,
        typer.Option(
            metavar="URI", help="Folder with the log files. [default: data/log_data]", show_default=False
        ),
    ] = None,
    log_jsonpath: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="JSONPaths file of the logs. [default: log_json_path.json beside log_data, if there]",
            show_default=False,
        ),
    ] = None,
    max_reject_share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Fail when more of the records than this share are bad, 0 to 1. [default: 0.01]",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Load everything again, from scratch.")] = False,
) -> None:
    """Stage, transform and audit what is new in the source files."""
    from sparkify import pipeline, progress, summary

    settings = _settings(
        config,
        database=database,
        song_data=song_data,
        log_data=log_data,
        log_jsonpath=log_jsonpath,
        max_reject_share=max_reject_share,
    )
    console = _stderr()
    result = pipeline.run_etl(settings, progress.on_console(console), full=full)
    summary.print_summary(result, settings.database, console)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="A statement, or - to read it from standard input.")
    ],
    config: Config = None,
    database: Database = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
) -> None:
    """Run a SQL statement against the warehouse, read-only, and print its rows."""
    from sparkify.engines import connect
    from sparkify.output import print_rows

    warehouse = connect(_settings(config, database=database), read_only=True)
    try:
        columns, rows = warehouse.select(sys.stdin.read() if sql == "-" else sql)
    finally:
        warehouse.close()
    print_rows(columns, rows, output.value)


@app.command()
def status(config: Config = None, database: Database = None) -> None:
    """Show what the warehouse holds, and the runs that loaded it."""
    from sparkify import summary
    from sparkify.engines import connect

    warehouse = connect(_settings(config, database=database), read_only=True)
    try:
        summary.print_status(warehouse)
    finally:
        warehouse.close()


def _stderr() -> "Console":
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)


def _settings(config: str | None, **flags: Any) -> "Settings":
    from sparkify.config import load_settings

    settings = load_settings(config, **flags)
    for warning in settings.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return settings


def main(args: list[str] | None = None) -> None:
    """Run the tool and exit: 0 good, 1 failure with a message, 2 wrong usage."""
    try:
        app(args)
    except SparkifyError as error:
        _fail(error)
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing was changed", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has had enough of it, e.g. head.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        _fail(
            SparkifyError(
                f"unexpected {type(error).__name__}: {error}",
                "this is a bug in sparkify: please report it; SPARKIFY_TRACEBACK=1 shows where it happened",
            ),
            error,
        )


def _fail(error: SparkifyError, cause: Exception | None = None) -> None:
    if cause is not None and os.environ.get("SPARKIFY_TRACEBACK"):
        raise cause
    typer.echo(f"{'usage error' if isinstance(error, UsageError) else 'error'}: {error.message}", err=True)
    if error.hint:
        typer.echo(f"  what to do: {error.hint}", err=True)
    sys.exit(error.exit_code)
