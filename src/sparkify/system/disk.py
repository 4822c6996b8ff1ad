"""What to do about files that can't be written, by the system's reason."""

import errno

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
