"""The songs that exist: those in the catalogue, which get a file each, and others that people play too.

The oddities of the real catalogue are there in the real proportions: most years unknown, most artists
without coordinates, some artists named several ways, some songs twice with different durations, some song
ids on two tracks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sparkify.simulate import words
from sparkify.simulate.draws import Draws, Ints, quantile_table

# Duration in seconds: the real plays' quantiles. In steps of 1/100,000 s, as five digits stand in the files.
DURATION_STEPS = 100_000
_DURATIONS = quantile_table(
    [
        (p, round(seconds * DURATION_STEPS))
        for p, seconds in (
            *((0, 16), (0.01, 68), (0.1, 163), (0.25, 197.3), (0.5, 233)),
            *((0.75, 274.1), (0.9, 339), (0.99, 587.2), (1, 2595)),
        )
    ]
)
_YEARS = quantile_table([(0, 1927), (0.02, 1960), (0.15, 1980), (0.35, 1994), (0.65, 2003), (1, 2011)])
# For four songs of the catalogue there is one that isn't in it.
_OUTSIDE = 4
# Tracks before the next first letter is used: some 22 to a folder, as in the real catalogue.
_TRACKS_A_LETTER = 22 * 26 * 26


@dataclass(frozen=True)
class Song:
    """A track; ``in_catalogue`` says whether it has a file."""

    track_id: str
    song_id: str
    title: str
    artist_id: str
    artist_name: str
    artist_location: str
    artist_latitude: float | None
    artist_longitude: float | None
    duration_steps: int
    year: int
    in_catalogue: bool

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.duration_steps / DURATION_STEPS

    @property
    def path(self) -> str:
        """The file's path below the catalogue's folder: by letters 3 to 5 of the track id."""
        return "/".join(("song_data", *list(self.track_id[2:5]), f"{self.track_id}.json"))

    def json(self) -> str:
        """The file's content, keys and spaces as in the real files."""
        return json.dumps(
            {
                "num_songs": 1,
                "artist_id": self.artist_id,
                "artist_latitude": self.artist_latitude,
                "artist_longitude": self.artist_longitude,
                "artist_location": self.artist_location,
                "artist_name": self.artist_name,
                "song_id": self.song_id,
                "title": self.title,
                "duration": self.duration,
                "year": self.year,
            }
        )


@dataclass(frozen=True)
class _Artist:
    artist_id: str
    name: str
    other_name: str
    place: tuple[str, float | None, float | None]
    other_place: tuple[str, float | None, float | None]


class _Picker:
    """Picks words one at a time, from draws made in bulk."""

    def __init__(self, seed: int, name: str) -> None:
        self._draws = Draws(seed, name)
        self._words: Iterator[int] = iter(())

    def below(self, limit: int) -> int:
        word = next(self._words, None)
        if word is None:
            self._words = iter((self._draws.words(8192) >> np.uint64(32)).tolist())
            word = next(self._words)
        return word * limit >> 32

    def of(self, choices: tuple[str, ...]) -> str:
        return choices[self.below(len(choices))]

    def percent(self, share: int) -> bool:
        return self.below(100) < share


class _Ids:
    """Identifiers of the real form: two letters, five letters, a block of hex digits that never repeats."""

    def __init__(self, seed: int, prefix: str, block: str) -> None:
        draws = Draws(seed, f"ids {prefix}")
        self._pick = _Picker(seed, f"letters {prefix}")
        self._prefix, self._block = prefix, block
        self._next = int(draws.below(1 << 28, 1)[0])

    def new(self, letters: str = "") -> str:
        # An odd stride runs through all 2**28 numbers before one comes again.
        self._next = (self._next + 0x9E3779B) % (1 << 28)
        letters += "".join(chr(65 + self._pick.below(26)) for _ in range(5 - len(letters)))
        return f"{self._prefix}{letters}{self._block}{self._next:07X}"


def _title(pick: _Picker) -> str:
    form = pick.below(100)
    thing, other = pick.of(words.NOUNS), pick.of(words.NOUNS)
    quality, another = pick.of(words.ADJECTIVES), pick.of(words.ADJECTIVES)
    if form < 3:
        title = pick.of(words.TITLES)
    elif form < 25:
        title = f"{quality} {thing}"
    elif form < 40:
        title = f"{thing} {pick.of(('Of The', 'In The', 'And The', 'By The', 'Without A'))} {other}"
    elif form < 55:
        title = f"{pick.of(words.VERBS)} {pick.of(('Me', 'The', 'My', 'Your', 'Another'))} {thing}"
    elif form < 65:
        title = f"The {quality} {thing}"
    elif form < 75:
        title = f"I Don't {pick.of(words.VERBS)} The {quality} {thing}"
    elif form < 80:
        title = thing
    else:
        title = f"{quality} {thing}, {another} {other}"
    return f"{title} {pick.of(words.LABELS)}" if pick.percent(22) else title


def _person(pick: _Picker) -> str:
    if pick.percent(5):
        return f"{pick.of(words.ARTIST_FIRST_NAMES)} {pick.of(words.ARTIST_LAST_NAMES)}"
    first = words.FIRST_NAMES_F if pick.percent(50) else words.FIRST_NAMES_M
    return f"{pick.of(first)} {pick.of(words.LAST_NAMES)}"


def _artist_name(pick: _Picker) -> str:
    form = pick.below(100)
    if form < 25:
        return _person(pick)
    if form < 45:
        return f"The {pick.of(words.ADJECTIVES)} {pick.of(words.NOUNS)}s"
    if form < 60:
        return f"{pick.of(words.ADJECTIVES)} {pick.of(words.NOUNS)}"
    if form < 70:
        return f"{pick.of(words.NOUNS)} {pick.of(words.GROUPS)}"
    if form < 80:
        return f"{_person(pick)} & The {pick.of(words.NOUNS)}s"
    if form < 85:
        return f"DJ {pick.of(words.ADJECTIVES)} {pick.of(words.LAST_NAMES)}"
    if form < 95:
        return f"{_person(pick)} {pick.of(words.GROUPS)}"
    mark = pick.of(("/", " / ", ";"))
    return mark.join(_person(pick) for _ in range(2 + pick.below(5)))


def _artists(seed: int, count: int) -> list[_Artist]:
    pick, ids, taken = _Picker(seed, "artists"), _Ids(seed, "AR", "1187"), set[str]()
    artists = []
    for _ in range(count):
        name = _artist_name(pick)
        while name in taken:
            name = f"{_person(pick)} & The {pick.of(words.ADJECTIVES)} {pick.of(words.NOUNS)}s"
        taken.add(name)
        other = name
        if pick.percent(24):
            # It shows with those who have several songs: some 4 % of all, as in the real catalogue.
            guest = _person(pick)
            other = pick.of((f"{name} featuring {guest}", name.upper(), f"{name} feat. {guest}"))
        text, latitude, longitude = words.ARTIST_PLACES[pick.below(len(words.ARTIST_PLACES))]
        known: tuple[str, float | None, float | None] = (text, latitude, longitude)
        form = pick.below(100)
        place = known if form < 43 else (text, None, None) if form < 60 else ("", None, None)
        artists.append(_Artist(ids.new(), name, other, place, known if pick.percent(8) else place))
    return artists


def make_songs(seed: int, songs: int, artists: int) -> list[Song]:
    """The songs of the catalogue, then those outside of it.

    Args:
        seed: the simulation's seed.
        songs: tracks in the catalogue.
        artists: artists in the catalogue, each with one song at least.
    """
    outside = max(1, songs // _OUTSIDE)
    known = _artists(seed, artists + max(1, outside // 2))
    pick, draws = _Picker(seed, "songs"), Draws(seed, "song numbers")
    tracks, song_ids = _Ids(seed, "TR", "128F"), _Ids(seed, "SO", "12AB")
    count = songs + outside
    durations = _DURATIONS[draws.cells(count)].tolist()
    years = np.where(draws.chance(0.6, count), 0, _YEARS[draws.cells(count)]).tolist()
    letters = -(-songs // _TRACKS_A_LETTER)
    made: list[Song] = []
    for number in range(count):
        in_catalogue = number < songs
        # Tracks fill the folders letter by letter, as many to a folder as in the real catalogue.
        letter = chr(65 + number * letters // songs) if in_catalogue and letters <= 26 else ""
        track_id, song_id = tracks.new(letter), song_ids.new()
        duration, year = durations[number], years[number]
        if artists < number < songs and pick.percent(4):
            made.append(_again(pick, made[pick.below(number)], track_id, song_id, duration, year))
            continue
        if number < artists:
            who = number
        elif in_catalogue:
            # The product of three even draws gives a few artists a great many songs.
            who = pick.below(1 + pick.below(1 + pick.below(artists)))
        elif pick.percent(50):
            who = artists + pick.below(len(known) - artists)
        else:
            who = pick.below(artists)
        artist = known[who]
        name = artist.other_name if pick.percent(40) else artist.name
        place = artist.other_place if pick.percent(40) else artist.place
        title, artist_id = _title(pick), artist.artist_id
        made.append(Song(track_id, song_id, title, artist_id, name, *place, duration, year, in_catalogue))
    return made


def _again(pick: _Picker, song: Song, track_id: str, song_id: str, duration: int, year: int) -> Song:
    """The song once more: mostly of another length, now and then under the same song id."""
    return replace(
        song,
        track_id=track_id,
        song_id=song.song_id if pick.percent(30) else song_id,
        duration_steps=song.duration_steps if pick.percent(10) else duration,
        year=year,
    )


def popularity_order(seed: int, songs: list[Song]) -> Ints:
    """Indices of the songs, the most popular first; every fifth one is a song outside of the catalogue."""
    draws = Draws(seed, "popularity")
    inside = [i for i, song in enumerate(songs) if song.in_catalogue]
    outside = [i for i, song in enumerate(songs) if not song.in_catalogue]
    inside_order = np.asarray(inside, dtype=np.int64)[draws.order(len(inside))]
    outside_order = np.asarray(outside, dtype=np.int64)[draws.order(len(outside))]
    # Place k of the outsiders comes after 4 (k + 1) of the catalogue; ties go to the catalogue.
    keys = np.concatenate([np.arange(len(inside)) * 2, (np.arange(len(outside)) + 1) * 2 * _OUTSIDE - 1])
    return np.concatenate([inside_order, outside_order])[np.argsort(keys, kind="stable")]
