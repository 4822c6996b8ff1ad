"""Warehouses of older versions: read as far as they go, and brought forward in one transaction."""

import os
import random
import signal
import time
from dataclasses import dataclass

import pytest

from sparkify.answers.questions import ask, find_question, needs_of, require_tables
from sparkify.cli.status import status_of
from sparkify.errors import AuditError, WarehouseError
from sparkify.warehouse.opening import opened
from tests.support.builders import event, track, write
from tests.support.either import Either
from tests.support.engines import RedshiftEngine
from tests.support.killing import CLOSE, END, Steps, processes, run_and_be_killed
from tests.support.older import BEFORE_LEVELS, FIRST, turn_back
from tests.support.runs import run_etl, run_meddled_with
from tests.support.state import State, state_of

pytestmark = pytest.mark.slow

OLDER = {"without levels": BEFORE_LEVELS, "0.1.0": FIRST}


@dataclass
class Scene:
    """A warehouse of an older version, without its source files, and what it has to become with new ones."""

    on: Either
    older: tuple[str, ...]
    whole: State

    def begin(self) -> None:
        """The warehouse as the older version has left it."""
        show(self.on, "old")
        self.on.load(full=True, drop_missing=True)
        turn_back(self.on.sql, self.older)
        show(self.on, "new")
        self.on.engine.publish(self.on.folder)

    @property
    def state(self) -> State:
        """What the warehouse holds, but for the ledger, which remembers runs that are different."""
        state = state_of(self.on.settings, root(self.on))
        return {table: rows for table, rows in state.items() if table != "ledger"}

    def run(self, at: str = "", kill_after: float | None = None) -> bool:
        """Run in a process of its own; whether it has been killed."""
        environment = {
            name: os.environ[name] for name in ("SSL_CERT_FILE",) if self.on.engine.name == "redshift"
        }
        process = processes.Process(
            target=run_and_be_killed, args=(self.on.settings, False, at, 0.0, environment)
        )
        process.start()
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        return process.exitcode != 0

    def assert_brought_forward(self) -> list[str]:
        """Run to the end, and compare with a load of all files; what the run noted."""
        notes = self.on.load().summary.notes
        found = self.state
        for table, rows in self.whole.items():
            assert found[table] == rows, table
        return notes


def root(on: Either) -> str:
    if isinstance(on.engine, RedshiftEngine):
        return on.engine.root(on.folder)
    return str(on.folder.resolve())


def show(on: Either, which: str) -> None:
    """Let the source files be the old ones, or the new ones alone."""
    for path in on.folder.glob("*_data/*.json"):
        path.unlink()
    if which != "new":
        write(on.folder / "song_data/s.json", track(song_id="S", artist_name="Air", title="Run"))
        write(
            on.folder / "log_data/a.json",
            *(
                event(
                    ts=1543449657000 + 1000 * n,
                    userId=str(n % 5),
                    level="paid" if n > 20 else "free",
                    artist=("Air", "BjÃ¶rk", None)[n % 3],
                    song="Run",
                    page=("NextSong", "NextSong", "Home")[n % 3],
                )
                for n in range(40)
            ),
        )
    if which != "old":
        write(on.folder / "song_data/t.json", track(song_id="T", artist_name="Björk", title="Run"))
        write(on.folder / "log_data/b.json", event(ts=1543449699000, userId="3", level="free"))
    on.engine.publish(on.folder)


@pytest.fixture(params=OLDER)
def scene(request: pytest.FixtureRequest, either: Either) -> Scene:
    show(either, "all")
    either.load()
    scene = Scene(either, OLDER[request.param], {})
    scene.whole = scene.state
    scene.begin()
    return scene


@pytest.mark.forms(1)
def test_an_older_warehouse_is_brought_forward_without_its_files_and_after_a_kill(scene: Scene) -> None:
    # Late, or after the tables have been changed: both are undone.
    step = "commit" if scene.older == BEFORE_LEVELS else "transform user_levels"
    assert scene.run(step)
    with opened(scene.on.settings, read_only=True) as warehouse:
        assert "user_levels" in warehouse.lacking()
    notes = scene.assert_brought_forward()
    assert "the tables of an older version were upgraded" in " ".join(notes)
    assert scene.on.load().summary.notes == []


@pytest.mark.long
def test_upgrades_that_are_killed_at_every_step_and_at_random_leave_nothing_behind(scene: Scene) -> None:
    kills, steps = 0, Steps()
    began = time.perf_counter()
    run_etl(scene.on.settings, steps)
    seconds = time.perf_counter() - began
    assert {"transform user_levels", "audit", "commit"} <= set(steps.names)
    for step in [*dict.fromkeys(steps.names), CLOSE, END]:
        scene.begin()
        assert scene.run(step), step
        kills += 1
        scene.assert_brought_forward()
    for _ in range(10):
        scene.begin()
        kills += scene.run(kill_after=random.uniform(0, 1.2 * seconds))
        scene.assert_brought_forward()
    print(f"{scene.on.engine.name}: {kills} kills")  # noqa: T201
    assert kills > len(set(steps.names))


@pytest.mark.forms(1)
def test_what_an_older_warehouse_has_can_be_read_and_what_it_lacks_is_named(either: Either) -> None:
    show(either, "old")
    either.load()
    turn_back(either.sql, BEFORE_LEVELS)
    with opened(either.settings, read_only=True) as warehouse:
        question = find_question("plays_by_level")
        require_tables(warehouse, needs_of([question]))
        assert len(ask(warehouse, question)[1]) == 2
        status = status_of(warehouse)
        assert status["tables"]["songplays"] == 27
        assert "user_levels" not in status["tables"]
        with pytest.raises(
            WarehouseError, match=r"older version of sparkify, and lacks.*: user_levels\n"
        ) as caught:
            require_tables(warehouse, needs_of([find_question("days_free")]))
    assert caught.value.hint == "upgrade it with: sparkify etl (nothing is lost)"


@pytest.mark.forms(1)
def test_an_upgrade_that_fails_an_audit_changes_nothing(either: Either) -> None:
    show(either, "old")
    either.load()
    turn_back(either.sql, BEFORE_LEVELS)
    with pytest.raises(AuditError, match="user_levels"):
        run_meddled_with(either.settings, "audit", lambda warehouse: warehouse.run("DELETE FROM user_levels"))
    with opened(either.settings, read_only=True) as warehouse:
        assert "user_levels" in warehouse.lacking()
    either.load()
    assert len(either.sql("SELECT * FROM user_levels")) == 10
