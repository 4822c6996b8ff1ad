"""What may reach a terminal: whatever is on its way there passes ``printable``.

Names of files, keys, values and settings hold anything, and a terminal obeys what it is sent: it gives itself
another title, other colours, lines that were never written. So such characters are shown, not sent. Texts
pass ``printable`` where messages and tables are made, and all of them once more at the door: ``streams.py``
has it for what is written to stdout and stderr, ``console.py`` for what goes there by rich, whose own
sequences must get through.
"""

import re
import sys
from collections.abc import Callable
from functools import lru_cache

_UNSEEN = (
    *((0x00, 0x1F), (0x7F, 0x9F)),  # control characters, those of eight bits too
    *((0x61C, 0x61C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069)),  # change the direction of text
    *((0x2028, 0x2029),),  # begin a line
    # take no room; but not the joiners U+200C and U+200D, which writing needs
    *((0xAD, 0xAD), (0x180E, 0x180E), (0x200B, 0x200B), (0x2060, 0x2065), (0x206A, 0x206F), (0xFEFF, 0xFEFF)),
    *((0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE007F)),
    *((0xD800, 0xDFFF),),  # halves of pairs: bytes of a name that are no text
)


def printable(text: str, *, keep: str = "", escape: Callable[[str], str] = ascii) -> str:
    r"""A text in which whatever can't be seen, but does something, is shown: as ``\x1b`` or ``\u202e``.

    Args:
        text: the text.
        keep: characters that stay.
        escape: how a character is shown, between quotes: as Python writes it, or JSON.
    """
    return _pattern(keep).sub(lambda found: escape(found[0])[1:-1], text)


@lru_cache
def _pattern(keep: str) -> re.Pattern[str]:
    ranges = "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in _UNSEEN)
    return re.compile(f"(?![{re.escape(keep)}])[{ranges}]" if keep else f"[{ranges}]")


def shortened(text: str, most: int = 100) -> str:
    """A text cut to so many characters: what outsiders name or write may have megabytes."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def say(text: str, *, in_lines: bool = False) -> None:
    """Tell people something, on stderr.

    Args:
        text: what.
        in_lines: whether it may have several lines. All but the first are indented, so that no line of a name
            looks like a message of its own.
    """
    shown = printable(text, keep="\n" if in_lines else "")
    if sys.stderr is not None:  # as in a process without one
        sys.stderr.write(re.sub(r"\n(?!  )", "\n  ", shown) + "\n")
