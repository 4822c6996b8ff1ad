"""What several commands take: which warehouse, and how rows are printed."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparkify.errors import UsageError
from sparkify.printing.terminal import say

if TYPE_CHECKING:
    from sparkify.config.settings import Settings
    from sparkify.printing.output import Form
    from sparkify.printing.tables import Look

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


@dataclass(frozen=True)
class Printed:
    """How rows are to be printed."""

    form: "Form"
    wide: bool
    expanded: bool
    plain: bool

    def look(self, **more: bool) -> "Look":
        """How a table of them is to look."""
        from sparkify.printing.tables import Look

        return Look(self.wide, self.expanded, self.plain, **more)


def prints_rows(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, instead of its parameter ``printed``, the options that say how rows are printed."""
    options = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for each in inspect.signature(_printed).parameters.values()
    ]
    signature = inspect.signature(command)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        printed = _printed(**{option.name: given.pop(option.name) for option in options})
        command(**given, printed=printed)

    vars(run)["__signature__"] = signature.replace(
        parameters=[
            option
            for each in signature.parameters.values()
            for option in (options if each.name == "printed" else [each])
        ]
    )
    return run


def _printed(
    output: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    as_csv: Annotated[bool, typer.Option("--csv", help="The same as --format csv.")] = False,
    as_safe_csv: Annotated[
        bool,
        typer.Option(
            "--csv-safe",
            help="CSV for spreadsheets: texts that look like formulas are prefixed with an apostrophe.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    wide: Annotated[
        bool, typer.Option("--wide", help="Never cut texts, however wide the table gets.")
    ] = False,
    expanded: Annotated[
        bool, typer.Option("--expanded", "-x", help="Print the values of each row one below the other.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="No lines and bars in tables, for screen readers.")
    ] = False,
) -> Printed:
    """What the options ask for.

    Raises:
        UsageError: they ask for two forms.
    """
    is_safe = as_safe_csv or output == Format.CSV_SAFE
    is_csv, is_json = as_csv or is_safe or output == Format.CSV, as_json or output == Format.JSON
    if is_csv and is_json:
        raise UsageError("the rows can't be printed as CSV and as JSON at once", "choose one of them")
    form: Form = "csv-safe" if is_safe else "csv" if is_csv else "json" if is_json else "table"
    return Printed(form, wide, expanded, plain)


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
