"""Progress on stderr: bars on a terminal, plain lines otherwise."""

import time

from rich.progress import (
    BarColumn,
    DownloadColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    Progress as Bars,
)

from sparkify.load.progress import Progress, ignore
from sparkify.printing.console import Console
from sparkify.printing.terminal import printable
from sparkify.printing.wording import plural, size_text
from sparkify.warehouse.contract import Advance

_ROOMY = 80
"""Characters that a line needs which tells more than a step's name."""


class Lines:
    """One line per step, for logs: what was done and how long it took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name = ""
        self._began = 0.0

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        """A step begins."""
        self.done()
        self._name, self._began = printable(name), time.perf_counter()
        if files:
            self._name += f" ({plural(files, 'file')}, {size_text(size)})"
        return ignore

    def done(self) -> None:
        """The last step has ended."""
        if self._name:
            self._console.print(f"{self._name}: {time.perf_counter() - self._began:.2f} s")
        self._name = ""


class TerminalBars:
    """A bar per step that reads files, a spinner for the others; both vanish at the end."""

    def __init__(self, console: Console) -> None:
        details = [BarColumn(), DownloadColumn(), TimeElapsedColumn()] if console.width >= _ROOMY else []
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *details,
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        """A step begins."""
        name = printable(name)
        if self._task is None:
            self._bars.start()
        else:
            self._bars.remove_task(self._task)
        self._task = task = self._bars.add_task(name, total=size or None)
        read_files = 0

        def advance(new_files: int, new_bytes: int) -> None:
            nonlocal read_files
            read_files += new_files
            # Only when bytes come: tiny files finish thousands of times a second.
            if new_bytes:
                self._bars.update(
                    task, advance=new_bytes, description=f"{name} {read_files:,} of {plural(files, 'file')}"
                )

        return advance

    def done(self) -> None:
        """The last step has ended."""
        self._bars.stop()


def on_console(console: Console) -> Progress:
    """The form of progress that suits a console."""
    return TerminalBars(console) if console.is_terminal else Lines(console)
