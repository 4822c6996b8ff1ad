"""The command line in a folder of a test's own, as a process."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builders import event, track, write
from tests.support.commands import command

PROCESS = """\
import signal
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
{prelude}
from sparkify.cli import main
main()
"""
"""The command, after some Python of a test's own, as a process that hears signals which the one of the tests
was told to ignore (nohup, a script's background)."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a script of this project in a folder of the test's own."""

    def call(
        *arguments: str, script: str = "", cwd: Path = tmp_path, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SPARKIFY_")}
        return command(*arguments, script=script, cwd=cwd, env=kept | environment)

    return call


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "data/song_data/A/song.json", track())
    write(tmp_path / "data/log_data/events.json", event(ts=1543449657796), event(ts=1543449657797), "{broken")
    return tmp_path / "data"


def assert_fails(result: "subprocess.CompletedProcess[str]", code: int, *parts: str) -> None:
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in " ".join(result.stderr.split())
