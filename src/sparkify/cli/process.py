"""The process around a command: signals, standard streams, what is said of errors, and the exit code."""

import gc
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer

from sparkify.errors import SparkifyError, UsageError
from sparkify.printing import streams
from sparkify.printing.terminal import printable, say
from sparkify.system import interrupts

_TYPER_ERROR: Any = typer.BadParameter.__mro__[2]
"""What typer raises for a wrong command line, whatever is wrong with it."""

_COLLECTED_AT = 50_000
"""How many new objects Python looks through for circles: by default it does so every 700, above all while it
imports, and finds next to nothing."""

_SQL_COMMENT = re.compile(r"--[^=\s]*\s")


def run_process(app: Callable[..., object], args: Sequence[str] | None = None) -> None:
    """Run the tool as a process of its own and exit: see ``run``."""
    gc.set_threshold(_COLLECTED_AT)
    interrupts.install()
    streams.install()
    try:
        run(app, args)
    except SystemExit as leaving:
        # At once: an ordinary exit would look through all that was ever imported, and after an error wait for
        # requests whose answers nobody wants any more. Commands close themselves what they have opened.
        sys.stderr.flush()
        code = leaving.code or 0
        os._exit(code if isinstance(code, int) else 1)


def run(app: Callable[..., object], args: Sequence[str] | None = None) -> None:
    """Run the tool.

    Args:
        app: the commands.
        args: the command line; by default the process's.

    Raises:
        SystemExit: always, with 0 good, 1 failure with a message, 2 wrong usage, 129, 130 and 143 told to
            stop (SIGHUP, SIGINT, SIGTERM), 141 nobody reads the output.
    """
    try:
        try:
            _call(app, [_not_an_option(arg) for arg in (sys.argv[1:] if args is None else args)])
        finally:
            sys.stdout.flush()
    except interrupts.Stopped as stopped:
        _stop(stopped.number)
    except SparkifyError as error:
        _fail(error)
    except Exception as error:
        if number := interrupts.received():
            _stop(number)
        if isinstance(error, FileNotFoundError) and not _has_working_directory():
            _fail(
                SparkifyError("the working directory no longer exists", "change to another one (cd)"), error
            )
        _fail(
            SparkifyError(
                f"unexpected {type(error).__name__}: {error}",
                "this is a bug in sparkify: please report it; SPARKIFY_TRACEBACK=1 shows where it happened",
            ),
            error,
        )


def _has_working_directory() -> bool:
    try:
        return bool(Path.cwd())
    except FileNotFoundError:
        return False


def _call(app: Callable[..., object], args: list[str]) -> None:
    if all(printable(arg, keep="\n\t") == arg for arg in args):
        app(args)
        return
    # What typer says of a wrong command line holds parts of it, and goes to the terminal as it is.
    try:
        code = app(args, standalone_mode=False)
    except _TYPER_ERROR as error:
        raise UsageError(error.format_message(), "see: sparkify --help") from None
    sys.exit(code if isinstance(code, int) else 0)


def _not_an_option(arg: str) -> str:
    """An argument, so that SQL which begins with a comment is not taken for an option."""
    return f"\n{arg}" if _SQL_COMMENT.match(arg) else arg


def exit_code_of(error: BaseException) -> int:
    """The exit code that an error leads to."""
    if isinstance(error, interrupts.Stopped):
        return 128 + error.number
    return error.exit_code if isinstance(error, SparkifyError) else 1


def _stop(number: int) -> NoReturn:
    say(interrupts.message(number), in_lines=True)
    sys.exit(128 + number)


def _fail(error: SparkifyError, cause: Exception | None = None) -> NoReturn:
    if cause is not None and os.environ.get("SPARKIFY_TRACEBACK"):
        raise cause
    kind = "usage error" if isinstance(error, UsageError) else "error"
    hint = f"\n  hint: {error.hint}" if error.hint else ""
    say(f"{kind}: {error.message}{hint}", in_lines=True)
    sys.exit(error.exit_code)
