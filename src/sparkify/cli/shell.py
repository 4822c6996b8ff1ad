"""``sparkify shell``: SQL typed by hand, statement after statement."""

import contextlib
import sys
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify.cli.options import Config, Database, settings_of
from sparkify.errors import SparkifyError, StatementError, UsageError
from sparkify.printing.terminal import say
from sparkify.printing.wording import plural
from sparkify.system import interrupts
from sparkify.system.extras import how_to_install

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from sparkify.config.settings import Settings

_COMMANDS = {
    r"\d": "list tables and views; with a name: its columns",
    r"\x": "print the values of each row one below the other, or stop doing so",
    r"\?": "show this list, as help does",
    r"\q": "leave, as exit, quit and Ctrl-D do",
}
_WORDS = {"help": r"\?", "exit": r"\q", "quit": r"\q"}
"""What other shells call these commands."""


def shell(
    config: Config = None,
    database: Database = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Print at most N rows of an answer.")] = 100,
) -> None:
    r"""Type SQL and see its rows, with a history and completion; statements end in a semicolon.

    \d lists the tables, \d NAME the columns of one, \x switches to one value per line, \q quits.
    """
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError("sparkify shell needs a terminal", "run a file with: sparkify query FILE.sql")
    try:
        from sparkify.cli.shell_input import Names, editor
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("prompt_toolkit"):
            raise
        raise UsageError(
            "the line editor of sparkify shell is not installed",
            how_to_install("shell"),
        ) from None
    asking = Asking(settings_of(config, database=database), limit)
    session = editor(Names(asking.columns(), _COMMANDS), is_command)
    say(rf"{asking.location}, read-only; statements end in ;  \? lists what else there is")
    is_on = True
    with interrupts.ends_statement():
        while is_on:
            with contextlib.suppress(KeyboardInterrupt):  # between two turns
                is_on = _takes_turn(session, asking)


def is_command(text: str) -> bool:
    """Whether what was typed is a command as it stands, and needs no semicolon."""
    return text.startswith("\\") or _bare(text).lower() in _WORDS


def _bare(text: str) -> str:
    return text.strip().removesuffix(";").rstrip()


def _takes_turn(session: "PromptSession[str]", asking: "Asking") -> bool:
    """Read what is typed, and answer; False where it is to leave."""
    try:
        text = session.prompt("sparkify> ").strip()
    except KeyboardInterrupt:
        return True
    except EOFError:
        return False
    if is_command(text):
        text = _WORDS.get(_bare(text).lower(), _bare(text))
    if text == r"\q":
        return False
    try:
        with interrupts.ends_statement():
            asking.answer(text)
    except KeyboardInterrupt:
        say("stopped")
    except SparkifyError as error:
        say(f"error: {error.message}" + (f"\n  hint: {error.hint}" if error.hint else ""), in_lines=True)
    return True


class Asking:
    """Opens the warehouse for each statement and closes it again, so that nobody who loads has to wait."""

    def __init__(self, settings: "Settings", limit: int) -> None:
        self._settings = settings
        self._limit = limit
        self._expanded = False
        self.location = settings.database

    def columns(self) -> dict[str, list[str]]:
        """By table or view, the names of its columns."""
        found: dict[str, list[str]] = {}
        for table, column, _ in self._catalog():
            found.setdefault(table, []).append(column)
        return found

    def answer(self, text: str) -> None:
        """Run what was typed: statements, or a command that begins with a backslash."""
        from sparkify.answers.statements import split

        if text.startswith("\\"):
            self._command(*text.split(maxsplit=1))
            return
        statements, rest = split(text)
        for statement in [*statements, *([rest] if rest else [])]:
            self._ask(statement)

    def _command(self, word: str, name: str = "") -> None:
        if word == r"\d":
            self._describe(name.strip('"'))
        elif word == r"\x":
            self._expanded = not self._expanded
            say(f"one value per line: {'on' if self._expanded else 'off'}")
        elif word == r"\?":
            for command, what in _COMMANDS.items():
                typer.echo(f"{command}  {what}")
        else:
            raise UsageError(f"{word}: no such command", f"the commands are: {', '.join(_COMMANDS)}")

    def _describe(self, name: str) -> None:
        if not name:
            columns = self.columns()
            self._print(["table", "columns"], [(table, ", ".join(names)) for table, names in columns.items()])
            return
        found = [row[1:] for row in self._catalog() if row[0] == name]
        if not found:
            raise UsageError(f"{name}: no such table or view", r"list them with: \d")
        self._print(["column", "type"], found)

    def _catalog(self) -> list[tuple[str, str, str]]:
        from sparkify.sql import read_sql
        from sparkify.warehouse.opening import opened

        with opened(self._settings, read_only=True) as warehouse:
            self.location = warehouse.location
            return [(row[0], row[1], row[2]) for row in warehouse.query(read_sql("shell/columns"))]

    def _ask(self, statement: str) -> None:
        from sparkify.answers.query import require_select, users_error
        from sparkify.warehouse.opening import opened

        with opened(self._settings, read_only=True) as warehouse:
            require_select(statement, warehouse.engine)
            try:
                columns, rows = warehouse.stream(statement)
                shown = list(islice(rows, self._limit))
                is_all = next(rows, None) is None
            except StatementError as error:
                raise users_error(error, statement) from None
        self._print(columns, shown)
        count = plural(len(shown), "row")
        say(count if is_all else f"showing the first {count}; for more: sparkify shell --limit N")

    def _print(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        from sparkify.printing.output import print_rows
        from sparkify.printing.tables import CUT, Look

        look = Look(expanded=self._expanded, is_prose=columns[0] == "table")
        if print_rows(columns, rows, "table", look):
            say(CUT)
        sys.stdout.flush()
