"""The process's own stdout and stderr: what happens when they are full, closed, or nobody reads on.

stdout is data, so an error there ends the command; a reader who has had enough (``| head -1``) ends it
quietly, as any other program. stderr is talk, and no run fails because nobody can hear it.
"""

import io
import os
import signal
import sys
from typing import Any

from sparkify.errors import SparkifyError
from sparkify.printing.terminal import printable


class _Stream(io.RawIOBase):
    """A file descriptor to write to; after an error, whatever else is written goes nowhere."""

    def __init__(self, number: int, *, is_open: bool) -> None:
        self._number = number
        self._is_open = is_open
        self._is_broken = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if not self._is_open:
            raise io.UnsupportedOperation("the stream was closed before the process began")
        return self._number

    def isatty(self) -> bool:
        return self._is_open and os.isatty(self._number)

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if not self._is_broken:
            try:
                return os.write(self.fileno(), data)
            except OSError as error:
                self._is_broken = True
                self._failed(error)
        return len(data)

    def _failed(self, error: OSError) -> None:
        """Say so, or not."""


class _Data(_Stream):
    def _failed(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            raise SystemExit(128 + signal.SIGPIPE)
        raise SparkifyError(
            f"standard output: can't be written: {error.strerror or error}",
            "free some space where it goes to, or send it elsewhere; a load that was committed stays, which"
            " sparkify runs shows",
        )


class _Shown(io.TextIOWrapper):
    """A text stream that people look at: see ``terminal.py``."""

    def write(self, text: str) -> int:
        self.rich_proxied_file.write(printable(text, keep="\n\t"))
        return len(text)

    @property
    def rich_proxied_file(self) -> "_Sent":
        """Where rich writes instead, by this very name: see ``console.py``."""
        return _Sent(self)


class _Sent:
    """The same stream, for those who may move the cursor."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return io.TextIOWrapper.write(self._stream, text)

    @property
    def rich_proxied_file(self) -> "_Sent":
        """This very stream: nothing stands before it."""
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Take over both streams, for the rest of the process."""
    data = _Data(1, is_open=sys.stdout is not None)
    talk = _Stream(2, is_open=sys.stderr is not None)
    encoding = getattr(sys.stdout, "encoding", "utf-8")
    # Data for a file or a program stay as they are.
    sys.stdout = _text(data, encoding, is_shown=data.isatty())
    sys.stderr = _text(talk, encoding, is_shown=True)


def _text(stream: Any, encoding: str, *, is_shown: bool) -> io.TextIOWrapper:
    kind = _Shown if is_shown else io.TextIOWrapper
    # What the encoding of a terminal lacks is shown as \u1234 rather than not at all.
    return kind(io.BufferedWriter(stream, 2**16), encoding, "backslashreplace", line_buffering=is_shown)
