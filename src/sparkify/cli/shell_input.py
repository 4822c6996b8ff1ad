"""The line editor of ``sparkify shell``: several lines, a history, and the names of tables and columns."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import create_output
from pygments.lexers import PostgresLexer

from sparkify.answers.statements import split
from sparkify.printing.terminal import printable, say

_KEYWORDS = (
    *("SELECT", "DISTINCT", "FROM", "JOIN", "LEFT", "INNER", "ON", "USING", "WHERE", "GROUP", "ORDER", "BY"),
    *("HAVING", "LIMIT", "DESC", "AS", "WITH", "UNION", "ALL", "AND", "OR", "NOT", "IN", "IS", "NULL"),
    *("LIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "COALESCE", "COUNT", "SUM", "AVG"),
    *("MIN", "MAX", "OVER", "PARTITION"),
)
_ORDINARY = re.compile(r"[a-z_][a-z0-9_]*")
_NOT_OF_WORD = re.compile(r"[^\w.]")
_ALIASES = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)(?:\s+AS)?\s+(\w+)", re.IGNORECASE)


class Names(Completer):
    """Completes the names of tables and columns, and the usual words of SQL.

    Args:
        columns: by table, its columns.
        commands: what begins with a backslash.
    """

    def __init__(self, columns: Mapping[str, Sequence[str]], commands: Iterable[str]) -> None:
        self.columns = columns
        self._commands = sorted(commands)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """What the word before the cursor may become."""
        del complete_event
        before = document.text_before_cursor
        if re.fullmatch(r"\\\w*", before):
            for command in self._commands:
                if command.startswith(before):
                    yield Completion(command, start_position=-len(before))
            return
        owner, dot, begun = _NOT_OF_WORD.split(before)[-1].rpartition(".")
        if dot:
            table = {alias: name for name, alias in _ALIASES.findall(document.text)}.get(owner, owner)
            yield from _beginning_with(begun, self.columns.get(table, ()))
        elif begun or before.startswith("\\"):
            columns = {column for each in self.columns.values() for column in each}
            names = [name for kind in (self.columns, columns) for name in sorted(kind)]
            if not before.startswith("\\"):
                names += _KEYWORDS
            yield from _beginning_with(begun, dict.fromkeys(names))


def _beginning_with(begun: str, names: Iterable[str]) -> Iterator[Completion]:
    for name in names:
        if name.lower().startswith(begun.lower()) and name != begun and printable(name) == name:
            written = _as_typed(name, begun) if name in _KEYWORDS else _written(name)
            yield Completion(written, start_position=-len(begun))


def _as_typed(keyword: str, begun: str) -> str:
    return keyword if begun.isupper() else keyword.lower()


def _written(name: str) -> str:
    """A name as a statement must write it."""
    return name if _ORDINARY.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def editor(names: Names, is_command: Callable[[str], bool]) -> "PromptSession[str]":
    """The line editor: Enter runs what has ended in a semicolon, and begins another line of what has not.

    Args:
        names: what it completes.
        is_command: whether a text runs as it is.
    """
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: Any) -> None:
        buffer = event.current_buffer
        text = buffer.text
        has_ended = not split(text)[1] and buffer.document.is_cursor_at_the_end
        if not text.strip() or is_command(text) or has_ended:
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return PromptSession(
        multiline=True,
        completer=names,
        lexer=PygmentsLexer(PostgresLexer),
        history=_history(),
        key_bindings=keys,
        # Past streams.py, which would show the editor's own sequences; what it draws of texts is harmless.
        output=create_output(sys.__stdout__),
        prompt_continuation=lambda width, *_: "-> ".rjust(width),
    )


def _history() -> History:
    """What was typed before, in a file that nobody else can read."""
    path = history_file(os.environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        say(f"warning: {path}: can't be written: {error.strerror}; what you type is forgotten at the end")
        return InMemoryHistory()
    return FileHistory(path)


def history_file(environment: Mapping[str, str]) -> Path:
    """Where the user's programs keep such things."""
    if sys.platform == "win32":
        state = Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    else:
        named = Path(environment.get("XDG_STATE_HOME", ""))
        state = named if named.is_absolute() else Path.home() / ".local/state"
    return state / "sparkify/history"
