"""What was rejected: grouped by reason and file, and as lines to mend."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sparkify.load.file_names import meant_by
from sparkify.reading.raw_text import BEGINNING_CHARACTERS, on_one_line, original
from sparkify.warehouse.contract import Session

# Versions that kept no more than the beginning did not say whether it is all.
_IS_WHOLE = f"COALESCE(is_whole, LENGTH(raw_line) < {BEGINNING_CHARACTERS}, 1 = 0)"

_VALUE = re.compile(r"'.*'(?= is not )|(?<=: )\S+(?= is too large)", re.DOTALL)
_PLACE = re.compile(r" at byte \d+$")


@dataclass(frozen=True)
class Selection:
    """Which rejects are meant.

    Attributes:
        file: of files with this name, or a pattern of it; None for all.
        reason: with this in their reason.
        run: of files that this run has loaded; None for all.
    """

    file: str | None = None
    reason: str = ""
    run: int | None = None


class Group(NamedTuple):
    """The rejects of a file with one reason.

    Attributes:
        reason: the same for all values: what the value was is left out.
        records: how many.
        whole: of how many the text is kept whole.
        first_line: the first line of the first.
        file: the file.
    """

    reason: str
    records: int
    whole: int
    first_line: int
    file: str


class Record(NamedTuple):
    """A rejected record.

    Attributes:
        file: the file.
        line: its first line.
        data: what stands there, on one line if it is JSON; None if not all of it is kept.
    """

    file: str
    line: int
    data: bytes | None


def groups(warehouse: Session, selection: Selection) -> list[Group]:
    """The rejects by reason and file, those with most records first.

    Raises:
        UsageError: no loaded file has the name that is asked for.
    """
    rows = warehouse.query(
        f"SELECT file, reason, COUNT(*), SUM(CASE WHEN {_IS_WHOLE} THEN 1 ELSE 0 END), MIN(line)"
        f" FROM staging_rejects WHERE {_files(warehouse, selection)} GROUP BY file, reason"
    )
    found: dict[tuple[str, str], Group] = {}
    for file, reason, records, whole, line in rows:
        if selection.reason not in reason:
            continue
        kind = kind_of(reason)
        known = found.get((kind, file), Group(kind, 0, 0, line, file))
        found[kind, file] = Group(
            kind, known.records + records, known.whole + int(whole), min(known.first_line, line), file
        )
    return sorted(found.values(), key=lambda group: (-group.records, group.reason, group.file))


def records(warehouse: Session, selection: Selection) -> Iterator[Record]:
    """The rejects in the order of their files and lines; they come while they are taken.

    Raises:
        UsageError: no loaded file has the name that is asked for.
    """
    _, rows = warehouse.stream(
        f"SELECT file, line, reason, CASE WHEN {_IS_WHOLE} THEN raw_line END FROM staging_rejects"
        f" WHERE {_files(warehouse, selection)} ORDER BY file, file_id, line"
    )
    for file, line, reason, text in rows:
        if selection.reason in reason:
            yield Record(file, line, None if text is None else on_one_line(original(text, reason)))


def kind_of(reason: str) -> str:
    """A reason without the value that it is about."""
    return _PLACE.sub("", _VALUE.sub("…", reason))


def _files(warehouse: Session, selection: Selection) -> str:
    """The condition that leaves the files that are meant."""
    if selection.file is None and selection.run is None:
        return "1 = 1"
    loaded = warehouse.query("SELECT file_id, uri, run_id, rejected FROM ledger")
    meant = {uri for _, uri, *_ in loaded}
    if selection.file is not None:
        hint = "list the files that have rejected records with: sparkify rejects"
        meant = meant_by([selection.file], meant, "loaded file", hint)
    ids = [
        str(int(file_id))
        for file_id, uri, run_id, rejected in loaded
        if uri in meant and rejected and selection.run in (None, run_id)
    ]
    return f"file_id IN ({', '.join(ids or ['0'])})"
