"""Whole files: arrays, wrappers, files that are no JSON, marks, and damage that is cut into few pieces."""

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SparkifyError, TooManyRejectsError, UnusableFilesError
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from tests.support.builders import Loaded, Record, event, read_star, track, write
from tests.support.engines import Engine
from tests.support.prepared import Prepared
from tests.support.runs import run_etl
from tests.support.settings import changed

pytestmark = pytest.mark.slow

FIRST = 1543449657000
CHUNK = 4 * 2**20


def events(count: int, start: int = 0, **values: Any) -> list[Record]:
    return [event(ts=FIRST + start + number, **values) for number in range(count)]


def tracks(count: int) -> list[Record]:
    return [track(song_id=f"S{number}", artist_id=f"A{number}") for number in range(count)]


def as_lines(records: list[Record]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


@dataclass
class Place:
    """A warehouse with the usual limit of bad records, over folders of the test's own."""

    engine: Engine
    folder: Path
    settings: Settings

    def log(self, name: str, contents: bytes) -> Path:
        return write(self.folder / "log_data" / name, contents)

    def songs(self, name: str, contents: bytes) -> Path:
        return write(self.folder / "song_data" / name, contents)

    def location(self, path: Path) -> str:
        return self.engine.location(path, self.folder)

    def load(self, **options: Any) -> Loaded:
        self.engine.publish(self.folder)
        summary: Summary = run_etl(self.settings, NullProgress(), **options)
        return Loaded(self.settings, summary)

    def fails(self, kind: type[SparkifyError] = UnusableFilesError, **options: Any) -> Any:
        """What a run fails with; it leaves the warehouse as it was."""
        before = self.state()
        with pytest.raises(kind) as caught:
            self.load(**options)
        assert self.state() == before
        return caught.value

    def counts(self, paths: Mapping[Any, Path]) -> dict[Any, tuple[int, int, int]]:
        """How many records the files have, and how many of them are loaded and bad, by what paths has."""
        rows = Loaded(self.settings, Summary()).query("SELECT uri, records, loaded, rejected FROM ledger")
        found = {uri: (records, loaded, rejected) for uri, records, loaded, rejected in rows}
        return {name: found[self.location(path)] for name, path in paths.items()}

    def state(self) -> tuple[Any, ...]:
        loaded = Loaded(self.settings, Summary())
        ledger = loaded.query("SELECT uri, version, records, loaded FROM ledger ORDER BY uri")
        runs = loaded.query("SELECT * FROM runs WHERE outcome = 'loaded'")
        return read_star(self.settings), loaded.rejects, ledger, runs


@pytest.fixture(scope="module")
def prepared(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """300 good events and a song."""

    def fill(folder: Path) -> None:
        write(folder / "song_data/good.json", track())
        write(folder / "log_data/good.json", as_lines(events(300)))

    return Prepared(engine, tmp_path_factory.mktemp("prepared"), fill)


@pytest.fixture
def place(prepared: Prepared) -> Place:
    """With 300 good events and a song, loaded before."""
    settings = prepared.anew()
    return Place(prepared.engine, prepared.folder, settings)


# --- arrays


def one_a_line(records: list[Record]) -> bytes:
    return ("[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n").encode()


ARRAYS: dict[str, Callable[[list[Record]], bytes]] = {
    "minified": lambda some: json.dumps(some, separators=(",", ":")).encode(),
    "with blanks": lambda some: json.dumps(some).encode(),
    "one object a line": one_a_line,
    "one object a line, brackets beside them": lambda some: (
        "[" + ",\n".join(map(json.dumps, some)) + "]"
    ).encode(),
    "commas first": lambda some: ("[" + "\n,".join(map(json.dumps, some)) + "\n]").encode(),
    "CRLF": lambda some: one_a_line(some).replace(b"\n", b"\r\n"),
    "pretty-printed": lambda some: json.dumps(some, indent=4).encode(),
    "pretty-printed with tabs": lambda some: json.dumps(some, indent="\t").encode(),
    "much white space": lambda some: (
        "\n \t[\n\n" + " ,\r\n\t \n".join(map(json.dumps, some)) + " \n\n] "
    ).encode(),
    "array in array": lambda some: json.dumps([some[:1], [some[1:]]]).encode(),
    "several arrays": lambda some: b"\n".join(json.dumps([record] * 1).encode() for record in some),
    "empty arrays between": lambda some: b"[]\n" + json.dumps(some).encode() + b"\n[ ]\n[]",
    "with a mark": lambda some: b"\xef\xbb\xbf" + json.dumps(some).encode(),
    "UTF-16": lambda some: json.dumps(some).encode("utf-16"),
    "gzip": lambda some: gzip.compress(json.dumps(some).encode()),
    "gzip, pretty-printed": lambda some: gzip.compress(json.dumps(some, indent=2).encode()),
    "lines that end in a comma": lambda some: ",\n".join(map(json.dumps, some)).encode() + b",\n",
    "lines that end in a comma and CRLF": lambda some: (
        ",\r\n".join(map(json.dumps, some)).encode() + b",\r\n"
    ),
    "lines, then an array": lambda some: as_lines(some[:3]) + b"\n" + json.dumps(some[3:]).encode(),
    "an array, then lines": lambda some: json.dumps(some[:3]).encode() + b"\n" + as_lines(some[3:]),
    "a line of several arrays": lambda some: (json.dumps(some[:3]) + json.dumps(some[3:])).encode(),
    "nested values": lambda some: json.dumps([record | {"x": [{"ts": 1}, [{}]]} for record in some]).encode(),
    "brackets and quotes in texts": lambda some: json.dumps(
        [record | {"userAgent": '"}, {" [\\'} for record in some], indent=1
    ).encode(),
}


def test_the_objects_of_arrays_of_events_and_songs_are_records(place: Place) -> None:
    for number, way in enumerate(ARRAYS.values(), 1):
        place.log(f"{number:02}.json", way(events(7, 1000 * number)))
        songs = [record | {"song_id": f"{record['song_id']}-{number}"} for record in tracks(5)]
        place.songs(f"{number:02}.json", way(songs))
    loaded = place.load()
    assert loaded.rejects == []
    counts = dict(loaded.query("SELECT uri, records FROM ledger"))
    for number, name in enumerate(ARRAYS, 1):
        for folder, count in (("log_data", 7), ("song_data", 5)):
            assert counts[place.location(place.folder / folder / f"{number:02}.json")] == count, name
    assert len(loaded.star["songplays"]) == 300 + 7 * len(ARRAYS)
    assert len(loaded.star["songs"]) == 1 + 5 * len(ARRAYS)


@pytest.mark.thorough
def test_an_array_alone_is_loaded_as_the_same_objects_on_lines_are(engine: Engine, tmp_path: Path) -> None:
    songs, logs = tracks(20), events(50) + events(3, 10, userId="")
    stars = {}
    names = ["minified", "one object a line", "pretty-printed", "gzip"]
    for number, (name, way) in enumerate(
        {"lines": as_lines, **{name: ARRAYS[name] for name in names}}.items()
    ):
        folder = tmp_path / str(number)
        write(folder / "song_data/songs.json", way(songs))
        write(folder / "log_data/events.json", way(logs))
        stars[name] = Place(engine, folder, engine.settings(folder)).load().star
    assert stars == dict.fromkeys(stars, stars["lines"])


@pytest.mark.thorough
def test_arrays_larger_than_what_is_read_at_a_time_are_read_whole(place: Place) -> None:
    paths = {}
    for number, name in enumerate(("minified", "one object a line", "pretty-printed", "gzip"), 1):
        contents = ARRAYS[name](events(12_000, 20_000 * number))
        assert len(gzip.decompress(contents) if name == "gzip" else contents) > 1.2 * CHUNK
        paths[name] = place.log(f"large-{number}.json", contents)
    loaded = place.load()
    assert loaded.rejects == []
    assert place.counts(paths) == dict.fromkeys(paths, (12_000, 12_000, 0))
    assert loaded.summary.tables["songplays"] == (48_300, 48_000)


DAMAGE = {
    "a value without quotes": '{"ts": soon, "page": "NextSong", "sessionId": 1}',
    "a missing colon": '{"ts" 1543449657000, "page": "NextSong"}',
    "single quotes": "{'ts': 1543449657000}",
    "a text": '"x"',
    "null": "null",
    "a number": "42",
    "no ts": '{"page": "NextSong"}',
    "half an object": '{"ts": 1543449657000, "page": "Next',
}


def test_a_damaged_element_of_an_array_costs_no_other(place: Place) -> None:
    paths: dict[tuple[str, str], Path] = {}
    expected = {}
    for separator in (",", ",\n"):
        for what, damage in DAMAGE.items():
            number = len(paths) + 1
            good = [json.dumps(record) for record in events(200, 1000 * number)]
            text = "[" + separator.join([*good[:100], damage, *good[100:]]) + "]"
            paths[what, separator] = place.log(f"array-{number:02}.json", text.encode())
            # On one line, the object behind a damaged one can't be told from the inside of that.
            is_apart = separator != "," or what != "half an object"
            expected[what, separator] = (201, 200, 1) if is_apart else (200, 199, 1)
    loaded = place.load()
    assert place.counts(paths) == expected
    assert len(loaded.star["songplays"]) == 300 + sum(good for _, good, _ in expected.values())
    assert len({name for name, *_ in loaded.rejects}) == len(loaded.rejects) == len(paths)


def test_of_an_array_that_is_cut_off_all_whole_objects_load(place: Place) -> None:
    paths = {}
    for number, name in enumerate(("minified", "one object a line", "pretty-printed"), 1):
        contents = ARRAYS[name](events(200, 1000 * number))
        paths[name] = place.log(f"array-{number}.json", contents[: contents.rindex(b'"page"')])
    loaded = place.load()
    assert loaded.summary.tables["songplays"] == (300 + 3 * 199, 3 * 199)
    assert place.counts(paths) == dict.fromkeys(paths, (200, 199, 1))
    assert len(loaded.rejects) == 3


# --- wrappers

many = events(200, 1000)
WRAPPERS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "Records": (json.dumps({"Records": many}).encode(), ("Records",)),
    "Records, one a line": (
        b'{"Records": [\n' + ",\n".join(map(json.dumps, many)).encode() + b"\n]}",
        ("Records",),
    ),
    "Records, pretty-printed": (json.dumps({"Records": many}, indent=2).encode(), ("Records",)),
    "Records, minified": (json.dumps({"Records": many}, separators=(",", ":")).encode(), ("Records",)),
    "below two keys": (json.dumps({"data": {"events": many}}).encode(), ("data", "events")),
    "below two keys, pretty-printed": (
        json.dumps({"data": {"events": many}}, indent=4).encode(),
        ("data", "events"),
    ),
    "a scalar first": (
        json.dumps({"count": 200, "next": None, "ok": True, "items": many}).encode(),
        ("items",),
    ),
    "an object first": (
        json.dumps({"meta": {"page": 1, "of": [1, 2]}, "hits": many}, indent=1).encode(),
        ("hits",),
    ),
    "a list first": (json.dumps({"tags": ["a", {"b": 1}], "value": many}).encode(), ("value",)),
    "one a line": (b"\n".join(json.dumps({"event": record}).encode() for record in many), ("event",)),
    "pages on lines": (
        b"\n".join(json.dumps({"page_events": many[n : n + 50]}).encode() for n in range(0, 200, 50)),
        ("page_events",),
    ),
    "an array of wrappers": (json.dumps([{"event": record} for record in many]).encode(), ("event",)),
    "gzip": (gzip.compress(json.dumps({"Records": many}).encode()), ("Records",)),
    "with a mark": (b"\xef\xbb\xbf" + json.dumps({"Records": many}).encode(), ("Records",)),
    "UTF-16": (json.dumps({"Records": many}).encode("utf-16"), ("Records",)),
    "a quote in the key": (json.dumps({'the "records"': many}).encode(), ('the \\"records\\"',)),
    "a single event": (json.dumps({"Records": many[:1]}).encode(), ("Records",)),
    "far behind another key": (json.dumps({"meta": "x" * 70_000, "Records": many}).encode(), ("Records",)),
    "texts": (as_lines([{"message": json.dumps(record)} for record in many]), ("message",)),
    "texts below keys": (
        json.dumps({"Records": [{"Sns": {"Message": json.dumps(record)}} for record in many]}).encode(),
        ("Records", "Sns", "Message"),
    ),
    "a text with an array": (json.dumps({"body": json.dumps(many[:9])}).encode(), ("body",)),
}


def below(keys: tuple[str, ...]) -> str:
    return "below the key " + " and the key ".join(f'"{key}"' for key in keys)


def test_of_each_wrapper_the_key_is_named_that_its_records_lie_below(place: Place) -> None:
    paths = {name: place.log(f"{n:02}.json", WRAPPERS[name][0]) for n, name in enumerate(WRAPPERS)}
    error = place.fails()
    bad_files = {bad.uri: bad for bad in error.bad}
    assert bad_files.keys() == {place.location(path) for path in paths.values()}
    wrong = {}
    for name, path in paths.items():
        bad = bad_files[place.location(path)]
        hinted = "--skip-bad-files" in bad.hint and ("jq -" in bad.hint or "JSONPaths" in bad.hint)
        if below(WRAPPERS[name][1]) not in bad.problem or not hinted:
            wrong[name] = (bad.problem, bad.hint)
    assert wrong == {}


@pytest.mark.forms(1)
@pytest.mark.parametrize("name", ["Records", "one a line", "below two keys, pretty-printed"])
def test_a_wrapper_fails_the_run_which_names_the_key_that_the_records_lie_below(
    place: Place, name: str
) -> None:
    contents, keys = WRAPPERS[name]
    path = place.log("wrapper.json", contents)
    error = place.fails()
    assert error.message.startswith(f"{place.location(path)}: ")
    assert below(keys) in error.message
    assert "jq -c" in error.hint or "JSONPaths" in error.hint
    assert "--skip-bad-files" in error.hint


@pytest.mark.thorough
def test_of_large_wrappers_the_key_is_named_too(place: Place) -> None:
    some = events(25_000, 1000)
    lines = list(map(json.dumps, some))
    large = {
        "minified": json.dumps({"Records": some}),
        "pretty-printed": json.dumps({"Records": some}, indent=2),
        "one a line": '{"Records": [\n' + ",\n".join(lines) + "\n]}",
        "one a line with blank lines": '{"Records": [\n' + ",\n\n".join(lines) + "\n]}",
    }
    paths = {}
    for number, (name, text) in enumerate(large.items()):
        assert len(text) > 2 * CHUNK
        paths[name] = place.log(f"wrapper-{number}.json", text.encode())
    error = place.fails()
    found = {bad.uri: bad.problem.startswith('its records lie below the key "Records"') for bad in error.bad}
    assert found == {place.location(path): True for path in paths.values()}
    first = place.location(paths["minified"])
    assert error.message.startswith(f'{first}: its records lie below the key "Records"')


def test_a_wrapper_of_songs_fails_the_run_as_well(place: Place) -> None:
    path = place.songs("wrapper.json", json.dumps({"songs": tracks(50)}, indent=1).encode())
    assert place.fails().message.startswith(f'{place.location(path)}: its records lie below the key "songs"')


AMONG_GOOD: dict[str, tuple[bytes, str]] = {
    "a line": (
        as_lines([*events(300, 1000), {"Records": many}]),
        'in line 301 records lie below the key "Records"',
    ),
    "two lines": (
        as_lines([*events(300, 1000), {"Records": many}, {"Records": many}]),
        'in line 301 records lie below the key "Records"',
    ),
    "two records": (
        as_lines([*events(300, 1000), {"Records": many[:2]}]),
        'in line 301 records lie below the key "Records"',
    ),
    "behind an array": (
        json.dumps(events(300, 1000)).encode() + json.dumps({"Records": many}).encode(),
        'in line 1 records lie below the key "Records"',
    ),
    "texts": (
        as_lines([*events(300, 1000), {"logEvents": [{"message": json.dumps(record)} for record in many]}]),
        'in line 301 records are JSON within texts, below the key "logEvents" and the key "message"',
    ),
}


@pytest.mark.forms(1)
@pytest.mark.parametrize("what", AMONG_GOOD)
def test_a_wrapper_among_good_records_fails_the_run_however_few_records_it_counts_as(
    place: Place, what: str
) -> None:
    contents, problem = AMONG_GOOD[what]
    path = place.log("mixed.json", contents)
    error = place.fails()
    assert error.message.startswith(f"{place.location(path)}: {problem}")
    assert "jq -" in error.hint


def test_the_commands_of_hints_read_gzip_texts_on_lines_and_keys_with_quotes(place: Place) -> None:
    wrapped = json.dumps({"Records": many[:9]}).encode()
    commands = {
        place.log("a.json.gz", gzip.compress(wrapped)): """gzip -dc FILE | jq -c '.["Records"][]'""",
        place.log(
            "b.json.gz", gzip.compress(as_lines(events(30, 1000)) + b"\n" + wrapped)
        ): """gzip -dc FILE | sed -n 31p | jq -c '.["Records"][]'""",
        place.log(
            "c.json", json.dumps({"today's": many[:9]}).encode()
        ): """jq -c '.["today'"'"'s"][]' FILE""",
        place.log(
            "d.json", "\n".join(json.dumps(json.dumps(each)) for each in many[:9]).encode()
        ): "jq -r . FILE",
    }
    hints = {bad.uri: bad.hint for bad in place.fails().bad}
    found = {path: hints[place.location(path)].partition("for example with: ")[2] for path in commands}
    assert [text.partition(";")[0] for text in found.values()] == list(commands.values())


def test_a_wrapper_of_songs_among_good_ones_fails_the_run_as_well(place: Place) -> None:
    place.songs("mixed.json", as_lines([*tracks(150), {"songs": tracks(400)}]))
    assert 'in line 151 records lie below the key "songs"' in place.fails().message


@pytest.mark.forms(1)
@pytest.mark.parametrize("key", ["", "data"])
def test_of_records_below_a_key_each_no_jsonpaths_file_is_offered_that_would_load_one(
    place: Place, key: str
) -> None:
    keyed = {f"e{number}": record for number, record in enumerate(many[:3])}
    place.log("keyed.json", json.dumps({key: keyed} if key else keyed).encode())
    error = place.fails()
    assert 'its records lie below a key each ("e0", "e1", …)' in error.message
    assert (f"jq -c '.[\"{key}\"][]'" if key else "jq -c '.[]'") in error.hint
    assert "--log-jsonpath" not in error.hint


def of_columns(values: Callable[[list[Any]], Any]) -> bytes:
    return json.dumps({key: values([record[key] for record in many[:40]]) for key in many[0]}).encode()


NO_RECORD: dict[str, bytes] = {
    "columns": of_columns(list),
    "columns by number": of_columns(lambda values: dict(enumerate(values))),
    "columns and data": json.dumps(
        {"columns": list(many[0]), "data": [list(many[0].values())] * 40}
    ).encode(),
    "an answer": b'{"message": "Not Found", "code": 404}',
    "other keys": json.dumps({"Records": [{"user_id": 1, "time_stamp": 2}] * 9}).encode(),
    "a large one": json.dumps({"ts": "x" * 20_000}).encode(),
}


def test_a_file_of_one_object_that_is_no_record_fails_the_run_beside_good_ones(place: Place) -> None:
    paths = {name: place.log(f"{n:02}.json", NO_RECORD[name]) for n, name in enumerate(NO_RECORD)}
    error = place.fails()
    found = {bad.uri: bad.problem for bad in error.bad}
    assert found.keys() == {place.location(path) for path in paths.values()}
    for name in ("columns", "columns by number"):
        assert "a list of values per key" in found[place.location(paths[name])]


def test_a_file_of_one_record_that_is_bad_costs_that_record(place: Place) -> None:
    whole = json.dumps(many[0])
    place.log("more.json", as_lines(events(400, 2000)))
    for name, text in {
        "cut": whole[:200],
        "ts": whole.replace(str(many[0]["ts"]), '"x"'),
        "{}": "{}",
    }.items():
        place.log(f"{name}.json", text.encode())
    assert len(place.load().rejects) == 3


def test_a_single_record_below_a_key_among_good_ones_is_a_reject(place: Place) -> None:
    place.log("mixed.json", as_lines([*events(300, 1000), {"event": many[0]}]))
    assert [(name, line) for name, line, *_ in place.load().rejects] == [("mixed.json", 301)]


def test_why_none_of_the_records_of_a_file_can_be_loaded_is_said(place: Place) -> None:
    place.log("micro.json", as_lines([record | {"ts": record["ts"] * 10**6} for record in many[:1]] * 5))
    place.log("no-ts.json", as_lines([{k: v for k, v in record.items() if k != "ts"} for record in many[:5]]))
    said = {bad.uri.rpartition("/")[2]: bad.problem for bad in place.fails().bad}
    assert "line 1: ts: " in said["micro.json"]
    assert "lies outside the years 1 to 9999" in said["micro.json"]
    assert "none of its 5 records can be loaded (line 1: ts is missing)" in said["no-ts.json"]


def test_elements_of_arrays_that_are_no_objects_cost_no_object(place: Place) -> None:
    one, two, three = (json.dumps(record) for record in many[:3])
    arrays = {
        "null first": (f"[null, {one}, {two}, {three}]", 1),
        "between": (f'[{one}, null, {two}, 1, "x", true, {three}]', 2),
        "minified": (f"[1,{one},null,{two},2.5,{three},false]", 4),
        "many": ("[" + ",null,".join([one, two, three] * 3000) + "]", 8999),
    }
    paths = {
        name: place.log(f"{n}.json", text.encode()) for n, (name, (text, _)) in enumerate(arrays.items())
    }
    place.settings = changed(place.settings, max_reject_share=1)
    place.load()
    counts = place.counts(paths)
    assert {name: (loaded, rejected) for name, (_, loaded, rejected) in counts.items()} == {
        name: (9000 if name == "many" else 3, bad) for name, (_, bad) in arrays.items()
    }


# --- files that are no JSON of records


def zipped(name: str, contents: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, contents)
    return target.getvalue()


def in_tar(name: str, contents: bytes, mode: Any = "w") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(contents)
        archive.addfile(entry, io.BytesIO(contents))
    return target.getvalue()


def in_parquet(records: list[Record]) -> bytes:
    target = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(records), target)
    return target.getvalue()


def in_csv(records: list[Record], separator: str) -> bytes:
    rows = [separator.join(records[0])]
    rows += [
        separator.join(str(value).replace(separator, " ") for value in record.values()) for record in records
    ]
    return "\n".join(rows).encode()


some = events(3, 1000)
TEXT = as_lines(some)
COLUMNS = {key: {str(n): record[key] for n, record in enumerate(many)} for key in many[0]}

FOREIGN: dict[str, tuple[bytes, str]] = {
    "zip": (zipped("events.json", TEXT), "a zip archive"),
    "an empty zip": (b"PK\x05\x06" + bytes(18), "a zip archive"),
    "bzip2": (bz2.compress(TEXT), "bzip2"),
    "xz": (lzma.compress(TEXT), "xz"),
    "lzma": (lzma.compress(TEXT, lzma.FORMAT_ALONE), "lzma"),
    "zstd": (
        b"\x28\xb5\x2f\xfd\x20" + bytes([255]) + (1 | 255 << 3).to_bytes(3, "little") + TEXT[:255],
        "Zstandard",
    ),
    "gzip in gzip": (gzip.compress(gzip.compress(TEXT)), "gzip inside gzip"),
    "zip in gzip": (gzip.compress(zipped("events.json", TEXT)), "a zip archive"),
    "tar": (in_tar("events.json", TEXT), "a tar archive"),
    "tar in gzip": (in_tar("events.json", TEXT, "w:gz"), "a tar archive"),
    "Parquet": (in_parquet(some), "Parquet"),
    "RTF": (rb"{\rtf1\ansi\deff0 {\fonttbl {\f0 Arial;}} {ts} }", "RTF"),
    "UTF-16 without a mark": (TEXT.decode().encode("utf-16-le"), "UTF-16 without a byte order mark"),
    "UTF-16 big-endian without a mark": (
        TEXT.decode().encode("utf-16-be"),
        "UTF-16 without a byte order mark",
    ),
    "an array in UTF-16 over lines": (
        one_a_line(some).decode().encode("utf-16-le"),
        "UTF-16 without a byte order mark",
    ),
    "UTF-32": (TEXT.decode().encode("utf-32"), "UTF-32"),
    "UTF-32 big-endian": (b"\x00\x00\xfe\xff" + TEXT.decode().encode("utf-32-be"), "UTF-32"),
    "UTF-32 without a mark": (TEXT.decode().encode("utf-32-le"), "UTF-32"),
    "UTF-32 big-endian without a mark": (TEXT.decode().encode("utf-32-be"), "UTF-32"),
    "an HTML page": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "an HTML page"),
    "HTML with a mark": (b"\xef\xbb\xbf\n<html lang=en>\n<p>503</html>", "an HTML page"),
    "HTML with a comment first": (b"<!-- saved from url=(0027)https://example.com/ -->\n<p>", "an HTML page"),
    "XML": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>',
        "XML",
    ),
    "XML without a prologue": (b"<Error><Code>NoSuchKey</Code></Error>\n", "XML"),
    "XML with a mark": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<events/>', "XML"),
    "a Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 132735\n",
        "a Git LFS pointer",
    ),
    "a git-annex pointer": (b"/annex/objects/SHA256E-s31390--f50d.json\n", "a git-annex pointer"),
    "CSV": (in_csv(some, ","), "a table (CSV)"),
    "CSV with semicolons": (in_csv(some, ";"), "a table (CSV)"),
    "CSV with a mark": (b"\xef\xbb\xbf" + in_csv(some, ","), "a table (CSV)"),
    "TSV": (in_csv(some, "\t"), "a table (CSV)"),
    "CSV with a header alone": (b'"ts","page","userId"\n', "a table (CSV)"),
    "plain text": (b"Nov 12 03:14:15 web1 nginx: started\n" * 20, "plain text"),
    "one word": (b"null", "plain text"),
    "YAML": (b"---\nts: 1543449657000\npage: NextSong\n", "plain text"),
    "NULs": (bytes(5000), "binary data"),
    "NULs behind a blank line": (b"\n" + bytes(5000), "binary data"),
    "binary": (b"\x93NUMPY" + bytes(range(256)) * 20, "binary data"),
    "other keys": (b'{"time": "2018-11-01", "event": "play"}\n' * 20, "none of its 20 records can be loaded"),
    "other keys in an array": (
        json.dumps([{"time": 1, "event": "play"}] * 20).encode(),
        "none of its 20 records can be loaded",
    ),
    "an array of rows": (
        json.dumps([list(record.values()) for record in many]).encode(),
        "nothing in it can be loaded",
    ),
    "Python's way to write them": (
        "\n".join(map(str, many)).encode(),
        "none of its 200 records can be loaded",
    ),
    "a table by columns": (json.dumps(COLUMNS).encode(), "one object with a list of values per key"),
    "songs among the logs": (as_lines(tracks(5)), "none of its 5 records can be loaded"),
}


def test_each_file_of_another_kind_is_named_with_what_it_looks_like(place: Place) -> None:
    paths = {
        (name, ending): place.log(f"{number:02}{ending}", FOREIGN[name][0])
        for number, name in enumerate(FOREIGN)
        for ending in (".json", ".json.gz")
    }
    place.log("new.json", as_lines(events(5, 1000)))
    said = {}
    # Those that can't be read are named first, and once they are gone those of which nothing can be loaded.
    for _ in range(2):
        error = place.fails()
        assert error.bad
        for bad in error.bad:
            ((case, path),) = [item for item in paths.items() if place.location(item[1]) == bad.uri]
            said[case] = bad.problem
            path.unlink()
            assert "sparkify etl --skip-bad-files" in bad.hint
    assert said.keys() == paths.keys()
    assert {case: problem for case, problem in said.items() if FOREIGN[case[0]][1] not in problem} == {}
    assert place.load().summary.tables["songplays"] == (305, 5)


@pytest.mark.forms(2)
@pytest.mark.parametrize("name", ["xz", "plain text", "NULs", "an array of rows", "songs among the logs"])
def test_a_file_of_another_kind_fails_the_run_and_is_named_with_what_it_looks_like(
    place: Place, name: str
) -> None:
    contents, kind = FOREIGN[name]
    paths = [place.log("kind.json", contents), place.log("kind.json.gz", contents)]
    place.log("new.json", as_lines(events(5, 1000)))
    error = place.fails()
    assert {bad.uri for bad in error.bad} == {place.location(path) for path in paths}
    for bad in error.bad:
        assert kind in bad.problem, bad.problem
    assert error.message.startswith(
        f"{place.location(paths[0])}: {error.bad[0].problem}; nothing was changed"
    )
    assert "sparkify etl --skip-bad-files" in error.hint


@pytest.mark.thorough
def test_without_files_of_other_kinds_all_others_load_and_they_when_they_have_changed(place: Place) -> None:
    paths = {name: place.log(f"{n:02}.json", FOREIGN[name][0]) for n, name in enumerate(FOREIGN)}
    wrapper = place.songs("wrapper.json", WRAPPERS["Records"][0])
    place.log("zz.json", as_lines(events(5, 1000)))
    loaded = place.load(skip_bad_files=True)
    assert loaded.summary.tables["songplays"] == (305, 5)
    assert loaded.rejects == []
    warnings = {
        line.split(": left out: ")[0]: line for line in loaded.summary.warnings if ": left out: " in line
    }
    assert warnings.keys() == {place.location(path) for path in [*paths.values(), wrapper]}
    for name, path in paths.items():
        assert FOREIGN[name][1] in warnings[place.location(path)]

    # Nothing is new: they are known, until they change.
    again = place.load()
    assert (again.summary.outcome, again.summary.sources["log_data"].files) == ("nothing new", 0)
    assert again.summary.sources["log_data"].known == 2

    changed, still_bad = [*paths.values()][:2]
    changed.write_bytes(as_lines(events(2, 5000)))
    still_bad.write_bytes(still_bad.read_bytes() + b" ")
    error = place.fails()
    assert [bad.uri for bad in error.bad] == [place.location(still_bad)]
    last = place.load(skip_bad_files=True)
    assert last.summary.tables["songplays"] == (307, 2)
    assert [line for line in last.summary.warnings if place.location(still_bad) in line]


@pytest.mark.thorough
def test_loaded_files_that_have_become_bad_keep_their_rows_where_bad_files_are_skipped(place: Place) -> None:
    unread, unusable = ["zip"], ["other keys", "plain text"]
    paths = {
        name: place.log(f"{number}.json", as_lines(events(20, 1000 * number)))
        for number, name in enumerate([*unread, *unusable], 1)
    }
    before = place.load().star
    place.log("new.json", as_lines(events(5, 9000)))
    for names in (unusable, unread):  # the latter are found first
        for name in names:
            paths[name].write_bytes(FOREIGN[name][0])
        assert {bad.uri for bad in place.fails().bad} == {place.location(paths[name]) for name in names}
    loaded = place.load(skip_bad_files=True)
    assert loaded.summary.tables["songplays"] == (365, 5)
    assert set(before["songplays"]) < set(loaded.star["songplays"])
    warnings = "\n".join(loaded.summary.warnings)
    for path in paths.values():
        assert f"{place.location(path)}: left out: " in warnings
    for number, path in enumerate(paths.values(), 1):
        path.write_bytes(as_lines(events(21, 1000 * number)))
    assert place.load().summary.tables["songplays"] == (368, 3)


def test_who_allows_all_records_to_be_bad_allows_a_file_of_them(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "song_data/good.json", track())
    write(tmp_path / "log_data/a.json", FOREIGN["other keys"][0])
    place = Place(engine, tmp_path, engine.settings(tmp_path, max_reject_share=1))
    assert len(place.load().rejects) == 20


# --- marks


MARK = b"\xef\xbb\xbf"
MARKED: dict[str, Callable[[list[bytes]], bytes]] = {
    "put together with cat": lambda parts: MARK + (b"\n" + MARK).join(parts) + b"\n",
    "put together with nothing between": lambda parts: MARK + MARK.join(parts),
    "with CRLF": lambda parts: b"\r\n".join(MARK + part for part in parts),
    "members of gzip": lambda parts: b"".join(gzip.compress(MARK + part + b"\n") for part in parts),
    "members of gzip without newlines": lambda parts: b"".join(gzip.compress(MARK + part) for part in parts),
    "record separators": lambda parts: b"".join(
        b"\x1e" + line + b"\n" for part in parts for line in part.split(b"\n")
    ),
    "record separators alone": lambda parts: b"".join(
        b"\x1e" + line for part in parts for line in part.split(b"\n")
    ),
    "marks alone on lines": lambda parts: (b"\n" + MARK + b"\n").join(parts),
    "two marks": lambda parts: MARK + MARK + (b"\n" + MARK + MARK).join(parts),
    "UTF-16": lambda parts: b"".join(("\n" + part.decode()).encode("utf-16") for part in parts),
    "before arrays": lambda parts: b"\n".join(
        MARK + b"[" + part.replace(b"\n", b",") + b"]" for part in parts
    ),
}


def test_marks_further_on_cost_no_record(place: Place) -> None:
    for number, way in enumerate(MARKED.values(), 1):
        place.log(f"{number}.json", way([as_lines(events(4, 1000 * number + 100 * n)) for n in range(3)]))
    loaded = place.load()
    assert loaded.rejects == []
    counts = dict(loaded.query("SELECT uri, loaded FROM ledger WHERE source = 'log_data'"))
    for number, name in enumerate(MARKED, 1):
        assert counts[place.location(place.folder / f"log_data/{number}.json")] == 12, name
    assert len(loaded.star["songplays"]) == 300 + 12 * len(MARKED)


# --- damage that is large, in few pieces

LARGE_DAMAGE = {
    "binary": random.Random(1).randbytes(2**20),
    "binary without newlines": random.Random(2).randbytes(2**20).replace(b"\n", b"\r"),
    "NULs": bytes(2**20),
    "a text without an end": b'{"ts": 1, "page": "' + b"x" * 2**20,
    "brackets": b'{"ts": ' + b"[" * 2**20,
}


@pytest.mark.forms(1)
@pytest.mark.parametrize("what", LARGE_DAMAGE)
@pytest.mark.parametrize("is_first", [False, True], ids=["behind", "before"])
def test_large_damage_counts_by_its_bytes(place: Place, what: str, is_first: bool) -> None:
    parts = [as_lines(events(2000, 1000)), LARGE_DAMAGE[what]]
    path = place.log("log.json", b"\n".join(reversed(parts) if is_first else parts))
    error = place.fails(SparkifyError)
    assert isinstance(error, (TooManyRejectsError, UnusableFilesError))
    assert place.location(path) in error.message


# --- inputs that were once loaded wrongly


def settings_of(engine: Engine, folder: Path) -> Place:
    return Place(engine, folder, engine.settings(folder))


@pytest.mark.parametrize("name", ["C01", "C01b", "C01c", "C01d", "C01e", "C08", "C10", "C10b", "C12e"])
def test_a_case_of_arrays_and_marks_is_read_whole(engine: Engine, cases: Path, name: str) -> None:
    loaded = settings_of(engine, cases / name).load()
    assert loaded.rejects == []
    ((records, good, least),) = loaded.query("SELECT SUM(records), SUM(loaded), MIN(records) FROM ledger")
    assert records == good
    assert least > 0
    if name == "C01c":
        assert loaded.summary.sources["log_data"].loaded == 700


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("C01f", 'below the key "Records"'),
        ("C12", "UTF-16"),
        ("C12d", "UTF-32"),
        ("C18d", "gzip inside gzip"),
        ("C18e", "a zip archive"),
        ("C18f", "bzip2"),
        ("C43f", "an HTML page"),
        ("C43g", "a Git LFS pointer"),
    ],
)
def test_a_case_of_another_kind_of_file_fails_and_says_what_it_is(
    engine: Engine, cases: Path, name: str, found: str
) -> None:
    with pytest.raises(UnusableFilesError) as caught:
        settings_of(engine, cases / name).load()
    assert found in caught.value.message
