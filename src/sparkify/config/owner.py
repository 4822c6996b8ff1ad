"""Whose a configuration file is: nobody else may read one with secrets, and one of others is not used."""

import os
import shlex
import stat
from pathlib import Path

from sparkify.errors import UsageError

SECRETS = ("db_password", "aws_secret_access_key", "aws_session_token")
"""The settings that are secrets."""


def masked(name: str, value: object) -> object:
    """A setting as it may be shown: of a secret only that it is set."""
    return "(set)" if value and name in (*SECRETS, "aws_access_key_id") else value


def require_own(path: Path, status: os.stat_result) -> None:
    """Refuse a file that was found and not named, and that is not the user's or root's alone to write.

    It is refused rather than left out: without it a command would work in another warehouse.

    Args:
        path: the file.
        status: its owner and permissions, once it has been opened.

    Raises:
        UsageError: it is somebody else's.
    """
    if not hasattr(os, "geteuid"):
        return  # Windows has other owners than these
    name = shlex.quote(str(path))
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{path}: not a regular file", "replace it, or name another with --config FILE")
    owners = {status.st_uid, path.lstat().st_uid}  # of what a link leads to, and of the link
    if others := owners - {0, os.geteuid()}:
        raise UsageError(
            f"{path}: belongs to another user (uid {others.pop()}), and is used only if named explicitly",
            f"if you trust it, use --config {name}, or take ownership with: chown $(id -u) {name}",
        )
    if _permitted(status) & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError(
            f"{path}: other users can change it, so it is used only if named explicitly",
            f"restrict it with chmod go-w {name}, or, if you trust it, use --config {name}",
        )


def readers_warning(path: Path, status: os.stat_result, secret_keys: list[str]) -> str:
    """What is to be said of a file with secrets that others can read; empty where nothing is.

    Args:
        path: the file.
        status: its owner and permissions.
        secret_keys: where it holds secrets, as ``[SECTION] KEY``.
    """
    if not secret_keys or not _permitted(status) & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return (
        f"{path}: other users can read it, and it contains {', '.join(secret_keys)};"
        f" restrict it with: chmod 600 {shlex.quote(str(path))}"
    )


def _permitted(status: os.stat_result) -> int:
    """The permissions of a file that count for others than its owner."""
    if not hasattr(os, "geteuid"):
        return 0  # Windows has other permissions than these
    ours = stat.S_IRWXU | (stat.S_IRWXG if _is_of_one(status) else 0)
    return stat.S_IMODE(status.st_mode) & ~ours


def _is_of_one(status: os.stat_result) -> bool:
    """Whether a file's group is its owner's alone, as many systems make one for each user."""
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid)
    except KeyError:
        return False
    return group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}
