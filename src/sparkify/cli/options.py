"""What several commands take: which warehouse, and how rows are printed."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparkify.errors import UsageError
from sparkify.printing.terminal import say

if TYPE_CHECKING:
    from sparkify.config.settings import Settings
    from sparkify.printing.output import Form

Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Configuration file.", show_default="dwh.cfg, if there"),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="DB", help="A DuckDB file, or 'redshift'.", show_default="sparkify.duckdb"
    ),
]
ResultAsJson = Annotated[
    bool, typer.Option("--json", help="Print the result to stdout, as one JSON object (docs/json.md).")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    CSV_SAFE = "csv-safe"
    JSON = "json"


Output = Annotated[Format, typer.Option("--format", help="How to print the rows.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="The same as --format csv.")]
AsSafeCsv = Annotated[
    bool,
    typer.Option(
        "--csv-safe",
        help="CSV for spreadsheets: texts that look like formulas are prefixed with an apostrophe.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


Wide = Annotated[bool, typer.Option("--wide", help="Never cut texts, however wide the table gets.")]
Expanded = Annotated[
    bool, typer.Option("--expanded", "-x", help="Print the values of each row one below the other.")
]
Plain = Annotated[
    bool,
    typer.Option("--plain", help="No lines and bars in tables, for screen readers."),
]

Since = Annotated[str | None, typer.Option(metavar="DAY", help="Only plays since this day, e.g. 2018-11-01.")]
Until = Annotated[str | None, typer.Option(metavar="DAY", help="Only plays up to and including this day.")]
Last = Annotated[
    str | None,
    typer.Option(metavar="7d", help="Only the last days (d) or weeks (w) up to the last day with a play."),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Time zone of days and hours, e.g. America/Los_Angeles.", show_default="UTC"
    ),
]


def form_of(output: Format, *, as_csv: bool, as_safe_csv: bool, as_json: bool) -> "Form":
    """The form that the flags ask for.

    Raises:
        UsageError: they ask for two.
    """
    is_safe = as_safe_csv or output == Format.CSV_SAFE
    is_csv, is_json = as_csv or is_safe or output == Format.CSV, as_json or output == Format.JSON
    if is_csv and is_json:
        raise UsageError("the rows can't be printed as CSV and as JSON at once", "choose one of them")
    return "csv-safe" if is_safe else "csv" if is_csv else "json" if is_json else "table"


def settings_of(config: str | None, warn: Callable[[str], None] | None = None, **flags: Any) -> "Settings":
    """The settings, with flags of the command line.

    Args:
        config: what --config says.
        warn: told what is odd about them; by default people are.
        **flags: of the command line.

    Raises:
        UsageError: they are wrong.
    """
    from sparkify.config.loading import load_settings

    settings = load_settings(config, **flags)
    if settings.database == ":memory:":
        raise UsageError(
            "database :memory:: what is loaded there is gone when the command ends", "name a file"
        )
    for warning in settings.warnings:
        if warn:
            warn(warning)
        else:
            say(f"warning: {warning}")
    return settings
