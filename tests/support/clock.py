"""The time at which a run begins, as a test wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_moments: list[datetime] = []


def now() -> datetime:
    """The moment that a test has set, or else the time."""
    return _moments[-1].replace(tzinfo=UTC) if _moments else datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let runs begin at a moment, in UTC."""
    _moments.append(moment)
    try:
        yield
    finally:
        _moments.pop()
