"""Which loaded files people mean: by their whole name, its end, or a pattern of it."""

import os
import shlex
from collections.abc import Iterable
from fnmatch import fnmatchcase

from sparkify.config.location import is_on_s3
from sparkify.errors import UsageError


def is_meant(uri: str, name: str) -> bool:
    """Whether a file is meant by a name.

    Args:
        uri: the file's.
        name: the same, a local path, the last parts of it, or a pattern of these (``*``, ``?``, ``[…]``).
    """
    if uri == name or uri.endswith(f"/{name}"):
        return True
    if not is_on_s3(name) and uri in (os.path.abspath(name), os.path.realpath(name)):  # noqa: PTH100 (as given)
        return True
    return fnmatchcase(uri, name) or fnmatchcase(uri, f"*/{name}")


def meant_by(names: Iterable[str], uris: Iterable[str], what: str, hint: str) -> set[str]:
    """The files that are meant by some names.

    Args:
        names: what people have said; each must mean a file.
        uris: of the files.
        what: what kind of files these are, for the message.
        hint: what to do where a name means none of them.

    Raises:
        UsageError: a name means no file.
    """
    all_uris, found = list(uris), set[str]()
    for name in names:
        if not (meant := {uri for uri in all_uris if is_meant(uri, name)}):
            if name and any(name in uri for uri in all_uris):
                hint = f"part of a name is given as a pattern: {shlex.quote(f'*{name}*')}; or {hint}"
            raise UsageError(f"{name or 'an empty name'}: no {what} has this name", hint)
        found |= meant
    return found
