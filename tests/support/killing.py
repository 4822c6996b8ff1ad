"""Runs that kill themselves, in processes of their own, and sources for them."""

import multiprocessing
import os
import shutil
import signal
import threading
from datetime import date
from pathlib import Path

import pytest

from sparkify import simulate
from sparkify.config.settings import Settings
from sparkify.load.progress import NullProgress
from sparkify.warehouse.contract import Advance
from tests.support.builders import HANGS
from tests.support.runs import run_etl, run_prune, run_unload

CLOSE, END = "close", "end"
"""Moments after the commit: before the connection is closed, and after."""

processes = multiprocessing.get_context("forkserver")
# A server that has imported everything and has no threads forks faster than Python starts.
processes.set_forkserver_preload(
    [
        *("duckdb", "numpy", "pyarrow", "obstore.store", "redshift_connector"),
        *("sparkify.sources.s3", "tests.support.killing"),
    ]
)


class Killer(NullProgress):
    """Kills its own process when a step begins, or a while later.

    Args:
        at: the step.
        after: seconds.
    """

    def __init__(self, at: str, after: float = 0.0) -> None:
        self._at = at
        self._after = after

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        if name == self._at:
            self.kill()
        return super().step(name, files=files, size=size)

    def kill(self) -> None:
        if self._after:
            threading.Timer(self._after, kill_self).start()
        else:
            kill_self()


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run_and_be_killed(
    settings: Settings, full: bool, at: str, after: float, environment: dict[str, str] | None = None
) -> None:
    """A run that kills itself; in a process of its own."""
    os.environ.update(environment or {})
    pytest.MonkeyPatch().setattr("sparkify.warehouse.redshift.session.LOCK_WAIT_MS", HANGS * 1000)
    killer = Killer(at, after)
    if at == CLOSE:
        engine = (
            "redshift.engine.RedshiftWarehouse"
            if settings.database == "redshift"
            else "duckdb.engine.DuckDBWarehouse"
        )
        pytest.MonkeyPatch().setattr(f"sparkify.warehouse.{engine}.close", lambda _: killer.kill())
    run_etl(settings, killer, full=full)
    if at == END:
        killer.kill()


def unload_and_be_killed(settings: Settings, name: str, at: str, environment: dict[str, str]) -> None:
    """An unloading that kills itself; in a process of its own."""
    os.environ.update(environment)
    run_unload(settings, name, progress=Killer(at))
    if at == END:
        kill_self()


def prune_and_be_killed(settings: Settings, before: date, at: str, environment: dict[str, str]) -> None:
    """A pruning that kills itself; in a process of its own."""
    os.environ.update(environment)
    run_prune(settings, before, Killer(at))
    if at == END:
        kill_self()


class Steps(NullProgress):
    """Notes the steps of a run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        self.names.append(name)
        return super().step(name, files=files, size=size)


def write_sources(folder: Path, songs: int, users: int) -> tuple[Path, Path]:
    """Simulate sources: a folder with all of them, and one with what there was of them some days before."""
    options = simulate.SimulationOptions(
        songs=songs, users=users, days=6, start=date(2018, 11, 1), dirty=0.01
    )
    whole, part = folder / "whole", folder / "part"
    simulate.simulate(options, simulate.sink_for(str(whole)))
    shutil.copytree(whole, part)
    logs, tracks = sorted((part / "log_data").rglob("*.json")), sorted((part / "song_data").rglob("*.json"))
    for path in logs[4:] + tracks[2 * songs // 3 :]:
        path.unlink()
    # A log that was half-written, and a song file that said something else.
    logs[3].write_bytes(logs[3].read_bytes()[: logs[3].stat().st_size // 2])
    tracks[0].write_bytes(tracks[1].read_bytes())
    return whole, part
