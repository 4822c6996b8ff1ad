"""Loading everything from scratch where files have gone: what they gave stays unless people let it go."""

from pathlib import Path

import pytest

from sparkify.errors import WarehouseError
from sparkify.warehouse.opening import connect
from tests.support.builders import event, read_star, track, write
from tests.support.either import Either
from tests.support.reference import build_star, read_records
from tests.support.runs import plan_etl
from tests.support.settings import changed

pytestmark = pytest.mark.slow


@pytest.fixture
def archived(either: Either, tmp_path: Path) -> Either:
    """Of six days that are loaded, four are archived away since."""
    write(tmp_path / "song_data/song.json", track())
    for day in range(1, 7):
        write(tmp_path / f"log_data/{day}.json", event(ts=day), event(ts=10 + day))
    either.load()
    for day in range(1, 5):
        (tmp_path / f"log_data/{day}.json").unlink()
    return either


def named(on: Either, *days: int) -> str:
    return ", ".join(on.engine.location(on.folder / f"log_data/{day}.json", on.folder) for day in days)


def plays(on: Either) -> int:
    ((count,),) = on.sql("SELECT COUNT(*) FROM songplays")
    return int(count)


@pytest.mark.forms(1)
def test_a_load_from_scratch_refuses_to_lose_what_gone_files_gave(archived: Either) -> None:
    archived.load()
    before = read_star(archived.settings)
    with pytest.raises(WarehouseError) as caught:
        archived.load(full=True)
    assert (
        ": 4 loaded files no longer exist at the source, with 8 records"
        f" ({named(archived, 1, 2, 3)}, …); --full would lose them, so nothing was changed"
    ) in caught.value.message
    assert caught.value.hint == (
        "omit --full to keep them, or drop their rows with: sparkify etl --full --drop-missing"
    )
    assert read_star(archived.settings) == before
    assert archived.sql("SELECT run_id FROM runs WHERE outcome = 'loaded'") == [(1,)]


@pytest.mark.forms(1)
def test_what_people_let_go_is_said_and_the_runs_go_on(archived: Either) -> None:
    loaded = archived.load(full=True, drop_missing=True)
    assert loaded.summary.tables["songplays"] == (4, -8)
    assert loaded.summary.notes == [
        "log_data: 4 loaded files no longer exist at the source, and 8 records"
        f" ({named(archived, 1, 2, 3)}, …) have gone with them"
    ]
    assert loaded.star == build_star(
        read_records(archived.folder / "song_data"), read_records(archived.folder / "log_data")
    )
    runs = loaded.query("SELECT files, is_full FROM runs WHERE outcome = 'loaded' ORDER BY run_id")
    assert runs == [(7, True), (3, True)]
    assert loaded.query("SELECT DISTINCT run_id FROM ledger") == [(loaded.summary.run_id,)]
    write(archived.folder / "log_data/7.json", event(ts=7))
    again = archived.load()
    assert again.summary.run_id == loaded.summary.run_id + 1
    loaded = again
    assert loaded.summary.notes == []


@pytest.mark.forms(1)
def test_a_load_from_scratch_of_another_place_refuses_as_well(archived: Either) -> None:
    for day in range(1, 5):
        write(archived.folder / f"log_data/{day}.json", event(ts=day))
    archived.engine.publish(archived.folder)
    one = archived.engine.location(archived.folder / "log_data/6.json", archived.folder)
    archived.settings = changed(archived.settings, log_data=one)
    with pytest.raises(WarehouseError, match="5 loaded files no longer exist at the source"):
        archived.load(full=True)
    assert plays(archived) == 12


@pytest.mark.thorough
def test_where_nothing_has_gone_a_load_from_scratch_asks_for_nothing(archived: Either) -> None:
    archived.load(full=True, drop_missing=True)
    loaded = archived.load(full=True)
    assert loaded.summary.notes == []
    assert loaded.query("SELECT COUNT(*) FROM runs WHERE outcome = 'loaded'") == [(3,)]


@pytest.mark.forms(1)
def test_a_plan_says_what_would_go_and_changes_nothing(archived: Either) -> None:
    archived.engine.publish(archived.folder)
    plan = plan_etl(archived.settings, full=True)["log_data"]
    assert ", ".join(plan.lost) == named(archived, 1, 2, 3, 4)
    assert sum(file.records for file in plan.lost.values()) == 8
    assert len(plan.added) == 2
    plan = plan_etl(archived.settings)["log_data"]
    assert (", ".join(plan.gone), plan.lost) == (named(archived, 1, 2, 3, 4), {})
    assert archived.sql("SELECT gone_at FROM ledger WHERE gone_at IS NOT NULL") == []
    assert plays(archived) == 12


@pytest.mark.forms(1)
def test_files_that_have_gone_are_counted_once_and_again_only_if_they_were_back(archived: Either) -> None:
    (note,) = archived.load().summary.notes
    assert note == (
        "log_data: 4 loaded files no longer exist at the source; their rows are kept: 8 records"
        f" ({named(archived, 1, 2, 3)}, …); reported once; sparkify status shows the total"
    )
    assert archived.load().summary.notes == []
    (archived.folder / "log_data/5.json").unlink()
    write(archived.folder / "log_data/7.json", event(ts=7))
    (note,) = archived.load().summary.notes
    assert "1 loaded file no longer" in note
    assert named(archived, 5) in note
    assert archived.sql("SELECT COUNT(*) FROM ledger WHERE gone_at IS NOT NULL") == [(5,)]
    # One that is back, changed or not, has not gone.
    write(archived.folder / "log_data/5.json", event(ts=5))
    assert archived.load().summary.notes == []
    assert archived.sql("SELECT COUNT(*) FROM ledger WHERE gone_at IS NOT NULL") == [(4,)]
    (archived.folder / "log_data/5.json").unlink()
    (note,) = archived.load().summary.notes
    assert named(archived, 5) in note


@pytest.mark.forms(1)
def test_a_file_that_is_back_as_it_was_has_not_gone(archived: Either, tmp_path: Path) -> None:
    aside = (archived.folder / "log_data/6.json").rename(tmp_path / "6.json")
    archived.load()
    aside.rename(archived.folder / "log_data/6.json")
    assert archived.load().summary.notes == []
    assert archived.sql("SELECT COUNT(*) FROM ledger WHERE gone_at IS NOT NULL") == [(4,)]


@pytest.mark.forms(1)
def test_what_a_failed_run_has_missed_is_said_by_the_next_one(archived: Either) -> None:
    bad = write(archived.folder / "log_data/7.json", "{")
    archived.settings = changed(archived.settings, max_reject_share=0)
    with pytest.raises(Exception, match="nothing was changed") as caught:
        archived.load()
    assert "4 loaded files no longer exist at the source" in str(caught.value)
    bad.unlink()
    assert len(archived.load().summary.notes) == 1


@pytest.mark.forms(1)
def test_status_has_the_total_of_a_ledger_that_does_not_know_it_yet(archived: Either) -> None:
    archived.sql("ALTER TABLE ledger DROP COLUMN left_out")
    archived.sql("ALTER TABLE ledger DROP COLUMN gone_at")
    with pytest.raises(WarehouseError, match="an older version"):
        connect(archived.settings, read_only=True).has_tables()
    upgraded, gone = archived.load().summary.notes
    assert upgraded == "the tables of an older version were upgraded"
    assert "4 loaded files no longer exist" in gone
    assert archived.sql("SELECT COUNT(*) FROM ledger WHERE gone_at IS NOT NULL") == [(4,)]


@pytest.mark.thorough
def test_a_file_that_is_left_out_does_not_lose_its_records_either(archived: Either) -> None:
    archived.load(full=True, drop_missing=True)
    (archived.folder / "log_data/6.json").write_bytes(b"PK\x03\x04" + b"\x00" * 2000)
    with pytest.raises(
        WarehouseError, match=r"1 loaded file no longer exists at the source or is left out, with 2 records"
    ):
        archived.load(full=True, skip_bad_files=True)
    assert plays(archived) == 4
    archived.load(skip_bad_files=True)
    assert plays(archived) == 4
