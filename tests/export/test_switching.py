"""What is written takes its place in one step, whatever the system can, and nobody's files go by it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sparkify.answers.report import placing as reporting
from sparkify.answers.report import write_report
from sparkify.cli.app import run
from sparkify.config.settings import Settings
from sparkify.errors import SparkifyError, UsageError
from sparkify.export import parquet as exporting
from sparkify.system import switching
from sparkify.system.switching import move, name_beside, switch
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.builders import write
from tests.support.exports import load_plays
from tests.support.runs import export
from tests.support.settings import settings_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return load_plays(tmp_path_factory.mktemp("switching"), days=2)


@pytest.fixture
def settings(database: str) -> Settings:
    return settings_of(database=database)


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    opened = connect(settings, read_only=True)
    yield opened
    opened.close()


@pytest.fixture(params=["in one step", "in several"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems that let two names change places, and on others."""
    if request.param == "in several":
        monkeypatch.setattr(switching, "rename_as", lambda *_: False)
    elif sys.platform != "linux":
        pytest.skip("names change places in one step on Linux only")


Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has somebody do something when all has been written, just before it takes its place."""

    def do(action: Callable[[], object]) -> None:
        def act_and_switch(aside: Path, place: Path) -> bool:
            for module in (exporting, reporting):
                monkeypatch.setattr(module, "switch", switch)
            action()
            return switch(aside, place)

        for module in (exporting, reporting):
            monkeypatch.setattr(module, "switch", act_and_switch)

    return do


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- the switch itself


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("kind", ["folder", "file", "nothing"])
def test_what_is_aside_and_what_was_there_change_places(tmp_path: Path, kind: str) -> None:
    new, place = tmp_path / "new", tmp_path / "place"
    new.mkdir()
    (new / "which").write_text("new")
    if kind == "folder":
        place.mkdir()
        (place / "which").write_text("old")
    elif kind == "file":
        place.write_text("old")
    assert switch(new, place) == (kind != "nothing")
    assert (place / "which").read_text() == "new"
    assert names(tmp_path) == (["place"] if kind == "nothing" else ["new", "place"])
    if kind != "nothing":
        assert (new / "which" if kind == "folder" else new).read_text() == "old"


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("other", ["file", "folder", "link"])
def test_nothing_is_moved_over_anything(tmp_path: Path, other: str) -> None:
    one, place = tmp_path / "one", tmp_path / "place"
    one.write_text("one")
    if other == "file":
        place.write_text("precious")
    elif other == "folder":
        place.mkdir()
    else:
        place.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move(one, place)
    assert one.read_text() == "one"
    assert os.path.lexists(place)


def test_names_aside_can_not_be_foreseen(tmp_path: Path) -> None:
    found = {name_beside(tmp_path / "out").name for _ in range(100)}
    assert len(found) == 100
    assert str(os.getpid()) not in {name.rpartition(".")[2] for name in found}


# --- a report


def test_a_report_is_not_written_through_a_link_that_somebody_has_laid(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / f".r.html.{os.getpid()}").symlink_to(victim)
    write_report(warehouse, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    # Not even if the name were guessed.
    guessed = tmp_path / ".guessed"
    guessed.symlink_to(victim)
    monkeypatch.setattr(reporting, "name_beside", lambda _: guessed)
    with pytest.raises(SparkifyError, match="File exists"):
        write_report(warehouse, tmp_path / "r.html")
    assert victim.read_text() == "precious"


@pytest.mark.forms(4)
@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("has_report", [False, True])
@pytest.mark.parametrize("kind", ["file", "folder", "link", "link to nowhere"])
def test_what_comes_to_the_place_of_a_report_while_it_is_made_stays(
    warehouse: Warehouse, tmp_path: Path, meanwhile: Meanwhile, kind: str, has_report: bool
) -> None:
    out = tmp_path / "r.html"
    if has_report:
        write_report(warehouse, out)

    def put() -> None:
        out.unlink(missing_ok=True)
        if kind == "folder":
            out.mkdir()
            (out / "thesis.txt").write_text("precious")
        elif kind == "file":
            out.write_text("precious")
        else:
            out.symlink_to(tmp_path if kind == "link" else "nowhere")

    meanwhile(put)
    with pytest.raises(UsageError, match="is there already, and is no report"):
        write_report(warehouse, out)
    assert names(tmp_path) == ["r.html"]
    assert out.is_symlink() == kind.startswith("link")
    if not out.is_symlink():
        assert (out / "thesis.txt" if kind == "folder" else out).read_text() == "precious"


# --- an export


def put_thesis(folder: Path) -> None:
    (folder / "notes").mkdir(parents=True)
    (folder / "notes/precious.txt").write_text("my thesis")
    (folder / "link").symlink_to(folder / "nowhere")


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("before", ["an export", "an empty folder", "nothing"])
def test_what_somebody_puts_into_an_exports_folder_meanwhile_is_there_afterwards(
    settings: Settings, tmp_path: Path, meanwhile: Meanwhile, before: str
) -> None:
    out = tmp_path / "out"
    if before == "an export":
        export(settings, out)
    elif before == "an empty folder":
        out.mkdir()
    meanwhile(lambda: put_thesis(out))
    said: list[str] = []
    export(settings, out, overwrite=True, tell=said.append)
    assert said == [f"{out}: link has been put there meanwhile, and is there still"]
    assert (out / "notes/precious.txt").read_text() == "my thesis"
    assert (out / "link").is_symlink()
    assert names(tmp_path) == ["out"]
    manifest = json.loads((out / "_export.json").read_text())
    files = {name for table in manifest["tables"].values() for name in table["files"]}
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert there == files | {"_export.json", "notes/precious.txt"}


@pytest.mark.usefixtures("anywhere")
def test_what_can_not_be_given_back_is_kept_and_said_to_be(
    settings: Settings, tmp_path: Path, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(settings, out)
    meanwhile(lambda: (out / "precious.txt").write_text("my thesis"))

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(exporting, "move", refuse)
    with pytest.raises(SparkifyError, match="can't be removed: Permission denied") as caught:
        export(settings, out, overwrite=True)
    (kept,) = [path for path in tmp_path.iterdir() if path != out]
    assert str(kept) in caught.value.hint
    assert (kept / "precious.txt").read_text() == "my thesis"


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("what", ["another export", "a file", "a link"])
def test_an_export_takes_no_place_that_something_else_has_taken_meanwhile(
    settings: Settings, tmp_path: Path, meanwhile: Meanwhile, what: str
) -> None:
    out, other = tmp_path / "out", tmp_path / "elsewhere"
    export(settings, out)
    export(settings, other)
    manifest = (other / "_export.json").read_bytes() + b" "
    (other / "_export.json").write_bytes(manifest)

    def take() -> None:
        out.rename(tmp_path / "moved")
        if what == "another export":
            other.rename(out)
        elif what == "a file":
            out.write_text("precious")
        else:
            out.symlink_to(other)

    meanwhile(take)
    with pytest.raises(SparkifyError, match="has come here meanwhile, and is there now"):
        export(settings, out, overwrite=True)
    if what == "a file":
        assert out.read_text() == "precious"
    else:
        assert out.is_symlink() == (what == "a link")
        assert (out / "_export.json").read_bytes() == manifest
    assert [name for name in names(tmp_path) if name.startswith(".")] == []


def test_the_command_notes_what_came_meanwhile(
    database: str, tmp_path: Path, meanwhile: Meanwhile, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    meanwhile(lambda: write(out / "a\x1b[31m", "precious"))
    with pytest.raises(SystemExit) as end:
        run(["export", str(out), "--database", database])
    assert not end.value.code
    assert f"note: {out}: a\\x1b[31m has been put there meanwhile" in capsys.readouterr().err
