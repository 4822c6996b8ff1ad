"""Bad input: every record is loaded, or rejected with file, line and reason, never both or neither."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sparkify.errors import SourceError, TooManyRejectsError, UnusableFilesError
from sparkify.load.progress import NullProgress
from sparkify.reading.raw_text import original
from tests.support.builders import Loaded, Record, event, read_star, track, write
from tests.support.engines import Engine
from tests.support.runs import run_etl
from tests.support.settings import changed


def text(**values: object) -> str:
    return json.dumps(event(**values))


def with_value(key: str, literal: str) -> str:
    """An event with a value written just so, right or wrong."""
    return json.dumps(event(**{key: "PLACE"})).replace('"PLACE"', literal)


@dataclass
class Outcome:
    """What became of a file.

    Attributes:
        records: how many it has, by the ledger.
        rejects: (line, reason, raw text) of the bad ones.
        events: the rows of staging_events.
        plays: how many plays its session has, which no other file's has.
    """

    records: int
    rejects: list[tuple[int, str, str]]
    events: list[dict[str, Any]]
    plays: int


COLUMNS = ("ts", "artist", "user_id", "location", "song", "session_id")


@pytest.fixture(scope="module")
def outcomes(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What becomes of each record, on line 2 of a file of its own between two good ones; all in one run."""
    cases = {name: record for name, (record, _) in REJECTED.items()}
    cases |= {name: record for name, (record, _, _) in LOADED.items()}
    assert len(cases) == len(REJECTED) + len(LOADED)
    files = {
        name: b"\n".join(
            [
                text(ts=1543449657000, sessionId=session).encode(),
                record if isinstance(record, bytes) else record.encode(),
                text(ts=1543449659000, sessionId=session).encode(),
            ]
        )
        for session, (name, record) in enumerate(cases.items(), FIRST_SESSION)
    }
    return load_apart(engine, tmp_path_factory.mktemp("records"), files)


def as_redshift_stores(data: bytes) -> bytes:
    return data.replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode())[:65_535]


FIRST_SESSION = 1_000_001


def load_apart(
    engine: Engine, folder: Path, files: dict[str, bytes], ending: str = ".json"
) -> dict[str, Outcome]:
    """Load files, each with a session of its own, counted from FIRST_SESSION, in one run."""
    write(folder / "song_data/A/song.json", track())
    paths = {
        name: write(folder / f"log_data/{number}{ending}", contents)
        for number, (name, contents) in enumerate(files.items(), FIRST_SESSION)
    }
    settings = engine.settings(folder, max_reject_share=1)
    engine.publish(folder)
    loaded = Loaded(settings, run_etl(settings, NullProgress()))
    # All at once, and now: others may use the same warehouse before it is looked at.
    texts = ", ".join(f"CAST({column} AS VARCHAR(65535))" for column in COLUMNS)
    events = loaded.query(f"SELECT file_id, {texts} FROM staging_events")
    counts = {
        uri.rpartition("/")[2]: counted
        for uri, *counted in loaded.query(
            "SELECT uri, file_id, records, loaded, rejected FROM ledger WHERE source = 'log_data'"
        )
    }
    plays = dict(loaded.query("SELECT session_id, COUNT(*) FROM songplays GROUP BY session_id"))
    rejects = loaded.rejects
    found = {}
    for session, (name, path) in enumerate(paths.items(), FIRST_SESSION):
        file_id, records, good, bad = counts[path.name]
        found[name] = outcome = Outcome(
            records,
            [(line, reason, raw) for file, line, reason, raw in rejects if file == path.name],
            [dict(zip(COLUMNS, row, strict=True)) for owner, *row in events if owner == file_id],
            plays.get(session, 0),
        )
        assert (good + bad, len(outcome.events), len(outcome.rejects)) == (records, good, bad)
    return found


REJECTED: dict[str, tuple[str | bytes, str]] = {
    "a text for a number": (with_value("ts", '"abc"'), "ts: 'abc' is not an integer"),
    "a number too large for BIGINT": (
        with_value("ts", "99999999999999999999"),
        "ts: 99999999999999999999 is too large",
    ),
    "a fraction for an integer": (
        with_value("ts", "1541105830796.7"),
        "ts: '1541105830796.7' is not an integer",
    ),
    "an integer beyond 64 bits": (with_value("sessionId", str(2**63)), f"session_id: {2**63} is too large"),
    "true for an integer": (with_value("itemInSession", "true"), "item_in_session: 'true' is not an integer"),
    "false for an integer": (with_value("status", "false"), "status: 'false' is not an integer"),
    "zeros before an integer": (with_value("userId", '"007"'), "user_id: '007' is not an integer"),
    "a hexadecimal text": (with_value("userId", '"0x1F"'), "user_id: '0x1F' is not an integer"),
    "an integer with underscores": (with_value("userId", '"1_000"'), "user_id: '1_000' is not an integer"),
    "a status too large for INTEGER": (
        with_value("status", "3000000000"),
        "status: 3000000000 is too large",
    ),
    "an item number that is a text": (
        with_value("itemInSession", '"one"'),
        "item_in_session: 'one' is not an integer",
    ),
    "true for a number": (with_value("length", "true"), "length: 'true' is not a number"),
    "a text for a length": (with_value("length", '"4:12"'), "length: '4:12' is not a number"),
    "a length with underscores": (with_value("length", '"1_0.5"'), "length: '1_0.5' is not a number"),
    "NaN": (with_value("length", "NaN"), "length: 'NaN' is not a number"),
    "Infinity": (with_value("registration", "-Infinity"), "registration: '-Infinity' is not a number"),
    "a number too large for a double": (with_value("length", "1e400"), "length: '1e400' is not a number"),
    "an object for a text": (with_value("artist", '{"name": "Air"}'), "artist: an object or array"),
    "an array for a text": (with_value("userAgent", "[1, 2]"), "user_agent: an object or array"),
    "no ts": (text(ts=None), "ts is missing"),
    "no session": (text(sessionId=None), "session_id is missing"),
    "no page": (text(page=None), "page is missing"),
    "a year after 9999": (with_value("ts", "253402300800000"), "outside the years 1 to 9999"),
    "a year before 1": (with_value("ts", "-62135596800001"), "outside the years 1 to 9999"),
    "a lone surrogate": (with_value("song", r'"\ud800"'), "not valid JSON"),
    "a lone surrogate in a key": (text()[:-1] + r', "\udfff": 1}', "not valid JSON"),
    "surrogates the wrong way round": (with_value("song", r'"\ude00\ud83d"'), "not valid JSON"),
    "a surrogate in UTF-8": (text(song="PLACE").encode().replace(b"PLACE", b"\xed\xa0\x80"), "not UTF-8"),
    "an invalid byte in a key": (text().encode().replace(b'"auth"', b'"au\xe9th"'), "not UTF-8"),
    "a raw control character": (with_value("song", '"a\tb"'), "not valid JSON"),
    "invalid UTF-8": (text(song="PLACE").encode().replace(b"PLACE", b"\xff\xfe"), "not UTF-8"),
    "a NUL character": (with_value("song", r'"a\u0000b"'), "a text with a NUL character"),
    "a text over 65,535 bytes": (text(song="é" * 32768), "a text longer than 65,535 bytes"),
    "a line that is cut off": (text()[:200], "not valid JSON"),
    "a line that is cut off in the middle of a value": (text()[:30], "not valid JSON"),
    "single quotes": ("{'ts': 1}", "not valid JSON"),
    "a comment": ("// nothing", "not a JSON object"),
    "something behind the object": (text() + " x", "not valid JSON"),
    "a closing brace too many": (text() + "}", "not valid JSON"),
    "a number": ("42", "not a JSON object"),
    "a text": ('"{}"', "not a JSON object"),
    "an array of numbers": ("[1, 2]", "not a JSON object"),
    "an empty object": ("{}", "ts is missing"),
    "a million open brackets": ('{"ts": ' + "[" * 1_000_000, "not valid JSON"),
    "a million nested brackets": (
        '{"ts": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}",
        "is not an integer",
    ),
    "a line of 33 MB": (text(song="x" * 33_000_000), "longer than 4 MB"),
    "a line of 33 MB without a good character": ("x" * 33_000_000, "longer than 4 MB"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REJECTED)
def test_a_bad_record_is_rejected_with_its_line_and_reason_and_all_of_its_text(
    outcomes: dict[str, Outcome], engine: Engine, case: str
) -> None:
    record, reason = REJECTED[case]
    ((line, found, raw),) = outcomes[case].rejects
    assert line == 2
    assert reason in found
    data = record if isinstance(record, bytes) else record.encode()
    if "4 MB" in found:
        assert (len(raw), raw[:20].encode()) == (1000, data[:20])
    else:
        assert original(raw, found) == (data if engine.name == "duckdb" else as_redshift_stores(data))
    assert outcomes[case].plays == 2


LOADED = {
    "a number as a text": (with_value("ts", '"1541105830796"'), "ts", "2018-11-01 20:57:10.796"),
    "a text as a number": (with_value("artist", "311"), "artist", "311"),
    "a truth value as a text": (with_value("artist", "true"), "artist", "true"),
    "a user id as a number": (with_value("userId", "39"), "user_id", "39"),
    "an empty user id": (text(userId=""), "user_id", "None"),
    "an integer with an exponent": (with_value("sessionId", "1e3"), "session_id", "1000"),
    "an integer as pandas writes it": (with_value("userId", "39.0"), "user_id", "39"),
    "an integer beyond 2^53": (with_value("sessionId", str(2**53 + 1)), "session_id", str(2**53 + 1)),
    "an array": ("[" + text(song="x") + "]", "song", "x"),
    "a comma behind the object": (text(song="x") + ",", "song", "x"),
    "a byte order mark before the object": ("\ufeff" + text(song="x"), "song", "x"),
    "a record separator before the object": ("\x1e" + text(song="x"), "song", "x"),
    "a user id that is null": (text(userId=None), "user_id", "None"),
    "an empty text": (text(location=""), "location", ""),
    "brackets inside a text": (text(song=": [Live] {a}"), "song", ": [Live] {a}"),
    "a text that looks like an array": (text(song="[1]"), "song", "[1]"),
    "a text that looks like an object": (text(song='{"a": {}}'), "song", '{"a": {}}'),
    "escapes": (with_value("song", r'"a\/b\"c\u00e9\n"'), "song", 'a/b"cé\n'),
    "a surrogate pair": (with_value("song", r'"\ud83d\ude00"'), "song", "😀"),
    "unescaped characters of any plane": (
        json.dumps(event(song="ÿ€😀\u2028"), ensure_ascii=False),
        "song",
        "ÿ€😀\u2028",
    ),
    "the literal text \\u0000": (text(song="a\\u0000b"), "song", "a\\u0000b"),
    "a key twice: the first counts": ('{"song": "first", ' + text(song="second")[1:], "song", "first"),
    "a comma too many": (text()[:-1] + ",}", "song", "Ain't No Sunshine"),
    "an unknown key": ('{"device": {"os": "x"}, ' + text()[1:], "song", "Ain't No Sunshine"),
    "spaces around the object": ("  " + text() + " \t", "song", "Ain't No Sunshine"),
    "the first moment": (with_value("ts", "0"), "ts", "1970-01-01 00:00:00"),
    "a moment before 1970": (with_value("ts", "-1"), "ts", "1969-12-31 23:59:59.999"),
    "a leap day": (with_value("ts", "1582934400001"), "ts", "2020-02-29 00:00:00.001"),
    "the largest session": (with_value("sessionId", str(2**63 - 1)), "session_id", str(2**63 - 1)),
    "a text of 65,535 bytes": (text(song="x" * 65_535), "song", "x" * 65_535),
}


@pytest.mark.parametrize("case", LOADED)
def test_an_unusual_record_is_loaded_as_it_means(outcomes: dict[str, Outcome], case: str) -> None:
    _, column, value = LOADED[case]
    outcome = outcomes[case]
    assert outcome.rejects == []
    assert len(outcome.events) == 3
    assert value in [str(row[column]) for row in outcome.events]


def test_missing_keys_are_null_where_they_may_be(tmp_path: Path, load: Callable[..., Loaded]) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/events.json", '{"ts": 1, "page": "NextSong", "sessionId": 2, "userId": "3"}')
    loaded = load()
    assert loaded.rejects == []
    (play,) = loaded.query("SELECT * FROM songplays WHERE user_id = 3")
    assert play[2:] == (3, None, None, None, 2, None, None)
    assert loaded.query("SELECT * FROM users WHERE user_id = 3") == [(3, None, None, None, None)]


SONG_REJECTS = {
    "no song id": (track(song_id=None), "song_id is missing"),
    "an empty song id": (track(song_id=""), "song_id is missing"),
    "no artist id": (track(artist_id=None), "artist_id is missing"),
    "a text for a year": (track(year="MCMXCIX"), "year: 'MCMXCIX' is not an integer"),
    "a text for a latitude": (track(artist_latitude="north"), "artist_latitude: 'north' is not a number"),
    "a text for a longitude": (track(artist_longitude="9_9"), "artist_longitude: '9_9' is not a number"),
    "a text for a duration": (track(duration="3 min"), "duration: '3 min' is not a number"),
    "a fraction for a count": (track(num_songs=1.5), "num_songs: '1.5' is not an integer"),
    "a list for a name": (track(artist_name=["a", "b"]), "artist_name: an object or array"),
}


def test_bad_songs_are_rejected_and_the_others_load(tmp_path: Path, load: Callable[..., Loaded]) -> None:
    for name, (record, _) in SONG_REJECTS.items():
        write(tmp_path / f"song_data/A/{name}.json", record)
    write(tmp_path / "song_data/A/good.json", track(song_id="GOOD"))
    write(tmp_path / "log_data/events.json", event())
    loaded = load()
    found = {Path(file).stem: (line, reason) for file, line, reason, _ in loaded.rejects}
    assert found.keys() == SONG_REJECTS.keys()
    for name, (_, reason) in SONG_REJECTS.items():
        assert found[name][0] == 1
        assert reason in found[name][1]
    assert loaded.query("SELECT song_id FROM songs") == [("GOOD",)]


THREE = [event(ts=1543449657000 + number) for number in range(3)]


def lines(records: list[Record], separator: str = "\n", **options: Any) -> str:
    return separator.join(json.dumps(record, **options) for record in records)


WAYS: dict[str, Callable[[list[Record]], bytes]] = {
    "lines without a final newline": lambda three: lines(three).encode(),
    "CRLF": lambda three: lines(three, "\r\n").encode() + b"\r\n",
    "blank lines": lambda three: lines(three, "\n\n \n\t\n").encode() + b"\n\n",
    "blank lines first": lambda three: b"\n\n" + lines(three).encode(),
    "nothing between": lambda three: lines(three, "").encode(),
    "spaces between": lambda three: lines(three, " ").encode(),
    "objects over lines": lambda three: lines(three, indent=2).encode(),
    "objects over lines with nothing between": lambda three: lines(three, "", indent=4).encode(),
    "byte order mark": lambda three: b"\xef\xbb\xbf" + lines(three).encode(),
    "UTF-16": lambda three: lines(three).encode("utf-16"),
    "UTF-16 big-endian": lambda three: b"\xfe\xff" + lines(three).encode("utf-16-be"),
    "gzip named json": lambda three: gzip.compress(lines(three).encode()),
    "gzip in two members": lambda three: (
        gzip.compress(lines(three[:1]).encode() + b"\n") + gzip.compress(lines(three[1:]).encode())
    ),
}


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
def test_every_way_to_put_records_into_a_file_is_read(engine: Engine, tmp_path: Path, ending: str) -> None:
    files = {
        name: way([record | {"sessionId": session} for record in THREE])
        for session, (name, way) in enumerate(WAYS.items(), FIRST_SESSION)
    }
    for name, outcome in load_apart(engine, tmp_path, files, ending).items():
        assert (outcome.records, outcome.rejects, outcome.plays) == (3, [], 3), name


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_damaged_utf_16_is_rejected_with_its_line_and_never_mended_silently(
    tmp_path: Path, load: Callable[..., Loaded], order: str
) -> None:
    lines = [json.dumps(THREE[0]), text(song="PLACE").replace("PLACE", "a\ud800b"), json.dumps(THREE[1]), "{"]
    contents = ("\ufeff" + "\n".join(lines)).encode(order, "surrogatepass")
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/events.json", contents[:-1])
    loaded = load()
    assert [(line, reason[:9]) for _, line, reason, _ in loaded.rejects] == [
        (2, "not UTF-8"),
        (4, "not UTF-8"),
    ]
    assert len(loaded.star["songplays"]) == 2


def test_an_empty_file_has_no_records(tmp_path: Path, load: Callable[..., Loaded]) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json", event())
    write(tmp_path / "log_data/b.json", b"")
    write(tmp_path / "log_data/c.json", b"\n \n")
    loaded = load()
    records = loaded.query("SELECT records FROM ledger WHERE source = 'log_data' ORDER BY uri")
    assert records == [(1,), (0,), (0,)]
    (note,) = (note for note in loaded.summary.notes if "no records" in note)
    assert note.startswith("log_data: 2 files hold no records: ")
    assert note.endswith("c.json")
    assert load().summary.notes == []


PACKED = gzip.compress("\n".join(json.dumps(event(ts=number)) for number in range(1000)).encode())
MIDDLE = len(PACKED) // 2


DAMAGED = {
    "cut off": PACKED[:MIDDLE],
    "cut off at the end": PACKED[:-1],
    "overwritten": PACKED[:MIDDLE] + bytes(200) + PACKED[MIDDLE + 200 :],
    "something behind it": PACKED + b"{}",
    "second member cut off": PACKED + PACKED[:MIDDLE],
}


def test_each_damaged_gzip_file_is_named(engine: Engine, tmp_path: Path, load: Callable[..., Loaded]) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/good.json", event())
    paths = {
        (name, ending): write(tmp_path / f"log_data/{number}{ending}", damaged)
        for number, (name, damaged) in enumerate(DAMAGED.items())
        for ending in (".json", ".json.gz")
    }
    with pytest.raises(UnusableFilesError) as caught:
        load()
    found = {
        bad.uri: (bad.problem.startswith("damaged gzip file: "), "deliver it again" in bad.hint)
        for bad in caught.value.bad
    }
    said = {case: found.pop(engine.location(path, tmp_path), None) for case, path in paths.items()}
    assert said == dict.fromkeys(paths, (True, True))
    assert found == {}


@pytest.mark.parametrize(
    ("damage", "name"), [("cut off at the end", "b.json"), ("second member cut off", "b.json.gz")]
)
def test_a_damaged_gzip_file_is_named_and_the_warehouse_stays_as_it_was(
    engine: Engine, tmp_path: Path, load: Callable[..., Loaded], damage: str, name: str
) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1543449657000))
    first = load()
    before = first.star
    path = write(tmp_path / "log_data" / name, DAMAGED[damage])
    write(tmp_path / "log_data/c.json", event())
    with pytest.raises(SourceError) as caught:
        load()
    location = engine.location(path, tmp_path)
    assert caught.value.message.startswith(f"{location}: damaged gzip file: ")
    assert "deliver it again" in caught.value.hint
    assert read_star(first.settings) == before
    path.write_bytes(PACKED)
    assert load().summary.tables["songplays"] == (1002, 1001)


def test_the_objects_of_a_json_array_over_lines_are_records(
    tmp_path: Path, load: Callable[..., Loaded]
) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/array.json", "[", text(ts=1) + ",", text(ts=2), "]")
    write(tmp_path / "log_data/good.json", event())
    loaded = load()
    assert loaded.rejects == []
    assert loaded.summary.sources["log_data"].loaded == 3


def test_a_record_fares_the_same_whatever_stands_beside_it(
    tmp_path: Path, load: Callable[..., Loaded]
) -> None:
    records: list[str | bytes] = [record for record, _ in REJECTED.values() if len(record) < 100_000]
    records += [record for record, _, _ in LOADED.values()]
    write(tmp_path / "song_data/A/song.json", track())
    for number, record in enumerate(records):
        # A good one beside each, since a file of which nothing can be loaded fails the run.
        write(tmp_path / f"log_data/alone/{number:03}.json", record, event(ts=5))
    alone = load()
    alone_rows = [row[:-1] for row in alone.query("SELECT * FROM staging_events")]
    alone_rejects = [(reason, raw) for _, _, reason, raw in alone.rejects]
    write(tmp_path / "log_data/together.json", *records, *[event(ts=5)] * len(records))
    for number in range(len(records)):
        (tmp_path / f"log_data/alone/{number:03}.json").unlink()
    together = load(full=True, drop_missing=True)
    together_rows = [row[:-1] for row in together.query("SELECT * FROM staging_events")]
    assert sorted(together_rows, key=str) == sorted(alone_rows, key=str)
    assert sorted((reason, raw) for _, _, reason, raw in together.rejects) == sorted(alone_rejects)


def test_hidden_and_underscore_names_are_not_data(tmp_path: Path, load: Callable[..., Loaded]) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/2018/11/events.json", event())
    for name in (
        ".ipynb_checkpoints/events-checkpoint.json",
        "2018/.hidden.json",
        "_temporary/events.json",
        "2018/11/_SUCCESS.json",
        "2018/11/notes.txt",
        "2018/11/events.json.crc",
    ):
        write(tmp_path / "log_data" / name, event(ts=1))
    assert load().query("SELECT COUNT(*) FROM songplays") == [(1,)]


def test_too_many_rejects_fail_the_run_and_change_nothing(
    engine: Engine, tmp_path: Path, load: Callable[..., Loaded]
) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json", event())
    first = load()
    before = first.star
    write(tmp_path / "log_data/b.json", *(event(ts=number) for number in range(98)), "{", "x")
    engine.publish(tmp_path)
    strict = changed(first.settings, max_reject_share=0.01)
    with pytest.raises(TooManyRejectsError) as caught:
        run_etl(strict, NullProgress())
    assert "2 of 100 records" in caught.value.message
    assert "b.json:99: not valid JSON" in caught.value.message
    assert read_star(first.settings) == before
    assert first.rejects == []
    assert run_etl(changed(strict, max_reject_share=0.02), NullProgress()).tables["songplays"] == (99, 98)
