"""What all tests share: the real sample, and warehouses loaded from folders."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sparkify.config.settings import Settings
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from tests.standin.fixtures import redshift
from tests.support import machine
from tests.support.builders import HANGS, Loaded
from tests.support.cli import data, run
from tests.support.either import either
from tests.support.engines import DuckDBEngine, Engine, RedshiftEngine
from tests.support.runs import run_etl
from tests.support.sample import SAMPLE

if TYPE_CHECKING:
    from tests.support.aws_account import World

__all__ = ["data", "either", "redshift", "run"]

CASES = SAMPLE.parent / "cases"


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of inputs that were once loaded wrongly, each with its own song_data and log_data."""
    if not CASES.is_dir():
        pytest.skip(f"the cases are not at {CASES}, beside the sample; SPARKIFY_SAMPLE_DATA can name that")
    return CASES


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(50_000)  # as a process of the tool has it
    if config.option.markexpr != "aws":  # those need the account of who runs them
        machine.forget(os.environ)


@pytest.fixture(scope="session", autouse=True)
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty working directory: the one of who runs the tests may have a dwh.cfg."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("nowhere"))
    yield
    os.chdir(before)


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Time enough for sessions of earlier tests to let go of their locks; who tests refusals has less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparkify.warehouse.redshift.session.LOCK_WAIT_MS", HANGS * 1000)
        yield


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the real sample: 30 days of logs and 71 songs."""
    if not (SAMPLE / "log_data").is_dir():
        pytest.skip(f"the real sample is not at {SAMPLE}; SPARKIFY_SAMPLE_DATA can name its folder")
    return SAMPLE


# The fixtures that start a server or a browser, or are in a process with one.
SERVERS = {
    *("account", "at_rclone", "browser", "bucket", "faulty", "moto", "rclone", "rclone_bucket", "redshift"),
    *("server", "servers", "site", "world"),
}


# The rooms whose tests all need one.
SERVER_ROOMS = ("tests.cluster.", "tests.standin.", "tests.warehouse.redshift.")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay until the end: looking for garbage among them takes a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # or extension modules report what they take for leaks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    keep_some_forms(items)
    for item in items:
        module = getattr(getattr(item, "module", None), "__name__", "")
        needs = SERVERS & set(getattr(item, "fixturenames", ())) or module.startswith(SERVER_ROOMS)
        if needs or "[redshift" in item.name or "redshift]" in item.name:
            item.add_marker(pytest.mark.server)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for now and then each waits for a server or a disk.

    Each process has servers of its own: more than eight would only be in each other's way.
    """
    return min((os.cpu_count() or 1) + 1, 8)


def keep_some_forms(items: list[pytest.Item]) -> None:
    """Leave to make test-thorough those forms of a test that its marker ``forms`` has too many of."""
    by_test: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("forms"):
            by_test.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for all_forms in by_test.values():
        marker = all_forms[0].get_closest_marker("forms")
        count = marker.args[0] if marker else 0
        kept = {number * len(all_forms) // count for number in range(count)}
        for number, item in enumerate(all_forms):
            if number not in kept:
                item.add_marker(pytest.mark.thorough)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=["duckdb", "redshift"],
        default="duckdb",
        help="which engine the tests of the star schema run on; redshift is the stand-in",
    )


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine that the option names."""
    if request.config.getoption("--engine") == "redshift":
        return RedshiftEngine(request.getfixturevalue("redshift"))
    return DuckDBEngine(tmp_path_factory.mktemp("warehouses"))


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    """Settings for a warehouse and source folders of the test's own."""
    return engine.settings(tmp_path, max_reject_share=1)


@pytest.fixture
def load(engine: Engine, tmp_path: Path, settings: Settings) -> Callable[..., Loaded]:
    """Runs the pipeline over the test's folders, and gives the tables it made."""

    def run(**options: Any) -> Loaded:
        engine.publish(tmp_path)
        summary: Summary = run_etl(settings, NullProgress(), **options)
        return Loaded(settings, summary)

    return run


@pytest.fixture
def world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator["World"]:
    """An AWS account of the test's own, in this process, and a folder with a dwh.cfg."""
    from tests.support.aws_account import open_world

    with open_world(tmp_path, capsys, monkeypatch) as opened:
        yield opened
