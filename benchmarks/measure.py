"""Runs commands as whole process trees, and says what they took: what all benchmarks here share."""

import ctypes
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

_SAMPLE_SECONDS = 0.1
_LAST_WORDS = 30.0  # seconds that a server may take to end after its command
_PR_SET_CHILD_SUBREAPER = 36


class CommandError(Exception):
    """A command that ended with an error; the message is the last line that it wrote."""


@dataclass
class Runs:
    """What the rounds of one command took.

    Attributes:
        seconds: wall-clock time of each.
        cpu: CPU seconds of each, children and servers included.
        peak_mb: the most memory that the process tree had at once.
        disk_mb: the most that the watched folder held at once, temporary files included.
    """

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    disk_mb: float = 0.0

    @property
    def median(self) -> float:
        """The middle one of the wall-clock times."""
        return statistics.median(self.seconds)

    def as_dict(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "seconds": [round(value, 3) for value in self.seconds],
            "cpu": [round(value, 3) for value in self.cpu],
            "peak_mb": round(self.peak_mb),
            "disk_mb": round(self.disk_mb),
        }

    def __str__(self) -> str:
        spread = f"{min(self.seconds):.2f} to {max(self.seconds):.2f}" if len(self.seconds) > 1 else "one run"
        cpu = statistics.median(self.cpu)
        return f"{self.median:.2f} s ({spread}), CPU {cpu:.2f} s, peak {self.peak_mb:.0f} MB"


class _Sampler(threading.Thread):
    """Looks every now and then at how much memory a process tree has, and how much a folder holds."""

    def __init__(self, known: set[int], watched: Path | None) -> None:
        super().__init__(daemon=True)
        self._known = known
        self._watched = watched
        self._over = threading.Event()
        self.peak_mb = 0.0
        self.disk_mb = 0.0

    def run(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self.peak_mb = max(self.peak_mb, _memory_mb(self._known))
            if self._watched is not None:
                self.disk_mb = max(self.disk_mb, folder_mb(self._watched))

    def stop(self) -> None:
        self._over.set()
        self.join()


def run_once(
    command: Sequence[str],
    runs: Runs,
    *,
    environment: Mapping[str, str] | None = None,
    watched: Path | None = None,
) -> None:
    """Run a command to its end, with what the operating system says of it and of all that it started.

    Args:
        command: with its arguments.
        runs: takes what was measured.
        environment: variables on top of those of this process.
        watched: a folder whose largest size is of interest.

    Raises:
        CommandError: it failed.
    """
    _adopt_orphans(True)
    known = {child.pid for child in psutil.Process().children()}
    sampler = _Sampler(known, watched)
    with tempfile.TemporaryFile() as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=stderr, env=os.environ | dict(environment or {})
        )
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
        cpu = usage.ru_utime + usage.ru_stime + _reap_orphans(known)
        _adopt_orphans(False)
        if process.returncode:
            stderr.seek(0)
            raise CommandError(_last_line(stderr.read().decode(errors="replace")))
    runs.seconds.append(seconds)
    runs.cpu.append(cpu)
    kilo = 1024 if sys.platform == "darwin" else 1
    runs.peak_mb = max(runs.peak_mb, sampler.peak_mb, usage.ru_maxrss / 1024 / kilo)
    runs.disk_mb = max(runs.disk_mb, sampler.disk_mb, folder_mb(watched) if watched else 0.0)


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


def folder_mb(folder: Path) -> float:
    """What the files below a folder take of the disk."""
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118 - ten times as fast
            except FileNotFoundError:
                continue
    return size / 1e6


def redacted(message: str) -> str:
    """A message without addresses and without paths of this machine, for a published page."""
    message = re.sub(r"\w+://\S+", "…", message)
    return re.sub(r"(?<![\w.])(?:/[\w.+@-]+){2,}", lambda match: Path(match[0]).name, message)


def _adopt_orphans(whether: bool) -> None:
    """Become the parent of servers whose starter has ended, so as to measure them, or no longer (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0)


def _reap_orphans(known: set[int]) -> float:
    """Wait for what the command has left behind, and return its CPU seconds."""
    cpu = 0.0
    deadline = time.monotonic() + _LAST_WORDS
    while left := [child for child in psutil.Process().children() if child.pid not in known]:
        for child in left:
            pid, _, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                cpu += usage.ru_utime + usage.ru_stime
            elif time.monotonic() > deadline:
                child.kill()
        time.sleep(0.01)
    return cpu


def _memory_mb(known: set[int]) -> float:
    """What the processes that this one has started hold: what they share counts once."""
    own, shared = 0, 0
    try:
        children = [child for child in psutil.Process().children() if child.pid not in known]
        tree = [process for child in children for process in (child, *child.children(recursive=True))]
    except psutil.NoSuchProcess:
        return 0.0
    for process in tree:
        try:
            memory = process.memory_info()
        except psutil.Error:
            continue
        common = getattr(memory, "shared", 0)
        own += max(0, memory.rss - common)
        shared = max(shared, common)
    return (own + shared) / 1e6


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
