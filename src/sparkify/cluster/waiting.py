"""Waits for AWS to get something done: with progress on stderr, and an end."""

import time
from collections.abc import Callable, Collection

from sparkify.errors import ClusterError
from sparkify.printing.console import Console

_POLL_SECONDS = 10


class Waiter:
    """Asks until an answer is the one waited for.

    Args:
        console: where progress goes.
        minutes: how long to wait for one thing, at most.
    """

    def __init__(self, console: Console, minutes: float) -> None:
        self._console = console
        self._minutes = minutes
        self.awaited = ""
        """What is being waited for, and its state; empty when it has come."""

    def say(self, line: str) -> None:
        """Tell what was done."""
        self._console.print(line)

    def until(
        self, what: str, state_of: Callable[[], str], wanted: str, failures: Collection[str] = ()
    ) -> None:
        """Wait until something has the wanted state.

        Args:
            what: its name, for messages.
            state_of: asks for its state.
            wanted: the state to wait for.
            failures: states that it does not leave by itself.

        Raises:
            ClusterError: it has failed, or is not there in time.
        """
        began = time.monotonic()
        last = ""
        self.awaited = what
        with self._console.status(f"{what} …") as spinner:
            while (state := state_of()) != wanted:
                waited = time.monotonic() - began
                if state in failures:
                    raise ClusterError(
                        f"{what} is {state}", "see it in the AWS console; sparkify cluster delete removes it"
                    )
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
                elif not self._console.is_terminal and waited % 60 < _POLL_SECONDS:
                    self.say(line)
                last = state
                time.sleep(_POLL_SECONDS)
        self.awaited = ""
        self.say(f"{what}: {wanted}")

    def retry(self, why: str, attempt: Callable[[], bool], minutes: float) -> bool:
        """Try until an attempt succeeds, and say whether one did before the time was over.

        Args:
            why: what is being waited for, for messages.
            attempt: False where it is too early.
            minutes: how long, at most; never longer than this waiter waits for anything.
        """
        began = time.monotonic()
        told = False
        while not attempt():
            if time.monotonic() - began >= min(minutes, self._minutes) * 60:
                return False
            if not told:
                self.say(f"waiting: {why}")
            told = True
            time.sleep(_POLL_SECONDS)
        return True
