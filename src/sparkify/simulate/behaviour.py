"""What people do in a session: a Markov chain over pages, songs one after the other, pauses between clicks.

The model is that of eventsim, the simulator behind the public logs; its numbers are counts taken from those
logs. A session does not depend on who has it or when it starts, so scripts of sessions are drawn by the
thousand, column-wise, and handed out.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sparkify.simulate.draws import Draws, Ints, choice_table, quantile_table

FREE, PAID = 0, 1


class Page(NamedTuple):
    """A page as the logs know it."""

    name: str
    method: str
    status: int
    logged_in: bool


PAGES = (
    Page("NextSong", "PUT", 200, True),
    Page("Home", "GET", 200, True),
    Page("About", "GET", 200, True),
    Page("Help", "GET", 200, True),
    Page("Settings", "GET", 200, True),
    Page("Save Settings", "PUT", 307, True),
    Page("Error", "GET", 404, True),
    Page("Logout", "PUT", 307, True),
    Page("Upgrade", "GET", 200, True),
    Page("Submit Upgrade", "PUT", 307, True),
    Page("Downgrade", "GET", 200, True),
    Page("Submit Downgrade", "PUT", 307, True),
    Page("Home", "GET", 200, False),
    Page("About", "GET", 200, False),
    Page("Help", "GET", 200, False),
    Page("Login", "PUT", 307, False),
)
(
    NEXT_SONG, HOME, ABOUT, HELP, SETTINGS, SAVE, ERROR, LOGOUT, UPGRADE, SUBMIT_UPGRADE, DOWNGRADE,
    SUBMIT_DOWNGRADE, HOME_OUT, ABOUT_OUT, HELP_OUT, LOGIN,
) = range(len(PAGES))  # fmt: skip
LOGGED_IN = np.array([page.logged_in for page in PAGES])
_STATES = len(PAGES)  # a state of the chain is level * _STATES + page
_END = 2 * _STATES

# First pages of sessions.
_FIRST: tuple[dict[int, int], ...] = (
    {NEXT_SONG: 405, HOME: 288, LOGIN: 10, HOME_OUT: 8, ABOUT: 2, HELP: 1, ERROR: 1},
    {NEXT_SONG: 102, HOME: 65, HOME_OUT: 46, LOGIN: 15},
)
# Page by page what comes next, as counted in the real logs. Where these have fewer than a dozen cases, or
# cases at one level only, the counts of both levels stand together.
_NEXT: tuple[dict[int, dict[int, int]], ...] = (
    {
        NEXT_SONG: {
            NEXT_SONG: 616, HOME: 25, LOGOUT: 26, UPGRADE: 15, HELP: 3, ABOUT: 2, SETTINGS: 2, ERROR: 1,
            _END: 539,
        },
        HOME: {NEXT_SONG: 195, SETTINGS: 11, HOME: 5, UPGRADE: 4, LOGOUT: 3, ABOUT: 1, _END: 142},
        ABOUT: {HOME: 4, ABOUT: 2, NEXT_SONG: 4, _END: 10},
        HELP: {HOME: 1, NEXT_SONG: 3, _END: 2},
        SETTINGS: {NEXT_SONG: 6, SAVE: 2, HELP: 2, HOME: 2, SETTINGS: 1, _END: 1},
        SAVE: {HOME: 9, _END: 1},
        ERROR: {NEXT_SONG: 2, HOME: 1, _END: 6},
        LOGOUT: {HOME_OUT: 1},
        UPGRADE: {SUBMIT_UPGRADE: 8, HOME: 5, NEXT_SONG: 3, UPGRADE: 2, _END: 3},
        SUBMIT_UPGRADE: {_STATES + HOME: 1},
        HOME_OUT: {LOGIN: 20, HOME_OUT: 9, ABOUT_OUT: 4, HELP_OUT: 2, _END: 11},
        ABOUT_OUT: {LOGIN: 4, HOME_OUT: 2, ABOUT_OUT: 1, _END: 7},
        HELP_OUT: {LOGIN: 2, HELP_OUT: 3, _END: 4},
        LOGIN: {HOME: 1},
    },
    {
        NEXT_SONG: {
            NEXT_SONG: 5162, HOME: 118, LOGOUT: 52, DOWNGRADE: 50, SETTINGS: 31, HELP: 29, ABOUT: 12,
            ERROR: 7, _END: 130,
        },
        HOME: {NEXT_SONG: 236, SETTINGS: 8, LOGOUT: 6, DOWNGRADE: 5, ABOUT: 1, _END: 18},
        ABOUT: {HOME: 3, ABOUT: 4, NEXT_SONG: 4, _END: 6},
        HELP: {NEXT_SONG: 27, DOWNGRADE: 2, HELP: 1, HOME: 1, _END: 1},
        SETTINGS: {NEXT_SONG: 24, SAVE: 8, SETTINGS: 3, LOGOUT: 3, HELP: 2, HOME: 2},
        SAVE: {HOME: 1},
        ERROR: {NEXT_SONG: 2, HOME: 1, _END: 6},
        LOGOUT: {HOME_OUT: 1},
        DOWNGRADE: {NEXT_SONG: 35, HOME: 10, DOWNGRADE: 3, SUBMIT_DOWNGRADE: 1, _END: 11},
        SUBMIT_DOWNGRADE: {HOME - _STATES: 1},
        HOME_OUT: {LOGIN: 41, HOME_OUT: 16, ABOUT_OUT: 9, HELP_OUT: 4, _END: 55},
        ABOUT_OUT: {LOGIN: 4, HOME_OUT: 2, ABOUT_OUT: 1, _END: 7},
        HELP_OUT: {LOGIN: 2, HELP_OUT: 3, _END: 4},
        LOGIN: {HOME: 1},
    },
)  # fmt: skip

# Seconds between two clicks, where neither a song's end nor a redirect decides: the real logs' quantiles.
_PAUSES = quantile_table(
    [(0, 0), (0.1, 7), (0.25, 18), (0.5, 52), (0.75, 160), (0.9, 537), (0.95, 945), (1, 2400)]
)
_REDIRECT_SECONDS = 1
# Drawn together; big enough to make NumPy's overhead small, small enough to be nothing in memory.
_BLOCK = (16_384, 4_096)


def _chain() -> npt.NDArray[np.uint8]:
    """The next state for each state (first axis) and cell of a draw (second axis)."""
    table = np.full((2 * _STATES, 65_536), _END, dtype=np.uint8)
    for level, pages in enumerate(_NEXT):
        for page, following in pages.items():
            weights = [0] * (_END + 1)
            for target, count in following.items():
                weights[_END if target == _END else level * _STATES + target] = count
            table[level * _STATES + page] = choice_table(weights)
    return table


def _first(level: int) -> npt.NDArray[np.uint8]:
    weights = [_FIRST[level].get(page, 0) for page in range(_STATES)]
    return (choice_table(weights) + level * _STATES).astype(np.uint8)


@dataclass(frozen=True)
class Scripts:
    """Sessions without users and dates; events of one session stand together, in order.

    Attributes:
        length: events per session.
        seconds: per session, from its first event to its last.
        last_level: per session, the level at its end.
        page: per event, index into PAGES.
        level: per event, FREE or PAID.
        song: per event, index of the song played, or -1.
        offset: per event, seconds since the session's start.
    """

    length: Ints
    seconds: Ints
    last_level: npt.NDArray[np.uint8]
    page: npt.NDArray[np.uint8]
    level: npt.NDArray[np.uint8]
    song: npt.NDArray[np.int32]
    offset: Ints

    def part(self, first: int, last: int) -> "Scripts":
        """The sessions first … last - 1."""
        begin = int(self.length[:first].sum())
        events = slice(begin, begin + int(self.length[first:last].sum()))
        sessions = slice(first, last)
        return Scripts(
            self.length[sessions], self.seconds[sessions], self.last_level[sessions],
            self.page[events], self.level[events], self.song[events], self.offset[events],
        )  # fmt: skip


class ScriptPool:
    """Hands out session scripts for one level, endlessly.

    Args:
        seed: the simulation's seed.
        level: the level at which the sessions start.
        popularity: running sum of the songs' weights, see ``draws.popularity``.
        song_seconds: per song, its whole seconds.
    """

    def __init__(self, seed: int, level: int, popularity: Ints, song_seconds: Ints) -> None:
        self._level = level
        self._first = _first(level)
        self._chain = _chain()
        self._popularity = popularity
        self._song_seconds = song_seconds
        self._pages = Draws(seed, f"pages {level}")
        self._songs = Draws(seed, f"songs {level}")
        self._pauses = Draws(seed, f"pauses {level}")
        self._block: Scripts | None = None
        self._used = 0

    def take(self, count: int) -> list[Scripts]:
        """The next ``count`` sessions, in one or more pieces."""
        pieces = []
        while count:
            if self._block is None or self._used == len(self._block.length):
                self._block, self._used = self._draw(_BLOCK[self._level]), 0
            last = min(self._used + count, len(self._block.length))
            pieces.append(self._block.part(self._used, last))
            count -= last - self._used
            self._used = last
        return pieces

    def _draw(self, sessions: int) -> Scripts:
        state, length = self._walk(sessions)
        page, level = state % _STATES, state // _STATES
        ends = np.cumsum(length)
        song = np.full(len(page), -1, dtype=np.int32)
        plays = np.flatnonzero(page == NEXT_SONG)
        song[plays] = self._songs.weighted(self._popularity, len(plays))
        offset = self._times(page, plays, self._song_seconds[song[plays]], ends - length, length)
        return Scripts(length, offset[ends - 1], level[ends - 1], page, level, song, offset)

    def _walk(self, sessions: int) -> tuple[npt.NDArray[np.uint8], Ints]:
        """Walk all sessions through the chain at once, step by step, until each has ended."""
        who = np.arange(sessions)
        state = self._first[self._pages.cells(sessions)]
        steps, length = [], np.zeros(sessions, dtype=np.int64)
        while len(who):
            steps.append((who, state))
            length[who] += 1
            following = self._chain[state, self._pages.cells(len(who))]
            goes_on = following != _END
            who, state = who[goes_on], following[goes_on]
        begins = np.cumsum(length) - length
        states = np.empty(int(length.sum()), dtype=np.uint8)
        for step, (who, state) in enumerate(steps):
            states[begins[who] + step] = state
        return states, length

    def _times(
        self, page: npt.NDArray[np.uint8], plays: Ints, lasts: Ints, begins: Ints, length: Ints
    ) -> Ints:
        """Seconds of each event since its session's start.

        Clicks come after a pause, redirects a second after what caused them. A song follows when the last one
        ends; if clicks have taken longer than that, after a pause.
        """
        pause = _PAUSES[self._pauses.cells(len(page))]
        redirects = np.array([p.status == 307 for p in PAGES])[page]
        gap = np.where(redirects, _REDIRECT_SECONDS, pause)
        gap[begins] = 0
        clicks = gap.copy()
        clicks[plays] = 0
        clicked = np.cumsum(clicks)
        session = np.repeat(np.arange(len(length)), length)
        same = session[plays[1:]] == session[plays[:-1]]
        this, following = plays[:-1][same], plays[1:][same]
        since = clicked[following] - clicked[this]
        left = lasts[:-1][same] - since
        gap[following] = np.where(left > 0, left, pause[following])
        total: Ints = np.cumsum(gap)
        return total - np.repeat(total[begins], length)
