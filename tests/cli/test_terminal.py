"""Where the tool runs: narrow terminals, full disks behind its messages, a Python without its packages."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify.answers.questions import load_questions
from tests.support.cli import assert_fails
from tests.support.commands import ROOT

pytestmark = pytest.mark.slow


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
    assert re.search(rb"songplays +2\n", result.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_result_that_can_not_be_written_is_not_said_to_be_of_a_load_that_did_not_happen(
    data: Path, tmp_path: Path
) -> None:
    del data
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "sparkify", "etl", "--max-reject-share", "1", "--json"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.returncode == 1
    assert b"hint: free some space where it goes to, or send it elsewhere; a load that was" in result.stderr
    assert b"unchanged" not in result.stderr
    assert (tmp_path / "sparkify.duckdb").exists()


def test_a_working_directory_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    result = subprocess.run(
        ["sh", "-c", f'cd gone && rmdir ../gone && "{sys.executable}" -m sparkify etl --dry-run'],
        cwd=tmp_path,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_fails(result, 1, "the working directory no longer exists", "change to another one")


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


needs_terminals = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@pytest.mark.thorough
@needs_terminals
def test_tables_can_be_read_on_a_narrow_terminal(data: Path, tmp_path: Path) -> None:
    del data
    shown = on_terminal(tmp_path, 40, "etl", "--max-reject-share", "1")
    assert (
        "source     log_data\nfiles      1\nknown      0\nrecords    3\nloaded     2\nrejected   1\n" in shown
    )
    shown = on_terminal(tmp_path, 40, "status")
    assert "engine           duckdb\n" in shown
    assert re.search("table +rows\n", shown)
    assert "…" not in shown


@pytest.mark.thorough
@needs_terminals
def test_a_row_stays_a_line_where_only_texts_are_too_wide(data: Path, tmp_path: Path) -> None:
    del data
    on_terminal(tmp_path, 80, "etl", "--max-reject-share", "1")
    sql = "SELECT 'one' AS name, repeat('x', 99) AS text, 1234567 n UNION ALL SELECT 'two', 'y', 8 ORDER BY 1"
    shown = on_terminal(tmp_path, 40, "query", sql).splitlines()
    assert shown[:4] == [
        "name  text                             n",
        "─" * 40,
        f"one   {'x' * 22}…  1,234,567",
        "two   y                                8",
    ]
    assert "--wide" in " ".join(shown[4:])
    wide = on_terminal(tmp_path, 40, "query", sql, "--wide")
    assert ("x" * 99 in wide, "…" in wide) == (True, False)
    expanded = on_terminal(tmp_path, 40, "query", sql, "--expanded")
    assert expanded == f"name   one\ntext   {'x' * 99}\nn      1,234,567\n\nname   two\ntext   y\nn      8\n"


@pytest.mark.forms(1)
@needs_terminals
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_list_of_questions_is_whole_on_any_terminal(columns: int, tmp_path: Path) -> None:
    shown = on_terminal(tmp_path, columns, "questions")
    assert max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown
    for question in load_questions():
        assert question.name in shown
    words = " ".join(shown.split())
    assert "Who listens most?" in words


@needs_terminals
def test_a_refused_simulation_draws_no_bars(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert "songs" not in on_terminal(tmp_path, 80, "simulate", "full")


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
    assert_fails(
        result,
        1,
        "sparkify is not installed",
        "pip install -r requirements.txt",
        f".venv/bin/python {script}",
    )
