"""Kill -9 at any moment, run again: the warehouse on Redshift is what one clean run would have made.

The short form is part of the tests; the long form (``make test-redshift``) kills at every step.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.engines import RedshiftEngine
from tests.support.killing import CLOSE, END, Steps, processes, run_and_be_killed, write_sources
from tests.support.state import State
from tests.warehouse.redshift.support import Site, assert_equal, drop_tables


@dataclass
class Scene:
    """A site of which a part was loaded some days before, and what a clean load of all of it makes.

    Attributes:
        way: how its files are loaded.
        whole: all sources.
        part: what there was of them before.
        steps: of an incremental run.
        seconds: that such a run takes.
    """

    site: Site
    way: str
    whole: Path
    part: Path
    clean: State
    steps: list[str]
    seconds: float = 0.0
    kills: int = 0

    def begin(self, mode: str) -> None:
        """No tables at all, or the warehouse as it was before."""
        # In a new place on S3, where nothing is left of the runs before.
        shutil.rmtree(self.site.folder, ignore_errors=True)
        self.site = Site.open(self.site.engine, self.site.folder)
        self.site.use(self.way)
        if mode == "first":
            drop_tables(self.site.settings)
        else:
            self.show(self.part)
            self.site.load()
        self.show(self.whole)

    def show(self, sources: Path) -> None:
        """Let these be the sources; what was there is among them."""
        for name in ("song_data", "log_data"):
            shutil.copytree(sources / name, self.site.folder / name, dirs_exist_ok=True)
        self.site.engine.publish(self.site.folder)

    def run(self, mode: str, at: str = "", after: float = 0.0, kill_after: float | None = None) -> bool:
        """Run in a process of its own; whether it has been killed."""
        environment = {"SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]}
        process = processes.Process(
            target=run_and_be_killed, args=(self.site.settings, mode == "full", at, after, environment)
        )
        process.start()
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        self.kills += process.exitcode != 0
        return process.exitcode != 0

    def assert_clean(self, mode: str) -> None:
        """Run to the end, and compare with the clean load, table by table."""
        self.site.load(full=mode == "full" and random.random() < 0.5)
        assert_equal(self.site.state, self.clean)

    def kill_at(self, mode: str, step: str) -> None:
        self.begin(mode)
        assert self.run(mode, step), f"not killed at {step}"
        self.assert_clean(mode)

    def kill_at_random(self, mode: str, draw: random.Random) -> None:
        """Up to three kills in a row, at any time or soon after any step has begun."""
        self.begin(mode)
        for _ in range(3):
            if draw.random() < 0.5:
                killed = self.run(mode, kill_after=draw.uniform(0, 1.2 * self.seconds))
            else:
                step = draw.choice([*self.steps[:-2], *["commit"] * 4])
                killed = self.run(mode, step, draw.uniform(0.0001, 0.05))
            if not killed:
                break
        self.assert_clean(mode)


@pytest.fixture(scope="module", params=["bundled", "manifest"])
def scene(
    request: pytest.FixtureRequest, redshift_engine: RedshiftEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    whole, part = write_sources(folder, songs=18, users=8)
    site = Site.open(redshift_engine, folder / "site")
    scene = Scene(site, request.param, whole, part, {}, [])
    scene.begin("first")
    scene.site.load()
    scene.clean = scene.site.state
    scene.begin("incremental")
    steps = Steps()
    began = time.perf_counter()
    scene.site.load(steps)
    scene.seconds = time.perf_counter() - began
    scene.steps = [*steps.names, CLOSE, END]
    assert_equal(scene.site.state, scene.clean)
    yield scene
    Site.open(redshift_engine, folder / "site")


@pytest.fixture
def seed() -> int:
    """Another one each time; a failed test shows it."""
    return random.randrange(10**6)


@pytest.mark.thorough
@pytest.mark.parametrize("scene", ["bundled"], indirect=True)
def test_a_run_killed_at_a_step_leaves_nothing_behind(scene: Scene) -> None:
    scene.kill_at("first", "transform songs")
    for step in ("stage log_data", "commit"):
        scene.kill_at("incremental", step)


@pytest.mark.thorough
@pytest.mark.parametrize("scene", ["bundled"], indirect=True)
def test_a_run_killed_at_a_random_moment_leaves_nothing_behind(scene: Scene, seed: int) -> None:
    scene.kill_at_random("incremental", random.Random(seed))


@pytest.mark.long
@pytest.mark.parametrize("mode", ["first", "incremental", "full"])
def test_runs_killed_at_every_step_and_at_random_leave_nothing_behind(
    scene: Scene, mode: str, seed: int
) -> None:
    before = scene.kills
    for step in scene.steps:
        scene.kill_at(mode, step)
    at_steps = scene.kills - before
    draw = random.Random(seed)
    for _ in range(8):
        scene.kill_at_random(mode, draw)
    print(f"{mode}: {at_steps} kills at steps, {scene.kills - before - at_steps} at random")  # noqa: T201
    assert scene.kills - before >= 20
