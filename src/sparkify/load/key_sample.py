"""Looks at some records of a load: which of the expected keys they have, and which others.

A key counts as one of ours in another spelling if it is the same but for case, punctuation and nesting:
``userid``, ``user_id``, ``user.id``. What merely resembles one (``uid``) is left to people. Whatever the
records hold, time and memory are bounded, and values are not kept.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sparkify.reading.jsonpaths import Path
from sparkify.reading.keys import KeyMap

SAMPLED_RECORDS = 1000
"""So few that looking at them costs some milliseconds. Of what comes then every second one is looked at, then
every fourth, and so on: a change in the last file of a large load is seen as well."""

MAX_CHARACTERS = 2**17
"""Longer texts are not looked at; those of all columns have less in real records."""

MAX_UNKNOWN = 1000
"""How many unknown keys are remembered."""

KEPT_CHARACTERS = 100
"""How much is remembered of an unknown key; longer ones are no other spelling of one of ours."""

_MAX_GUESSES = 200
_MAX_STEPS = 4
_MAX_KEYS = 1000  # of one record

_IDENTITIES = ("ts", "song_id")
"""The keys by which a record is told from others of its kind."""

_ABSENT = object()

Guess = tuple[str | int, ...]
"""The path to a value that is called like one of the expected keys."""


class KeySample:
    """Looks at some records of a load, for keys that are missing and keys that are new.

    Args:
        keys: what the records should have.

    Attributes:
        records: how many have been looked at.
        instead: by column, the other paths that lead to a value where its own leads to none, and in how many
            records.
        without: by column, how many records have a value only at such other paths.
        valued: the columns whose own paths led to a value in some record.
        unknown: the keys that lead to no column, in the order in which they were found; ``MAX_UNKNOWN`` at
            most, and cut to ``KEPT_CHARACTERS``.
    """

    def __init__(self, keys: KeyMap) -> None:
        self._paths, self._names = keys.paths, keys.names
        self._own = {tuple(path) for path in keys.paths}
        self._columns = {_name_of(path): column for column, path in enumerate(keys.paths)}
        self._columns |= {_name_of([name]): column for column, name in enumerate(keys.names)}
        self._first_steps = {path[0] for path in keys.paths}
        self._missing = set(range(len(keys.paths)))
        # Not every n-th: a pattern in the data could keep time with it.
        self._random = random.Random(0)  # noqa: S311 (nothing secret)
        self._parse = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode  # integers of any length
        self._parsed = 0
        self.records = 0
        self.instead: dict[int, Counter[Guess]] = {}
        self.without: Counter[int] = Counter()
        self.valued: set[int] = set()
        self.unknown: dict[str, None] = {}

    def look(self, texts: list[str]) -> None:
        """Look at some more records."""
        for text in texts:
            if (
                self._random.random() * 2 ** (self._parsed // SAMPLED_RECORDS) >= 1
                or len(text) > MAX_CHARACTERS
            ):
                continue
            self._parsed += 1
            try:
                # Whatever stands around the object: marks of byte order, brackets, commas.
                record, _ = self._parse(text, text.index("{"))
            except (ValueError, RecursionError):
                continue
            self.records += 1
            self._look_at(record)

    def _look_at(self, record: dict[str, Any]) -> None:
        for key in record.keys() - self._first_steps:
            if len(self.unknown) >= MAX_UNKNOWN:
                break
            self.unknown[key[:KEPT_CHARACTERS]] = None
        values = [_value(path, record) for path in self._paths]
        self._missing -= {column for column in self._missing if values[column] is not _ABSENT}
        empty = {column for column, value in enumerate(values) if value in (_ABSENT, None, "")}
        self.valued |= set(range(len(values))) - empty
        if not empty:
            return
        found = list(_spelled_otherwise(record, self._columns))
        if any(_is_in_list(guess) and self._names[column] in _IDENTITIES for guess, column, _ in found):
            # A list of records: its first element stands for none of the others.
            found = [item for item in found if not _is_in_list(item[0])]
        counted = set()
        for guess, column, value in found:
            if column not in empty or guess in self._own:
                continue
            # Where the key is there without a value, as of a user who is logged out, only one beside it that
            # has a value stands for it.
            if values[column] is not _ABSENT and (
                len(guess) > len(self._paths[column]) or value in (None, "")
            ):
                continue
            guesses = self.instead.setdefault(column, Counter())
            if guess in guesses or len(guesses) < _MAX_GUESSES:
                guesses[guess] += 1
                counted.add(column)
        self.without.update(counted)

    @property
    def missing(self) -> list[int]:
        """The columns whose paths led to nothing in any of the records."""
        return sorted(self._missing)


def _value(path: Path, value: object) -> object:
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return _ABSENT
            value = value[step]
        elif not isinstance(value, dict) or step not in value:
            return _ABSENT
        else:
            value = value[step]
    return value


def _spelled_otherwise(record: object, columns: dict[str, int]) -> Iterator[tuple[Guess, int, object]]:
    """The paths to values that are called like a column's key, the column, and the value; flat ones first."""
    level: list[tuple[Guess, tuple[str, ...], object]] = [((), (), record)]
    looked_at = 0
    for _ in range(_MAX_STEPS):
        below: list[tuple[Guess, tuple[str, ...], object]] = []
        for path, names, value in level:
            for step, inner in _steps(value):
                looked_at += 1
                if looked_at > _MAX_KEYS:
                    return
                if isinstance(step, str) and len(step) > KEPT_CHARACTERS:
                    continue
                longer, inner_names = (*path, step), names + _names(step)
                if isinstance(inner, dict | list):
                    below.append((longer, inner_names, inner))
                elif (column := _column(inner_names, columns)) is not None and _is_text(longer):
                    yield longer, column, inner
        level = below


def _steps(value: object) -> list[tuple[str | int, object]]:
    if isinstance(value, dict):
        return list(value.items())
    # Of several elements none is plainly the one.
    return [(0, value[0])] if isinstance(value, list) and len(value) == 1 else []


def _column(names: tuple[str, ...], columns: dict[str, int]) -> int | None:
    """The column whose key the last of some names make up."""
    name = ""
    for part in reversed(names):
        name = part + name
        if name in columns:
            return columns[name]
    return None


@lru_cache(4096)
def _names(step: str | int) -> tuple[str, ...]:
    """What one key says, without case and punctuation; ``user.id`` says two things."""
    if isinstance(step, int):
        return ()
    parts = ("".join(filter(str.isalnum, part.casefold())) for part in re.split("[./:]", step))
    return tuple(filter(None, parts))


def _name_of(path: Path) -> str:
    return "".join(name for step in path for name in _names(step))


def _is_in_list(guess: Guess) -> bool:
    return any(isinstance(step, int) for step in guess)


def _is_text(guess: Guess) -> bool:
    """Whether a path can be written: half of a surrogate pair can't."""
    return not any("\ud800" <= character <= "\udfff" for step in guess for character in str(step))
