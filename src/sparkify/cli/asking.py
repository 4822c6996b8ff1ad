"""Asking people before something goes that can't be brought back."""

import sys

import typer

from sparkify.errors import SparkifyError, UsageError
from sparkify.printing.terminal import printable, say


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
