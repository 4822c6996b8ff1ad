"""Processes that tests start and talk to; whatever happens, none of them is left."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def killed_at_the_end() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts processes as subprocess.Popen does, their output being text, and kills them in the end."""
    started: list[subprocess.Popen[str]] = []

    def start(command: list[str], **options: Any) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.communicate()
