"""Files that are taken out again: the warehouse is as if they had never come."""

import json
import os
import random
import signal
from pathlib import Path

import pytest

from sparkify.errors import UsageError, WarehouseError
from sparkify.load.file_names import is_meant, meant_by
from sparkify.warehouse.opening import connect
from tests.support.builders import Record, event, track, write
from tests.support.cli import Run, assert_fails
from tests.support.either import Either
from tests.support.killing import END, processes, unload_and_be_killed
from tests.support.runs import choose, plan_etl, run_unload
from tests.support.state import State, state_of


def some_event(draw: random.Random) -> Record | str:
    """An event much like others: plays that are delivered again, and users whose attributes change."""
    if draw.random() < 0.1:
        return '{"ts": 1, "page"'
    return event(
        ts=1543449657796 + draw.randrange(8) * 86_400_000,
        userId=str(draw.randrange(3)) if draw.random() < 0.9 else "",
        sessionId=draw.randrange(2),
        itemInSession=draw.randrange(2),
        page="NextSong" if draw.random() < 0.8 else "Home",
        level=draw.choice(["free", "paid"]),
        lastName=draw.choice(["Klein", "Smith"]),
        artist=draw.choice(["Line Renaud", "Björk", "BjÃ¶rk"]),
        song=draw.choice(["Der Kleine Dompfaff", "Jóga"]),
        length=draw.choice([150.0, 200.0]),
    )


def some_track(draw: random.Random) -> Record:
    """A track much like others: of the same songs and artists."""
    return track(
        song_id=f"S{draw.randrange(3)}",
        artist_id=f"A{draw.randrange(2)}",
        artist_name=draw.choice(["Line Renaud", "Björk"]),
        title=draw.choice(["Der Kleine Dompfaff", "Jóga"]),
        duration=draw.choice([150.0, 200.0]),
        year=draw.choice([0, 1999]),
        artist_location=draw.choice(["", "Paris"]),
    )


def state(either: Either) -> State:
    """All that analysts see, and what later runs go by."""
    place = str(either.folder.resolve())
    if either.settings.database == "redshift":
        place = either.settings.loading.log_data.removesuffix("/log_data")
    found = state_of(either.settings, place)
    del found["encoding_repairs"]  # what once was garbled may stay known
    warehouse = connect(either.settings, read_only=True)
    try:
        for table in ("event_days", "heard_plays", "user_levels"):
            columns, rows = warehouse.select(f"SELECT * FROM {table}")
            kept = [at for at, name in enumerate(columns) if name != "songplay_id"]
            found[table] = sorted((tuple(row[at] for at in kept) for row in rows), key=repr)
    finally:
        warehouse.close()
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_is_what_a_load_without_the_files_gives(either: Either, seed: int) -> None:
    draw = random.Random(seed)
    for number in range(5):
        write(either.folder / f"song_data/{number}.json", *(some_track(draw) for _ in range(2)))
        write(either.folder / f"log_data/{number}.json", *(some_event(draw) for _ in range(8)))
    either.load()
    whole = state(either)
    out = draw.sample(
        [f"{source}/{number}.json" for source in ("song_data", "log_data") for number in range(5)], 3
    )
    summary = run_unload(either.settings, *out)
    assert summary.outcome == "unloaded"
    assert sum(source.files for source in summary.sources.values()) == 3
    left = state(either)
    assert left["ledger"] != whole["ledger"]
    # As long as the files are there, the next run loads them again.
    either.load()
    assert state(either) == whole
    for name in out:
        run_unload(either.settings, name)
    assert state(either) == left
    for name in out:
        (either.folder / name).unlink()
    assert either.load().summary.outcome == "nothing new"
    either.load(full=True)
    assert state(either) == left


@pytest.mark.slow
@pytest.mark.forms(1)
def test_files_that_no_longer_exist_can_be_taken_out_and_sources_need_not_be_there(either: Either) -> None:
    write(either.folder / "song_data/A/song.json", track())
    for number in range(3):
        write(either.folder / f"log_data/{number}.json", event(ts=number + 1))
    either.load()
    for path in list(either.folder.rglob("*.json")):
        path.unlink()
    summary = run_unload(either.settings, "1.json")
    assert summary.tables["songplays"] == (2, -1)
    run_unload(either.settings, "*")
    assert {table: rows for table, rows in state(either).items() if rows} == {}


@pytest.mark.thorough
@pytest.mark.slow
def test_a_kill_leaves_what_was_there_before_or_what_is_left_after(either: Either) -> None:
    write(either.folder / "song_data/A/song.json", track())
    for number in range(3):
        write(either.folder / f"log_data/{number}.json", event(ts=number + 1), event(ts=7, level="free"))
    either.load()
    before = state(either)
    environment = {name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ}
    for step in ("unload", "transform songplays", "commit", END):
        arguments = (either.settings, "1.json", step, environment)
        process = processes.Process(target=unload_and_be_killed, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert (state(either) == before) == (step != END), step
    (either.folder / "log_data/1.json").unlink()
    after = state(either)
    either.load(full=True)
    assert state(either) == after


@pytest.mark.slow
@pytest.mark.thorough
def test_what_has_changed_since_people_were_asked_is_not_taken_out(either: Either) -> None:
    write(either.folder / "song_data/A/song.json", track())
    write(either.folder / "log_data/a.json", event(ts=1))
    either.load()
    agreed = choose(either.settings, "*/log_data/*")
    write(either.folder / "log_data/b.json", event(ts=2))
    either.load()
    with pytest.raises(WarehouseError, match="has changed since you were asked; nothing was changed"):
        run_unload(either.settings, "*/log_data/*", agreed=agreed)
    with pytest.raises(UsageError, match=r"c\.json: no loaded file has this name"):
        run_unload(either.settings, "a.json", "c.json")
    assert len(either.sql("SELECT * FROM songplays")) == 2
    failed = either.sql("SELECT outcome FROM runs ORDER BY run_id")[-2:]
    assert failed == [("failed",), ("failed",)]
    assert (
        run_unload(either.settings, "a.json", agreed=choose(either.settings, "a.json")).outcome == "unloaded"
    )


@pytest.mark.slow
def test_the_command_asks_says_what_goes_and_leaves_a_row_in_the_history(run: Run, data: Path) -> None:
    assert_fails(run("unload", "events.json"), 1, "sparkify.duckdb")
    assert run("etl", "--max-reject-share", "1").returncode == 0
    uri = str((data / "log_data/events.json").resolve())
    tried = run("unload", "events.json", "--dry-run")
    assert (tried.returncode, tried.stdout.split()[-4:]) == (0, ["log_data", uri, "3", "2"])
    assert f"would unload 1 file with 3 records ({uri})" in tried.stderr
    assert_fails(run("unload", "events.json"), 2, f"this unloads 1 file with 3 records ({uri})", "use --yes")
    assert_fails(run("unload", "other.json", "--yes"), 2, "other.json: no loaded file has this name")
    done = run("unload", "data/log_data/events.json", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert ["songplays", "0", "-2"] in [line.split() for line in done.stderr.splitlines()]
    assert "the next etl loads again what is still at the source" in done.stderr
    (last, *_) = json.loads(run("runs", "--json").stdout)
    assert (last["outcome"], last["files"], last["records"]) == ("unloaded", 1, 3)
    assert "unloaded 1 file" in json.loads(run("runs", str(last["run"]), "--json").stdout)["notes"][0]["note"]


@pytest.mark.slow
@pytest.mark.forms(1)
def test_files_are_loaded_again_though_they_have_not_changed(either: Either) -> None:
    draw = random.Random(7)
    write(either.folder / "song_data/0.json", *(some_track(draw) for _ in range(4)))
    for number in range(3):
        write(either.folder / f"log_data/{number}.json", *(some_event(draw) for _ in range(8)))
    either.load()
    whole, ids = state(either), either.sql("SELECT file_id FROM ledger ORDER BY uri")
    # As if something had gone wrong in the warehouse.
    (broken,) = either.sql("SELECT file_id FROM ledger WHERE uri LIKE '%/log_data/1.json'")
    either.sql(f"UPDATE staging_events SET artist = 'spoilt' WHERE file_id = {broken[0]}")
    plan = plan_etl(either.settings, reload=["log_data/[12].json"])
    assert [len(todo.added) for todo in plan.values()] == [0, 2]
    summary = either.load(reload=["log_data/[12].json"]).summary
    assert [(each.files, each.known) for each in summary.sources.values()] == [(0, 1), (2, 1)]
    assert not [text for severity, text in summary.said if "lost records" in text]
    assert state(either) == whole
    assert len(set(ids) & set(either.sql("SELECT file_id FROM ledger"))) == 2
    assert either.load().summary.outcome == "nothing new"
    assert either.load(reload=["*"]).summary.sources["song_data"].files == 1
    assert state(either) == whole


@pytest.mark.slow
@pytest.mark.forms(1)
def test_what_is_not_there_cannot_be_loaded_again(either: Either) -> None:
    write(either.folder / "song_data/A/song.json", track())
    for number in range(2):
        write(either.folder / f"log_data/{number}.json", event(ts=number + 1))
    either.load()
    (either.folder / "log_data/1.json").unlink()
    with pytest.raises(UsageError, match=r"1\.json: no file of the sources has this name"):
        either.load(reload=["0.json", "1.json"])
    either.load(reload=["log_data/*"])
    assert len(either.sql("SELECT * FROM songplays")) == 2


@pytest.mark.parametrize(
    ("uri", "name", "is_the_one"),
    [
        ("/data/logs/a.json", "/data/logs/a.json", True),
        ("/data/logs/a.json", "a.json", True),
        ("/data/logs/a.json", "logs/a.json", True),
        ("/data/logs/a.json", "../data/logs/./a.json", True),
        ("/data/logs/a.json", "*.json", True),
        ("/data/logs/a.json", "logs/*", True),
        ("/data/logs/ba.json", "a.json", False),
        ("/data/logs/a.json", "logs", False),
        ("/data/logs/[a].json", "[a].json", True),
        ("s3://bucket/logs/a.json", "s3://bucket/logs/*", True),
        ("s3://bucket/logs/a.json", "s3://bucket/logs/b.json", False),
    ],
)
def test_a_file_is_meant_by_its_name_its_end_or_a_pattern(
    monkeypatch: pytest.MonkeyPatch, uri: str, name: str, is_the_one: bool
) -> None:
    monkeypatch.chdir("/tmp")  # noqa: S108 (nothing is written there)
    assert is_meant(uri, name) == is_the_one


def test_who_gives_a_part_of_a_name_is_told_how_to_give_it_as_a_pattern() -> None:
    with pytest.raises(UsageError, match="a: no loaded file has this name") as refused:
        meant_by(["logs/a"], ["/data/logs/a.json"], "loaded file", "list them")
    assert refused.value.hint == "part of a name is given as a pattern: '*logs/a*'; or list them"
    assert meant_by(["*logs/a*"], ["/data/logs/a.json"], "loaded file", "list them") == {"/data/logs/a.json"}
    with pytest.raises(UsageError, match=r"^an empty name: no loaded file"):
        meant_by([""], ["/data/logs/a.json"], "loaded file", "list them")
