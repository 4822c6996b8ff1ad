"""Files that a run has gone on without: nobody forgets them."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.answers.report import write_report
from sparkify.cli.status import print_status, status_of
from sparkify.cli.summary import print_plan
from sparkify.config.settings import Settings
from sparkify.errors import UnusableFilesError
from sparkify.printing.console import Console
from sparkify.warehouse.opening import connect
from tests.support.builders import Loaded, event, track, write
from tests.support.runs import plan_etl

Load = Callable[..., Loaded]

SAID = "log_data: 2 files are left out until changed: "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/good.json", event(ts=1))
    (tmp_path / "log_data/page.json").write_text("<html>no such page</html>")
    (tmp_path / "log_data/twice.json").write_bytes(gzip.compress(gzip.compress(b"{}")))
    return tmp_path


def left_out(loaded: Loaded) -> list[str]:
    said = [*loaded.summary.notes, *loaded.summary.warnings]
    return [note for note in said if "left out" in note]


@pytest.mark.slow
def test_every_later_run_and_every_view_of_the_warehouse_names_them(
    folder: Path, load: Load, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnusableFilesError):
        load()
    assert len(left_out(load(skip_bad_files=True))) == 2
    again = load()
    assert again.summary.outcome == "nothing new"
    assert again.summary.sources["log_data"].known == 1
    (note,) = left_out(again)
    assert note.startswith(SAID)
    assert "log_data/page.json (not JSON, it looks like an HTML page)" in note
    write(folder / "log_data/later.json", event(ts=2))
    assert left_out(load()) == [note]
    console = Console(stderr=True)
    print_plan(plan_etl(settings), console)
    warehouse = connect(settings, read_only=True)
    try:
        print_status(status_of(warehouse), console)
        write_report(warehouse, folder / "report.html")
    finally:
        warehouse.close()
    out, err = capsys.readouterr()
    assert err.count(SAID) == 2
    assert "2 are loaded already" in err
    assert re.search(r"^log_data +2 ", out, re.MULTILINE)
    assert "left out" in (folder / "report.html").read_text()


@pytest.mark.slow
def test_they_are_loaded_once_they_are_good(folder: Path, load: Load) -> None:
    load(skip_bad_files=True)
    write(folder / "log_data/page.json", event(ts=2))
    (folder / "log_data/twice.json").unlink()
    after = load()
    assert left_out(after) == []
    assert after.summary.sources["log_data"].loaded == 1
    assert after.query("SELECT COUNT(*) FROM songplays") == [(2,)]
    assert not any("no longer exist" in note for note in after.summary.notes)


@pytest.mark.slow
def test_they_keep_nobody_from_loading_everything_from_scratch(folder: Path, load: Load) -> None:
    load(skip_bad_files=True)
    again = load(full=True, skip_bad_files=True)
    assert len(left_out(again)) == 2
    (folder / "log_data/page.json").unlink()
    (folder / "log_data/twice.json").unlink()
    assert left_out(load(full=True)) == []


@pytest.mark.usefixtures("folder")
def test_a_warehouse_of_before_is_brought_up_to_date(load: Load, settings: Settings) -> None:
    load(skip_bad_files=True)
    warehouse = connect(settings)
    try:
        with warehouse.transaction():
            warehouse.run("ALTER TABLE ledger DROP COLUMN left_out")
    finally:
        warehouse.close()
    again = load()
    assert again.query("SELECT COUNT(left_out) FROM ledger") == [(0,)]
    assert again.query("SELECT COUNT(*) FROM songplays") == [(1,)]
