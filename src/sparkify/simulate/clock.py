"""When people listen: busy afternoons, quiet nights, half-empty weekends.

Sessions arrive as a Poisson process whose rate follows the hour and the day. It is drawn in operational time,
a clock that runs fast when the service is busy: in it the process has a constant rate.
"""

from datetime import UTC, date, datetime, time

import numpy as np

from sparkify.simulate.draws import Ints

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

# Session starts by hour (UTC) in the real logs, smoothed over neighbouring hours.
_HOURS = (13, 12, 11, 12, 14, 16, 17, 20, 25, 30, 32, 32, 36, 46, 54, 58, 55, 50, 42, 34, 28, 23, 18, 15)
# In percent, Monday to Sunday: weekends have half of a weekday's sessions.
_WEEKDAYS = (100, 100, 100, 100, 100, 52, 50)
# Operational time that passes in a second of an average hour of a weekday.
_AVERAGE = sum(_HOURS) * 100 / 24
UNITS_A_MONTH = round(30 * 86_400 * _AVERAGE * sum(_WEEKDAYS) / 700)


class Clock:
    """Translates between epoch milliseconds and operational time, over the period and some days more."""

    def __init__(self, start: date, days: int) -> None:
        self.start_ms = int(datetime.combine(start, time(), UTC).timestamp()) * 1000
        self.end_ms = self.start_ms + days * DAY_MS
        covered = days + 3  # sessions may run past the last midnight; later than that nobody asks
        week = np.outer(np.roll(_WEEKDAYS, -start.weekday()), _HOURS).reshape(-1)
        self._rates: Ints = np.resize(week, covered * 24).astype(np.int64)
        self._elapsed: Ints = np.concatenate([[0], np.cumsum(self._rates * HOUR_MS)])

    def operational(self, ms: Ints) -> Ints:
        """Operational milliseconds from the period's start to the given epoch milliseconds."""
        hour = np.clip((ms - self.start_ms) // HOUR_MS, 0, len(self._rates) - 1)
        into: Ints = (ms - self.start_ms - hour * HOUR_MS) * self._rates[hour]
        return into + self._elapsed[hour]

    def epoch_ms(self, operational: Ints) -> Ints:
        """The inverse of ``operational``."""
        hour = np.clip(np.searchsorted(self._elapsed, operational, side="right") - 1, 0, len(self._rates) - 1)
        into: Ints = (operational - self._elapsed[hour]) // self._rates[hour]
        return into + hour * HOUR_MS + self.start_ms
