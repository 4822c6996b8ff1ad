"""Ctrl-C, SIGTERM and a second writer: the real command, stopped while it is at work."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sparkify.config.settings import Settings, values_of
from sparkify.load.progress import NullProgress
from tests.support.builders import HANGS, event, track, write
from tests.support.cli import PROCESS
from tests.support.faulty_s3 import FaultyS3
from tests.support.processes import killed_at_the_end
from tests.support.runs import run_etl
from tests.support.s3_servers import Bucket, rclone
from tests.support.state import state_of

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make the command work with some settings."""
    names = (
        "database song_data log_data s3_endpoint aws_region aws_access_key_id aws_secret_access_key"
        " s3_timeout max_reject_share"
    )
    return {f"SPARKIFY_{name.upper()}": str(values_of(settings)[name]) for name in names.split()}


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command; with ``prelude``, after some Python of the test's own."""
    with killed_at_the_end() as popen:

        def run(settings: Settings, *arguments: str, prelude: str = "") -> "subprocess.Popen[str]":
            kept = {key: value for key, value in os.environ.items() if not key.startswith("SPARKIFY_")}
            return popen(
                [sys.executable, "-c", PROCESS.format(prelude=prelude), "etl", *arguments],
                env=kept | environment(settings),
            )

        yield run


def output_until(process: "subprocess.Popen[str]", text: str) -> None:
    """Read what a process says until it says something."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"never said: {text}")


def assert_stopped(process: "subprocess.Popen[str]", number: int) -> None:
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out) == (128 + number, "")
    name = signal.Signals(number).name
    assert err.splitlines()[-1] == f"stopped by {name}; the warehouse is unchanged"
    assert "Traceback" not in err
    assert "error" not in err


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    with rclone(tmp_path / "s3") as server:
        bucket = server.bucket("sparkify")
        write(tmp_path / "source/song_data/song.json", track())
        write(tmp_path / "source/log_data/a.json", event(ts=1))
        bucket.put_folder(tmp_path / "source")
        yield bucket


@pytest.mark.forms(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_objects_are_read_stops_the_run_and_changes_nothing(
    settings: Settings, bucket: Bucket, start: Start, number: int
) -> None:
    run_etl(bucket.settings(settings), NullProgress())
    before = state_of(bucket.settings(settings), bucket.uri)
    asked = threading.Event()
    with FaultyS3(bucket.endpoint).running() as server:
        for name in "bcd":
            bucket.put(f"log_data/{name}.json", b"\n".join([b'{"a": 1}'] * 1000))
        server.add("stall", "log_data/b.json", None)
        server.add("before", "log_data/c.json", action=asked.set)
        options = replace(bucket, proxy=server.endpoint).settings(settings)
        process = start(options)
        assert asked.wait(HANGS)
        process.send_signal(number)
        assert_stopped(process, number)
    assert state_of(options, bucket.uri) == before


@pytest.mark.thorough
def test_a_signal_while_a_listing_hangs_stops_the_run(
    settings: Settings, bucket: Bucket, start: Start
) -> None:
    asked = threading.Event()
    with FaultyS3(bucket.endpoint).running() as server:
        server.add("stall", "list", None, action=asked.set)
        process = start(replace(bucket, proxy=server.endpoint).settings(settings))
        assert asked.wait(HANGS)
        process.send_signal(signal.SIGINT)
        assert_stopped(process, signal.SIGINT)


# Which ends when it is told to, however long that takes here.
ENDLESS = f"""
from sparkify.load import transforms
from sparkify.system import interrupts
interrupts.GRACE_SECONDS = {HANGS}
read = transforms.read_sql
numbers = "range(1000000000) a, range(1000000000) b"
endless = f"CREATE TEMP TABLE endless AS SELECT COUNT(*) FROM {{numbers}} WHERE a.range * b.range % 7 = 3;"
transforms.read_sql = lambda name, *rest: (endless if name == "star/users" else "") + read(name, *rest)
"""


@pytest.mark.forms(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_database_computes_stops_the_run_and_changes_nothing(
    tmp_path: Path, settings: Settings, start: Start, number: int
) -> None:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    run_etl(settings, NullProgress())
    before = state_of(settings, str(tmp_path))
    write(tmp_path / "log_data/b.json", event(ts=2))
    process = start(settings, prelude=ENDLESS)
    output_until(process, "transform artists")
    process.send_signal(number)
    assert_stopped(process, number)
    assert state_of(settings, str(tmp_path)) == before


# As between the end of a statement and the moment from which on there is none to be stopped.
CLOSED = f"""
import duckdb, time
from sparkify.load import transforms
from sparkify.system import interrupts
closed = duckdb.connect()
closed.close()
read = transforms.read_sql
def read_slowly(name, *rest):
    if name == "star/users":
        with interrupts.interruptible(closed.interrupt):
            try:
                time.sleep({HANGS})
            finally:
                time.sleep(1)
    return read(name, *rest)
transforms.read_sql = read_slowly
"""


def stop_while_users_are_derived(
    tmp_path: Path, settings: Settings, start: Start, prelude: str, number: int
) -> None:
    """Load a play in a process that the prelude keeps at that step, and stop it there."""
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    process = start(settings, prelude=prelude)
    output_until(process, "transform artists")
    process.send_signal(number)
    assert_stopped(process, number)


def test_a_signal_that_comes_while_a_connection_is_closed_is_said_in_one_line(
    tmp_path: Path, settings: Settings, start: Start
) -> None:
    stop_while_users_are_derived(tmp_path, settings, start, CLOSED, signal.SIGINT)


def run_to_its_end(tmp_path: Path, settings: Settings, start: Start, prelude: str) -> str:
    """Load a play in a process that ends well whatever the prelude does, and give what it said."""
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    process = start(settings, prelude=prelude)
    _, err = process.communicate(timeout=HANGS)
    assert process.returncode == 0, err
    return err


NOHUP = """
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from sparkify.load import transforms
read = transforms.read_sql
def hang_up_and_read(name, *rest):
    os.kill(os.getpid(), signal.SIGHUP)
    return read(name, *rest)
transforms.read_sql = hang_up_and_read
"""


def test_nohup_lets_a_run_go_on_when_the_terminal_is_closed(
    tmp_path: Path, settings: Settings, start: Start
) -> None:
    run_to_its_end(tmp_path, settings, start, NOHUP)


def test_a_signal_before_anything_was_committed_leaves_no_file(
    tmp_path: Path, settings: Settings, start: Start
) -> None:
    stop_while_users_are_derived(tmp_path, settings, start, ENDLESS, signal.SIGTERM)
    assert not Path(settings.database).exists()


LATE = """
import os, signal
from sparkify.system import interrupts
before = interrupts.point_of_no_return
def and_then_a_signal():
    before()
    os.kill(os.getpid(), signal.SIGTERM)
interrupts.point_of_no_return = and_then_a_signal
"""


def test_a_signal_that_comes_too_late_lets_the_run_end_well(
    tmp_path: Path, settings: Settings, start: Start
) -> None:
    assert "stopped" not in run_to_its_end(tmp_path, settings, start, LATE)
    assert run_etl(settings, NullProgress()).outcome == "nothing new"


CONFLICT = """
import contextlib, os, signal
from sparkify.load import transforms
from sparkify.warehouse.duckdb.engine import DuckDBWarehouse
from sparkify.errors import ConflictError
transaction, read = DuckDBWarehouse.transaction, transforms.read_sql
tries = []
@contextlib.contextmanager
def conflict_at_the_first_commit(self):
    tries.append(1)
    with transaction(self):
        yield
        if len(tries) == 1:
            AT_COMMIT
            raise ConflictError("somebody else wrote to it")
DuckDBWarehouse.transaction = conflict_at_the_first_commit
numbers = "range(1000000000) a, range(1000) b"
endless = f"CREATE TEMP TABLE endless AS SELECT COUNT(*) FROM {numbers} WHERE a.range % 7 = b.range;"
def endless_in_the_second_try(name, *rest):
    return (endless if name == "star/users" and len(tries) == 2 else "") + read(name, *rest)
transforms.read_sql = endless_in_the_second_try
"""


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_run_that_has_begun_again_after_a_conflict_at_its_commit(
    tmp_path: Path, settings: Settings, start: Start, number: int
) -> None:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    process = start(settings, prelude=CONFLICT.replace("AT_COMMIT", "pass"))
    output_until(process, "start again: somebody else wrote to it")
    output_until(process, "transform artists")
    process.send_signal(number)
    assert_stopped(process, number)
    assert not Path(settings.database).exists()


@pytest.mark.thorough
def test_a_signal_during_a_commit_that_fails_is_not_forgotten(
    tmp_path: Path, settings: Settings, start: Start
) -> None:
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    process = start(settings, prelude=CONFLICT.replace("AT_COMMIT", "os.kill(os.getpid(), signal.SIGTERM)"))
    assert_stopped(process, signal.SIGTERM)
    assert not Path(settings.database).exists()


def test_a_second_writer_fails_at_once_and_names_the_first_which_ends_well(
    settings: Settings, bucket: Bucket, start: Start
) -> None:
    asked, released = threading.Event(), threading.Event()

    def hold() -> None:
        asked.set()
        released.wait(HANGS)

    with FaultyS3(bucket.endpoint).running() as server:
        server.add("before", "log_data/a.json", action=hold)
        options = replace(bucket, proxy=server.endpoint).settings(settings)
        first = start(options)
        assert asked.wait(HANGS)
        second = start(options)
        _, err = second.communicate(timeout=HANGS)
        assert second.returncode == 1
        assert re.search(rf"^error: .*: in use by process {first.pid} \(", err, re.MULTILINE), err
        assert first.poll() is None
        released.set()
        _, err = first.communicate(timeout=HANGS)
        assert first.returncode == 0, err
    assert run_etl(bucket.settings(settings), NullProgress()).outcome == "nothing new"
