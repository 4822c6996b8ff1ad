"""Kill -9 at any moment, run again: the warehouse is what one clean run would have made.

The short form is part of the tests; the long form (``make test-kills``) makes more than a hundred kills.
"""

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.load.progress import NullProgress
from tests.support.killing import CLOSE, END, Steps, processes, run_and_be_killed, write_sources
from tests.support.runs import run_etl
from tests.support.s3_servers import Bucket, Server, rclone
from tests.support.settings import changed
from tests.support.state import State, state_of

pytestmark = pytest.mark.slow


@dataclass
class Scene:
    """Sources, a warehouse that was loaded when there was less of them, and what a clean load makes of them.

    Attributes:
        settings: of a warehouse that is not there yet.
        root: what the sources are below.
        base: the warehouse that was loaded before.
        clean: the state after one clean load.
        steps: of an incremental run.
        seconds: that such a run takes.
    """

    settings: Settings
    root: str
    base: Path
    clean: State
    steps: list[str]
    seconds: float = 0.0
    kills: int = 0

    def begin(self, folder: Path, mode: str) -> Settings:
        """A warehouse to be killed: none yet, or a copy of the one loaded before."""
        settings = changed(self.settings, database=str(folder / f"{time.monotonic_ns()}.duckdb"))
        if mode != "first":
            shutil.copy(self.base, settings.database)
        return settings

    def run(self, settings: Settings, mode: str, at: str = "", after: float = 0.0) -> ForkServerProcess:
        """Start a run in a process of its own."""
        process = processes.Process(target=run_and_be_killed, args=(settings, mode == "full", at, after))
        process.start()
        return process

    def ended(self, process: ForkServerProcess) -> bool:
        """Wait for it; whether it has been killed."""
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        self.kills += process.exitcode != 0
        return process.exitcode != 0

    def assert_clean(self, settings: Settings, mode: str) -> None:
        """Run to the end, and compare with the clean load, table by table."""
        run_etl(settings, NullProgress(), full=mode == "full" and random.random() < 0.5)
        found = state_of(settings, self.root)
        for table, rows in self.clean.items():
            assert found[table] == rows, table
        Path(settings.database).unlink()


def make_scene(folder: Path, users: int, place: Callable[[Path], tuple[Settings, str]]) -> Scene:
    """Simulate sources, load a part of them, and add the rest.

    Args:
        folder: where to work.
        users: how many users there are.
        place: puts all files of a folder where they are read from; gives the settings, and what the files are
            below then.
    """
    whole, part = write_sources(folder, songs=120, users=users)
    settings, root = place(part)
    base = folder / "base.duckdb"
    run_etl(changed(settings, database=str(base)), NullProgress())
    settings, root = place(whole)
    clean = changed(settings, database=str(folder / "clean.duckdb"))
    run_etl(clean, NullProgress())
    scene = Scene(settings, root, base, state_of(clean, root), [])
    again, steps = scene.begin(folder, "incremental"), Steps()
    began = time.perf_counter()
    run_etl(again, steps)
    scene.seconds = time.perf_counter() - began
    scene.steps = [*steps.names, CLOSE, END]
    assert state_of(again, root) == scene.clean
    return scene


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with rclone(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Callable[[str, int], Scene]:
    """Scenes by the kind of their source and by how many users they have, each made once."""
    made: dict[tuple[str, int], Scene] = {}

    def local(part: Path) -> tuple[Settings, str]:
        home = part.parent / "source"
        shutil.copytree(part, home, dirs_exist_ok=True)
        return load_settings(
            environment={},
            song_data=str(home / "song_data"),
            log_data=str(home / "log_data"),
            max_reject_share=1,
        ), str(home.resolve())

    def remote(part: Path, bucket: Bucket) -> tuple[Settings, str]:
        bucket.put_folder(part)
        return bucket.settings(load_settings(environment={}, max_reject_share=1)), bucket.uri

    def get(kind: str, users: int) -> Scene:
        if (kind, users) not in made:
            folder = tmp_path_factory.mktemp(kind)
            if kind == "local":
                made[kind, users] = make_scene(folder, users, local)
            else:
                bucket = server.bucket(f"kills-{users}")
                made[kind, users] = make_scene(folder, users, lambda part: remote(part, bucket))
        return made[kind, users]

    return get


def kill_at_each_step(scene: Scene, folder: Path, mode: str, steps: list[str]) -> None:
    for step in steps:
        settings = scene.begin(folder, mode)
        assert scene.ended(scene.run(settings, mode, step)), f"not killed at {step}"
        scene.assert_clean(settings, mode)


def kill_at_random(scene: Scene, folder: Path, mode: str, rounds: int, seed: int) -> None:
    """In each round up to three kills in a row, at any time or soon after any step has begun."""
    draw = random.Random(seed)
    for _ in range(rounds):
        settings = scene.begin(folder, mode)
        for _ in range(3):
            if draw.random() < 0.5:
                process = scene.run(settings, mode)
                time.sleep(draw.uniform(0, 1.2 * scene.seconds))
                process.kill()
            else:
                step = draw.choice([*scene.steps[:-2], *["commit"] * 4])
                process = scene.run(settings, mode, step, draw.uniform(0.0001, 0.03))
            if not scene.ended(process):
                break
        scene.assert_clean(settings, mode)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["local", "s3"])
def test_a_run_killed_at_any_step_leaves_nothing_behind(
    scenes: Callable[[str, int], Scene], tmp_path: Path, kind: str
) -> None:
    scene = scenes(kind, 30)
    # Each step once, half of them here and half on the other source.
    steps = scene.steps[kind == "s3" :: 2]
    kill_at_each_step(scene, tmp_path, "incremental" if kind == "local" else "first", steps)
    assert scene.kills >= len(steps)


@pytest.mark.forms(1)
@pytest.mark.parametrize(("kind", "mode"), [("local", "first"), ("s3", "incremental")])
def test_runs_killed_at_random_moments_leave_nothing_behind(
    scenes: Callable[[str, int], Scene], tmp_path: Path, kind: str, mode: str
) -> None:
    kill_at_random(scenes(kind, 30), tmp_path, mode, rounds=2, seed=random.randrange(10**6))


@pytest.mark.long
@pytest.mark.parametrize("mode", ["first", "incremental", "full"])
@pytest.mark.parametrize("kind", ["local", "s3"])
def test_more_than_a_hundred_kills_leave_nothing_behind(
    scenes: Callable[[str, int], Scene], tmp_path: Path, kind: str, mode: str, seed: int
) -> None:
    scene = scenes(kind, 400)
    before = scene.kills
    kill_at_each_step(scene, tmp_path, mode, scene.steps)
    at_steps = scene.kills - before
    kill_at_random(scene, tmp_path, mode, rounds=10, seed=seed)
    print(f"{kind}, {mode}: {at_steps} kills at steps, {scene.kills - before - at_steps} at random")  # noqa: T201
    assert scene.kills - before >= 20


@pytest.fixture
def seed() -> int:
    """Another one each time; a failed test shows it."""
    return random.randrange(10**6)
