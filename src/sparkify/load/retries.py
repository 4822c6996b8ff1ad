"""Loads that are begun again: when files change, when others write, without files that can't be loaded."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sparkify.errors import BusyError, ConflictError, SourceChangedError, UnusableFilesError

Result = TypeVar("Result")

MAX_ATTEMPTS = 3
"""How often a run is begun when files change under it, or others write to its tables, before it gives up."""


_LOOK_AGAIN_SECONDS = 0.5


@dataclass
class LeftOut:
    """Files that a run goes on without.

    Attributes:
        bad: by URI, why nothing of a file can be loaded.
        changing: URIs of files that change whenever they are read: left for the next run.
        unreadable: those of them that are listed as before, and yet are not what is listed.
    """

    bad: dict[str, str] = field(default_factory=dict)
    changing: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    def __contains__(self, uri: object) -> bool:
        return uri in self.bad or uri in self.changing

    def notes(self) -> list[str]:
        """What to say of them."""
        return [f"{uri}: left out: {problem}" for uri, problem in sorted(self.bad.items())] + [
            f"{uri}: {self._why(uri)}, and is left for the next run" for uri in sorted(self.changing)
        ]

    def _why(self, uri: str) -> str:
        return "can't be read as listed" if uri in self.unreadable else "keeps changing while it is read"


def with_retries(
    load: Callable[[LeftOut], Result], on_retry: Callable[[str], object], *, skip_bad_files: bool
) -> Result:
    """Load, again where that may help.

    Args:
        load: loads all but the files that are left out; what it did is undone where it raises.
        on_retry: told why it is begun again.
        skip_bad_files: whether to go on without files of which nothing can be loaded.

    Raises:
        UnusableFilesError: there are such files, and they are not to be skipped.
        SourceChangedError: files change all the time.
        ConflictError: others write all the time.
    """
    left_out = LeftOut()
    changed: dict[str, str] = {}
    attempts = 1
    while True:
        try:
            return load(left_out)
        except UnusableFilesError as unusable:
            if unusable.bad and not skip_bad_files:
                raise
            left_out.bad |= {bad.uri: bad.problem for bad in unusable.bad}
            # The first time they are read again: what changed may be whole by now.
            left_out.changing |= changed.keys() & unusable.changed.keys()
            left_out.unreadable |= {uri for uri, _ in changed.items() & unusable.changed.items()}
            changed.update(unusable.changed)
            on_retry(unusable.message)
        except (SourceChangedError, ConflictError) as error:
            if attempts == MAX_ATTEMPTS:
                raise
            attempts += 1
            on_retry(error.message)


def with_patience(load: Callable[[], Result], seconds: float, on_wait: Callable[[str], object]) -> Result:
    """Load as soon as others let go of the warehouse.

    Args:
        load: opens the warehouse and loads; changes nothing if others have it.
        seconds: how long to wait for them at most.
        on_wait: told who has it, once for each of them.

    Raises:
        BusyError: someone has it still.
    """
    deadline, told = time.monotonic() + seconds, ""
    while True:
        try:
            return load()
        except BusyError as busy:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            if told != busy.message:
                told = busy.message
                on_wait(told)
            time.sleep(min(_LOOK_AGAIN_SECONDS, left))
