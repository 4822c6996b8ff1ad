"""Files that are loaded and not there any more, when the place that people name leads elsewhere now."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.config.loading import load_settings
from sparkify.load.progress import NullProgress
from sparkify.warehouse.opening import connect
from tests.support.builders import event, track, write
from tests.support.cli import Run
from tests.support.runs import run_etl
from tests.support.settings import settings_of

pytestmark = pytest.mark.slow

Etl = Callable[[str | Path], list[str]]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A folder with two releases of logs, each with two files, and a link to the first."""
    write(tmp_path / "song_data/song.json", track())
    for number in (1, 2):
        for name in "ab":
            write(tmp_path / f"release-{number}/log_data/{name}{number}.json", event(ts=number))
    (tmp_path / "current").symlink_to("release-1")
    return tmp_path


@pytest.fixture
def etl(tmp_path: Path) -> Etl:
    """Loads the logs of a place, and gives the notes on files that have gone."""

    def load(log_data: str | Path) -> list[str]:
        settings = load_settings(
            environment={},
            database=str(tmp_path / "warehouse.duckdb"),
            song_data=str(tmp_path / "song_data"),
            log_data=str(log_data),
            follow_links=True,
        )
        return [note for note in run_etl(settings, NullProgress()).notes if "no longer exist" in note]

    return load


def lead_to(link: Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


def assert_gone(notes: list[str], *paths: Path) -> None:
    (note,) = notes
    what = (
        "1 loaded file no longer exists" if len(paths) == 1 else f"{len(paths)} loaded files no longer exist"
    )
    assert note.startswith(f"log_data: {what} at the source")
    for path in paths:
        assert str(path) in note


@pytest.mark.forms(1)
@pytest.mark.parametrize("below", ["", "log_data", "log_data/"])
def test_what_stays_loaded_from_behind_a_link_that_leads_elsewhere_now_is_named(
    releases: Path, etl: Etl, below: str
) -> None:
    place = f"{releases}/current/{below}"
    assert etl(place) == []
    lead_to(releases / "current", "release-2")
    old = [releases / f"release-1/log_data/{name}1.json" for name in "ab"]
    assert_gone(etl(place), *old)
    assert etl(place) == []  # it is said once
    lead_to(releases / "current", "release-1")
    assert_gone(etl(place), *(releases / f"release-2/log_data/{name}2.json" for name in "ab"))


def test_a_link_to_a_single_file_is_followed_likewise(releases: Path, etl: Etl) -> None:
    link = releases / "latest.json"
    link.symlink_to("release-1/log_data/a1.json")
    assert etl(link) == []
    lead_to(link, "release-2/log_data/a2.json")
    assert_gone(etl(link), releases / "release-1/log_data/a1.json")


def test_the_same_files_under_their_own_name_are_not_gone(releases: Path, etl: Etl) -> None:
    assert etl(releases / "current") == []
    assert etl(releases / "release-1") == []
    assert etl(releases / "release-1/log_data") == []
    (releases / "logs").mkdir()
    (releases / "logs/first").symlink_to("../release-1")
    assert etl(releases / "logs") == []


def test_a_place_that_was_only_not_looked_at_is_not_gone(releases: Path, etl: Etl) -> None:
    assert etl(releases / "release-1") == []
    assert etl(releases / "release-2") == []
    assert etl(releases / "release-2/log_data/a2.json") == []
    assert etl(releases / "current") == []


def test_a_folder_that_was_moved_is_gone_from_where_it_was(releases: Path, etl: Etl) -> None:
    old = [releases / f"release-1/log_data/{name}1.json" for name in "ab"]
    assert etl(releases / "release-1") == []
    (releases / "release-1").rename(releases / "moved")
    assert_gone(etl(releases / "moved/log_data"), *old)
    assert etl(releases / "moved") == []
    (releases / "moved").rename(releases / "release-1")
    assert_gone(etl(releases / "release-1"), *(releases / f"moved/log_data/{name}1.json" for name in "ab"))


def test_relative_places_are_told_apart_by_where_they_are_named(
    releases: Path, etl: Etl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("release-1", "release-2"):
        monkeypatch.chdir(releases / folder)
        assert etl("log_data") == []


def test_who_stands_behind_a_link_names_the_link(
    releases: Path, etl: Etl, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a shell has it after cd current; and as a program has it that was started from another folder.
    monkeypatch.setenv("PWD", str(releases / "current"))
    monkeypatch.chdir(releases / "current")
    assert etl("log_data") == []
    lead_to(releases / "current", "release-2")
    monkeypatch.chdir(releases / "current")
    assert_gone(etl("log_data"), *(releases / f"release-1/log_data/{name}1.json" for name in "ab"))


@pytest.mark.forms(2)
@pytest.mark.parametrize("here", ["", "release-1", "nowhere", "relative"])
def test_a_wrong_word_of_where_we_stand_is_not_believed(
    releases: Path, etl: Etl, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    monkeypatch.setenv("PWD", here if here in ("", "relative") else str(releases / here))
    monkeypatch.chdir(releases / "release-2")
    assert etl("log_data") == []
    monkeypatch.chdir(releases / "release-1")
    assert etl("log_data") == []


def test_status_says_so_as_well(releases: Path, etl: Etl, run: Run) -> None:
    etl(releases / "current")
    arguments = ("status", "--database", str(releases / "warehouse.duckdb"))
    assert run(*arguments).stderr == ""
    lead_to(releases / "current", "release-2")
    (line,) = run(*arguments).stderr.splitlines()
    assert line.startswith("note: log_data: 2 loaded files no longer exist at the source")
    shutil.rmtree(releases / "release-1")
    assert run(*arguments).stderr.splitlines() == [line]
    etl(releases / "current")
    assert run(*arguments).stderr.splitlines() == [line]


def test_a_warehouse_that_does_not_know_where_its_files_were_found_goes_by_their_names(
    releases: Path, etl: Etl
) -> None:
    etl(releases / "current")
    warehouse = connect(settings_of(database=str(releases / "warehouse.duckdb")))
    warehouse.query("UPDATE runs SET song_location = NULL, log_location = NULL")
    warehouse.close()
    (releases / "release-1/log_data/a1.json").unlink()
    assert_gone(etl(releases / "current"), releases / "release-1/log_data/a1.json")
    lead_to(releases / "current", "release-2")
    assert etl(releases / "current") == []
    assert (releases / "release-1/log_data/b1.json").exists()


def test_a_dry_run_names_them(releases: Path, etl: Etl, run: Run) -> None:
    etl(releases / "current")
    lead_to(releases / "current", "release-2")
    said = run(
        *("etl", "--dry-run", "--database", str(releases / "warehouse.duckdb")),
        *("--song-data", str(releases / "song_data"), "--log-data", "current"),
    ).stderr
    assert "note: log_data: 2 loaded files no longer exist at the source" in said
