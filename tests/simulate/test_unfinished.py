"""A simulation that is interrupted: it is never taken for a whole one, and the same command finishes it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO

import obstore
import pytest

from sparkify.config import loading as config
from sparkify.config.settings import Settings
from sparkify.errors import SourceError, UsageError
from sparkify.load.progress import NullProgress
from sparkify.simulate import MANIFEST, OutputError, SimulationOptions, Sink, simulate, sink_for
from sparkify.sources.unfinished import UNFINISHED
from tests.support.cli import PROCESS
from tests.support.commands import ROOT
from tests.support.faulty_s3 import FaultyS3
from tests.support.killing import kill_self, processes
from tests.support.runs import plan_etl, run_etl
from tests.support.s3_servers import Bucket, rclone
from tests.support.settings import changed

pytestmark = pytest.mark.slow

SMALL = SimulationOptions(songs=40, users=60, days=4, dirty=0.05)
MOMENTS = {
    "before the first file": ("log_json_path.json", 1),
    "among the songs": ("song_data/", 25),
    "among the days": ("log_data/", 3),
    "at the end": ("finish", 1),
}
"""Before what is written for the how manieth time."""


class Interrupted:
    """A sink with which something happens at a moment."""

    def __init__(self, sink: Sink, moment: str, act: Callable[[], object]) -> None:
        self._sink, self._act = sink, act
        self._name, self._times = MOMENTS[moment]

    def _come_to(self, name: str) -> None:
        if name.startswith(self._name):
            self._times -= 1
            if not self._times:
                self._act()

    def prepare(self, asked: bytes) -> bool:
        return self._sink.prepare(asked)

    def put(self, name: str, data: bytes) -> None:
        self._come_to(name)
        self._sink.put(name, data)

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        self._come_to(name)
        return self._sink.open(name)

    def finish(self) -> None:
        self._sink.finish()


def simulate_and_die(out: str, moment: str, settings: Settings | None) -> None:
    """In a process of its own."""
    if moment == "at the end":
        # Some of the manifest is written by then.
        pytest.MonkeyPatch().setattr("sparkify.simulate.Manifest.finish", lambda *_: kill_self())
    simulate(SMALL, Interrupted(sink_for(out, settings.aws if settings else None), moment, kill_self))


def kill(out: str, moment: str, settings: Settings | None = None) -> None:
    """Simulate in another process, which is killed."""
    process = processes.Process(target=simulate_and_die, args=(out, moment, settings))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the simulation writes if nobody interrupts it."""
    folder = tmp_path_factory.mktemp("whole")
    simulate(SMALL, sink_for(str(folder)))
    found = contents(folder)
    assert MANIFEST in found
    assert UNFINISHED not in found
    return found


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def loading(folder: Path, songs: str = "data/song_data", logs: str = "data/log_data") -> Settings:
    return config.load_settings(
        environment={},
        database=str(folder / "w.duckdb"),
        song_data=str(folder / songs),
        log_data=str(folder / logs),
        max_reject_share=1,
    )


@pytest.mark.forms(1)
@pytest.mark.parametrize("moment", MOMENTS)
def test_what_was_killed_is_refused_by_etl_and_finished_by_the_same_simulation(
    tmp_path: Path, whole: dict[str, bytes], moment: str
) -> None:
    out = tmp_path / "data"
    kill(str(out), moment)
    assert MANIFEST not in contents(out)
    for command in (lambda: run_etl(loading(tmp_path), NullProgress()), lambda: plan_etl(loading(tmp_path))):
        with pytest.raises(SourceError) as caught:
            command()
        assert "sparkify simulate" in caught.value.hint
    assert not (tmp_path / "w.duckdb").exists()
    assert "over what was left unfinished" in simulate(SMALL, sink_for(str(out))).describe("data")
    assert contents(out) == whole
    assert run_etl(loading(tmp_path), NullProgress()).sources["log_data"].files >= SMALL.days


@pytest.mark.parametrize(
    ("songs", "logs"),
    [
        ("data/song_data", "data/log_data"),
        ("data/song_data/A", "data/log_data/2018/11"),
        ("data/song_data", "elsewhere"),
        ("elsewhere", "link/log_data"),
        ("elsewhere", "data"),
    ],
)
def test_any_part_of_it_is_told_with_the_way_to_load_it_all_the_same(
    tmp_path: Path, whole: dict[str, bytes], songs: str, logs: str
) -> None:
    put(tmp_path / "data", whole)
    put(tmp_path / "elsewhere", whole)
    (tmp_path / "link").symlink_to("data")
    root = (tmp_path / "data").resolve()
    (root / MANIFEST).rename(root / UNFINISHED)
    with pytest.raises(SourceError) as caught:
        plan_etl(loading(tmp_path, songs, logs))
    assert caught.value.message == f"{root}: an unfinished simulation; files are missing"
    assert f"remove {root}/{UNFINISHED} to load what is there" in caught.value.hint
    (root / UNFINISHED).unlink()
    assert plan_etl(loading(tmp_path, songs, logs))["log_data"].added


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    "other", [replace(SMALL, seed=2), replace(SMALL, songs=41), replace(SMALL, gzip=True)]
)
def test_other_settings_do_not_finish_it_and_touch_nothing(tmp_path: Path, other: SimulationOptions) -> None:
    kill(str(tmp_path), "among the days")
    before = contents(tmp_path)
    with pytest.raises(UsageError, match="holds an unfinished simulation of other settings"):
        simulate(other, sink_for(str(tmp_path)))
    assert contents(tmp_path) == before


def test_a_finished_one_is_not_written_again_even_if_the_note_has_stayed(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    there = whole | {UNFINISHED: b"{}"}  # killed after the last file
    put(tmp_path / "data", there)
    with pytest.raises(UsageError, match="is not empty"):
        simulate(SMALL, sink_for(str(tmp_path / "data")))
    assert contents(tmp_path / "data") == there
    assert plan_etl(loading(tmp_path))["log_data"].added


def test_a_link_in_the_place_of_the_note_is_not_written_through(tmp_path: Path) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    (out / UNFINISHED).symlink_to(victim)
    with pytest.raises(OutputError, match=UNFINISHED):
        simulate(SMALL, sink_for(str(out)))
    assert not victim.exists()


def test_ctrl_c_says_that_it_is_unfinished(tmp_path: Path) -> None:
    prelude = (
        "import os, signal; from sparkify.simulate import sinks; put = sinks.Folder.put\n"
        "def stop(*given):\n    os.kill(os.getpid(), signal.SIGINT)\n    put(*given)\n"
        "sinks.Folder.put = stop"
    )
    stopped = subprocess.run(
        [sys.executable, "-c", PROCESS.format(prelude=prelude), "simulate", "data", "--songs", "9"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode == 128 + signal.SIGINT
    said = "stopped by SIGINT; what was written is unfinished, and the same command finishes it"
    assert stopped.stderr.splitlines()[-1] == said


def simulate_and_wait(out: str, channel: "Connection[Any, Any]") -> None:
    """In a process of its own: say when half is written, and go on when told so."""

    def wait() -> None:
        channel.send("half")
        channel.recv()

    simulate(SMALL, Interrupted(sink_for(out), "among the days", wait))


def test_a_second_process_does_not_write_into_it(tmp_path: Path, whole: dict[str, bytes]) -> None:
    here, there = processes.Pipe()
    first = processes.Process(target=simulate_and_wait, args=(str(tmp_path), there))
    first.start()
    assert here.recv() == "half"
    with pytest.raises(UsageError, match="another process is simulating into it"):
        simulate(SMALL, sink_for(str(tmp_path)))
    here.send("go on")
    first.join()
    assert first.exitcode == 0
    assert contents(tmp_path) == whole


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with rclone(tmp_path_factory.mktemp("s3")) as server:
        yield server.bucket("simulated")


def objects(bucket: Bucket, prefix: str) -> dict[str, bytes]:
    names = [item["path"] for page in obstore.list(bucket.store, prefix) for item in page]
    return {name.removeprefix(prefix): bytes(obstore.get(bucket.store, name).bytes()) for name in names}


def in_bucket(bucket: Bucket, folder: Path, prefix: str) -> Settings:
    return changed(
        bucket.settings(loading(folder)),
        song_data=f"{bucket.uri}/{prefix}/song_data",
        log_data=f"{bucket.uri}/{prefix}/log_data",
    )


@pytest.mark.thorough
@pytest.mark.parametrize("moment", ["among the days", "at the end"])
def test_on_s3_it_is_the_same(tmp_path: Path, bucket: Bucket, whole: dict[str, bytes], moment: str) -> None:
    prefix = moment.replace(" ", "_")
    settings, out = in_bucket(bucket, tmp_path, prefix), f"{bucket.uri}/{prefix}"
    kill(out, moment, settings)
    with pytest.raises(SourceError, match=f"{out}: an unfinished simulation"):
        run_etl(settings, NullProgress())
    before = objects(bucket, f"{prefix}/")
    with pytest.raises(UsageError, match="of other settings"):
        simulate(replace(SMALL, seed=2), sink_for(out, settings.aws))
    assert objects(bucket, f"{prefix}/") == before
    simulate(SMALL, sink_for(out, settings.aws))
    assert objects(bucket, f"{prefix}/") == whole
    assert plan_etl(settings)["log_data"].added


def test_who_may_not_delete_on_s3_has_a_whole_simulation_too(
    tmp_path: Path, bucket: Bucket, whole: dict[str, bytes]
) -> None:
    with FaultyS3(bucket.endpoint).running() as server:
        server.add("status", "delete", None, status=403)
        settings = in_bucket(replace(bucket, proxy=server.endpoint), tmp_path, "kept")
        simulate(SMALL, sink_for(f"{bucket.uri}/kept", settings.aws))
        found = objects(bucket, "kept/")
        del found[UNFINISHED]
        assert found == whole
        assert plan_etl(settings)["log_data"].added


def simulate_a_month_and_die(out: str) -> None:
    """In a process of its own."""
    simulate(SimulationOptions(), Interrupted(sink_for(out), "among the days", kill_self))


@pytest.mark.long
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_run_finishes_what_was_interrupted(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/run.stamp").touch()
    process = processes.Process(target=simulate_a_month_and_die, args=(str(tmp_path / "data"),))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    done = subprocess.run(
        ["make", "run", f"BIN={Path(sys.executable).parent}"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("SPARKIFY_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "105,854 events in 30 log files" in done.stderr
    assert (tmp_path / "report.html").exists()


def test_a_simulation_without_any_session_says_that_there_are_no_logs(tmp_path: Path) -> None:
    told = simulate(SimulationOptions(songs=1, users=1, days=1), sink_for(str(tmp_path / "out"))).describe(
        "out"
    )
    assert "there are no logs to load: raise --users or --days" in told
