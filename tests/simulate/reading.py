"""A plain reader of simulations that shares nothing with the simulator."""

import codecs
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparkify.simulate import SimulationOptions
from sparkify.simulate.sinks import Folder

Record = dict[str, Any]

INTEGERS = {"log": ("itemInSession", "sessionId", "status", "ts", "userId"), "song": ("num_songs", "year")}
NUMBERS = {
    "log": ("length", "registration"),
    "song": ("artist_latitude", "artist_longitude", "duration"),
}
REQUIRED = {"log": ("ts", "page", "sessionId"), "song": ("song_id", "artist_id")}
TEXTS = {
    "log": (
        *("artist", "auth", "firstName", "gender", "lastName", "level", "location", "method", "page", "song"),
        "userAgent",
    ),
    "song": ("artist_id", "artist_location", "artist_name", "song_id", "title"),
}
NOTHING_IF_EMPTY = {
    *(*INTEGERS["log"], *NUMBERS["log"]),
    *(*INTEGERS["song"], *NUMBERS["song"], *REQUIRED["song"]),
}


def is_good(record: object, data: str) -> bool:
    """Whether a loader of the described kind accepts a record."""
    if not isinstance(record, dict):
        return False
    for key in (*TEXTS[data], *INTEGERS[data], *NUMBERS[data]):
        value = record.get(key)
        if value is None or (
            value == "" and key in (*INTEGERS[data], *NUMBERS[data], "song_id", "artist_id")
        ):
            if key in REQUIRED[data]:
                return False
        elif key in INTEGERS[data]:
            if not isinstance(value, int) and not (isinstance(value, str) and value.isdigit()):
                return False
        elif key in NUMBERS[data]:
            if not isinstance(value, int | float):
                return False
        elif not isinstance(value, str):
            return False
    return True


@dataclass
class Simulation:
    """A finished simulation, read back."""

    folder: Path
    settings: SimulationOptions
    _manifest: Record = field(default_factory=dict)

    @property
    def manifest(self) -> Record:
        if not self._manifest:
            self._manifest = json.loads((self.folder / "_manifest.json").read_text())
        return self._manifest

    def raw(self, path: str) -> bytes:
        """A file's bytes, decompressed, without a byte order mark."""
        content = (self.folder / path).read_bytes()
        content = gzip.decompress(content) if path.endswith(".gz") else content
        return content.removeprefix(codecs.BOM_UTF8)

    def lines(self, path: str) -> list[str]:
        return self.raw(path).decode("ascii").split("\n")

    def paths(self, data: str) -> list[str]:
        """All files of a kind that are there, whatever the manifest says."""
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.glob(f"{data}_data/**/*.json*"))

    def events(self) -> list[Record]:
        """Every good log record, file by file."""
        return [record for path in self.paths("log") for record in self.good(path, "log")]

    def good(self, path: str, data: str) -> list[Record]:
        records = (parse(line) for line in self.lines(path))
        return [record for record in records if record is not None and is_good(record, data)]


class LogsOnly(Folder):
    """A folder into which no song files are written: they take longer than all the logs of a month."""

    def put(self, name: str, data: bytes) -> None:
        if not name.startswith("song_data/"):
            super().put(name, data)


def parse(line: str) -> Record | None:
    try:
        record: Record = json.loads(line)
    except ValueError:
        return None
    return record
