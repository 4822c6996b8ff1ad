"""What keeps a page that is full of other people's texts from doing anything, wherever it is opened."""

import base64
import hashlib
import os
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from sparkify.printing.terminal import printable


def policy(script: str, style: str) -> str:
    """A Content-Security-Policy by which a browser runs the page's own script and style, and no others.

    Whatever would get into the page past the escaping, it would be neither run nor loaded.

    Args:
        script: all that stands in the page's script element.
        style: likewise.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_source(script)}",
            # Bars and axes have their places in attributes, which can run nothing.
            f"style-src 'unsafe-inline'; style-src-elem {_source(style)}; style-src-attr 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'; form-action 'none'",
        ]
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def quiet(value: Any) -> Any:
    """What is put into the page, so that it can't speak to a terminal where somebody prints the page."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)  # what made that passed here before
    return printable(value, keep="\n") if is_text else value


def below(places: Sequence[str | None], place: str) -> str:
    """A file's name from the folder on that all files of its kind lie in: where that is tells of a machine.

    Args:
        places: at least the first and the last of all, in the order of their bytes.
        place: the file's.
    """
    common = os.path.commonprefix([*filter(None, places), place])  # noqa: RUF071 - cut at a slash below
    folder = re.match(r".*[/\\]|", common, re.DOTALL)
    return place[len(folder[0]) if folder else 0 :]
