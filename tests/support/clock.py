"""The time at which a run begins, as a test wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import ClassVar

import pytest

from sparkify.load import pipeline


class _Clock(datetime):
    moment: ClassVar[datetime]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.moment.replace(tzinfo=tz)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let runs begin at a moment, in UTC."""
    _Clock.moment = moment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "datetime", _Clock)
        yield
