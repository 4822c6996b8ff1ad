r"""The text of records that can't be loaded: which of it is kept, and how it becomes lines of a file again.

Bytes that are not UTF-8 are written out as ``\xe9``, so that they can be stored as text and be had back.
"""

import json
import re

from sparkify.reading.splitter import TOO_LONG, decode

KEPT_TEXTS = 10_000
"""Of so many rejected records of a file the text is kept."""

KEPT_BYTES = 16 * 2**20
"""So many bytes of these texts are kept whole."""

BEGINNING_CHARACTERS = 1000
"""Of texts beyond that only the beginning is kept."""

SPACE = " \t\r\n"
"""What is cut off around a record: JSON knows no other white space."""

_WRITTEN_OUT = re.compile(rb"\\x([0-9a-f]{2})")


def escaped(data: bytes) -> str:
    """Bytes as text: those that are not UTF-8 are written out, and backslashes that would look like that."""
    return data.replace(rb"\x", rb"\x5cx").decode(errors="backslashreplace")


def original(text: str, reason: str) -> bytes:
    """The bytes of a record.

    Args:
        text: as it is kept.
        reason: why it could not be loaded.
    """
    data = text.encode()
    if reason.startswith("not UTF-8"):
        return _WRITTEN_OUT.sub(lambda match: bytes([int(match[1], 16)]), data)
    return data


def on_one_line(data: bytes) -> bytes:
    """A record on one line, if it is JSON: line ends within other text may be part of a value."""
    if b"\n" not in data and b"\r" not in data:
        return data
    try:
        text = data.decode("latin-1")  # whatever it holds, line ends stay what they are
        end = decode(text.lstrip())[1]
        is_json = end == len(text.strip())
    except (json.JSONDecodeError, RecursionError):
        is_json = False
    return re.sub(rb"[\r\n]+[ \t]*", b" ", data) if is_json else data


class KeptTexts:
    """Which texts of rejected records are kept; ``stage_rejects.sql`` says the same for DuckDB.

    Args:
        longest: how many bytes a text of the database may have.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._counts: dict[int, int] = {}
        self._sizes: dict[int, int] = {}

    def of(self, file_id: int, text: str, reason: str) -> tuple[str | None, bool]:
        """What is kept of a text, and whether that is all of it.

        Args:
            file_id: of the record's file.
            text: of the record.
            reason: why it can't be loaded.
        """
        data = text.encode()
        count = self._counts[file_id] = self._counts.get(file_id, 0) + 1
        size = self._sizes[file_id] = self._sizes.get(file_id, 0) + len(data)
        if count > KEPT_TEXTS:
            return None, False
        # PostgreSQL's wire has no NUL characters in texts.
        shown = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
        if size > KEPT_BYTES:
            return shown[:BEGINNING_CHARACTERS], False
        kept = shown.encode()[: self._longest].decode(errors="ignore")
        return kept, kept == text and reason != TOO_LONG
