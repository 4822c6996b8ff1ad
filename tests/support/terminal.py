"""A command on a pseudo-terminal, which is typed to and read from."""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Typed:
    """``sparkify …`` in a terminal of 100 by 40 characters.

    Args:
        arguments: the command.
        cwd: where it runs.
        environment: what it has beside the one of the tests.
    """

    def __init__(self, *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))

        def take_over() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal

        self.process = subprocess.Popen(
            [sys.executable, "-m", "sparkify", *arguments],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **(environment or {})},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            preexec_fn=take_over,
        )
        os.close(inner)
        self.shown = ""

    def until(self, text: str, pressing: str = "") -> str:
        """Read until a text is shown, and give all that was shown before it since the last time.

        Args:
            text: the text.
            pressing: keys to press again and again meanwhile.
        """
        end = time.monotonic() + 60
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} was not shown, but: {self.shown}"
            ready, _, _ = select.select([self.terminal], [], [], 0.5 if pressing else 60)
            if pressing and not ready:
                self.type(pressing)
                continue
            part = b""
            with contextlib.suppress(OSError):  # how Linux says that the other side is gone
                part = os.read(self.terminal, 65536) if ready else b""
            assert part, f"{text!r} was not shown, but: {self.shown}"
            self.shown = _SEQUENCE.sub("", self.shown + part.decode(errors="replace"))
        before, _, self.shown = self.shown.partition(text)
        return before

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        """Wait for the end, and give the exit code."""
        code = self.process.wait(60)
        os.close(self.terminal)
        return code
