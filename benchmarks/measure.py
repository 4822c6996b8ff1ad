"""Runs commands as whole processes, interleaved, and reports medians: what all benchmarks here share."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class Runs:
    """What the rounds of one command took."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def median(self) -> float:
        """The middle one of the wall-clock times."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        spread = f"{min(self.seconds):.2f} to {max(self.seconds):.2f}" if len(self.seconds) > 1 else "one run"
        cpu = statistics.median(self.cpu)
        return f"{self.median:.2f} s ({spread}), CPU {cpu:.2f} s, peak {self.peak_mb:.0f} MB"


def run_once(command: Sequence[str], runs: Runs) -> None:
    """Run a command to its end, with what the operating system says of it."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None  # noqa: S101
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\nfailed:\n{message.decode()}")
    runs.seconds.append(time.perf_counter() - began)
    runs.cpu.append(usage.ru_utime + usage.ru_stime)
    runs.peak_mb = max(runs.peak_mb, usage.ru_maxrss / 1024)


def compare(
    commands: dict[str, Sequence[str]], rounds: int, before: Callable[[], None] = lambda: None
) -> dict[str, Runs]:
    """Run several commands in turn, A B C A B C …, so that a machine's moods hit all of them.

    Args:
        commands: by name.
        rounds: how often each is counted; one round before that is not.
        before: what to do before each run, uncounted.
    """
    runs = {name: Runs() for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            before()
            run_once(command, runs[name] if number else Runs())
    return runs
