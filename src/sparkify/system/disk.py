"""What to do about files that can't be written, by the system's reason."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkify.errors import SparkifyError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


def remedy(error: OSError, otherwise: str) -> str:
    """What to do about an error while writing.

    Args:
        error: the system's.
        otherwise: what to do where neither space nor rights are missing.
    """
    if error.errno in FULL:
        return "free some space there, or name a place on another disk"
    if error.errno in _NOT_ALLOWED:
        return "name a place that you may write to"
    return otherwise


@contextmanager
def writing(place: Path, otherwise: str, verb: str = "written") -> Iterator[None]:
    """Turn the system's errors while writing into one that names the place and the remedy.

    Args:
        place: what is written.
        otherwise: what to do where neither space nor rights are missing.
        verb: what can't be done to it.

    Raises:
        SparkifyError: the system refused something within.
    """
    try:
        yield
    except OSError as error:
        raise SparkifyError(f"{place}: can't be {verb}: {error.strerror}", remedy(error, otherwise)) from None
