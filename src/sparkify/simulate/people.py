"""The users: who they are, which never changes, and how often they come."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sparkify.simulate import words
from sparkify.simulate.behaviour import FREE, PAID
from sparkify.simulate.clock import DAY_MS, UNITS_A_MONTH, Clock
from sparkify.simulate.draws import Draws, Ints, exponential_table, lognormal_table, quantile_table

# Of an established service's users, those who came within the last t days are t / (t + 250).
_GROWTH_DAYS = 250
# Users of the first day had registered so many milliseconds before it.
_REGISTERED_BEFORE = quantile_table([(0, DAY_MS // 24), (0.7, 13 * DAY_MS), (1, 150 * DAY_MS)])
# Sessions a month: the real users' median and spread, counting noise taken off.
_SESSIONS_A_MONTH = lognormal_table(6.6, 0.85, 1000)
# Users who pay come some more often than others.
_PAID_AT_FIRST, _PAID_PAUSE = 0.17, (4, 5)
_EXPONENTIAL = exponential_table(1 << 16)
NEVER = np.iinfo(np.int64).max


@dataclass
class Users:
    """All users of the period, by index; ``user_id`` is the index + 1.

    Attributes:
        first_name: index into FIRST_NAMES.
        last_name: index into words.LAST_NAMES.
        location: index into words.METROS.
        user_agent: index into words.USER_AGENTS.
        registration: epoch milliseconds.
        level: FREE or PAID, now.
        next_session: epoch milliseconds of the next session's start.
    """

    first_name: npt.NDArray[np.int16]
    last_name: npt.NDArray[np.int16]
    location: npt.NDArray[np.int16]
    user_agent: npt.NDArray[np.int16]
    registration: Ints
    level: npt.NDArray[np.uint8]
    next_session: Ints
    _pause: Ints
    _clock: Clock
    _draws: Draws

    def __len__(self) -> int:
        return len(self.level)

    def plan_next(self, who: Ints, after: Ints) -> None:
        """Draw when the given users come back, after the given epoch milliseconds."""
        wait = _EXPONENTIAL[self._draws.cells(len(who))] * self._pause[who] >> 16
        at = self._clock.epoch_ms(self._clock.operational(after) + wait) + 60_000
        self.next_session[who] = np.where(at < self._clock.end_ms, at, NEVER)


FIRST_NAMES = tuple((name, "F") for name in words.FIRST_NAMES_F) + tuple(
    (name, "M") for name in words.FIRST_NAMES_M
)


def make_users(seed: int, count: int, days: int, clock: Clock) -> Users:
    """Users with everything about them, and the first session of each planned.

    Those who register within the period come at once; they are the last ones, in order of registration.
    """
    draws = Draws(seed, "users")

    def pick(choices: int) -> npt.NDArray[np.int16]:
        return draws.below(choices, count).astype(np.int16)

    def weigh(weights: list[int]) -> npt.NDArray[np.int16]:
        return draws.weighted(np.cumsum(np.array(weights, dtype=np.int64)), count).astype(np.int16)

    arriving = count * days // (days + _GROWTH_DAYS)
    arrivals = clock.start_ms + np.sort(draws.words(arriving) % np.uint64(days * DAY_MS)).astype(np.int64)
    earlier = clock.start_ms - np.sort(_REGISTERED_BEFORE[draws.cells(count - arriving)])[::-1]
    registration = np.concatenate([earlier, arrivals])
    # A month's operational time, divided by sessions a month, is what passes between two of them.
    pause = UNITS_A_MONTH * 1000 * 1000 // _SESSIONS_A_MONTH[draws.cells(count)]
    level = np.where(draws.chance(_PAID_AT_FIRST, count), PAID, FREE).astype(np.uint8)
    level[count - arriving :] = FREE
    pause = np.where(level == PAID, pause * _PAID_PAUSE[0] // _PAID_PAUSE[1], pause)
    users = Users(
        first_name=pick(len(FIRST_NAMES)),
        last_name=pick(len(words.LAST_NAMES)),
        location=weigh([weight for _, weight in words.METROS]),
        user_agent=weigh([weight for _, weight in words.USER_AGENTS]),
        registration=registration,
        level=level,
        next_session=registration + 5_000 + draws.below(60_000, count),
        _pause=pause,
        _clock=clock,
        _draws=Draws(seed, "sessions"),
    )
    established = np.arange(count - arriving)
    users.plan_next(established, np.full(len(established), clock.start_ms))
    return users
