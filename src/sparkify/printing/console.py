"""Where rich prints: its own colours and movements reach the terminal, those in texts are shown."""

from collections.abc import Iterable
from typing import IO, Any

import rich.console
from rich.segment import Segment

from sparkify.printing.terminal import printable


class Console(rich.console.Console):
    """A console for messages that hold anything: nothing in them is taken for markup, an emoji or a command.

    Args:
        options: as of rich's; stderr, if nothing else is said.
    """

    def __init__(self, **options: Any) -> None:
        plain = {"markup": False, "emoji": False, "highlight": False, "soft_wrap": True}
        super().__init__(**{"stderr": "file" not in options} | plain | options)

    @property
    def file(self) -> IO[str]:
        """Where it is written: past ``streams.py``, before which rich itself stands while a bar is shown."""
        found = super().file
        while (inner := getattr(found, "rich_proxied_file", found)) is not found:
            found = inner
        return found

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, texts as they are to be seen: rich would take some control characters out."""
        shown = (printable(item, keep="\n") if isinstance(item, str) else item for item in objects)
        super().print(*shown, **options)

    def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
        """What is to be printed, piece by piece."""
        for segment in super().render(*arguments, **options):
            yield (segment if segment.control else Segment(printable(segment.text, keep="\n"), segment.style))
