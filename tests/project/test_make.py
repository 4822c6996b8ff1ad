"""make: an environment that was half made is made again, and what is missing is named."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]


def make_venv(folder: Path, python: str = sys.executable) -> "subprocess.CompletedProcess[str]":
    shutil.copy(ROOT / "Makefile", folder)
    return subprocess.run(
        ["make", "venv", f"PYTHON={python}"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")},
        capture_output=True,
        text=True,
        check=False,
    )


def can_install(folder: Path) -> bool:
    python = folder / ".venv/bin/python"
    done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    return done.returncode == 0


# What is left where python3-venv is missing, and what follows is what Debian's Python says then.
WITHOUT_VENV = """#!/bin/sh
case "$*" in
*"-m venv"*)
    mkdir -p .venv/bin
    ln -sf {python} .venv/bin/python
    echo "The virtual environment was not created successfully because ensurepip is not available."
    exit 1;;
esac
exec {python} "$@"
"""


@pytest.mark.thorough
def test_a_half_made_environment_is_made_again_and_the_package_that_it_takes_is_named(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text(WITHOUT_VENV.format(python=sys.executable))
    (tmp_path / "python3").chmod(0o755)
    for _ in range(2):  # the second finds what the first has left
        failed = make_venv(tmp_path, str(tmp_path / "python3"))
        assert failed.returncode != 0
        assert "can't make .venv" in failed.stderr
        assert "apt install python3-venv), then run make again" in failed.stderr
    (tmp_path / ".venv/lib").mkdir()
    (tmp_path / ".venv/lib/left-over").touch()
    done = make_venv(tmp_path)
    assert done.returncode == 0, done.stderr
    assert can_install(tmp_path)
    assert not (tmp_path / ".venv/lib/left-over").exists()
    # A whole one is left as it is.
    (tmp_path / ".venv/mine").touch()
    assert make_venv(tmp_path).returncode == 0
    assert (tmp_path / ".venv/mine").exists()
