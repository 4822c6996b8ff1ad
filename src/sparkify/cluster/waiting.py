"""Waits for AWS to get something done, with progress and an end; who stops it is told what goes on there."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sparkify.cluster.aws import Aws
from sparkify.errors import ClusterError
from sparkify.printing.console import Console
from sparkify.printing.terminal import printable
from sparkify.system import interrupts

POLL_SECONDS = 10

P = ParamSpec("P")
T = TypeVar("T")


class Waiter:
    """Asks until an answer is the one waited for.

    Args:
        minutes: how long to wait for one thing, at most.
        console: where progress goes; stderr by default.
    """

    def __init__(self, minutes: float, console: Console | None = None) -> None:
        self._console = console or Console()
        self._minutes = minutes
        self.awaited = ""
        """What is being waited for, and its state; empty when it has come."""

    def say(self, line: str) -> None:
        """Tell what was done."""
        self._console.print(line)

    def until(self, what: str, state_of: Callable[[], str], is_done: Callable[[str], bool]) -> str:
        """Wait until something is in a state that it is to be in, and give that state.

        Raises:
            ClusterError: it is not there in time.
        """
        began, last = time.monotonic(), ""
        self.awaited = what
        with self._console.status(f"{what} …") as spinner:
            while not is_done(state := state_of()):
                waited = time.monotonic() - began
                if waited >= self._minutes * 60:
                    raise ClusterError(
                        f"{what} is still {state} after {self._minutes:g} minutes",
                        "AWS goes on with it: run the same command later, and it continues from here; "
                        "--timeout MINUTES waits longer",
                    )
                self.awaited = f"{what}: {state}"
                line = f"{what}: {state} for {waited / 60:.0f} min"
                spinner.update(line)
                if state != last:
                    self.say(f"{what}: {state}")
                # The spinner shows on terminals only; a log shall grow, too.
                elif not self._console.is_terminal and waited % 60 < POLL_SECONDS:
                    self.say(line)
                last = state
                time.sleep(POLL_SECONDS)
        self.awaited = ""
        self.say(f"{what}: {state}")
        return state


Command = Callable[Concatenate[Aws, Waiter, P], T]


def tells_what_goes_on(hint: str = "") -> Callable[[Command[P, T]], Command[P, T]]:
    """Have whoever stops a command told that AWS goes on, with what, how to watch it and what else to do.

    Where a signal is not this project's to handle, as in a notebook, the command raises ClusterError.
    """
    hint = "; ".join(filter(None, ("see what is there and what it costs: sparkify cluster status", hint)))

    def left(aws: Aws, waiter: Waiter) -> tuple[str, ...]:
        if not aws.has_asked and not waiter.awaited:
            return ("nothing was changed at AWS",)
        what = f" ({printable(waiter.awaited)})" if waiter.awaited else ""
        return f"AWS goes on with what it was asked{what}, and that may cost money", hint

    def decorate(command: Command[P, T]) -> Command[P, T]:
        @wraps(command)
        def telling(aws: Aws, waiter: Waiter, /, *args: P.args, **options: P.kwargs) -> T:
            aws.has_asked, waiter.awaited = False, ""
            interrupts.leaves(lambda: "\n  hint: ".join(left(aws, waiter)))
            try:
                return command(aws, waiter, *args, **options)
            except KeyboardInterrupt:
                what, *then = left(aws, waiter)
                raise ClusterError(f"interrupted; {what}", *then) from None

        return telling

    return decorate
