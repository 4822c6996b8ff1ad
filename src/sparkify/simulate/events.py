"""The events of the period, window by window: a day, or part of a day if that has a great many events.

Only the window's events and those of sessions still running at its end are in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from sparkify.simulate.behaviour import FREE, PAID, ScriptPool, Scripts
from sparkify.simulate.clock import HOUR_MS, Clock
from sparkify.simulate.draws import Ints
from sparkify.simulate.people import Users

# A user has some 3 events a day; on the busiest days twice as many.
_EVENTS_A_USER_DAY = 5
_WINDOW_EVENTS = 250_000
_WINDOW_HOURS = (24, 12, 8, 6, 4, 3, 2, 1)


@dataclass(frozen=True)
class Events:
    """Columns of events, in one order.

    Attributes:
        ts: epoch milliseconds.
        session: session id.
        item: number within the session, from 0.
        user: index of the user, those logged out included.
        page: index into behaviour.PAGES.
        level: FREE or PAID.
        song: index of the song, or -1.
    """

    ts: Ints
    session: Ints
    item: npt.NDArray[np.int32]
    user: npt.NDArray[np.int32]
    page: npt.NDArray[np.uint8]
    level: npt.NDArray[np.uint8]
    song: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ts)

    def pick(self, which: npt.NDArray[np.bool_] | Ints | slice) -> "Events":
        """The events that a mask, indices or a slice select."""
        return Events(*(getattr(self, field.name)[which] for field in fields(self)))

    @staticmethod
    def together(parts: "list[Events]") -> "Events":
        """The parts one after the other."""
        columns: list[Any] = [np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Events)]
        return Events(*columns)

    @staticmethod
    def none() -> "Events":
        """No events."""
        kinds = (np.int64, np.int64, np.int32, np.int32, np.uint8, np.uint8, np.int32)
        columns: list[Any] = [np.empty(0, dtype=kind) for kind in kinds]
        return Events(*columns)


def window_hours(users: int) -> int:
    """Hours to simulate at a time, so that memory does not grow with the number of users."""
    for hours in _WINDOW_HOURS:
        if users * _EVENTS_A_USER_DAY * hours <= _WINDOW_EVENTS * 24:
            return hours
    return _WINDOW_HOURS[-1]


def simulate_events(
    users: Users, clock: Clock, pools: tuple[ScriptPool, ScriptPool]
) -> Iterator[tuple[date, Events]]:
    """The events of each window in time order, with the (UTC) day they are of.

    Events after the period's end don't happen: the logs stop there, in the middle of sessions too.
    """
    running, sessions = Events.none(), 0
    step = window_hours(len(users)) * HOUR_MS
    for begin in range(clock.start_ms, clock.end_ms, step):
        started, starts = _sessions(users, pools, begin + step)
        # Session ids count all sessions of the service, in the order in which they start.
        rank = np.empty(len(starts), dtype=np.int64)
        rank[np.argsort(starts, kind="stable")] = np.arange(sessions + 1, sessions + len(starts) + 1)
        sessions += len(starts)
        events = Events.together([running, replace(started, session=rank[started.session])])
        now = events.ts < begin + step
        running = events.pick(~now)
        events = events.pick(now)
        # Equal times keep the order within their session, as the sorting is stable.
        yield _day(begin), events.pick(np.argsort(events.ts, kind="stable"))


def _day(ms: int) -> date:
    return datetime.fromtimestamp(ms // 1000, UTC).date()


def _sessions(users: Users, pools: tuple[ScriptPool, ScriptPool], end: int) -> tuple[Events, Ints]:
    """All sessions that start before ``end``: their events, numbered from 0, and their starts.

    Each round gives one session to everybody who has one left; what a user does next depends on how the last
    session ended, when and at which level.
    """
    parts, starts, count = [Events.none()], [np.empty(0, dtype=np.int64)], 0
    who = np.flatnonzero(users.next_session < end)
    while len(who):
        levels = users.level[who]
        for level in (FREE, PAID):
            those = who[levels == level]
            for scripts in pools[level].take(len(those)):
                some, those = those[: len(scripts.length)], those[len(scripts.length) :]
                start = users.next_session[some]
                parts.append(_play(scripts, some, start, count))
                starts.append(start)
                count += len(some)
                users.level[some] = scripts.last_level
                users.plan_next(some, start + scripts.seconds * 1000)
        who = who[users.next_session[who] < end]
    return Events.together(parts), np.concatenate(starts)


def _play(scripts: Scripts, who: Ints, start: Ints, first_session: int) -> Events:
    length = scripts.length
    begins = np.cumsum(length) - length
    return Events(
        ts=np.repeat(start, length) + scripts.offset * 1000,
        session=np.repeat(np.arange(first_session, first_session + len(who)), length),
        item=(np.arange(len(scripts.page)) - np.repeat(begins, length)).astype(np.int32),
        user=np.repeat(who, length).astype(np.int32),
        page=scripts.page,
        level=scripts.level,
        song=scripts.song,
    )
