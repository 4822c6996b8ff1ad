"""Asking people before something goes that can't be brought back."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from sparkify.errors import SparkifyError, UsageError
from sparkify.printing.terminal import printable, say

if TYPE_CHECKING:
    from sparkify.config.settings import Settings
    from sparkify.load.progress import Progress
    from sparkify.load.summary import Summary
    from sparkify.printing.console import Console
    from sparkify.warehouse.contract import Warehouse

Found = TypeVar("Found")


def require_agreement(what: str, question: str) -> None:
    """Go on only if somebody at the terminal says so.

    Args:
        what: what would go.
        question: whether it may.

    Raises:
        UsageError: there is nobody to ask.
        SparkifyError: the answer is no.
    """
    nobody = UsageError(
        f"{what}, and there is no terminal to confirm it on; nothing was changed", "use --yes to proceed"
    )
    if sys.stdin is None or not sys.stdin.isatty():
        raise nobody
    try:
        is_agreed = typer.confirm(printable(f"{what}. {question}"), err=True)
    except typer.Abort:
        say("")
        raise nobody from None
    if not is_agreed:
        raise SparkifyError("not confirmed; nothing was changed")


def change_if_agreed(
    settings: "Settings",
    find: "Callable[[Warehouse], Found]",
    show: "Callable[[Found, Console], None]",
    ask: "Callable[[Found], None]",
    change: "Callable[[Warehouse, Progress, Found | None], Summary]",
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Change the warehouse once somebody has seen what would go, and print what was done.

    Args:
        settings: which warehouse.
        find: finds what would go.
        show: prints that, for a dry run.
        ask: asks whether it may go; see ``require_agreement``.
        change: lets it go, given what was agreed to; None if nobody was asked.
        dry_run: whether to change nothing.
        yes: whether to ask nobody.
    """
    from sparkify.cli.etl import Form
    from sparkify.cli.summary import print_unloaded
    from sparkify.printing.console import Console
    from sparkify.warehouse.opening import opened

    console, agreed = Console(), None
    if dry_run or not yes:
        with opened(settings, read_only=True) as warehouse:
            agreed = find(warehouse)
        if dry_run:
            show(agreed, console)
            return
        ask(agreed)
    clock, progress = time.perf_counter(), Form().progress(console)
    try:
        with opened(settings, begin=progress.step) as warehouse:
            summary = change(warehouse, progress, agreed)
    finally:
        progress.done()
    print_unloaded(summary, settings.database, time.perf_counter() - clock, console)
