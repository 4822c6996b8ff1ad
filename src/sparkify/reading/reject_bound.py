"""Ends the reading of a source in which so much is bad that the run will fail for it.

A file of a megabyte may hold a hundred million bad records, and each of them takes room in the database
before the run is rolled back. So records that are looked at anyway are counted for all that come beside them,
and the reading ends where their number is far beyond what is allowed. The exact number is counted in the end.
"""

from collections.abc import Sequence
from typing import Any

from sparkify.errors import TooManyRejectsError
from sparkify.reading.jsonpaths import Path

_SURE = 1.5
"""How many times as many as allowed there must be by estimate."""

_LEAST = 100
"""So many bad records must have been looked at: of few there is no estimate."""

REMEDY = "fix the files, or, if so many bad records are acceptable, raise [WAREHOUSE] MAX_REJECTS"


class RejectBound:
    """Estimates how many records of a source are bad.

    Args:
        max_rejects: how many may be.
        identities: the paths to values without which a record is bad.
    """

    def __init__(self, max_rejects: int, identities: Sequence[Path]) -> None:
        self._max_rejects = max_rejects
        self._identities = identities
        self._estimate = self._seen = 0

    def look(self, text: str, record: Any, beside: int) -> None:
        """Look at a record.

        Args:
            text: the record.
            record: its value as JSON; None where it has none.
            beside: how many records it stands for.

        Raises:
            TooManyRejectsError: there are far too many bad ones by now.
        """
        if not self._is_bad(text, record):
            return
        self._seen += 1
        self._estimate += beside
        if self._seen >= _LEAST and self._estimate > _SURE * self._max_rejects:
            raise TooManyRejectsError(
                f"some {self._estimate:,} records were bad when the reading was stopped, more than the"
                f" {self._max_rejects:,} that max_rejects allows; nothing was changed",
                REMEDY,
            )

    def _is_bad(self, text: str, record: Any) -> bool:
        if record is None:
            return text.count("{") < 2  # otherwise it may be several records
        return any(_value(path, record) in (None, "") for path in self._identities)


def _value(path: Path, value: Any) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
