"""Ctrl-C, SIGTERM and SIGHUP while a cluster command is at work: AWS goes on, and so it is said."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.aws_account import CONFIG, MY_IP
from tests.support.aws_server import Account, aws_account
from tests.support.builders import HANGS
from tests.support.cli import PROCESS
from tests.support.processes import killed_at_the_end

CREATE = ("create", "--my-ip", MY_IP)
DELETE = ("delete",)
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def account() -> Iterator[Account]:
    with aws_account() as opened:
        yield opened


@pytest.fixture
def start(account: Account, tmp_path: Path) -> Iterator[Start]:
    """Starts a cluster command in a folder with a dwh.cfg."""
    (tmp_path / "dwh.cfg").write_text(CONFIG.format(type="serverless"))

    with killed_at_the_end() as start:

        def run(*arguments: str, poll_seconds: float = 10) -> "subprocess.Popen[str]":
            prelude = f"from sparkify.cluster import waiting; waiting.POLL_SECONDS = {poll_seconds}"
            return start(
                [sys.executable, "-c", PROCESS.format(prelude=prelude), "cluster", *arguments],
                cwd=tmp_path,
                env=account.environment(tmp_path),
                stdin=subprocess.PIPE,
            )

        yield run


def said_until(process: "subprocess.Popen[str]", text: str) -> None:
    """Read what it says until it says something; questions end without a newline."""
    assert process.stderr is not None
    said = ""
    while text not in said:
        more = process.stderr.read(1)
        assert more, said
        said += more


def stopped(process: "subprocess.Popen[str]", number: int) -> list[str]:
    """Send a signal, and give the last lines of what is said."""
    process.send_signal(number)
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out.strip()) == (128 + number, ""), err  # a question leaves a blank there
    assert "Traceback" not in err
    lines = err.splitlines()
    (first,) = [at for at, line in enumerate(lines) if line.startswith("stopped by ")]
    assert "the warehouse is unchanged" not in err
    return lines[first:]


def run_to_its_end(start: Start, *arguments: str) -> None:
    process = start(*arguments, "--yes", poll_seconds=0.1)
    _, err = process.communicate(timeout=HANGS)
    assert process.returncode == 0, err


def lines_of(number: int, awaited: str, remedy: str) -> list[str]:
    name, what = signal.Signals(number).name, f" ({awaited})" if awaited else ""
    return [
        f"stopped by {name}; AWS goes on with what it was asked{what}, and that may cost money",
        f"  hint: see what is there and what it costs: sparkify cluster status; {remedy}",
    ]


GO_ON = "run the same command again to go on from there, or remove all of it: sparkify cluster delete"
REMOVE = "run the same command again to remove the rest"


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.thorough
def test_who_stops_waiting_for_what_is_made_is_told_that_it_goes_on_and_can_join_again(
    account: Account, start: Start
) -> None:
    account.cloudformation.is_stuck = True
    state = "stack music-redshift: CREATE_IN_PROGRESS"
    for number in SIGNALS:
        process = start(*CREATE, "--yes")
        said_until(process, f"{state}\n")
        assert stopped(process, number) == lines_of(number, state, GO_ON)
        assert [it.status for it in account.cloudformation.stacks] == ["CREATE_IN_PROGRESS"]
    account.cloudformation.is_stuck = False
    run_to_its_end(start, *CREATE)


@pytest.mark.thorough
def test_who_stops_waiting_for_what_is_deleted_is_told_so_and_can_go_on(
    account: Account, start: Start
) -> None:
    run_to_its_end(start, *CREATE)
    account.cloudformation.is_stuck = True
    state = "stack music-redshift: DELETE_IN_PROGRESS"
    for number in SIGNALS:
        process = start(*DELETE, "--yes")
        said_until(process, f"{state}\n")
        assert stopped(process, number) == lines_of(number, state, REMOVE)
    account.cloudformation.is_stuck = False
    run_to_its_end(start, *DELETE)
    assert account.serverless.things == {"namespace": {}, "workgroup": {}}


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("arguments", "operation", "remedy"),
    [(CREATE, "ExecuteChangeSet", GO_ON), (DELETE, "DeleteStack", REMOVE)],
    ids=["create", "delete"],
)
def test_a_call_that_is_under_way_is_said_to_go_on(
    account: Account, start: Start, tmp_path: Path, arguments: tuple[str, ...], operation: str, remedy: str
) -> None:
    (tmp_path / "dwh.cfg").write_text(CONFIG.format(type="multi-node"))
    if arguments == DELETE:
        run_to_its_end(start, *CREATE)
    asked, released = threading.Event(), threading.Event()

    def hold(called: str) -> None:
        if called == operation:
            asked.set()
            released.wait(HANGS)

    account.before = hold
    process = start(*arguments, "--yes")
    assert asked.wait(HANGS)
    try:
        assert stopped(process, signal.SIGINT) == lines_of(signal.SIGINT, "", remedy)
    finally:
        released.set()


@pytest.mark.forms(1)
@pytest.mark.parametrize("arguments", [CREATE, DELETE], ids=["create", "delete"])
def test_who_stops_at_the_question_is_told_that_nothing_was_changed(
    account: Account, start: Start, arguments: tuple[str, ...]
) -> None:
    if arguments == DELETE:
        run_to_its_end(start, *CREATE)
    there = [it.status for it in account.cloudformation.stacks]
    process = start(*arguments)
    said_until(process, "[y/N]")
    assert stopped(process, signal.SIGINT) == ["stopped by SIGINT; nothing was changed at AWS"]
    left = [it.status for it in account.cloudformation.stacks if it.status != "DELETE_COMPLETE"]
    assert (left, account.cloudformation.change_sets) == (there, {})
