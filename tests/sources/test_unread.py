"""Files that are not read: every run says how many, and names one, whatever they are called."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.errors import SourceError
from sparkify.load.progress import NullProgress
from sparkify.sources import unread
from tests.support.builders import Loaded, event, track, write
from tests.support.cli import Run
from tests.support.engines import Engine
from tests.support.runs import plan_etl, run_etl

Load = Callable[..., Loaded]

REMEDY = (
    "only *.json and *.json.gz files are read, and none whose name or folder begins with . or _;"
    " rename files that should be loaded"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Source folders with a song and an event."""
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/good.json", event())
    return tmp_path


NOT_READ = [
    "events.json.1",
    "events.json.2018-11-01",
    "stream-1-2018-11-01-00-00-01-uuid",
    "events.gz",
    "events.log",
    "events.txt",
    "events.csv",
    "events.zip",
    "events.tar.gz",
    "events.parquet",
    "events.jsonl",
    "events.JSON",
    "events.json~",
    "events.json ",
    "events",
    ".events.json",
    "_2018-11-02.json",
    "2018/_archive/events.json",
    "2018/.old/11/events.json.gz",
    "_temporary/0/part-0.json",
    "2018/SUCCESS",
    "crc",
    "Ereignisse für März.log",
]


@pytest.mark.parametrize("name", ["events.json.1", "2018/.old/11/events.json.gz"])
def test_a_file_that_is_not_read_is_named(engine: Engine, folder: Path, load: Load, name: str) -> None:
    path = write(folder / "log_data" / name, event(ts=1))
    loaded = load()
    note = f"log_data: 1 file is not read ({engine.location(path, folder)}); {REMEDY}"
    assert loaded.summary.notes == [note]
    assert loaded.summary.tables["songplays"] == (1, 1)
    assert load().summary.notes == [note]  # with nothing new, too


@pytest.mark.slow
def test_whatever_a_file_is_called_that_is_not_read_it_is_named(
    engine: Engine, folder: Path, load: Load
) -> None:
    settings = load().settings
    said = {}
    expected = {}
    for name in NOT_READ:
        path = write(folder / "log_data" / name, event(ts=1))
        engine.publish(folder)
        plan = plan_etl(settings)["log_data"]
        said[name] = (plan.store.unread.notes("log_data")[0], len(plan.added), plan.known)
        place = engine.location(path, folder)
        expected[name] = (f"log_data: 1 file is not read ({place}); {REMEDY}", 0, 1)
        path.unlink()
    assert said == expected


def test_what_other_programs_put_beside_data_is_not_named(folder: Path, load: Load) -> None:
    for name in (
        "_SUCCESS",
        "2018/_SUCCESS.crc",
        ".good.json.crc",
        "_committed_6871354587",
        "_started_6871354587",
        "_metadata",
        "_common_metadata",
        "_manifest.json",
        "log_json_path.json",
        ".DS_Store",
        "2018/._good.json",
        "Thumbs.db",
        "thumbs.db",
        "desktop.ini",
        ".gitkeep",
        ".git/objects/ab/cdef",
        ".ipynb_checkpoints/good-checkpoint.json",
        "__MACOSX/good.json",
        "SHA256SUMS",
        "good.json.md5",
    ):
        write(folder / "log_data" / name, event(ts=1))
    loaded = load()
    assert loaded.summary.notes == []
    assert loaded.summary.tables["songplays"] == (1, 1)


def test_files_of_each_source_are_counted_by_themselves(engine: Engine, folder: Path, load: Load) -> None:
    first = write(folder / "log_data/2018/a.log", event(ts=1))
    for number in range(11):
        write(folder / f"log_data/_archive/{number}.json", event(ts=number))
    song = write(folder / "song_data/catalogue.csv", "song_id,title")
    logs, songs = sorted(load().summary.notes)
    assert songs == f"song_data: 1 file is not read ({engine.location(song, folder)}); {REMEDY}"
    assert logs.startswith("log_data: 12 files are not read (")
    assert engine.location(first, folder) in logs or "/log_data/_archive/0.json, …" in logs


def test_a_dry_run_names_them_as_well(folder: Path, engine: Engine, load: Load) -> None:
    path = write(folder / "log_data/events.json.1", event(ts=1))
    settings = load().settings
    plan = plan_etl(settings)["log_data"]
    assert plan.store.unread.count == 1
    assert plan.store.unread.example == engine.location(path, folder)


def test_where_nothing_else_is_there_the_error_says_so(engine: Engine, folder: Path, load: Load) -> None:
    path = (folder / "log_data/good.json").rename(folder / "log_data/good.log")
    with pytest.raises(SourceError) as caught:
        load()
    assert "no *.json or *.json.gz file in this folder or below it" in caught.value.message
    assert caught.value.message.endswith(f"; 1 file is not read ({engine.location(path, folder)})")
    assert caught.value.hint == REMEDY


@pytest.mark.parametrize(
    ("case", "source", "count"),
    [("C08", "song_data", 1), ("C18", "log_data", 16), ("C74", "log_data", 3)],
)
def test_a_case_says_how_many_files_are_not_read(
    engine: Engine, cases: Path, case: str, source: str, count: int
) -> None:
    settings = engine.settings(cases / case, max_reject_share=1)
    summary = run_etl(settings, NullProgress())
    (note,) = (note for note in summary.notes if "not read" in note)
    assert note.startswith(f"{source}: {count} file")
    assert summary.sources["log_data"].files == 1


def test_a_case_with_no_file_that_is_read_says_what_there_is(engine: Engine, cases: Path) -> None:
    with pytest.raises(SourceError) as caught:
        run_etl(engine.settings(cases / "C18b"), NullProgress())
    assert "; 2 files are not read (" in caught.value.message
    assert "stream-1-2018-11-01-00-00-01-uuid" in caught.value.message


def test_an_endless_hidden_folder_is_not_counted_to_its_end(run: Run, data: Path) -> None:
    del run
    for number in range(50):
        write(data / f"log_data/_archive/{number % 10}/{number}.json", event(ts=1))
    found = unread.Unread(most_hidden=20)
    for entry in os.scandir(data / "log_data"):
        if entry.is_dir():
            found.add_hidden(entry)
    assert 0 < found.count < 20
    assert found.notes("log_data")[0].startswith(f"log_data: at least {found.count} files are not read (")


def test_a_hidden_folder_that_is_a_link_is_not_entered(run: Run, data: Path) -> None:
    (data / "log_data/.loop").symlink_to(data / "log_data")
    said = run("etl", "--dry-run").stderr
    assert f"log_data: 1 file is not read ({data.resolve()}/log_data/.loop)" in said


@pytest.mark.skipif(os.name == "nt", reason="other systems refuse such names themselves")
def test_names_that_are_not_utf_8_are_shown(run: Run, data: Path) -> None:
    Path(os.fsdecode(os.fsencode(data / "log_data") + b"/caf\xe9.log")).write_text("{}")
    result = run("etl", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "log_data: 1 file is not read" in result.stderr
    assert "caf\\xe9.log" in result.stderr
