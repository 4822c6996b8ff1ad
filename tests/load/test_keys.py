"""Keys and columns: where the JSONPaths file is found, and what is said when it does not fit the records."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SourceError, TooManyRejectsError, UnusableFilesError
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from sparkify.reading import records
from sparkify.reading.keys import EVENT_KEYS
from tests.support.builders import Loaded, Record, event, track, write
from tests.support.cli import Run
from tests.support.engines import Engine
from tests.support.runs import run_etl
from tests.support.settings import changed

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]
Notes = Callable[..., list[str]]


def jsonpaths(**other: str) -> str:
    """A JSONPaths file with other paths for some of the usual keys."""
    return json.dumps({"jsonpaths": [other.get(key, f"$['{key}']") for key in EVENT_KEYS]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1543449657000), event(ts=1543449657001))
    return tmp_path


@pytest.fixture
def with_paths(folder: Path, settings: Settings) -> Callable[..., Settings]:
    """Settings with a JSONPaths file, in which the paths of some keys are others."""

    def write_paths(**other: str) -> Settings:
        path = write(folder / "paths.json", jsonpaths(**other))
        return changed(settings, log_jsonpath=str(path))

    return write_paths


@pytest.fixture
def notes(engine: Engine, folder: Path) -> Notes:
    """What a run with some settings says beside its figures."""

    def run(settings: Settings, **options: bool) -> list[str]:
        engine.publish(folder)
        summary = run_etl(settings, NullProgress(), **options)
        return [text for text in summary.warnings if "$[" in text] + summary.notes

    return run


def test_a_key_that_no_record_has_is_named_with_the_file_that_asks_for_it(
    with_paths: Callable[..., Settings], notes: Notes
) -> None:
    settings = with_paths(userAgent="$['client']", location="$.place.town")
    assert notes(settings) == [
        "log_data: of 2 records looked at, 2 have $['location'] in place of $['place']['town'], 2 have"
        " $['userAgent'] in place of $['client']; of 2 rows loaded, 2 have no location, 2 have no user_agent;"
        f" to read them, run sparkify etl --full with this as {settings.loading.log_jsonpath}: {jsonpaths()}",
    ]


def test_a_key_that_nothing_resembles_is_named_with_the_file_that_asks_for_it(
    folder: Path, with_paths: Callable[..., Settings], notes: Notes
) -> None:
    write(
        folder / "log_data/a.json",
        *(_without(event(ts=number), "location", "userAgent") for number in (1, 2)),
    )
    settings = with_paths(userAgent="$['client']", location="$.place.town")
    assert notes(settings) == [
        "log_data: no record has $['place']['town'], $['client']; check its spelling in"
        f" {settings.loading.log_jsonpath}, then load again with: sparkify etl --full"
    ]


def _without(record: Record, *keys: str) -> Record:
    return {key: value for key, value in record.items() if key not in keys}


def test_a_misspelt_key_that_rejects_all_records_is_named_with_the_rejects(
    folder: Path, with_paths: Callable[..., Settings], notes: Notes
) -> None:
    with pytest.raises(UnusableFilesError, match=r"2 have \$\['sessionId'\] in place of \$\['session-id'\]"):
        notes(changed(with_paths(sessionId="$.session-id"), max_reject_share=0.01))
    write(folder / "log_data/a.json", _without(event(), "sessionId"))
    with pytest.raises(TooManyRejectsError, match=r"no record has \$\['session-id'\]; check its spelling"):
        notes(changed(with_paths(sessionId="$.session-id"), max_reject_share=0.01))


def test_a_key_that_some_record_has_is_not_called_missing(folder: Path, load: Load) -> None:
    rare: list[Record] = [event(ts=number) for number in range(5000)]
    for record in rare:
        del record["artist"]
    rare[4321]["artist"] = "Air"
    write(folder / "log_data/b.json", *rare)
    write(folder / "log_data/a.json", event(gender=None))  # null is a value that a key may have
    assert load().summary.notes == []


def test_new_keys_of_logs_and_songs_are_named_once(folder: Path, load: Load) -> None:
    write(folder / "song_data/song.json", track(mood="sad"))
    new = {f"key {number}": number for number in range(7)}
    write(folder / "log_data/a.json", *(event(ts=number) | new for number in range(50)))
    assert load().summary.notes == [
        'song_data: keys without a column, ignored: "mood" (1 records were looked at)',
        'log_data: keys without a column, ignored: "key 0", "key 1", "key 2", "key 3", "key 4" and 2 more'
        " (20 records were looked at)",
    ]
    assert load().summary.notes == []


def test_new_and_missing_keys_of_large_files_are_named_as_well(
    folder: Path, with_paths: Callable[..., Settings], notes: Notes
) -> None:
    half: list[Record] = [event(ts=number) for number in range(3000)]
    write(folder / "log_data/a.json", *half, *(record | {"device": "phone"} for record in half))
    assert (folder / "log_data/a.json").stat().st_size > records.CHUNK_BYTES // 2
    first, second = notes(settings := with_paths(location="$.place"))
    assert "have $['location'] in place of $['place']; of 6,000 rows loaded, 6,000 have no location" in first
    assert second.startswith('log_data: keys without a column, ignored: "device" (')
    assert Loaded(settings, Summary()).query("SELECT COUNT(*) FROM staging_events") == [(6000,)]


def test_a_new_key_with_a_strange_name_is_shown_as_json(folder: Path, load: Load) -> None:
    write(folder / "log_data/a.json", json.dumps(event())[:-1] + r', "a\u001b[31m\nb": 1}')
    (note,) = load().summary.notes
    assert r'"a\u001b[31m\nb"' in note


def test_jsonpaths_that_changed_are_said_to_need_a_full_load(
    folder: Path, with_paths: Callable[..., Settings], notes: Notes
) -> None:
    assert notes(with_paths()) == []
    settings = with_paths(location="$.userAgent", userAgent="$.location")
    other = (
        f"1 log file was loaded by other JSONPaths than {settings.loading.log_jsonpath}; to load all files"
        " by these, if their records have such keys: sparkify etl --full"
    )
    assert notes(settings) == [other]
    write(folder / "log_data/b.json", event(ts=1543449657002))
    assert notes(settings) == [other]  # b by the new ones
    assert notes(with_paths()) == [other]
    assert notes(settings, full=True) == []
    assert notes(settings) == []


def test_jsonpaths_that_say_the_same_in_other_words_have_not_changed(
    folder: Path, settings: Settings, with_paths: Callable[..., Settings], notes: Notes
) -> None:
    assert notes(settings) == []  # without a file
    other = json.dumps(
        {"jsonpaths": [f'$["{key}"]' if key != "ts" else "$.ts" for key in EVENT_KEYS]}, indent=3
    )
    path = write(folder / "paths.json", other)
    assert notes(changed(settings, log_jsonpath=str(path))) == []
    assert notes(with_paths()) == []


@pytest.mark.forms(2)
@pytest.mark.parametrize(
    ("path", "song"),
    [
        ("$.a[0]", "in an array"),
        ("$.a['0']", None),
        ("$.b['0']", "under a key"),
        ("$.b[0]", None),
        ("$['x\"y\\\\z'][1]", "second"),
        ("$['0']", "top"),
    ],
)
def test_a_position_and_a_key_that_is_a_number_are_told_apart(
    folder: Path, with_paths: Callable[..., Settings], path: str, song: str | None, notes: Notes
) -> None:
    extra = {"a": ["in an array"], "b": {"0": "under a key"}, 'x"y\\z': ["first", "second"], "0": "top"}
    write(folder / "log_data/a.json", event() | extra)
    notes(settings := with_paths(song=path))
    assert Loaded(settings, Summary()).query("SELECT song FROM staging_events") == [(song,)]


@pytest.mark.parametrize(
    "location",
    ["data/log_data", "data/log_data/", "./data/log_data/.", "~/data/log_data", "file://{}/data/log_data",
     "file://localhost{}/data/log_data/", "{}/data/log_data", "data/log_data/../log_data"],
)  # fmt: skip
@pytest.mark.forms(2)
def test_the_jsonpaths_file_beside_the_logs_is_found_however_they_are_named(
    run: Run, data: Path, tmp_path: Path, location: str
) -> None:
    write(data / "log_json_path.json", jsonpaths(song="$.artist"))
    result = run(
        "etl", "--max-reject-share", "1", "--log-data", location.format(tmp_path), HOME=str(tmp_path)
    )
    assert result.returncode == 0, result.stderr
    songs = run("query", "SELECT DISTINCT song FROM staging_events", "--csv").stdout
    assert songs == "song\nSydney Youngblood\n"


def test_the_jsonpaths_file_beside_the_logs_is_found_from_within_their_folder(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "log_json_path.json", jsonpaths(song="$.artist"))
    monkeypatch.chdir(folder / "log_data")
    run_etl(settings := changed(settings, log_data="."), NullProgress())
    assert Loaded(settings, run_etl(settings, NullProgress())).query(
        "SELECT DISTINCT song FROM staging_events"
    ) == [("Sydney Youngblood",)]


def test_a_bad_jsonpaths_file_beside_the_logs_is_an_error(folder: Path, settings: Settings) -> None:
    path = write(folder / "log_json_path.json", jsonpaths(song="$.\ud800"))
    with pytest.raises(SourceError, match=r"path 14 .*: half of a surrogate pair"):
        run_etl(changed(settings, log_data=str(folder / "log_data")), NullProgress())
    path.write_text("[" * 100_000)
    with pytest.raises(SourceError, match="not a JSONPaths file"):
        run_etl(settings, NullProgress())
