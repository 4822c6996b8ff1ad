"""What a run tells of itself while it goes on, to whoever shows it."""

from typing import Protocol

from sparkify.warehouse.contract import Advance


class Progress(Protocol):
    """What the pipeline tells of itself."""

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        """A step begins.

        Args:
            name: what is done now.
            files: how many files the step reads.
            size: how many bytes they have.

        Returns:
            To be called with (files finished, bytes read) as the step goes on.
        """
        ...

    def done(self) -> None:
        """The last step has ended, well or not."""
        ...


def ignore(_files: int, _bytes: int) -> None:
    """Tell nobody how far a step is."""


class NullProgress:
    """Says nothing."""

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:  # noqa: ARG002
        """A step begins."""
        return ignore

    def done(self) -> None:
        """The last step has ended."""
