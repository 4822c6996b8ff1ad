"""The rules one by one, each where it alone decides: whatever would decide next says the opposite.

That all of them together give what the reference gives is for test_rules to find; here one sees which fails.
"""

import json
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from sparkify.load.progress import NullProgress
from tests.support.builders import Loaded, Record, event, track, write
from tests.support.engines import Engine
from tests.support.runs import run_etl

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]


@pytest.fixture
def load_records(tmp_path: Path, load: Load) -> Callable[..., Loaded]:
    """Loads songs and events, from a file each; a file that says what it said before is left alone."""

    def run(songs: list[Record], events: list[Record]) -> Loaded:
        for name, records in (("song_data/songs.json", songs), ("log_data/events.json", events)):
            path = tmp_path / name
            lines = [json.dumps(item, ensure_ascii=False) for item in records]
            if not path.exists() or path.read_text(encoding="utf-8") != "\n".join(lines):
                write(path, *lines)
        return load()

    return run


HEARD = {"artist_name": "Sydney Youngblood", "title": "Ain't No Sunshine"}

DELIVERIES: dict[str, tuple[Record, Record]] = {
    "item_in_session": ({"itemInSession": 0, "level": "paid"}, {"itemInSession": 1, "level": "free"}),
    "a known item": ({"itemInSession": 9, "level": "paid"}, {"itemInSession": None, "level": "free"}),
    "level": ({"level": "free", "artist": "Z"}, {"level": "paid", "artist": "A"}),
    "artist": ({"artist": "A", "song": "Z"}, {"artist": "Z", "song": "A"}),
    "song": ({"song": "A", "length": 9.0}, {"song": "Z", "length": 1.0}),
    "length": ({"length": 1.0, "location": "Z"}, {"length": 9.0, "location": "A"}),
    "location": ({"location": "A", "userAgent": "Z"}, {"location": "Z", "userAgent": "A"}),
    "user_agent": ({"userAgent": "A"}, {"userAgent": "Z"}),
    "page": ({"itemInSession": 1, "location": "B"}, {"itemInSession": 0, "page": "Home", "location": "A"}),
}


def test_of_several_deliveries_of_a_play_one_counts(load_records: Callable[..., Loaded]) -> None:
    pairs = [
        (event(sessionId=number, **wins), event(sessionId=number, **loses))
        for number, (wins, loses) in enumerate(DELIVERIES.values())
    ]
    keys = ("level", "artist", "song", "length", "location", "userAgent")
    expected = {
        case: tuple(winner[key] for key in keys) for case, (winner, _) in zip(DELIVERIES, pairs, strict=True)
    }
    for order in (1, -1):
        loaded = load_records([track()], [item for pair in pairs for item in pair[::order]])
        plays = loaded.query("SELECT session_id, level, location, user_agent FROM songplays")
        heard = loaded.query(
            "SELECT session_id, level, artist, title, length, location, user_agent FROM heard_plays"
        )
        cases = list(DELIVERIES)
        assert {cases[session]: tuple(rest) for session, *rest in heard} == expected
        assert {cases[session]: tuple(rest) for session, *rest in plays} == {
            case: (values[0], *values[-2:]) for case, values in expected.items()
        }


# The user's other event, which does not count, comes first or second, and is all that is left in the end.
STATES: dict[str, tuple[Record, Record]] = {
    "ts": ({"ts": 2, "itemInSession": 0}, {"ts": 1, "itemInSession": 9}),
    "item_in_session": (
        {"itemInSession": 2, "sessionId": 1, "level": "paid"},
        {"itemInSession": 1, "sessionId": 2, "level": "free"},
    ),
    "a known item": (
        {"itemInSession": 0, "sessionId": 1, "level": "paid"},
        {"itemInSession": None, "sessionId": 2, "level": "free"},
    ),
    "session_id": ({"sessionId": 2, "level": "paid"}, {"sessionId": 1, "level": "free"}),
    "level": ({"level": "free", "firstName": "Z"}, {"level": "paid", "firstName": "A"}),
    "first_name": ({"firstName": "A", "lastName": "Z"}, {"firstName": "Z", "lastName": "A"}),
    "last_name": ({"lastName": "A", "gender": "M"}, {"lastName": "Z", "gender": "F"}),
    "gender": ({"gender": "F"}, {"gender": "M"}),
}


@pytest.mark.thorough
def test_of_a_users_events_the_latest_counts(tmp_path: Path, load: Load) -> None:
    write(tmp_path / "song_data/song.json", track())
    winners = [event(userId=number, **wins) for number, (wins, _) in enumerate(STATES.values())]
    losers = [event(userId=number, **loses) for number, (_, loses) in enumerate(STATES.values())]

    def users_of(events: list[Record]) -> list[tuple[Any, ...]]:
        keys = ("firstName", "lastName", "gender", "level")
        return [(case, *(item[key] for key in keys)) for case, item in zip(STATES, events, strict=True)]

    def users(loaded: Loaded) -> list[tuple[Any, ...]]:
        return [(list(STATES)[row[0]], *row[1:]) for row in loaded.star["users"]]

    first, second = tmp_path / "log_data/first.json", tmp_path / "log_data/second.json"
    for before, after in ((winners, losers), (losers, winners)):
        write(first, *before)
        write(second)
        load(allow_shrunk=True)
        write(second, *after)
        assert users(load(allow_shrunk=True)) == users_of(winners)
    write(second)  # the latest are taken back
    assert users(load(allow_shrunk=True)) == users_of(losers)
    write(first, *winners, *losers)
    assert users(load(allow_shrunk=True)) == users_of(winners)


MATCHES: dict[str, tuple[float | None, Record, Record]] = {
    "closest duration": (100.0, {"duration": 101.0, "song_id": "Z"}, {"duration": 98.5, "song_id": "A"}),
    "closest to 0": (0, {"duration": 50.0, "song_id": "Z"}, {"duration": 60.0, "song_id": "A"}),
    "any duration": (100.0, {"duration": 900.0, "song_id": "Z"}, {"duration": None, "song_id": "A"}),
    "song_id": (
        100.0,
        {"duration": 99.0, "song_id": "A", "artist_id": "Z"},
        {"duration": 101.0, "song_id": "Z", "artist_id": "A"},
    ),
    "song_id, no length heard": (
        None,
        {"duration": 900.0, "song_id": "A", "artist_id": "Z"},
        {"duration": 0.0, "song_id": "Z", "artist_id": "A"},
    ),
    "song_id, a negative length": (
        -1.0,
        {"duration": 900.0, "song_id": "A", "artist_id": "Z"},
        {"duration": 0.0, "song_id": "Z", "artist_id": "A"},
    ),
    "artist_id": (100.0, {"artist_id": "A"}, {"artist_id": "Z"}),
}


def test_of_several_tracks_one_is_matched(load_records: Callable[..., Loaded]) -> None:
    plays = [
        event(song=case, artist="Air", length=length, sessionId=number)
        for number, (case, (length, _, _)) in enumerate(MATCHES.items())
    ]
    winners = [track(title=case, artist_name="Air", **wins) for case, (_, wins, _) in MATCHES.items()]
    losers = [track(title=case, artist_name="Air", **loses) for case, (_, _, loses) in MATCHES.items()]
    # The catalogue changes meanwhile, so that plays are matched anew.
    for tracks, expected in (
        (winners, winners),
        (winners + losers, winners),
        (losers, losers),
        (losers + winners, winners),
    ):
        found = load_records(tracks, plays).query(
            "SELECT session_id, song_id, artist_id FROM songplays ORDER BY session_id"
        )
        assert [(list(MATCHES)[number], *ids) for number, *ids in found] == [
            (item["title"], item["song_id"], item["artist_id"]) for item in expected
        ]


TEXTS = [
    ({"artist": "BjÃ¶rk"}, {"artist_name": "Björk"}),
    ({"artist": "Zoë"}, {"artist_name": "ZoÃ«"}),
    ({"artist": "BÃ\x83Â©la"}, {"artist_name": "BÃ©la"}),
    ({"song": "JÃ³ga"}, {"title": "Jóga"}),
    ({"song": "Mañana"}, {"title": "MaÃ±ana"}),
    ({"artist": " Air "}, {"artist_name": "Air"}),
    ({"artist": "Blur"}, {"artist_name": " Blur "}),
    ({"song": " Sol"}, {"title": "Sol"}),
    ({"song": "Luna"}, {"title": "Luna "}),
    ({"song": " CafÃ© "}, {"title": "Café"}),
]


def test_texts_match_after_repair_and_trimming_whichever_side_needs_it(
    tmp_path: Path, load: Load, load_records: Callable[..., Loaded]
) -> None:
    songs = [
        track(**{"artist_name": "X", "title": "Y", "song_id": f"S{number}"} | catalogue)
        for number, (_, catalogue) in enumerate(TEXTS)
    ]
    plays = [
        event(**{"artist": "X", "song": "Y", "sessionId": number} | heard)
        for number, (heard, _) in enumerate(TEXTS)
    ]
    expected = [(number, f"S{number}") for number in range(len(TEXTS))]
    matched = "SELECT DISTINCT session_id, song_id FROM songplays ORDER BY session_id"
    assert load_records(songs, plays).query(matched) == expected
    # What is broken is known by then, and comes again.
    more = (json.dumps(play | {"ts": 1, "length": 1.0}, ensure_ascii=False) for play in plays)
    write(tmp_path / "log_data/more.json", *more)
    write(tmp_path / "song_data/more.json", *(song | {"song_id": "Z"} for song in songs))
    again = load()
    assert again.query(matched) == expected
    assert again.summary.tables["songplays"] == (20, 10)
    assert again.query("SELECT COUNT(*) - COUNT(DISTINCT garbled) FROM encoding_repairs") == [(0,)]


# Empty, blank, blank in other ways, and blank after repair.
BLANK = ["", " ", "   ", "\t", " \n", "\u00a0", "\u3000 ", "Â\u00a0"]


@pytest.mark.thorough
def test_a_blank_artist_or_title_matches_nothing(load_records: Callable[..., Loaded]) -> None:
    # In the first pair of each three all is blank, in the second the artist, in the third the title.
    pairs = [pair for blank in BLANK for pair in ((blank, blank), (blank, "Real"), ("Real", blank))]
    songs = [track(artist_name=artist, title=title, song_id=f"S{artist}{title}") for artist, title in pairs]
    plays = [event(artist=artist, song=title, ts=number) for number, (artist, title) in enumerate(pairs)]
    for loaded in (load_records(songs, plays), load_records([track()], plays), load_records(songs, plays)):
        assert loaded.summary.matched == 0
        assert len(loaded.star["songplays"]) == len(pairs)


def test_the_case_of_blank_artists_and_titles(cases: Path, engine: Engine) -> None:
    settings = engine.settings(cases / "C73")
    loaded = Loaded(settings, run_etl(settings, NullProgress()))
    assert loaded.query("SELECT COUNT(*), COUNT(song_id) FROM songplays") == [(3, 0)]


@pytest.mark.parametrize("column", ["artist_name", "title"])
def test_texts_of_other_case_do_not_match(load_records: Callable[..., Loaded], column: str) -> None:
    other = HEARD | {column: HEARD[column].upper()}
    assert load_records([track(**other)], [event()]).summary.matched == 0


TRACKS: dict[str, tuple[Record, Record]] = {
    "a known year": ({"year": 2001, "title": "Z"}, {"year": 0, "title": "A"}),
    "a year that is not missing": ({"year": 2001, "title": "Z"}, {"year": None, "title": "A"}),
    "title": ({"title": "A", "duration": 9.0}, {"title": "Z", "duration": 1.0}),
    "duration": ({"duration": 1.0, "artist_id": "Z"}, {"duration": 9.0, "artist_id": "A"}),
    "artist_id": ({"artist_id": "A", "year": 2001}, {"artist_id": "Z", "year": 1999}),
    "year": ({"year": 1999}, {"year": 2001}),
}


def test_of_a_songs_tracks_one_counts(load_records: Callable[..., Loaded]) -> None:
    winners, losers = (
        [track(song_id=case, **values[side]) for case, values in TRACKS.items()] for side in (0, 1)
    )
    for tracks, kept in ((winners + losers, winners), (losers, losers), (losers + winners, winners)):
        found = load_records(tracks, [event()]).query("SELECT * FROM songs")
        assert {row[0]: row[1:] for row in found} == {
            song["song_id"]: (song["title"], song["artist_id"], song["year"] or None, song["duration"])
            for song in kept
        }


NAMES: dict[str, tuple[tuple[str | None, ...], str | None]] = {
    "most frequent": (("Long Name", "Long Name", "Abc"), "Long Name"),
    "shortest": (("Zz", "Aaa"), "Zz"),
    "smallest": (("Bb", "Aa"), "Aa"),
    "smallest by bytes": (("a", "Z"), "Z"),
    "known": (("", None, "Someone"), "Someone"),
    "unknown": (("", None), None),
}


def test_of_an_artists_names_one_counts(load_records: Callable[..., Loaded]) -> None:
    tracks = [
        track(artist_id=case, artist_name=name, song_id=f"{case} {number}")
        for case, (names, _) in NAMES.items()
        for number, name in enumerate(names)
    ]
    for order in (1, -1):
        found = load_records(tracks[::order], [event()]).query("SELECT artist_id, name FROM artists")
        assert dict(found) == {case: name for case, (_, name) in NAMES.items()}


Place = tuple[str | None, float | None, float | None]
PLACES: dict[str, tuple[tuple[Place, ...], Place]] = {
    "coordinates": (((None, 1.0, 2.0), ("Oslo", None, None), ("Oslo", None, None)), (None, 1.0, 2.0)),
    "no longitude": ((("Oslo", None, None), (None, 1.0, None)), ("Oslo", None, None)),
    "no latitude": ((("Oslo", None, None), (None, None, 1.0)), ("Oslo", None, None)),
    "a location": ((("Oslo", 1.0, 2.0), ("", 3.0, 4.0), ("", 3.0, 4.0)), ("Oslo", 1.0, 2.0)),
    "most frequent": ((("Oslo", 1.0, 2.0), ("Oslo", 1.0, 2.0), ("Bergen", 3.0, 4.0)), ("Oslo", 1.0, 2.0)),
    "smallest location": ((("Bergen", 9.0, 9.0), ("Oslo", 1.0, 2.0)), ("Bergen", 9.0, 9.0)),
    "smallest latitude": ((("Oslo", 1.0, 9.0), ("Oslo", 2.0, 1.0)), ("Oslo", 1.0, 9.0)),
    "smallest longitude": ((("Oslo", 1.0, 1.0), ("Oslo", 1.0, 9.0)), ("Oslo", 1.0, 1.0)),
}


@pytest.mark.thorough
def test_of_an_artists_places_one_counts_as_a_whole(load_records: Callable[..., Loaded]) -> None:
    keys = ("artist_location", "artist_latitude", "artist_longitude")
    tracks = [
        track(artist_id=case, song_id=f"{case} {number}", **dict(zip(keys, place, strict=True)))
        for case, (places, _) in PLACES.items()
        for number, place in enumerate(places)
    ]
    for order in (1, -1):
        found = load_records(tracks[::order], [event()]).query(
            "SELECT artist_id, location, latitude, longitude FROM artists"
        )
        assert {case: tuple(place) for case, *place in found} == {
            case: place for case, (_, place) in PLACES.items()
        }


MOMENTS = {
    1541289600001: (0, 4, 44, 11, 2018, 0),  # a Sunday: the last day of an ISO week, the first of ours
    1541890799999: (22, 10, 45, 11, 2018, 6),  # a Saturday
    1546214400000: (0, 31, 1, 12, 2018, 1),  # a Monday of 2018 in the first week of 2019
    1609632000000: (0, 3, 53, 1, 2021, 0),  # a Sunday of 2021 in the last week of 2020
    -1: (23, 31, 1, 12, 1969, 3),
}


def test_the_parts_of_a_moment(load_records: Callable[..., Loaded]) -> None:
    found = load_records([track()], [event(ts=ts) for ts in MOMENTS]).query("SELECT * FROM time")
    assert {round(row[0].replace(tzinfo=UTC).timestamp() * 1000): row[1:] for row in found} == MOMENTS


@pytest.mark.thorough
def test_what_a_changed_catalogue_no_longer_has_is_gone(load_records: Callable[..., Loaded]) -> None:
    both = [track(song_id="S1", artist_id="A1"), track(song_id="S2", artist_id="A2", **HEARD)]
    loaded = load_records(both, [event()])
    assert (len(loaded.star["songs"]), len(loaded.star["artists"]), loaded.summary.matched) == (2, 2, 1)
    loaded = load_records(both[:1], [event()])
    assert [row[0] for row in loaded.star["songs"]] == ["S1"]
    assert [row[0] for row in loaded.star["artists"]] == ["A1"]
    assert loaded.summary.matched == 0


@pytest.mark.thorough
def test_a_song_that_moves_to_another_artist_takes_its_plays_along(
    load_records: Callable[..., Loaded],
) -> None:
    for artist in ("A1", "A2", "A0"):
        loaded = load_records([track(song_id="S", artist_id=artist, **HEARD)], [event()])
        assert loaded.query("SELECT song_id, artist_id FROM songplays") == [("S", artist)]
        assert loaded.query("SELECT artist_id FROM artists") == [(artist,)]


def test_the_moment_of_a_play_that_is_gone_is_gone(load_records: Callable[..., Loaded]) -> None:
    loaded = load_records([track()], [event(ts=1000), event(ts=2000), event(ts=2000, sessionId=7)])
    assert len(loaded.star["time"]) == 2
    loaded = load_records([track()], [event(ts=2000, sessionId=7)])
    assert [row[0].second for row in loaded.star["time"]] == [2]
    assert len(loaded.star["songplays"]) == 1


def test_sessions_may_have_large_numbers(load_records: Callable[..., Loaded]) -> None:
    loaded = load_records([track()], [event(sessionId=2**40), event(sessionId=2**40 + 1, userId=str(2**41))])
    assert {(row[1], row[5]) for row in loaded.star["songplays"]} == {(73, 2**40), (2**41, 2**40 + 1)}
