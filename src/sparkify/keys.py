"""Which key of a record fills which column, and how that fits the records that come.

The logs' keys come from a JSONPaths file where there is one. A key that is misspelt there
leaves a column empty without an error, so some records of each load are held against it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.config import Settings
from sparkify.errors import SourceMissingError
from sparkify.jsonpaths import Path, parsed_jsonpaths, read_jsonpaths, written
from sparkify.sources import beside, open_source

EVENT_KEYS = (
    "artist",
    "auth",
    "firstName",
    "gender",
    "itemInSession",
    "lastName",
    "length",
    "level",
    "location",
    "method",
    "page",
    "registration",
    "sessionId",
    "song",
    "status",
    "ts",
    "userAgent",
    "userId",
)
"""The keys of the logs, in the order of the columns of staging_events that they fill."""

SONG_KEYS = (
    "num_songs",
    "artist_id",
    "artist_latitude",
    "artist_longitude",
    "artist_location",
    "artist_name",
    "song_id",
    "title",
    "duration",
    "year",
)
"""The keys of the song files, in the order of the columns of staging_songs."""

SAMPLED_RECORDS = 1000
"""So few that looking at them costs some milliseconds a load."""


@dataclass(frozen=True)
class KeyMap:
    """For each column of a staging table, the path to its value in a record.

    Attributes:
        paths: by column.
        origin: the JSONPaths file that says so; empty where nobody does, and the usual keys count.
        warning: what is to be said about that file.
    """

    paths: list[Path]
    origin: str = ""
    warning: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the paths: equal for files that say the same, however they write it."""
        return hashlib.sha256(json.dumps(self.paths).encode()).hexdigest()


def song_keys() -> KeyMap:
    """The keys of the song files."""
    return KeyMap([[key] for key in SONG_KEYS])


def event_keys(settings: Settings) -> KeyMap:
    """The keys of the logs: of the JSONPaths file that is named, or stands beside them, or the usual ones.

    Raises:
        SourceError: the file can't be read, or is no JSONPaths file for these columns.
    """
    usual: list[Path] = [[key] for key in EVENT_KEYS]
    if settings.log_jsonpath:
        return KeyMap(read_jsonpaths(settings.log_jsonpath, EVENT_KEYS, settings), settings.log_jsonpath)
    location = beside(settings.log_data, "log_json_path.json")
    if location is None:
        return KeyMap(usual)
    try:
        text = open_source(location, settings).read_text()
    except SourceMissingError as missing:
        doubt = f"{missing.message}, if it is there at all; the usual keys of the logs count"
        return KeyMap(usual, warning="" if missing.is_certain else doubt)
    return KeyMap(parsed_jsonpaths(location, text, EVENT_KEYS), location)


class KeySample:
    """Looks at some records of a load, for keys that are missing and keys that are new.

    Args:
        keys: what the records should have.

    Attributes:
        records: how many have been looked at.
        unknown: the keys that lead to no column, in the order in which they were found.
    """

    def __init__(self, keys: KeyMap) -> None:
        self._paths = keys.paths
        self._first_steps = {path[0] for path in keys.paths}
        self._missing = set(range(len(keys.paths)))
        self.records = 0
        self.unknown: dict[str, None] = {}

    def look(self, texts: list[str]) -> None:
        """Look at some more records."""
        for text in texts[: SAMPLED_RECORDS - self.records]:
            try:
                record = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                self.records += 1
                self.unknown |= dict.fromkeys(record.keys() - self._first_steps)
                self._missing -= {column for column in self._missing if _leads(self._paths[column], record)}

    @property
    def missing(self) -> list[int]:
        """The columns whose paths led to nothing in any of the records."""
        return sorted(self._missing)


def _leads(path: Path, value: object) -> bool:
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return False
            value = value[step]
        elif not isinstance(value, dict) or step not in value:
            return False
        else:
            value = value[step]
    return True


def notes_on(source: str, keys: KeyMap, sample: KeySample, missing: Sequence[int]) -> list[str]:
    """What is to be said about the keys of a load.

    Args:
        source: which of the two.
        keys: what the records should have.
        sample: what was found.
        missing: the columns that stay empty because no record has their keys.
    """
    notes = []
    if missing:
        paths = ", ".join(written(keys.paths[column]) for column in missing)
        remedy = f"check its spelling in {keys.origin}, then load again with: sparkify etl --full"
        notes.append(f"{source}: no record has {paths}" + (f"; {remedy}" if keys.origin else ""))
    if sample.unknown:
        shown = [json.dumps(key) for key in sorted(sample.unknown)[:5]]
        more = f" and {len(sample.unknown) - 5} more" if len(sample.unknown) > 5 else ""
        notes.append(
            f"{source}: keys that no column takes, ignored: {', '.join(shown)}{more}"
            f" ({sample.records:,} records were looked at)"
        )
    return notes
