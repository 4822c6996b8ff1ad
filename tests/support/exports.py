"""A warehouse to export, and how its exports are read."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds

from tests.support.answers import Catalogued, load, play, write_sources

_NOON = 1_541_073_600_000  # 2018-11-01 12:00 UTC
_DAY = 24 * 3_600_000


def load_plays(folder: Path, days: int = 80) -> str:
    """Load plays over the turn of a year, of songs with all that a value can be, and name the database."""
    songs = [
        Catalogued("SO1", "It's 日本", "AR1", "Björk", year=0),
        Catalogued("SO2", 'Quote " \\ \n', "AR2", "", duration=0.1, year=1999),
        Catalogued("SO3", "Song", "AR1", "Björk", year=2001),
    ]
    plays = [
        play(_NOON + n * _DAY + n, 1 + n % 5, songs[n % 3].title, "Björk", session=n, location=None)
        for n in range(days)
    ]
    write_sources(folder, songs[:days], plays)
    return load(folder, folder / "w.duckdb").database


FOLDERS = {
    "users",
    "user_levels",
    "artists",
    "songs",
    *(
        f"{table}/{month}"
        for table in ("songplays", "heard_plays", "time")
        for month in ("year=2018/month=11", "year=2018/month=12", "year=2019/month=1")
    ),
}
"""That an export of these plays has."""


def stored(database: str, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table in the warehouse."""
    with duckdb.connect(database, read_only=True) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def columns(database: str, table: str) -> list[str]:
    """The columns of a table in the warehouse."""
    with duckdb.connect(database, read_only=True) as connection:
        return [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]


def read_back(exported: Path, table: str, names: list[str]) -> list[tuple[Any, ...]]:
    """These columns of an exported table, as Arrow reads them."""
    read = ds.dataset(exported / table, partitioning="hive").to_table(columns=names)
    return sorted(zip(*(column.to_pylist() for column in read.columns), strict=True), key=repr)
