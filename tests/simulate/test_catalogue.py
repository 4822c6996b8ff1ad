import re
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from tests.simulate.reading import Record, Simulation


@pytest.fixture(scope="module")
def catalogue(run: Callable[..., Simulation]) -> Simulation:
    return run(songs=1200, artists=600, users=300, days=3)


@pytest.fixture(scope="module")
def songs(catalogue: Simulation) -> list[Record]:
    return [song for path in catalogue.paths("song") for song in catalogue.good(path, "song")]


def _by(songs: list[Record], *keys: str) -> dict[tuple[str, ...], list[Record]]:
    groups = defaultdict(list)
    for song in songs:
        groups[tuple(song[key] for key in keys)].append(song)
    return groups


def test_there_are_as_many_songs_and_artists_as_asked_for(songs: list[Record]) -> None:
    assert len(songs) == 1200
    assert len(_by(songs, "artist_id")) == 600


def test_song_files_lie_by_letters_3_to_5_of_the_track_id(catalogue: Simulation) -> None:
    for path in catalogue.paths("song"):
        a, b, c, name = path.split("/")[1:]
        assert re.fullmatch(rf"TR{a}{b}{c}[A-Z]{{2}}[0-9A-F]{{11}}\.json", name), path


def test_ids_have_the_real_form(songs: list[Record]) -> None:
    for song in songs:
        assert re.fullmatch(r"SO[A-Z]{5}[0-9A-F]{11}", song["song_id"])
        assert re.fullmatch(r"AR[A-Z]{5}[0-9A-F]{11}", song["artist_id"])


def test_some_artists_are_named_several_ways(songs: list[Record]) -> None:
    names = [{song["artist_name"] for song in group} for group in _by(songs, "artist_id").values()]
    assert 0.01 < sum(len(several) > 1 for several in names) / len(names) < 0.12


def test_some_songs_are_there_twice_with_different_durations(songs: list[Record]) -> None:
    same = [group for group in _by(songs, "artist_name", "title").values() if len(group) > 1]
    assert len(same) >= 5
    assert any(len({song["duration"] for song in group}) > 1 for group in same)


def test_some_song_ids_are_on_two_tracks(songs: list[Record]) -> None:
    assert 0 < len(songs) - len(_by(songs, "song_id")) < 30


def test_most_years_are_unknown_and_most_artists_without_coordinates(songs: list[Record]) -> None:
    assert 0.5 < sum(song["year"] == 0 for song in songs) / len(songs) < 0.7
    without = sum(song["artist_latitude"] is None for song in songs) / len(songs)
    assert 0.5 < without < 0.65
    assert all((song["artist_latitude"] is None) == (song["artist_longitude"] is None) for song in songs)
    assert any(song["artist_location"] and song["artist_latitude"] is None for song in songs)


def test_names_titles_and_places_have_accents_commas_and_quotes(songs: list[Record]) -> None:
    for key in ("artist_name", "title", "artist_location"):
        assert any(not song[key].isascii() for song in songs), key
    places = "".join(song["artist_location"] for song in songs)
    assert "," in places
    assert '"' in places


def test_most_plays_are_of_songs_in_the_catalogue_and_some_are_not(catalogue: Simulation) -> None:
    expected = catalogue.manifest["expected"]
    assert 0.7 < expected["matched_songplays"] / expected["songplays"] < 0.9


def test_some_songs_are_played_much_more_than_others(catalogue: Simulation) -> None:
    plays = Counter[tuple[str, str]]()
    for event in catalogue.events():
        if event["song"]:
            plays[event["artist"], event["song"]] += 1
    ranked = sorted(plays.values(), reverse=True)
    assert sum(ranked[: len(ranked) // 10]) > 0.2 * sum(ranked)
