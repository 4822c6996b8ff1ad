"""Large plain files: DuckDB reads them by itself, and the result is the same as cut record by record."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from sparkify.config import load_settings
from sparkify.engines import plain_files
from sparkify.keys import EVENT_KEYS
from sparkify.local_files import LocalSource
from sparkify.pipeline import run_etl
from sparkify.progress import Silence
from sparkify.sources import LoadFile, Store
from tests.support import Loaded, event, examples, track, write
from tests.test_bad_input import LOADED, REJECTED

GOOD = json.dumps(event())


@dataclass
class Reader:
    """Loads a folder with DuckDB's reader for files of any size, or for none."""

    patch: pytest.MonkeyPatch
    plain: int = 0

    def load(self, folder: Path, *, plainly: bool, **options: Any) -> dict[str, Any]:
        """Everything that a run leaves in the warehouse, in an order of its own."""
        self.plain = 0
        self.patch.setattr(plain_files, "MIN_BYTES", 0 if plainly else 2**60)
        database = folder / f"{plainly}.duckdb"
        database.unlink(missing_ok=True)
        configured = load_settings(
            environment={},
            database=str(database),
            song_data=str(folder / "song_data"),
            log_data=str(folder / "log_data"),
            max_reject_share=1,
            **options,
        )
        loaded = Loaded(configured, run_etl(configured, Silence()))
        columns = ", ".join(f"staging_events.{column}" for column in STAGED)
        return {
            "star": loaded.star,
            "rejects": loaded.rejects,
            "events": loaded.query(
                f"SELECT {columns}, uri FROM staging_events JOIN ledger USING (file_id) ORDER BY ALL"
            ),
            "ledger": loaded.query("SELECT source, uri, records, loaded, rejected FROM ledger ORDER BY ALL"),
        }


STAGED = [
    "artist",
    "auth",
    "first_name",
    "gender",
    "item_in_session",
    "last_name",
    "length",
    "level",
    "location",
    "method",
    "page",
    "registration",
    "session_id",
    "song",
    "status",
    "ts",
    "user_agent",
    "user_id",
]


@pytest.fixture
def reader() -> Iterator[Reader]:
    """Counts the files that are left to DuckDB's reader."""
    with pytest.MonkeyPatch.context() as patch:
        counting = Reader(patch)
        count_lines = plain_files.count_lines

        def counted(store: Store, files: Iterable[LoadFile]) -> dict[int, int]:
            counts = count_lines(store, files)
            counting.plain += len(counts)
            return counts

        patch.setattr(plain_files, "count_lines", counted)
        yield counting


def test_a_plain_file_gives_what_it_gives_record_by_record(tmp_path: Path, reader: Reader) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    records = [record for record, _ in REJECTED.values() if len(record) < 3_000_000]
    records += [record for record, _, _ in LOADED.values()]
    records += [json.dumps(event(**{key: "0" * 66_000 + "5"})) for key in ("length", "registration")]
    numbers = (3e16, -1.5e-7, 1e300, 10**22, 0.5, "3e+16", "e+5", "a-e-3")
    records += [json.dumps(event(song=number, userAgent=number)) for number in numbers]
    for number, record in enumerate(records):
        write(tmp_path / f"log_data/{number:03}.json", GOOD, record, json.dumps(event(ts=number)))
    plainly = reader.load(tmp_path, plainly=True)
    assert reader.plain > len(records) / 2
    assert plainly == reader.load(tmp_path, plainly=False)
    assert len(plainly["rejects"]) > 30


texts = st.text(max_size=6) | st.sampled_from(
    [": [x] {y}", "[1]", "{}", '{"a": 1}', "\x00", "\v", "39", "1_0"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | texts
    | st.lists(texts, max_size=2)
    | st.dictionaries(texts, texts, max_size=1)
)
events = st.builds(
    lambda values, plain: json.dumps(event(**values), ensure_ascii=plain),
    st.dictionaries(st.sampled_from([*EVENT_KEYS, "device"]), scalars, max_size=2),
    st.booleans(),
)
lines = st.one_of(
    *([events] * 8),
    st.sampled_from(
        ["", " ", "{}", "[]", "5", "null", GOOD + GOOD, GOOD + "\f", GOOD + ",", "\v" + GOOD, '{"ts": 1,']
    ),
    events.map(lambda text: text.replace(": ", ":  ")),
)


@given(
    contents=st.lists(st.lists(lines, max_size=5), min_size=1, max_size=4),
    newline=st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n"]),
    end=st.sampled_from(["", "\n"]),
    chunk_bytes=st.sampled_from([1, 2, 3, 100, 2**20]),
)
@settings(max_examples=examples(10))
def test_whatever_a_file_holds_both_readers_load_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    reader: Reader,
    contents: list[list[str]],
    newline: str,
    end: str,
    chunk_bytes: int,
) -> None:
    folder = tmp_path_factory.mktemp("data")
    write(folder / "song_data/A/song.json", track())
    for number, file in enumerate(contents):
        write(folder / f"log_data/{number}.json", (newline.join(file) + end).encode(errors="surrogatepass"))
    reader.patch.setattr(plain_files, "CHUNK_BYTES", chunk_bytes)
    assert reader.load(folder, plainly=True) == reader.load(folder, plainly=False)


def test_other_keys_named_by_a_jsonpaths_file_are_read(tmp_path: Path, reader: Reader) -> None:
    renamed = {f"the {key}'s": value for key, value in event().items()}
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/events.json", renamed, renamed | {"the ts's": 1})
    paths = write(tmp_path / "paths.json", {"jsonpaths": [f'$["the {key}\'s"]' for key in EVENT_KEYS]})
    plainly = reader.load(tmp_path, plainly=True, log_jsonpath=str(paths))
    assert reader.plain == 1
    assert len(plainly["star"]["songplays"]) == 2
    assert plainly == reader.load(tmp_path, plainly=False, log_jsonpath=str(paths))


def test_keys_inside_of_objects_are_read(tmp_path: Path, reader: Reader) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/events.json", event(song={"title": "Air"}), event(ts=1, song={"title": "Sun"}))
    paths = [f"$.{key}" + (".title" if key == "song" else "") for key in EVENT_KEYS]
    found = reader.load(
        tmp_path, plainly=True, log_jsonpath=str(write(tmp_path / "p.json", {"jsonpaths": paths}))
    )
    assert found["rejects"] == []
    assert [row[STAGED.index("song")] for row in found["events"]] == ["Air", "Sun"]


@pytest.mark.parametrize(
    "name", ["a [1]*?.json", "{a,b}.json", "~ 'x' \"y\".json", "day=1/x.json", "é😀.json"]
)
def test_any_file_name_is_one_file(tmp_path: Path, reader: Reader, name: str) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data" / name, event())
    write(tmp_path / "log_data/a 1b.json", event(ts=1))
    found = reader.load(tmp_path, plainly=True)
    assert [row[1:] for row in found["ledger"]] == sorted(
        [(str(tmp_path / "log_data" / file), 1, 1, 0) for file in (name, "a 1b.json")]
        + [(str(tmp_path / "song_data/A/song.json"), 1, 1, 0)],
        key=lambda row: row[0],
    )
    assert len(found["star"]["songplays"]) == 2


def test_a_line_too_long_for_redshift_is_a_reject_of_its_own(tmp_path: Path, reader: Reader) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    for length in (2**20 - 600, 2**20, 2**21, 2**22):
        write(tmp_path / f"log_data/{length}.json", event(), event(ts=1, unknown="x" * length), event(ts=2))
    plainly = reader.load(tmp_path, plainly=True)
    assert reader.plain == 1
    assert plainly == reader.load(tmp_path, plainly=False)
    assert [(file, line) for file, line, _, _ in plainly["rejects"]] == [(f"{2**22}.json", 2)]


def test_a_file_that_grows_while_it_is_read_is_loaded_as_it_is_in_the_end(
    tmp_path: Path, reader: Reader
) -> None:
    write(tmp_path / "song_data/A/song.json", track())
    log = write(tmp_path / "log_data/events.json", event(), b"")
    counted = plain_files.count_lines
    late = [json.dumps(event(ts=1))]

    def grow_after(store: Store, files: Iterable[LoadFile]) -> dict[int, int]:
        counts = counted(store, files)
        if late:
            with log.open("a") as file:
                file.write(late.pop())
        return counts

    reader.patch.setattr(plain_files, "count_lines", grow_after)
    found = reader.load(tmp_path, plainly=True)
    assert late == []
    assert len(found["events"]) == 2
    assert [row[2:] for row in found["ledger"]] == [(2, 2, 0), (1, 1, 0)]


@pytest.mark.parametrize("chunk_bytes", [1, 2, 5, 64, 2**20])
@pytest.mark.parametrize("array", ["[1]", " [1]", "  [1]", "\t[1]", "[]"])
def test_an_array_is_noticed_wherever_a_chunk_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: str, chunk_bytes: int
) -> None:
    monkeypatch.setattr(plain_files, "CHUNK_BYTES", chunk_bytes)
    write(tmp_path / "with.json", '{"a":1,"artist":' + array + "}")
    write(tmp_path / "without.json", '{"a":1,"artist":"x [1] (live)[2]"}')
    store = LocalSource(str(tmp_path))
    files = [LoadFile(number, item) for number, item in enumerate(store.list_objects())]
    assert plain_files.count_lines(store, files) == {1: 1}
