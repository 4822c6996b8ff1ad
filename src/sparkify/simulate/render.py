"""Events as JSON lines, column by column: no Python object per event.

A line is a chain of pieces. Most are looked up, keys and quotes already around them, in small tables (one for
songs, one for places, …); the rest are integers. Arrow does the looking up and the joining.
"""

import json
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkify.simulate import words
from sparkify.simulate.behaviour import LOGGED_IN, PAGES
from sparkify.simulate.catalogue import Song
from sparkify.simulate.events import Events
from sparkify.simulate.people import FIRST_NAMES, Users

_LEVELS = ("free", "paid")
_STATUSES = sorted({page.status for page in PAGES})
_STATUS_INDEX = np.array([_STATUSES.index(page.status) for page in PAGES])


def escape(text: str) -> str:
    """The text as a JSON string the way the real logs have it: ASCII only, slashes escaped."""
    return json.dumps(text).replace("/", "\\/")


def garble(text: str, times: int) -> str:
    """The text double-encoded: its UTF-8 taken for Latin-1, ``times`` times over."""
    for _ in range(times):
        text = text.encode().decode("latin-1")
    return text


class Renderer:
    """Renders events of the given songs and users.

    Args:
        songs: the songs that ``Events.song`` counts.
        users: the users that ``Events.user`` counts.
        garbled: how many times over each song's text may be garbled, see ``lines``.
    """

    def __init__(self, songs: Sequence[Song], users: Users, garbled: int = 0) -> None:
        self._users = users
        self._songs = len(songs)
        # The songs, then for each degree of garbling the songs with letters beyond ASCII once more.
        accented = [i for i, song in enumerate(songs) if not (song.title + song.artist_name).isascii()]
        self._accented_place = np.full(len(songs), -1, dtype=np.int64)
        self._accented_place[accented] = np.arange(len(accented))
        self._accented = len(accented)
        texts = [(song.artist_name, song.title, song.duration) for song in songs]
        for times in range(1, garbled + 1):
            texts += [
                (garble(songs[i].artist_name, times), garble(songs[i].title, times), songs[i].duration)
                for i in accented
            ]
        self._artist = _table(
            [_begin("null", "Logged Out"), _begin("null", "Logged In")]
            + [_begin(escape(artist), "Logged In") for artist, _, _ in texts]
        )
        self._length = _table(['null,"level":"'] + [f'{length},"level":"' for _, _, length in texts])
        self._song = _table(
            [f',"song":null,"status":{status},"ts":' for status in _STATUSES]
            + [f',"song":{escape(title)},"status":200,"ts":' for _, title, _ in texts]
        )
        # Index 0 of each table is what a logged-out user has: nothing.
        self._first_name = _table(
            ['null,"gender":null,"itemInSession":']
            + [f'{escape(name)},"gender":"{gender}","itemInSession":' for name, gender in FIRST_NAMES]
        )
        self._last_name = _table(
            [',"lastName":null,"length":']
            + [f',"lastName":{escape(name)},"length":' for name in words.LAST_NAMES]
        )
        self._place = _table(
            f'{level}","location":{place},"method":"'
            for level in _LEVELS
            for place in ["null"] + [escape(place) for place, _ in words.METROS]
        )
        self._page = _table(f'{page.method}","page":"{page.name}","registration":' for page in PAGES)
        self._registered = _table([',"sessionId":', '.0,"sessionId":'])
        self._user_agent = _table(
            [',"userAgent":null,"userId":"']
            + [f',"userAgent":{escape(agent)},"userId":"' for agent, _ in words.USER_AGENTS]
        )

    @property
    def accented(self) -> npt.NDArray[np.bool_]:
        """Per song, whether its text can be garbled."""
        return self._accented_place >= 0

    def lines(self, events: Events, garbled: npt.NDArray[np.uint8] | None = None) -> pa.StringArray:
        """The events as lines, each beginning (not ending) with a newline.

        Args:
            events: the events, at most some 100,000, as Arrow's strings end at 2 GB.
            garbled: per event, how many times over its song's text is double-encoded.
        """
        who, users = events.user, self._users
        is_in = LOGGED_IN[events.page]
        song = events.song.astype(np.int64)
        if garbled is not None:
            again = self._songs + (garbled.astype(np.int64) - 1) * self._accented + self._accented_place[song]
            song = np.where(garbled > 0, again, song)
        plays = song >= 0
        place = np.where(is_in, users.location[who] + 1, 0) + events.level * (len(words.METROS) + 1)
        return pc.binary_join_element_wise(
            _look_up(self._artist, np.where(plays, song + 2, is_in)),
            _look_up(self._first_name, np.where(is_in, users.first_name[who] + 1, 0)),
            _digits(events.item),
            _look_up(self._last_name, np.where(is_in, users.last_name[who] + 1, 0)),
            _look_up(self._length, np.where(plays, song + 1, 0)),
            _look_up(self._place, place),
            _look_up(self._page, events.page),
            _digits(users.registration[who], is_in, "null"),
            _look_up(self._registered, is_in),
            _digits(events.session),
            _look_up(self._song, np.where(plays, song + len(_STATUSES), _STATUS_INDEX[events.page])),
            _digits(events.ts),
            _look_up(self._user_agent, np.where(is_in, users.user_agent[who] + 1, 0)),
            _digits(who + 1, is_in, ""),
            '"}',
            "",
        )


def _begin(artist: str, auth: str) -> str:
    return f'\n{{"artist":{artist},"auth":"{auth}","firstName":'


def _table(texts: Iterable[str]) -> pa.StringArray:
    return pa.array(texts, type=pa.string())


def _look_up(table: pa.StringArray, index: npt.NDArray[np.generic]) -> pa.StringArray:
    return table.take(pa.array(index.astype(np.int32)))


def _digits(
    numbers: npt.NDArray[np.generic], where: npt.NDArray[np.bool_] | None = None, otherwise: str = ""
) -> pa.StringArray:
    texts = pa.array(numbers).cast(pa.string())
    return texts if where is None else pc.if_else(pa.array(where), texts, otherwise)
