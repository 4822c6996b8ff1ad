"""Where in a JSON text the known keys lie, valid or not: whether its records are wrapped in something."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sparkify.reading.jsonpaths import Path

_TOKEN = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"(\s*+:\s*+)?|\\?\Z)|[{}\[\]]', re.DOTALL)
"""A mark, or a string with what follows it if it is a key. One without an end reaches to the end of the text:
otherwise each quote in it would be tried as a beginning."""

_ENOUGH = 3
"""So many known keys beside each other are a record."""

_LOOKED_FURTHER = 2**16
"""Characters behind a first record in which a second one is looked for, below another key."""

_DEPTH = 30
"""No deeper than this is anything looked for: who nests brackets without end means nothing by it."""

_Place = tuple[str | int, ...]


@dataclass
class Layout:
    """How a text is laid out.

    Attributes:
        records: the keys, and 0 for any position of an array, below which the records lie; empty if on top,
            or nowhere.
        second_key: another key that leads to a record in place of the last one.
        are_texts: whether what lies there, or on top, is a text that holds JSON.
        has_keys: whether there is any key.
        has_values: whether a known key has a value that is neither an object nor an array.
        has_columns: whether known keys have arrays or objects instead.
    """

    records: Path = field(default_factory=list)
    second_key: str = ""
    are_texts: bool = False
    has_keys: bool = False
    has_values: bool = False
    has_columns: bool = False


def layout_of(text: str, paths: Sequence[Path]) -> Layout:
    """The layout of a text.

    Args:
        text: JSON, as far as it goes.
        paths: the keys that lead to the values of the columns.
    """
    return _Reading(text, paths).layout


class _Reading:
    """One look at a text, from mark to mark."""

    def __init__(self, text: str, paths: Sequence[Path]) -> None:
        self._text = text
        self._known = {str(path[0]) for path in paths}
        self._columns = {tuple(path) for path in paths}
        self._enough = min(_ENOUGH, len(self._known))
        self._seen: dict[_Place, set[str]] = {}
        self._open: list[tuple[str, _Place]] = []  # objects and arrays, each with its place
        self._key: str | None = None
        self.layout = Layout()
        end = len(text)
        for token in _TOKEN.finditer(text):
            if token.start() > end or self._is_done(token):
                break
            if self.layout.records:
                end = min(end, token.end() + _LOOKED_FURTHER)

    def _is_done(self, token: re.Match[str]) -> bool:
        """Take a mark, and say whether all is known."""
        mark = token[0]
        if token[2] is not None:
            return self._take_key(token)
        if mark in ("{", "["):
            self._open.append((mark, self._place()))
            if len(self._open) > _DEPTH:
                return True
        elif mark in ("}", "]"):
            del self._open[-1:]
        elif self._is_record(token):
            self.layout.records, self.layout.are_texts = list(self._place()), True
            return True
        self._key = None
        return False

    def _is_record(self, token: re.Match[str]) -> bool:
        """Whether a text that is a value, or all there is, holds a record as JSON."""
        known = sum(f'\\"{name}\\"' in token[1] for name in self._known)
        is_value = bool(self._place()) or not token.start()
        return known >= self._enough and is_value and not self.layout.records

    def _take_key(self, token: re.Match[str]) -> bool:
        key = self._key = _unescaped(token[1])
        place = self._open[-1][1] if self._open else ()
        layout = self.layout
        layout.has_keys = True
        if _below_rows((*place, key)) in self._columns:
            is_nested = self._text[token.end() : token.end() + 1] in ("{", "[")
            layout.has_columns |= is_nested
            layout.has_values |= not is_nested
        keys = self._seen.setdefault(place, set())
        keys.add(key)
        if len(keys & self._known) < self._enough:
            return False
        if not any(isinstance(step, str) for step in place):
            return True
        if list(place) == layout.records:
            return False
        if not layout.records:
            layout.records = list(place)
        elif isinstance(place[-1], str) and list(place[:-1]) == layout.records[:-1]:
            layout.second_key = place[-1]
            return True
        return False

    def _place(self) -> _Place:
        """The place of a value: below a key of what is open, or in an array that is."""
        if not self._open:
            return ()
        mark, place = self._open[-1]
        if mark == "[":
            return (*place, 0)
        return place if self._key is None else (*place, self._key)


def _below_rows(place: _Place) -> _Place:
    """A place in a record, where records are the elements of arrays."""
    rows = 0
    while rows < len(place) and isinstance(place[rows], int):
        rows += 1
    return place[rows:]


def _unescaped(key: str) -> str:
    try:
        return str(json.loads(f'"{key}"'))
    except ValueError:
        return key
