"""The command line as processes of their own, which start at once.

A process spends most of a small command on starting Python and importing. These are forked from one that
has imported everything and done nothing else: whatever a command does, it does in a process of its own, with
its own environment, working directory, streams and exit code.
"""

import multiprocessing
import os
import runpy
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_IMPORTED = [
    *("pydantic", "rich.progress", "rich.table", "typer._adapters", "typer.rich_utils"),
    *(
        "sparkify.answers.check",
        "sparkify.cli.app",
        "sparkify.warehouse.duckdb.staging",
        "sparkify.export.parquet",
        "sparkify.load.pipeline",
    ),
    *(
        "sparkify.answers.questions",
        "sparkify.warehouse.recreate",
        "sparkify.answers.report",
        "sparkify.sources.s3",
        "sparkify.simulate",
    ),
    *("sparkify.cli.etl", "sparkify.cli.history", "sparkify.cli.progress", "sparkify.cli.results"),
    *("sparkify.cli.asking", "sparkify.cli.rejects", "sparkify.cli.status", "sparkify.cli.summary"),
    *("sparkify.warehouse.duckdb.engine", "sparkify.warehouse.opening", "sparkify.answers.emptiness"),
    "pandas",  # which Arrow imports when it is given values of Python
    "tests.support.put_together",
]
_READ_AT_RUNTIME = ("SPARKIFY_", "AWS_", "SSL_CERT_FILE", "HOME", "TMPDIR", "PYTEST_", "DB_", "S3_")
"""What a variable may begin with that a process finds out about later than while it is starting."""


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)  # Python 3.11 gives it no path of ours
        forkserver.ensure_running()
    return context


def command(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    script: str = "",
    stdin: bytes = b"",
) -> "subprocess.CompletedProcess[str]":
    """Run ``sparkify``, and wait for its end.

    Args:
        arguments: the command line.
        cwd: the working directory.
        env: the whole environment; by default the one of the tests.
        script: one of the scripts of this project, instead.
        stdin: what can be read there.
    """
    environment = dict(os.environ if env is None else env)
    changed = {name for name, _ in environment.items() ^ dict(os.environ).items()}
    if not all(name.startswith(_READ_AT_RUNTIME) for name in changed):
        program = [str(ROOT / script)] if script else ["-m", "sparkify"]
        done = subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        return _completed(arguments, done.returncode, done.stdout, done.stderr)
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        for stream in streams:
            stream.write_bytes(stdin if stream.name == "stdin" else b"")
        process = _server().Process(target=_run, args=(arguments, script, str(cwd), environment, streams))
        process.start()
        process.join()
        assert process.exitcode is not None
        return _completed(arguments, process.exitcode, streams[1].read_bytes(), streams[2].read_bytes())


def on_terminal(
    *arguments: str, cwd: Path, env: Mapping[str, str], seconds: float
) -> tuple[int | None, bytes]:
    """Run ``sparkify`` on a terminal, and say how it ends, and what the terminal gets to see.

    Args:
        arguments: the command line.
        cwd: the working directory.
        env: the whole environment.
        seconds: after so many it is killed; it has no end then.
    """
    import pty

    master, slave = pty.openpty()
    streams = [Path(os.ttyname(slave))] * 3
    process = _server().Process(target=_run, args=(arguments, "", str(cwd), dict(env), streams))
    process.start()
    shown = b""
    end = time.monotonic() + seconds
    while process.is_alive() and time.monotonic() < end:
        if select.select([master], [], [], 0.02)[0]:
            shown += os.read(master, 65536)
    is_done = not process.is_alive()
    if not is_done:
        process.kill()
    process.join()
    while select.select([master], [], [], 0)[0]:
        shown += os.read(master, 65536)
    os.close(slave)
    os.close(master)
    return process.exitcode if is_done else None, shown


def _completed(
    arguments: tuple[str, ...], code: int, stdout: bytes, stderr: bytes
) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess(arguments, code, stdout.decode(), stderr.decode())


def _run(
    arguments: tuple[str, ...], script: str, cwd: str, environment: dict[str, str], streams: list[Path]
) -> None:
    """In the new process: become the command."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for number, (path, mode) in enumerate(zip(streams, "rww", strict=True)):
        flags = os.O_RDONLY if mode == "r" else os.O_WRONLY
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 (they last as long as the process)
        for number, mode in enumerate("rww")
    )
    program = str(ROOT / script) if script else "sparkify"
    sys.argv = [program, *arguments]
    if script:
        sys.path[0] = str(ROOT)
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
