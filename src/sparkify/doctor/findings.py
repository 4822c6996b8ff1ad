"""What an examination finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sparkify.errors import SparkifyError

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """What a check has found.

    Attributes:
        check: its name.
        state: how it is.
        message: what was found.
        hint: what to do about it; empty if nothing.
    """

    check: str
    state: State
    message: str
    hint: str = ""


@dataclass
class Findings:
    """All that was found, in order."""

    all: list[Finding] = field(default_factory=list)

    def ok(self, check: str, message: str) -> None:
        """Something is as it should be."""
        self.all.append(Finding(check, "ok", message))

    def warn(self, check: str, message: str, hint: str = "") -> None:
        """Something may lead to trouble."""
        self.all.append(Finding(check, "warning", message, hint))

    def fail(self, check: str, message: str, hint: str = "") -> None:
        """Something will not work."""
        self.all.append(Finding(check, "failed", message, hint))

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Make a check: what is raised has failed."""
        try:
            yield
        except SparkifyError as error:
            self.all.append(Finding(name, "failed", error.message, error.hint))

    def has_failed(self, name: str) -> bool:
        """Whether a check has failed."""
        return any(each.check == name and each.state == "failed" for each in self.all)
