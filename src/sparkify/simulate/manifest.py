"""``_manifest.json``: what a simulation wrote and what it broke, for comparison with what a loader says.

    {"simulator": …, "settings": {…},
     "files": [{"path": "log_data/2018/11/2018-11-01-events.json", "data": "log", "records": 3190,
                "broken": [{"line": 17, "kind": "wrong type", "column": "ts"},
                           {"line": 40, "kind": "cut off"}],
                "doubled": 15, "garbled": 14, "bom": true, "events_of": "2018-11-01"}, …],
     "totals": {"log": {"files": …, "records": …, "broken": …, "doubled": …, "garbled": …, "bom": …,
                        "late": …},
                "song": {…}},
     "expected": {"songplays": …, "matched_songplays": …, "users": …, "songs": …, "artists": …}}

``broken`` records are those that a loader must reject: ``cut off`` (not JSON), ``wrong type`` or ``missing``
(with the column's name). All other records are good: doubled, garbled (double-encoded), BOM and late are
harmless. ``events_of`` stands where a file brings events of an earlier day, or more of a day that has a file
already. ``records`` counts all lines, doubled and broken ones included.
``expected`` are the row counts of the star schema that these files must give.

The file is written bit by bit, so that it takes no memory. It gets its name when all is there.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, BinaryIO

_TOTALS = ("files", "records", "broken", "doubled", "garbled", "bom", "late")
CUT_OFF, WRONG_TYPE, MISSING = "cut off", "wrong type", "missing"


@dataclass(frozen=True)
class Broken:
    """A record that no loader may accept; ``line`` counts from 1."""

    line: int
    kind: str
    column: str = ""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        named = {"column": self.column} if self.column else {}
        return {"line": self.line, "kind": self.kind, **named}


@dataclass
class FileEntry:
    """One file of a simulation; see the module's description."""

    path: str
    data: str
    records: int = 0
    broken: list[Broken] = field(default_factory=list)
    doubled: int = 0
    garbled: int = 0
    bom: bool = False
    events_of: str = ""

    def as_dict(self) -> dict[str, object]:
        """For JSON; what is zero or false is left out."""
        entry: dict[str, Any] = {"path": self.path, "data": self.data, "records": self.records}
        if self.broken:
            entry["broken"] = [broken.as_dict() for broken in self.broken]
        optional = {
            "doubled": self.doubled,
            "garbled": self.garbled,
            "bom": self.bom,
            "events_of": self.events_of,
        }
        return entry | {key: value for key, value in optional.items() if value}


class Manifest:
    """Writes the manifest while the simulation goes on, and keeps the totals.

    Args:
        target: where to.
        simulator: name and version.
        settings: what the simulation was asked for.
    """

    def __init__(self, target: BinaryIO, simulator: str, settings: dict[str, object]) -> None:
        self._target = target
        self.totals = {data: Counter(dict.fromkeys(_TOTALS, 0)) for data in ("log", "song")}
        self._separator = ""
        self._write(
            f'{{"simulator": {json.dumps(simulator)},\n"settings": {json.dumps(settings)},\n"files": ['
        )

    def add(self, entry: FileEntry) -> None:
        """Note a file that is complete."""
        self._write(f"{self._separator}\n{json.dumps(entry.as_dict())}")
        self._separator = ","
        self.totals[entry.data].update(
            files=1,
            records=entry.records,
            broken=len(entry.broken),
            doubled=entry.doubled,
            garbled=entry.garbled,
            bom=int(entry.bom),
            late=int(bool(entry.events_of)),
        )

    def finish(self, expected: dict[str, int]) -> None:
        """Note what the star schema must have, and end."""
        self._write(f'\n],\n"totals": {json.dumps(self.totals)},\n"expected": {json.dumps(expected)}}}\n')

    def _write(self, text: str) -> None:
        self._target.write(text.encode())
