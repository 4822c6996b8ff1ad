"""Puts what was written aside into its place in one step, and loses nothing of other people's by it.

Who checks a place before some minutes of work, and replaces it afterwards, deletes what somebody has put
there meanwhile. So the two change places, and only then it is looked at what is to be deleted.
"""

import ctypes
import errno
import os
import secrets
import sys
from pathlib import Path

_AT_WORKING_DIRECTORY = -100
_NO_REPLACE, _EXCHANGE = 1, 2
_CAN_NOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
"""What is said by systems, and by file systems, that don't know these ways of renaming."""


def name_beside(path: Path) -> Path:
    """A name in the same folder that nobody can foresee, to lay a link there."""
    return path.absolute().with_name(f".{path.name}.{secrets.token_hex(8)}")


def switch(aside: Path, place: Path) -> bool:
    """Put what is aside into its place; what was there before is aside then.

    Returns:
        Whether anything was there.

    Raises:
        OSError: it can't be done; both are where they were.
    """
    try:
        if not rename_as(aside, place, _EXCHANGE):
            return _switch_in_steps(aside, place)
    except FileNotFoundError:
        move(aside, place)
        return False
    return True


def _switch_in_steps(aside: Path, place: Path) -> bool:
    # There is a moment without anything in the place, but none with half of something.
    old = name_beside(place)
    try:
        place.rename(old)
    except FileNotFoundError:
        move(aside, place)
        return False
    try:
        move(aside, place)
    except OSError:
        old.rename(place)
        raise
    old.rename(aside)
    return True


def move(one: Path, other: Path) -> None:
    """Rename a file or folder to a name that nothing has.

    Raises:
        FileExistsError: something has it.
        OSError: it can't be done.
    """
    if not rename_as(one, other, _NO_REPLACE):
        if os.path.lexists(other):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(other))
        one.rename(other)


def rename_as(one: Path, other: Path, how: int) -> bool:
    """Rename in a way that renameat2(2) of Linux knows, in one step; False where there is no such way."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    here = _AT_WORKING_DIRECTORY
    if renameat2(here, os.fsencode(one), here, os.fsencode(other), how) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CAN_NOT:
        return False
    raise OSError(code, os.strerror(code), str(other))
