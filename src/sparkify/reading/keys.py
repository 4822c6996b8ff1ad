"""Which key of a record fills which column.

The logs' keys come from a JSONPaths file where there is one. A key that is misspelt there, or in the records,
leaves a column empty without an error, so some records of each load are held against it: ``key_sample.py``.
"""

import hashlib
import json
from dataclasses import dataclass

from sparkify.config.settings import AwsOptions, LoadOptions
from sparkify.errors import SourceMissingError
from sparkify.reading.jsonpaths import Path, parsed_jsonpaths, read_jsonpaths
from sparkify.sources.objects import NOUNS, Source
from sparkify.sources.opening import beside, open_source
from sparkify.sql import columns_of


def filled_columns(source: Source) -> tuple[str, ...]:
    """The columns of a staging table that the records' keys fill, in the order of their paths."""
    return tuple(name for name in columns_of(f"staging_{NOUNS[source]}") if name != "file_id")


def _camel_case(column: str) -> str:
    first, *others = column.split("_")
    return first + "".join(map(str.title, others))


EVENT_KEYS = tuple(_camel_case(column) for column in filled_columns("log_data"))
"""The keys of the logs, in the order of the columns that they fill: user_agent is called userAgent there."""

SONG_KEYS = filled_columns("song_data")
"""The keys of the song files: the columns' names."""


@dataclass(frozen=True)
class KeyMap:
    """For each column of a staging table, the path to its value in a record.

    Attributes:
        paths: by column.
        names: by column, what its key is usually called.
        origin: the JSONPaths file that says so; empty where nobody does, and the usual keys count.
        warning: what is to be said about that file.
        place: where such a file would be found; empty where none counts, or there is no such place.
    """

    paths: list[Path]
    names: tuple[str, ...]
    origin: str = ""
    warning: str = ""
    place: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the paths: equal for files that say the same, however they write it."""
        return hashlib.sha256(json.dumps(self.paths).encode()).hexdigest()


def song_keys() -> KeyMap:
    """The keys of the song files."""
    return KeyMap([[key] for key in SONG_KEYS], SONG_KEYS)


def event_keys(options: LoadOptions, aws: AwsOptions) -> KeyMap:
    """The keys of the logs: of the JSONPaths file that is named, or stands beside them, or the usual ones.

    Raises:
        SourceError: the file can't be read, or is no JSONPaths file for these columns.
    """
    usual: list[Path] = [[key] for key in EVENT_KEYS]
    if named := options.log_jsonpath:
        try:
            paths = read_jsonpaths(named, EVENT_KEYS, aws)
        except SourceMissingError as missing:
            raise SourceMissingError(
                missing.message,
                "correct its path (--log-jsonpath, SPARKIFY_LOG_JSONPATH or [S3] LOG_JSONPATH), or leave it"
                " out if the logs have the usual keys",
                is_certain=missing.is_certain,
            ) from None
        return KeyMap(paths, EVENT_KEYS, origin=named, place=named)
    location = beside(options.log_data, "log_json_path.json")
    if location is None:
        return KeyMap(usual, EVENT_KEYS)
    try:
        text = open_source(location, aws).read_text()
    except SourceMissingError as missing:
        doubt = f"{missing.message}, so the default keys are used"
        return KeyMap(usual, EVENT_KEYS, warning="" if missing.is_certain else doubt, place=location)
    return KeyMap(parsed_jsonpaths(location, text, EVENT_KEYS), EVENT_KEYS, origin=location, place=location)
