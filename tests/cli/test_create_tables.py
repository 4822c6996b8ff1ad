"""Dropping a warehouse: who is asked, and what is said of it."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify.errors import WarehouseError
from sparkify.warehouse.opening import connect
from sparkify.warehouse.recreate import Holdings
from tests.support import commands
from tests.support.builders import event, track, write
from tests.support.either import Either
from tests.support.older import BEFORE_HISTORY, turn_back
from tests.support.runs import create_tables, look

pytestmark = pytest.mark.slow

on_terminals = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@pytest.fixture
def loaded(either: Either, tmp_path: Path) -> Either:
    """Two runs: a song, and three events, one of which is bad."""
    write(tmp_path / "song_data/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1), "{broken")
    either.load()
    write(tmp_path / "log_data/b.json", event(ts=2))
    either.load()
    return either


def plays(on: Either) -> int:
    ((count,),) = on.sql("SELECT COUNT(*) FROM songplays")
    return int(count)


def command(on: Either, *arguments: str, script: str = "") -> "subprocess.CompletedProcess[str]":
    """Run create-tables where nobody can be asked."""
    arguments = arguments if script else ("create-tables", *arguments)
    return commands.command(*arguments, script=script, cwd=on.folder, env=on.environment)


def on_terminal(on: Either, typed: str) -> tuple[int, str]:
    """Run create-tables on a terminal at which something is typed: the exit code, and what it shows."""
    import pty

    shown = b""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sparkify", "create-tables"],
        cwd=on.folder,
        env=on.environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        os.write(master, typed.encode())
        with contextlib.suppress(OSError):  # how Linux says that the other side is gone
            while part := os.read(master, 65536):
                shown += part
    os.close(master)
    return process.returncode, " ".join(shown.decode().split())


HELD = "3 loaded files with 4 records, and 2 runs"


def test_one_of_something_is_not_several() -> None:
    assert Holdings("w", {"ledger": 1, "runs": 1}, 1).described() == "1 loaded file with 1 record, and 1 run"


@pytest.mark.forms(1)
def test_where_nobody_can_be_asked_a_full_warehouse_stays_unless_yes_is_said(loaded: Either) -> None:
    done = command(loaded)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"holds {HELD}, and there is no terminal to confirm it on; nothing was changed" in done.stderr
    assert "--yes" in done.stderr
    assert plays(loaded) == 2
    done = command(loaded, "--yes")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert plays(loaded) == 0


@pytest.mark.forms(1)
@pytest.mark.parametrize("arguments", [["--yes"], []], ids=["create-tables --yes", "create_tables.py"])
def test_what_went_is_said(loaded: Either, arguments: list[str]) -> None:
    done = command(loaded, *arguments, script="" if arguments else "create_tables.py")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f": {HELD}\n" in done.stderr
    words = [line.split() for line in done.stderr.splitlines()]
    for table, rows in (("songplays", 2), ("staging_events", 2), ("staging_rejects", 1), ("users", 1)):
        assert [table, str(rows)] in words
    assert words[-1][:4] == ["created", "the", "tables", "in"]
    assert plays(loaded) == 0


@pytest.mark.forms(1)
@on_terminals
def test_on_a_terminal_a_full_warehouse_is_asked_about(loaded: Either) -> None:
    for typed, code, left in (("n\n", 1, 2), ("\n", 1, 2), ("\x04", 2, 2), ("y\n", 0, 0)):
        returned, shown = on_terminal(loaded, typed)
        assert returned == code, (typed, shown)
        assert f"holds {HELD}. Drop all of it? [y/N]:" in shown, typed
        assert ("nothing was changed" in shown) == bool(left), typed
        assert plays(loaded) == left, typed


@pytest.mark.forms(1)
def test_nobody_is_asked_about_a_warehouse_that_is_new_or_empty(either: Either) -> None:
    for _ in range(2):
        done = command(either)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "dropped" not in done.stderr
        assert "created the tables in" in done.stderr
    assert plays(either) == 0


@pytest.mark.thorough
def test_what_somebody_loads_while_the_question_is_open_is_not_dropped(loaded: Either) -> None:
    agreed = look(loaded.settings)
    write(loaded.folder / "log_data/c.json", event(ts=3))
    loaded.load()
    with pytest.raises(WarehouseError, match="has changed since you were asked; nothing was changed"):
        create_tables(loaded.settings, agreed)
    assert plays(loaded) == 3


@pytest.mark.thorough
def test_tables_of_which_some_are_missing_or_old_are_asked_about_too(loaded: Either) -> None:
    turn_back(loaded.sql, BEFORE_HISTORY)
    loaded.sql("DROP TABLE encoding_repairs")
    loaded.sql("ALTER TABLE runs DROP COLUMN log_location")
    assert command(loaded).returncode == 2
    assert plays(loaded) == 2
    assert command(loaded, "--yes").returncode == 0
    warehouse = connect(loaded.settings, read_only=True)
    assert warehouse.has_tables()
    warehouse.close()
