"""Progress on stderr: bars on a terminal, plain lines otherwise."""

import sys
from datetime import UTC, datetime
from typing import Any

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

from sparkify.load.progress import Progress, StepByStep
from sparkify.printing.console import Console
from sparkify.printing.output import object_text
from sparkify.printing.terminal import printable
from sparkify.printing.wording import plural, size_text
from sparkify.warehouse.contract import Advance

_ROOMY = 80
"""Characters that a line needs which tells more than a step's name."""


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Lines(StepByStep):
    """One line per step, for logs: when it ended and in which run, what was done and how long it took."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._run = ""

    def begin_run(self, run_id: int) -> None:
        """The run has a number now."""
        super().begin_run(run_id)
        self._run = f" run {run_id}"

    def ended(self, name: str, files: int, size: int, seconds: float) -> None:
        """A step has ended."""
        what = f" ({plural(files, 'file')}, {size_text(size)})" if files else ""
        self._console.print(f"{_now()}{self._run} {printable(name)}{what}: {seconds:.2f} s")


class JsonLines(StepByStep):
    """Progress and messages as JSON objects, one a line, for programs that collect logs.

    Each has ``time`` (UTC), ``run`` (its number, null before it has one), ``level`` (info, warning or error)
    and ``event``; what else there is depends on the event.

    Args:
        is_quiet: whether steps are left out.
    """

    def __init__(self, *, is_quiet: bool = False) -> None:
        super().__init__()
        self._is_quiet = is_quiet
        self._run_id: int | None = None

    def begin_run(self, run_id: int) -> None:
        """The run has a number now."""
        super().begin_run(run_id)
        self._run_id = run_id

    def ended(self, name: str, files: int, size: int, seconds: float) -> None:
        """A step has ended."""
        if not self._is_quiet:
            read = {"files": files, "bytes": size} if files else {}
            self.say("info", "step", step=name, **read, seconds=round(seconds, 3))

    def say(self, level: str, event: str, **more: Any) -> None:
        """Write a line.

        Args:
            level: info, warning or error.
            event: what kind of thing is said.
            **more: what is said.
        """
        line = {"time": _now(), "run": self._run_id, "level": level, "event": event} | more
        sys.stderr.write(object_text(line) + "\n")


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

    def begin_run(self, run_id: int) -> None:
        """The run has a number now; bars vanish, so it would be of no use here."""

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
        if self._task is not None:  # further steps may follow
            self._bars.remove_task(self._task)
            self._task = None


def on_console(console: Console) -> Progress:
    """The form of progress that suits a console."""
    return TerminalBars(console) if console.is_terminal else Lines(console)
