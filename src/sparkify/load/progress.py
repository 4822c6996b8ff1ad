"""What a run tells of itself while it goes on, to whoever shows it."""

import time
from typing import Protocol

from sparkify.warehouse.contract import Advance


class Progress(Protocol):
    """What the pipeline tells of itself."""

    def begin_run(self, run_id: int) -> None:
        """The run has a number now; one that is begun again gets it once more."""
        ...

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

    def begin_run(self, run_id: int) -> None:
        """The run has a number now."""

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:  # noqa: ARG002
        """A step begins."""
        return ignore

    def done(self) -> None:
        """The last step has ended."""


class StepByStep:
    """Takes the time of each step, and tells of it when it has ended."""

    def __init__(self) -> None:
        self._step: tuple[str, int, int] | None = None
        self._began = 0.0

    def begin_run(self, run_id: int) -> None:  # noqa: ARG002
        """The run has a number now."""
        self._end()

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        """A step begins."""
        self._end()
        self._step, self._began = (name, files, size), time.perf_counter()
        return ignore

    def done(self) -> None:
        """The last step has ended."""
        self._end()

    def ended(self, name: str, files: int, size: int, seconds: float) -> None:
        """A step has ended."""

    def _end(self) -> None:
        if self._step:
            self.ended(*self._step, time.perf_counter() - self._began)
        self._step = None


class Timed(StepByStep):
    """Passes on what the pipeline tells, and keeps the time of each step.

    Args:
        inner: to whom it is passed on.

    Attributes:
        steps: each step and how many seconds it took, in order.
    """

    def __init__(self, inner: Progress) -> None:
        super().__init__()
        self._inner = inner
        self.steps: list[tuple[str, float]] = []

    def begin_run(self, run_id: int) -> None:
        """The run has a number now."""
        self._inner.begin_run(run_id)

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        """A step begins."""
        super().step(name, files=files, size=size)
        return self._inner.step(name, files=files, size=size)

    def done(self) -> None:
        """The last step has ended."""
        super().done()
        self._inner.done()

    def ended(self, name: str, files: int, size: int, seconds: float) -> None:  # noqa: ARG002
        """A step has ended."""
        self.steps.append((name, seconds))
