"""Helpers for tests: source files made on the spot, and tables read back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis

from sparkify.config.settings import Settings
from sparkify.load.summary import Summary
from sparkify.sql import LEVEL_TABLES, STAR_TABLES
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.reference import Star, sort_rows

Record = dict[str, Any]

HANGS = 600
"""Seconds, after which a test that hangs ends. Far more than anything takes: machines are busy."""

# What fails in one run of the tests fails in all of them, until something is changed; the profile long (make
# test-examples) looks at other examples. No limits on time: machines are busy.
_ALWAYS: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.data_too_large,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
}
hypothesis.settings.register_profile("same", derandomize=True, **_ALWAYS)
hypothesis.settings.register_profile("long", max_examples=1000, **_ALWAYS)  # the default is 100
hypothesis.settings.load_profile("same")


def examples(count: int, *, long: int = 0) -> int:
    """How many examples Hypothesis makes up: so many, and ten times as many with its profile ``long``.

    Args:
        count: how many.
        long: how many with that profile, where it is more.
    """
    default = hypothesis.settings.default
    scale = default.max_examples // 100 if default else 1
    return max(count * scale, long if scale > 1 else 0)


def event(**values: Any) -> Record:
    """A play as the logs have it, with some values changed."""
    return {
        "artist": "Sydney Youngblood",
        "auth": "Logged In",
        "firstName": "Jacob",
        "gender": "M",
        "itemInSession": 53,
        "lastName": "Klein",
        "length": 238.07955,
        "level": "paid",
        "location": "Tampa-St. Petersburg-Clearwater, FL",
        "method": "PUT",
        "page": "NextSong",
        "registration": 1540558108796.0,
        "sessionId": 954,
        "song": "Ain't No Sunshine",
        "status": 200,
        "ts": 1543449657796,
        "userAgent": '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4)"',
        "userId": "73",
    } | values


def track(**values: Any) -> Record:
    """A song file's object, with some values changed."""
    return {
        "num_songs": 1,
        "artist_id": "ARJIE2Y1187B994AB7",
        "artist_latitude": None,
        "artist_longitude": None,
        "artist_location": "",
        "artist_name": "Line Renaud",
        "song_id": "SOUPIRU12A6D4FA1E1",
        "title": "Der Kleine Dompfaff",
        "duration": 152.92036,
        "year": 0,
    } | values


def write(path: Path, *records: Record | str | bytes) -> Path:
    """Write a file with a record on each line; text and bytes go in as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        item if isinstance(item, bytes) else (item if isinstance(item, str) else json.dumps(item)).encode()
        for item in records
    ]
    path.write_bytes(b"\n".join(lines))
    return path


@dataclass(frozen=True)
class Loaded:
    """A warehouse after a run."""

    settings: Settings
    summary: Summary

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        warehouse = connect(self.settings, read_only=True)
        try:
            return warehouse.query(sql)
        finally:
            warehouse.close()

    @property
    def star(self) -> Star:
        """The five tables, without songplay_id, and user_levels, each sorted."""
        return read_star(self.settings)

    @property
    def rejects(self) -> list[tuple[str, int, str, str]]:
        """(file name, line, reason, raw text) of each reject, in order."""
        rows = self.query("SELECT file, line, reason, raw_line FROM staging_rejects ORDER BY 1, 2, 3")
        return [(Path(file).name, line, reason, raw) for file, line, reason, raw in rows]


def read_star(settings: Settings) -> Star:
    """The five tables of a warehouse, without songplay_id, and user_levels, each sorted."""
    warehouse = connect(settings, read_only=True)
    try:
        return star_in(warehouse)
    finally:
        warehouse.close()


def star_in(warehouse: Warehouse) -> Star:
    """The same, of one that is open."""
    star = {table: warehouse.query(f"SELECT * FROM {table}") for table in STAR_TABLES + LEVEL_TABLES}
    star["songplays"] = [row[1:] for row in star["songplays"]]
    return {table: sort_rows(rows) for table, rows in star.items()}
