"""Where the tool runs: narrow terminals, full disks behind its messages, a Python without its packages."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import assert_fails
from tests.support.commands import ROOT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stderr_fails_no_run(data: Path, tmp_path: Path) -> None:
    del data
    for arguments in (["etl", "--max-reject-share", "1"], ["status"]):
        with Path("/dev/full").open("wb") as full:
            result = subprocess.run(
                [sys.executable, "-m", "sparkify", *arguments],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=full,
                check=False,
            )
        assert result.returncode == 0
    assert b"songplays      2" in result.stdout


def on_terminal(folder: Path, columns: int, *arguments: str) -> str:
    """What a command shows on a terminal so many characters wide."""
    import pty

    shown = b""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sparkify", *arguments],
        cwd=folder,
        env=dict(os.environ) | {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ):
        os.close(slave)
        with contextlib.suppress(OSError):  # how Linux says that the other side is gone
            while part := os.read(master, 65536):
                shown += part
    os.close(master)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_tables_can_be_read_on_a_narrow_terminal(data: Path, tmp_path: Path) -> None:
    del data
    shown = on_terminal(tmp_path, 40, "etl", "--max-reject-share", "1")
    assert (
        "source     log_data\nfiles      1\nknown      0\nrecords    3\nloaded     2\nrejected   1\n" in shown
    )
    shown = on_terminal(tmp_path, 40, "status")
    assert "engine           duckdb\n" in shown
    assert "table       rows\n" in shown
    assert "…" not in shown
    sql = "SELECT 'one' AS name, repeat('x', 50) AS text UNION ALL SELECT 'two', 'y' ORDER BY 1"
    assert on_terminal(tmp_path, 40, "query", sql) == (
        f"name   one\ntext   {'x' * 50}\n\nname   two\ntext   y\n"
    )
    assert on_terminal(tmp_path, 80, "query", sql).startswith("name   text")


@pytest.mark.parametrize("script", ["etl.py", "create_tables.py", "create_cluster.py", "delete_cluster.py"])
def test_a_script_run_without_the_venv_says_what_to_run(script: str, tmp_path: Path) -> None:
    # -I -S: a Python that has no packages, as the system's own.
    result = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert_fails(result, 1, "sparkify is not installed", f"make setup; then run .venv/bin/python {script}")
