"""Who holds a lock on a file, without asking for one: a lock that is asked for may keep others waiting."""

import struct
import sys
from pathlib import Path

_FLOCK = "hhqqi"  # type, whence, start, length, process: fcntl(2) on 64-bit Linux


def lock_holder(path: Path) -> tuple[int, str] | None:
    """The process that has a file locked, and its name; None if nobody has, or the system does not tell.

    This process must not have a lock on it: closing the file would release it.
    """
    if sys.platform != "linux":
        return None
    import fcntl
    import os

    question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        with path.open("rb") as file:
            answer = fcntl.fcntl(file.fileno(), fcntl.F_GETLK, question)
        kind, _, _, _, process = struct.unpack(_FLOCK, answer)
    except (OSError, struct.error):
        return None
    if kind == fcntl.F_UNLCK:
        return None
    try:
        name = Path(f"/proc/{process}/comm").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # of another container, or gone
        name = ""
    return process, name
