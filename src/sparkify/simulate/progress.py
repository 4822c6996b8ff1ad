"""Shows how far a simulation is: bars on a terminal, some lines otherwise. All of it goes to stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from sparkify.printing.console import Console
from sparkify.simulate import Tell

_LINES = 5


@contextmanager
def progress() -> Iterator[Tell]:
    """Give a function to be told of progress, for as long as the context lasts."""
    console = Console()
    if console.is_terminal:
        with _bars(console) as tell:
            yield tell
    else:
        yield _lines(console)


@contextmanager
def _bars(console: Console) -> Iterator[Tell]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(name: str, done: int, total: int) -> None:
            # Not before there is something to tell: a simulation that is refused draws no bars.
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total, count="")
            bars.update(tasks[name], completed=done, count=f"{done:,} of {total:,}")

        yield tell


def _lines(console: Console) -> Tell:
    told: dict[str, int] = {}

    def tell(name: str, done: int, total: int) -> None:
        part = done * _LINES // total
        if part > told.get(name, 0):
            told[name] = part
            console.print(f"{name}: {done:,} of {total:,}")

    return tell
