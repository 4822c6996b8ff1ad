"""Letting go of old events, asked for by a day or an age."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify.cli.options import Config, Database, Yes, settings_of
from sparkify.errors import UsageError

if TYPE_CHECKING:
    from sparkify.load.prune import OldEvents
    from sparkify.printing.console import Console


def prune(
    before: Annotated[
        str | None, typer.Option(metavar="DAY", help="Prune what happened before this day, e.g. 2018-11-01.")
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Prune what is older than so many days (d) or weeks (w): 400d."),
    ] = None,
    config: Config = None,
    database: Database = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print how many events would be pruned, and prune none.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Delete old raw events from staging_events; the star schema stays as it is. Asks first."""
    from sparkify.cli.asking import change_if_agreed, require_agreement
    from sparkify.load import prune as pruning

    day = day_of(before, older_than, datetime.now(UTC).date())

    def ask(old: "OldEvents") -> None:
        if old.events:
            require_agreement(
                f"{old.location}: this deletes {old.described()}",
                "Later files can't bring events of that time. Delete them?",
            )

    change_if_agreed(
        settings_of(config, database=database),
        lambda warehouse: pruning.find_old(warehouse, day),
        _print_found,
        ask,
        lambda warehouse, progress, agreed: pruning.prune(warehouse, day, progress, agreed),
        dry_run=dry_run,
        yes=yes,
    )


def day_of(before: str | None, older_than: str | None, today: date) -> date:
    """The day that one of two flags means.

    Args:
        before: a day such as 2018-11-01.
        older_than: an age such as 400d.
        today: in UTC.

    Raises:
        UsageError: both are given or none, one can't be read, or the day lies ahead.
    """
    from sparkify.answers.asked import days_in

    if (before is None) == (older_than is None):
        raise UsageError(
            "name a day or an age", "write for example: --before 2018-11-01, or --older-than 400d"
        )
    if older_than is not None:
        age = days_in(older_than)
        if age is None:
            raise UsageError(
                f"--older-than {older_than!r} is not a number of days or weeks", "write for example: 400d"
            )
        return today - timedelta(days=age)
    try:
        day = date.fromisoformat((before or "").strip())
    except ValueError:
        raise UsageError(f"--before {before!r} is not a day", "write for example: 2018-11-01") from None
    if day > today:
        raise UsageError(f"--before {day} has not come yet", f"name {today} or an earlier day")
    return day


def _print_found(old: "OldEvents", console: "Console") -> None:
    from sparkify.printing.output import print_rows

    print_rows(["before", "events", "kept"], [(old.before, old.events, old.kept)], "table")
    console.print(f"would prune {old.described()}", highlight=False)
