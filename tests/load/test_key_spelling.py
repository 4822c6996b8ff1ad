"""Keys that are ours but for case, punctuation or nesting are named, with a file that reads them."""

import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import UnusableFilesError
from sparkify.load.key_sample import KEPT_CHARACTERS, MAX_UNKNOWN, SAMPLED_RECORDS, KeySample
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from sparkify.reading.keys import EVENT_KEYS, SONG_KEYS, KeyMap
from sparkify.simulate import SimulationOptions, simulate, sink_for
from tests.support.builders import Loaded, Record, event, track, write
from tests.support.engines import Engine
from tests.support.runs import run_etl
from tests.support.settings import changed

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]

EVENTS = KeyMap([[key] for key in EVENT_KEYS], EVENT_KEYS)
SONGS = KeyMap([[key] for key in SONG_KEYS], SONG_KEYS)


def _words(key: str) -> list[str]:
    return re.sub(r"([A-Z])", r"_\1", key).lower().split("_")


def _flat(spelled: Callable[[str], str]) -> Callable[[Record], Record]:
    return lambda record: {spelled(key): value for key, value in record.items()}


def _user(spelled: str) -> Callable[[Record], Record]:
    return _flat(lambda key: spelled if key == "userId" else key)


def _by_first_word(record: Record) -> Record:
    """``user.id`` for userId: an object for each first word of several keys."""
    nested: Record = {}
    for key, value in record.items():
        first, *rest = _words(key)
        if rest:
            nested.setdefault(f"{first} ", {})["_".join(rest)] = value
        else:
            nested[key.title()] = value
    return nested


WAYS: dict[str, Callable[[Record], Record]] = {
    "lower case": _flat(str.lower),
    "upper case": _flat(str.upper),
    "underscores": _flat(lambda key: "_".join(_words(key))),
    "hyphens": _flat(lambda key: "-".join(_words(key)).title()),
    "blanks": _flat(lambda key: f" {' '.join(_words(key))} "),
    "all below one key": lambda record: {"event": record},
    "all below several keys": lambda record: {"a": {"b'\\c": {"d": record}}},
    "all below several keys, written flat": _flat(lambda key: f"event.data.{key}"),
    "below the first word": _by_first_word,
    "in arrays": lambda record: (
        {"who": [{"User-ID": record.pop("userId")}], "Page": [[record.pop("page")]]} | record
    ),
}
"""Records with all keys, or some, as others spell them."""


def sampled(keys: KeyMap, *records: Record) -> KeySample:
    sample = KeySample(keys)
    sample.look([json.dumps(record) for record in records])
    return sample


def guesses(keys: KeyMap, *records: Record) -> dict[str, list[list[str | int]]]:
    """By our key, the paths that are taken for it."""
    found = sampled(keys, *records).instead
    return {keys.names[column]: [list(path) for path in paths] for column, paths in sorted(found.items())}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    return tmp_path


def events(*ways: Callable[[Record], Record], count: int = 6) -> list[Record]:
    """Plays, spelled by each of some ways in turn."""
    return [
        ways[number % len(ways)](event(ts=1543449657000 + number, userId=str(number)))
        for number in range(count)
    ]


def as_it_is(record: Record) -> Record:
    return record


def about_keys(summary: Summary) -> list[str]:
    """What a run says of keys."""
    return [text for text in summary.warnings + summary.notes if "$[" in text or "keys" in text]


def pasted(folder: Path, text: str) -> Path:
    """The JSONPaths file that a message ends with, written to a file."""
    return write(folder / "pasted.json", re.search(r"\{\"jsonpaths\": \[.*?\]\}(?=\n|$)", text)[0])  # type: ignore[index]


@pytest.fixture(scope="module")
def read_as_usual(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """The rows of events that are spelled as they should be."""
    folder = tmp_path_factory.mktemp("usual")
    write(folder / "song_data/song.json", track())
    write(folder / "log_data/a.json", *events(as_it_is))
    settings = engine.settings(folder)
    return Loaded(settings, run_etl(settings, NullProgress())).query(
        "SELECT * FROM staging_events ORDER BY ts"
    )


@pytest.mark.forms(2)
@pytest.mark.parametrize("way", WAYS)
def test_the_file_that_is_named_reads_all_that_is_spelled_otherwise(
    folder: Path, engine: Engine, read_as_usual: list[tuple[Any, ...]], settings: Settings, way: str
) -> None:
    write(folder / "log_data/a.json", *events(WAYS[way]))
    engine.publish(folder)
    (warning,) = about_keys(run_etl(settings, NullProgress()))
    assert warning.startswith("log_data: of 6 records looked at, 6 have $[")
    settings = changed(settings, log_jsonpath=str(pasted(folder, warning)))
    loaded = Loaded(settings, run_etl(settings, NullProgress(), full=True))
    assert about_keys(loaded.summary) == []
    found = loaded.query("SELECT * FROM staging_events ORDER BY ts")
    assert [row[:-1] for row in found] == [row[:-1] for row in read_as_usual]


@pytest.mark.parametrize(
    ("case", "found", "lost", "plays"),
    [
        (
            "C02b",
            "of 5 records looked at, 5 have $['userid'] in place of $['userId']",
            "5 have no user_id",
            5,
        ),
        (
            "C02c",
            "of 10 records looked at, 5 have $['user_id'] in place of $['userId']",
            "5 have no user_id",
            None,
        ),
        (
            "C03",
            "3 have $['user']['userId'] in place of $['userId']",
            "3 have no first_name, 3 have no user_id",
            3,
        ),
    ],
)
def test_logs_that_were_once_loaded_without_users_are_named_with_what_reads_them(
    cases: Path,
    engine: Engine,
    tmp_path: Path,
    settings: Settings,
    case: str,
    found: str,
    lost: str,
    plays: int | None,
) -> None:
    if not (cases / case).is_dir():
        pytest.skip(f"{case} is not among the cases")
    for name in ("song_data", "log_data"):
        shutil.copytree(cases / case / name, tmp_path / name)
    engine.publish(tmp_path)
    warning = next(text for text in run_etl(settings, NullProgress()).warnings if found in text)
    assert f"rows loaded, {lost};" in warning
    if plays is None:  # no one file reads both
        assert "jsonpaths" not in warning
        assert "use the same in all files" in warning
        return
    settings = changed(settings, log_jsonpath=str(pasted(tmp_path, warning)))
    loaded = Loaded(settings, run_etl(settings, NullProgress(), full=True))
    assert loaded.query("SELECT COUNT(*), COUNT(user_id) FROM songplays") == [(plays, plays)]


@pytest.mark.parametrize("key", EVENT_KEYS)
def test_each_key_of_the_logs_is_recognised_in_other_spellings(key: str) -> None:
    plain = event()
    value = plain.pop(key)
    words = _words(key)
    for other in {
        key.upper(),
        key.lower(),
        "_".join(words),
        "-".join(words),
        f"{key}_",
        f"x.y.{key}",
        f"a/{key}",
    }:
        if other != key:
            assert guesses(EVENTS, plain | {other: value}) == {key: [[other]]}
    assert guesses(EVENTS, plain | {"x": {"y": {key.upper(): value}}}) == {key: [["x", "y", key.upper()]]}
    assert guesses(EVENTS, plain | {"x": [{key: value}]}) == ({} if key == "ts" else {key: [["x", 0, key]]})


@pytest.mark.parametrize("key", SONG_KEYS)
def test_each_key_of_songs_is_recognised_in_other_spellings(key: str) -> None:
    plain = track()
    value = plain.pop(key)
    words = key.split("_")
    camel = words[0] + "".join(map(str.title, words[1:]))
    for other in {key.upper(), camel, "-".join(words), "".join(words), f"song.{key}"} - {key}:
        assert guesses(SONGS, plain | {other: value}) == {key: [[other]]}
    assert guesses(SONGS, plain | {"track": {camel: value}}) == {key: [["track", camel]]}
    if len(words) == 2:
        nested = {words[0]: {words[1]: value}}
        assert guesses(SONGS, plain | nested) == {key: [words]}


@pytest.mark.parametrize(
    "other",
    [
        {"uid": "7"}, {"user": "7"}, {"user": {"name": "7"}}, {"userIds": "7"}, {"the_user_id": "7"},
        {"user_id_2": "7"}, {"useri": "7"}, {"users": [{"userId": "7"}, {"userId": "8"}]},
        {"userid": {"value": "7"}}, {"userid": []}, {"id": "7"}, {"a": {"b": {"c": {"d": {"userId": "7"}}}}},
        {"x" * KEPT_CHARACTERS + ".userId": "7"}, {"\ud800.userId": "7"}, {"user\u0131d": "7"},
        {"": {"": "7"}},
    ],
    ids=repr,
)  # fmt: skip
def test_what_merely_resembles_a_key_is_not_taken_for_it(other: Record) -> None:
    plain = event()
    del plain["userId"]
    assert guesses(EVENTS, plain | other) == {}


def test_users_who_are_logged_out_are_nothing_to_speak_of(folder: Path, load: Load) -> None:
    logged_out = [event(ts=number, userId=value) for number, value in enumerate(["", None, ""] * 5)]
    del logged_out[4]["userId"]
    write(folder / "log_data/a.json", *events(as_it_is), *logged_out)
    assert about_keys(load().summary) == []


def test_an_empty_key_beside_another_spelling_that_has_the_value_is_seen(folder: Path, load: Load) -> None:
    # as tables that were put together are written: all columns of both
    first = event(ts=1, userId="7") | {"user_id": None}
    second = event(ts=2, userId=None) | {"user_id": "8"}
    write(folder / "log_data/a.json", first, second)
    (warning,) = about_keys(load().summary)
    assert warning == (
        "log_data: of 2 records looked at, 1 have $['user_id'] in place of $['userId'];"
        " of 2 rows loaded, 1 have no user_id;"
        " a column accepts one spelling: use the same in all files, then run: sparkify etl"
    )


@pytest.mark.forms(2)
@pytest.mark.parametrize("form", ["plain", "gzip", "many files"])
@pytest.mark.parametrize("order", ["in turn", "one after the other"])
def test_half_of_the_records_in_another_spelling_are_seen_however_they_lie(
    folder: Path, load: Load, form: str, order: str
) -> None:
    records = events(as_it_is, _user("user_id"), count=5000)
    if order == "one after the other":
        records.sort(key=lambda record: "user_id" in record)
    lines = [json.dumps(record).encode() for record in records]
    if form == "many files":
        for number in range(0, len(lines), 100):
            write(folder / f"log_data/{number:04}.json", *lines[number : number + 100])
    else:
        data = b"\n".join(lines)
        write(folder / "log_data/a.json", gzip.compress(data) if form == "gzip" else data)
    (warning,) = about_keys(load().summary)
    assert "in place of $['userId']" in warning
    assert "of 5,000 rows loaded, " in warning
    assert "2,500 have no user_id" in warning
    assert "use the same in all files" in warning


def test_a_spelling_that_comes_late_in_a_large_load_is_seen() -> None:
    sample = KeySample(EVENTS)
    for number in range(3000):
        sample.look(
            [json.dumps(record) for record in events(as_it_is if number < 2900 else _flat(str.lower))]
        )
    assert set(sample.instead) == {column for column, key in enumerate(EVENT_KEYS) if key != key.lower()}
    assert sample.records < 10 * SAMPLED_RECORDS


def test_two_other_spellings_and_not_the_usual_one_are_both_named(folder: Path, load: Load) -> None:
    write(folder / "log_data/a.json", *events(_user("userid"), _user("user_id")))
    (warning,) = about_keys(load().summary)
    assert (
        "3 have $['userid'] in place of $['userId'], 3 have $['user_id'] in place of $['userId']" in warning
    )
    assert "6 have no user_id" in warning
    assert "jsonpaths" not in warning


def test_records_below_one_key_fail_the_run_with_the_key_and_the_file_that_reads_them(
    folder: Path, engine: Engine, settings: Settings
) -> None:
    write(folder / "log_data/a.json", *events(WAYS["all below one key"]))
    engine.publish(folder)
    settings = changed(settings, max_reject_share=0.01)
    with pytest.raises(UnusableFilesError) as raised:
        run_etl(settings, NullProgress())
    text = raised.value.message
    assert 'the values of its records lie below the key "event"' in text
    assert "of 6 records looked at, 6 have $['event']['artist'] in place of $['artist']" in text
    assert f"and {len(EVENT_KEYS) - 5} more of our keys in other places; to read them, run " in text
    assert "run sparkify etl with this as " in text
    settings = changed(settings, log_jsonpath=str(pasted(folder, text)))
    assert run_etl(settings, NullProgress()).sources["log_data"].loaded == 6


def test_a_spelling_that_came_after_others_were_loaded_is_not_to_be_read_in_their_place(
    folder: Path, load: Load
) -> None:
    write(folder / "log_data/a.json", *events(as_it_is))
    assert load().summary.warnings == []
    write(folder / "log_data/b.json", *events(_user("userid")))
    (warning,) = about_keys(load().summary)
    assert "6 have $['userid'] in place of $['userId']; of 6 rows loaded, 6 have no user_id" in warning
    assert "jsonpaths" not in warning


def test_keys_of_songs_are_to_be_renamed(folder: Path, load: Load) -> None:
    write(folder / "log_data/a.json", *events(as_it_is))
    record = track(artistName="Air", song={"year": 2001, "title": None})
    for key in ("artist_name", "year"):
        del record[key]
    write(folder / "song_data/song.json", record)
    (warning,) = load().summary.warnings
    assert warning == (
        "song_data: of 1 records looked at, 1 have $['artistName'] in place of $['artist_name'],"
        " 1 have $['song']['year'] in place of $['year'];"
        " of 1 rows loaded, 1 have no artist_name, 1 have no year;"
        " rename them in the files, for song files have no JSONPaths file; then run: sparkify etl"
    )


def test_a_word_of_ours_inside_of_something_else_is_not_taken_for_the_key_that_other_records_have(
    folder: Path, load: Load
) -> None:
    records = events(as_it_is)
    del records[0]["level"]
    records[0]["logger"] = {"level": "INFO"}
    write(folder / "log_data/a.json", *records)
    assert [text for text in load().summary.warnings if "level" in text] == []


def test_a_list_of_records_is_not_read_by_its_first(folder: Path, load: Load) -> None:
    write(folder / "log_data/a.json", *events(as_it_is, count=99), {"events": [event()]})
    assert about_keys(load().summary) == []
    assert guesses(EVENTS, {"events": [event()]}, {"sent": 1, "events": [event()]}) == {}


def test_no_more_records_are_said_to_have_been_looked_at_than_there_are(folder: Path, load: Load) -> None:
    way = WAYS["lower case"]
    lines = [json.dumps(one) + json.dumps(two) for one, two in zip(events(way), events(way), strict=True)]
    write(folder / "log_data/a.json", "\n".join(lines))
    (warning,) = about_keys(load().summary)
    assert warning.startswith("log_data: of 6 records looked at, 6 have $[")


@pytest.mark.forms(1)
@pytest.mark.parametrize("dirty", [0.0, 0.2])
def test_nothing_is_said_of_the_keys_of_simulated_data(tmp_path: Path, load: Load, dirty: float) -> None:
    simulate(SimulationOptions(songs=200, users=100, days=5, dirty=dirty), sink_for(str(tmp_path)))
    assert about_keys(load().summary) == []


def test_nothing_is_said_of_the_keys_of_real_logs(sample: Path, engine: Engine) -> None:
    settings = engine.settings(sample)
    assert about_keys(run_etl(settings, NullProgress())) == []


def test_unknown_keys_take_bounded_room_in_memory_and_in_messages(folder: Path, load: Load) -> None:
    records = [
        event(ts=number)
        | {f"{number} {key} \x1b[31m\u202e{'x' * 70_000 if not key else ''}": 1 for key in range(40)}
        for number in range(60)
    ]
    sample = sampled(EVENTS, *records)
    assert len(sample.unknown) == MAX_UNKNOWN
    assert max(map(len, sample.unknown)) == KEPT_CHARACTERS
    write(folder / "log_data/a.json", gzip.compress(write(folder / "plain", *records).read_bytes()))
    (note,) = load().summary.notes
    assert len(note) < 500
    assert " more (" in note
    assert note.isprintable()
