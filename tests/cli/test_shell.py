"""``sparkify shell``: statements typed at a terminal, one after the other."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from sparkify.cli.shell import is_command
from sparkify.cli.shell_input import Names, history_file
from tests.support.cli import Run, assert_fails
from tests.support.terminal import Typed

COLUMNS = {"songplays": ["songplay_id", "level"], "users": ["user_id", "level"], "Odd one": ["a b"]}


def completed(text: str) -> list[str]:
    names = Names(COLUMNS, [r"\d", r"\q"])
    return [each.text for each in names.get_completions(Document(text), CompleteEvent())]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("SELECT * FROM song", ["songplays", "songplay_id"]),
        ("SELECT u", ["users", "user_id", "using", "union"]),
        ("SELECT users.l", ["level"]),
        ("SELECT * FROM songplays AS p WHERE p.", ["songplay_id", "level"]),
        ("SEL", ["SELECT"]),
        (r"\d us", ["users", "user_id"]),
        ("\\", [r"\d", r"\q"]),
        ("SELECT ", []),
        ("SELECT level", []),
    ],
)
def test_tables_columns_and_words_are_completed(typed: str, offered: list[str]) -> None:
    assert completed(typed) == offered


def test_names_are_completed_as_a_statement_must_write_them_and_none_speaks_to_the_terminal() -> None:
    hostile = {"x\x1b]0;t\x07": ["x\u202e"], "Odd one": ["a"]}
    names = Names(hostile, [])
    event = CompleteEvent()
    assert list(names.get_completions(Document("x"), event)) == []
    assert [each.text for each in names.get_completions(Document("FROM odd"), event)] == ['"Odd one"']


def test_the_history_is_where_the_user_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/ann")
    assert history_file({"XDG_STATE_HOME": "/state"}) == Path("/state/sparkify/history")
    assert history_file({"XDG_STATE_HOME": "relative"}) == Path("/home/ann/.local/state/sparkify/history")


@pytest.mark.parametrize(
    ("typed", "runs"),
    [("help", True), ("EXIT", True), ("quit;", True), (" quit ", True), (r"\d users", True),
     ("SELECT quit", False), ("helpers", False), ("exit now", False), ("", False)],
)  # fmt: skip
def test_the_words_of_other_shells_run_without_a_semicolon(typed: str, runs: bool) -> None:
    assert is_command(typed) is runs


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_statements_are_typed_run_and_interrupted_while_others_load(
    data: Path, run: Run, tmp_path: Path
) -> None:
    del data
    run("etl", "--max-reject-share", "1")
    shell = Typed("shell", cwd=tmp_path, environment={"XDG_STATE_HOME": str(tmp_path / "state")})
    shell.until("sparkify>")
    shell.type("SELECT COUNT(*) * 1000 AS n\r")
    shell.until("->")
    shell.type("FROM songplays;\r")
    assert "2,000" in shell.until("1 row")
    shell.until("sparkify>")
    assert run("etl", "--max-reject-share", "1").returncode == 0  # nothing is held while somebody thinks
    shell.type("\\d users\r")
    assert "first_name" in shell.until("level ")
    shell.until("sparkify>")
    shell.type("SELECT COUNT(*) FROM range(1000000000000) AS r(i) WHERE hash(i) = 7;\r")
    shell.until("= 7;")
    shell.until("stopped", pressing="\x03")
    shell.until("sparkify>")
    shell.type("SELECT usr_id FROM users;\r")
    assert "Candidate bindings" in shell.until("^^^")
    shell.until("sparkify>")
    shell.type("DELETE FROM users;\r")
    shell.until("only reading is possible here")
    shell.until("sparkify>")
    shell.type("help\r")
    shell.until("leave, as exit")
    shell.until("sparkify>")
    shell.type("exit\r")
    assert shell.end() == 0
    history = tmp_path / "state/sparkify/history"
    assert "+FROM songplays;" in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_what_the_shell_lacks_is_named(run: Run, tmp_path: Path) -> None:
    assert_fails(run("shell"), 2, "sparkify shell needs a terminal", "sparkify query FILE.sql")
    program = """
import sys
sys.modules["prompt_toolkit"] = None
class Terminal:
    def isatty(self): return True
    def __getattr__(self, name): return getattr(sys.__stdout__, name)
sys.stdin = sys.stdout = Terminal()
from sparkify.cli.app import run
run(["shell"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "the line editor of sparkify shell is not installed" in done.stderr
    assert "make shell" in done.stderr
