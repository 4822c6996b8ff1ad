"""The history of runs: what each did, said and found, whichever way it ended."""

from dataclasses import replace
from pathlib import Path

import pytest

from sparkify.config.settings import compose, values_of
from sparkify.errors import SparkifyError, TooManyRejectsError
from sparkify.load.audits import load_audits
from tests.support.builders import event, track, write
from tests.support.either import Either
from tests.support.runs import run_meddled_with

pytestmark = pytest.mark.slow


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1543449657796), event(ts=1543449657797, level="gold"))
    return tmp_path


def runs(on: Either) -> list[tuple[int, str, int, int]]:
    return [
        (int(run_id), outcome, int(files), int(records))
        for run_id, outcome, files, records in on.sql(
            "SELECT run_id, outcome, files, records FROM runs ORDER BY run_id"
        )
    ]


@pytest.mark.forms(1)
def test_every_run_is_a_row_also_if_it_found_nothing_new_or_failed(either: Either, files: Path) -> None:
    assert either.load().summary.run_id == 1
    assert either.load().summary.run_id == 2
    write(files / "log_data/b.json", "{broken", event(ts=1543449657798))
    either.settings = replace(
        either.settings, loading=replace(either.settings.loading, max_reject_share=0.01)
    )
    with pytest.raises(TooManyRejectsError) as caught:
        either.load()
    assert caught.value.run_id == 3
    (files / "log_data/b.json").unlink()
    either.load()
    assert runs(either) == [
        (1, "loaded", 2, 3),
        (2, "nothing new", 0, 0),
        (3, "failed", 0, 0),
        (4, "nothing new", 0, 0),
    ]
    assert either.sql("SELECT COUNT(*) FROM runs WHERE finished_at < started_at") == [(0,)]


@pytest.mark.forms(1)
def test_what_a_run_said_is_kept_and_why_it_failed(either: Either, files: Path) -> None:
    summary = either.load().summary
    said = either.sql("SELECT severity, note FROM run_notes WHERE run_id = 1 ORDER BY note_number")
    assert [tuple(row) for row in said] == summary.said
    assert ("warning", "levels_known") in {(severity, note.split(":")[0]) for severity, note in said}
    (files / "log_data/a.json").write_bytes(b"PK\x03\x04" + b"\x00" * 100)
    with pytest.raises(SparkifyError) as caught:
        either.load()
    ((severity, why),) = either.sql("SELECT severity, note FROM run_notes WHERE run_id = 2")
    assert (severity, why) == ("error", caught.value.message)


@pytest.mark.forms(1)
def test_what_audits_found_is_kept_by_run(either: Either, files: Path) -> None:
    either.load()
    either.load()
    found = either.sql("SELECT run_id, audit, severity, rows_found FROM audit_results ORDER BY audit")
    assert [(run_id, name, severity) for run_id, name, severity, _ in found] == [
        (1, audit.name, "fail" if audit.fails else "warn") for audit in load_audits() if not audit.is_of_age
    ]
    assert {name: rows for _, name, _, rows in found if rows} == {"levels_known": 2}
    assert either.sql("SELECT COUNT(*) FROM audit_results WHERE seconds < 0 OR seconds IS NULL") == [(0,)]
    del files


@pytest.mark.forms(1)
def test_more_bad_rows_than_are_shown_are_counted(either: Either, files: Path) -> None:
    write(
        files / "log_data/a.json",
        *(event(ts=1543449657796 + n, level=f"level {n}", userId=str(n)) for n in range(9)),
    )
    (result,) = (each for each in either.load().summary.audits if each.audit.name == "levels_known")
    assert result.rows_found == 18  # of songplays and of users
    assert either.sql("SELECT rows_found FROM audit_results WHERE audit = 'levels_known'") == [(18,)]


@pytest.mark.forms(1)
def test_the_audits_of_a_run_that_failed_one_are_kept(either: Either, files: Path) -> None:
    either.load()
    write(files / "log_data/b.json", event(ts=1543449657799))
    either.engine.publish(either.folder)
    with pytest.raises(SparkifyError, match="songplays_user_exists"):
        run_meddled_with(
            either.settings, "audit", lambda it: it.run("UPDATE users SET user_id = user_id + 1000000")
        )
    kept = either.sql("SELECT audit, rows_found FROM audit_results WHERE run_id = 2 AND severity = 'fail'")
    assert "songplays_user_exists" in [name for name, rows in kept if rows]
    assert either.sql("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.forms(1)
def test_a_load_from_scratch_keeps_the_history(either: Either, files: Path) -> None:
    either.load()
    before = either.sql("SELECT COUNT(*) FROM audit_results"), either.sql("SELECT COUNT(*) FROM run_notes")
    either.load(full=True)
    assert [outcome for _, outcome, _, _ in runs(either)] == ["loaded", "loaded"]
    for table, ((count,),) in zip(("audit_results", "run_notes"), before, strict=True):
        assert either.sql(f"SELECT COUNT(*) FROM {table} WHERE run_id = 1") == [(count,)]
    del files


@pytest.mark.forms(1)
def test_a_run_that_fails_before_there_are_tables_leaves_none(either: Either, files: Path) -> None:
    write(files / "log_data/b.json", "{broken")
    either.settings = compose(values_of(either.settings) | {"max_reject_share": 0.01})
    with pytest.raises(SparkifyError) as caught:
        either.load()
    assert caught.value.run_id is None
    if either.engine.name == "duckdb":
        assert not Path(either.settings.database).exists()


@pytest.mark.forms(1)
def test_a_failed_run_changes_nobodys_horizon(either: Either, files: Path) -> None:
    either.load()
    before = either.sql("SELECT horizon FROM event_horizon")
    write(files / "log_data/b.json", *["{broken"] * 3)
    either.settings = compose(values_of(either.settings) | {"max_reject_share": 0.01})
    with pytest.raises(SparkifyError):
        either.load()
    assert either.sql("SELECT horizon FROM event_horizon") == before
