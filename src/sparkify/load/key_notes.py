"""What people are told about the keys of a load: which are missing, spelled otherwise, or new.

A sample of the records shows spellings; how many rows go without a value, the database says exactly.
"""

import json
from collections import Counter
from collections.abc import Mapping

from sparkify.load.key_sample import MAX_UNKNOWN, Guess, KeySample
from sparkify.printing.terminal import printable
from sparkify.reading.jsonpaths import written
from sparkify.reading.keys import KeyMap
from sparkify.sources.objects import NOUNS, Source
from sparkify.warehouse.contract import Session

_SHOWN_KEYS = 5
_SHOWN_CHARACTERS = 60

Guesses = Mapping[int, Counter[Guess]]
"""By column, the paths of values that its own path does not lead to, and how many records have them."""


def notes_on_keys(
    warehouse: Session | None, source: Source, keys: KeyMap, sample: KeySample
) -> tuple[list[str], list[str]]:
    """What is to be said about the keys of a load.

    Args:
        warehouse: where the records have been staged; None where none could be.
        source: which of the two.
        keys: what the records should have.
        sample: what was found.

    Returns:
        Warnings, of values that are not loaded; and notes.
    """
    columns = sorted({*sample.missing, *sample.instead})
    names, rows, values = _count_values(warehouse, f"batch_{NOUNS[source]}", columns)
    never = [column for column in sample.instead if not values[column] and column not in sample.valued]
    _, _, values_before = _count_values(warehouse, f"staging_{NOUNS[source]}", never)
    # A column reads one path, so another one is right only where it leads to all values that there are.
    fits = {
        column: sample.instead[column]
        for column in never
        if not values_before[column] and max(sample.instead[column].values()) == sample.without[column]
    }
    mixed = _plain(keys, {column: sample.instead[column] for column in sample.instead.keys() - fits.keys()})
    missing = [column for column in sample.missing if not values[column] and (rows or sample.records)]
    warnings, notes = [], []
    if absent := [column for column in missing if column not in fits and column not in mixed]:
        # The way a JSONPaths file writes them, where there is one to look at.
        paths = ", ".join(
            written(keys.paths[column]) if keys.origin else keys.names[column] for column in absent
        )
        remedy = f"check its spelling in {keys.origin}, then load again with: sparkify etl --full"
        notes.append(f"{source}: no record has {paths}" + (f"; {remedy}" if keys.origin else ""))
    for guesses, remedy in (
        (fits, _remedy(source, keys, fits, is_loaded=bool(rows))),
        (mixed, "a column accepts one spelling: use the same in all files, then run: sparkify etl"),
    ):
        if guesses:
            lost = {names[column]: rows - values[column] for column in sorted(guesses)}
            warnings.append(f"{source}: {_found(keys, guesses, sample.records)}{_lost(lost, rows)}; {remedy}")
    named = {guess[0] for guesses in (fits, mixed) for some in guesses.values() for guess in some}
    if unknown := sorted(sample.unknown.keys() - named):
        shown = ", ".join(_shown(json.dumps(key)) for key in unknown[:_SHOWN_KEYS])
        more = len(unknown) - _SHOWN_KEYS
        at_least = "more than " if len(sample.unknown) == MAX_UNKNOWN else ""
        notes.append(
            f"{source}: keys without a column, ignored: {shown}"
            + (f" and {at_least}{more:,} more" if more > 0 else "")
            + f" ({sample.records:,} records were looked at)"
        )
    return warnings, notes


def _count_values(
    warehouse: Session | None, table: str, columns: list[int]
) -> tuple[dict[int, str], int, dict[int, int]]:
    """The names of some columns, the number of rows, and in how many each of the columns has a value."""
    if warehouse is None or not columns:
        return dict.fromkeys(columns, ""), 0, dict.fromkeys(columns, 0)
    all_names, _ = warehouse.select(f"SELECT * FROM {table} LIMIT 0")
    names = {column: all_names[column] for column in columns}
    counts = ", ".join(f"COUNT({name})" for name in names.values())
    ((rows, *values),) = warehouse.query(f"SELECT COUNT(*), {counts} FROM {table}")
    return names, rows, dict(zip(columns, values, strict=True))


def _plain(keys: KeyMap, guesses: Guesses) -> Guesses:
    """Those of which the meaning is plain though other records have the key as it should be.

    A word such as status may stand for anything somewhere inside of a record, but not beside others of our
    keys.
    """
    beside: dict[Guess, set[int]] = {}
    for column, paths in guesses.items():
        for guess in paths:
            beside.setdefault(guess[:-1], set()).add(column)

    def is_plain(column: int, guess: Guess) -> bool:
        is_one_word = keys.names[column].isalpha() and keys.names[column].islower()
        return len(guess) == 1 or not is_one_word or len(beside[guess[:-1]]) > 1

    plain = {
        column: Counter({guess: count for guess, count in paths.items() if is_plain(column, guess)})
        for column, paths in guesses.items()
    }
    return {column: paths for column, paths in plain.items() if paths}


def _found(keys: KeyMap, guesses: Guesses, records: int) -> str:
    found = [
        f"{count:,} have {_shown(written(list(guess)))} in place of {_shown(written(keys.paths[column]))}"
        for column, paths in sorted(guesses.items())
        for guess, count in paths.most_common()
    ]
    more = (
        f" and {len(found) - _SHOWN_KEYS:,} more of our keys in other places"
        if len(found) > _SHOWN_KEYS
        else ""
    )
    return f"of {records:,} records looked at, {', '.join(found[:_SHOWN_KEYS])}{more}"


def _lost(lost: Mapping[str, int], rows: int) -> str:
    """How many rows have no value, by column."""
    some = [f"{count:,} have no {name}" for name, count in lost.items() if count][:_SHOWN_KEYS]
    return f"; of {rows:,} rows loaded, {', '.join(some)}" if some else ""


def _remedy(source: Source, keys: KeyMap, fits: Guesses, *, is_loaded: bool) -> str:
    if source == "song_data":
        return "rename them in the files, for song files have no JSONPaths file; then run: sparkify etl"
    paths = [
        list(fits[column].most_common(1)[0][0]) if column in fits else path
        for column, path in enumerate(keys.paths)
    ]
    place = printable(keys.place) or "the file that --log-jsonpath names"
    text = json.dumps({"jsonpaths": [written(path) for path in paths]})
    return f"to read them, run sparkify etl{' --full' * is_loaded} with this as {place}: {text}"


def _shown(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
