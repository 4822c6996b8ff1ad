"""SIGINT, SIGTERM and SIGHUP (the terminal is closed): all stop a command cleanly, and within a bounded time.

Python runs signal handlers between its own steps only, so a long statement of the database or a request to
a silent server could keep one waiting. A thread of its own therefore learns of the signal at once, stops
the statement, and ends the process where nothing else does: what is not committed is gone either way.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # not on Windows
)

GRACE_SECONDS = 5.0
"""How long the process may take to end by itself. A second signal ends it at once."""


_INTERRUPT_SECONDS = 0.1


class Stopped(BaseException):
    """The process has been told to stop. Not an Exception, for nobody but the command line may catch it.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


_UNCHANGED = "the warehouse is unchanged"
_LATE = "ended while the warehouse was being committed; another run finds out whether it was"


class _State:
    received = 0
    is_raised = False
    is_too_late = False
    late = _LATE
    outcome: Callable[[], str] = staticmethod(lambda: _UNCHANGED)
    running: tuple[Callable[[], None], ...] = ()
    wakeup = -1
    ends_statement = False


def install() -> None:
    """Take over the signals, for the rest of the process; one that is ignored, as by nohup, stays ignored."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    _State.wakeup = writing.fileno()
    signal.set_wakeup_fd(_State.wakeup, warn_on_full_buffer=False)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    threading.Thread(target=_watch, args=(reading, writing), name="signals", daemon=True).start()


def received() -> int:
    """The signal that has told the process to stop, or 0."""
    return 0 if _State.is_too_late else _State.received


def check() -> None:
    """For those who wait in another thread, which no signal reaches: end it if the process is to stop.

    Raises:
        Stopped: it is.
    """
    if number := received():
        raise Stopped(number)


def message(number: int) -> str:
    """What to say of it."""
    return f"stopped by {signal.Signals(number).name}; {_State.outcome()}"


def leaves(outcome: Callable[[], str]) -> None:
    """Have something else said of what is left when the process is stopped than that of the warehouse.

    Args:
        outcome: called when it is stopped, maybe in another thread.
    """
    _State.outcome = outcome


@contextlib.contextmanager
def interruptible(interrupt: Callable[[], None]) -> Iterator[None]:
    """Have a function called from another thread when the process is told to stop, and stop meanwhile."""
    before = _State.running
    _State.running = (*before, interrupt)
    try:
        yield
    except Exception:
        # What was interrupted says so in errors of its own.
        check()
        raise
    finally:
        _State.running = before


def point_of_no_return(late: str = _LATE) -> None:
    """From now on a signal comes too late: what has been done is committed, and the process ends well.

    Args:
        late: what to say to those who send a second one.
    """
    check()
    _State.late = late
    _State.is_too_late = True


def start_again() -> None:
    """What was about to be committed is not, and is tried again: from now on a signal is in time again.

    Raises:
        Stopped: one has come meanwhile.
    """
    _State.is_too_late = False
    _State.late = _LATE
    if _State.received and not _State.is_raised:
        _State.is_raised = True
        raise Stopped(_State.received)


@contextlib.contextmanager
def ends_statement() -> Iterator[None]:
    """Let Ctrl-C end what runs within, as KeyboardInterrupt, and not the process."""
    times = 0

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        raise KeyboardInterrupt

    handler, before = signal.signal(signal.SIGINT, interrupt), _State.ends_statement
    signal.set_wakeup_fd(_State.wakeup, warn_on_full_buffer=False)  # line editors take it away
    _State.ends_statement = True
    try:
        yield
    except Exception:
        # What was interrupted says so in errors of its own.
        if times:
            raise KeyboardInterrupt from None
        raise
    finally:
        _State.ends_statement = before
        signal.signal(signal.SIGINT, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    _State.received = number
    if not _State.is_raised and not _State.is_too_late:
        _State.is_raised = True
        raise Stopped(number)


def _watch(reading: socket.socket, _writing: socket.socket) -> None:
    while (number := _next_signal(reading)) == signal.SIGINT and _State.ends_statement:
        _interrupt()
    _State.received = number  # known to all threads before the main one gets to its handler
    if _State.is_too_late:
        _next_signal(reading)
    else:
        _interrupt_until_a_second(reading)
    sys.stderr.write(f"{_State.late if _State.is_too_late else message(number)}\n")
    sys.stderr.flush()
    os._exit(128 + number)


def _interrupt() -> None:
    for interrupt in _State.running:
        with contextlib.suppress(Exception):  # what it would stop has ended and been closed meanwhile
            interrupt()


def _interrupt_until_a_second(reading: socket.socket) -> None:
    """Stop what runs, for as long as the process may take to end, or until a second signal comes.

    Again and again: an interrupt that comes between two statements of a script ends neither.
    """
    end = time.monotonic() + GRACE_SECONDS
    while (left := end - time.monotonic()) > 0:
        _interrupt()
        reading.settimeout(min(left, _INTERRUPT_SECONDS))
        with contextlib.suppress(TimeoutError):
            _next_signal(reading)
            return


def _next_signal(reading: socket.socket) -> int:
    while True:
        for number in reading.recv(16):
            if number in SIGNALS:
                return number
