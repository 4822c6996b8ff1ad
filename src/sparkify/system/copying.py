"""Copies of large files: with shared blocks where the file system can, inside the kernel elsewhere."""

import contextlib
import errno
import os
import shutil
import sys
from typing import IO

_CLONE = 0x40049409
"""FICLONE, as ioctl_ficlone(2) has it on most machines; others refuse the number."""
_AT_ONCE = 256 * 2**20
_CAN_NOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV, errno.EBADF, errno.EPERM)
"""What is said where the kernel can't copy between two files."""


def clone(source: IO[bytes], target: IO[bytes]) -> bool:
    """Let an empty file share the blocks of another until one of the two is changed.

    Returns:
        Whether the file system can do that. It takes no space and next to no time then.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target.fileno(), _CLONE, source.fileno())
    except OSError:
        return False
    return True


def copy(source: IO[bytes], target: IO[bytes]) -> None:
    """Fill an empty file with what another holds.

    Raises:
        OSError: it can't be read or written.
    """
    size, done = os.fstat(source.fileno()).st_size, 0
    if sys.platform == "linux":
        with contextlib.suppress(_NotHereError):
            while done < size:
                done += _copy_in_kernel(source, target, done, min(_AT_ONCE, size - done))
    if done < size:
        source.seek(done)
        target.seek(done)
        shutil.copyfileobj(source, target, 2**20)
        target.flush()


class _NotHereError(Exception):
    """The kernel does not copy between these files."""


def _copy_in_kernel(source: IO[bytes], target: IO[bytes], begin: int, size: int) -> int:
    if sys.platform != "linux":
        raise _NotHereError
    try:
        copied = os.copy_file_range(source.fileno(), target.fileno(), size, begin, begin)
    except OSError as error:
        if error.errno in _CAN_NOT:
            raise _NotHereError from None
        raise
    if not copied:
        raise _NotHereError
    return copied
