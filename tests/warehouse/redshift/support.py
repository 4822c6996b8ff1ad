"""A place with sources, the warehouse on the stand-in that loads them, and DuckDB's over the same files."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.load.progress import NullProgress, Progress
from sparkify.load.summary import Summary
from sparkify.reading.keys import EVENT_KEYS
from sparkify.sql import TABLES, VIEWS
from sparkify.warehouse.opening import connect
from tests.support.builders import Loaded
from tests.support.engines import RedshiftEngine
from tests.support.runs import run_etl
from tests.support.settings import changed
from tests.support.state import State, state_of

Command = Callable[..., tuple[int, str, str]]
"""The tool, and how it ended, what it wrote to stdout, and what to stderr."""

WAYS: dict[str, dict[str, Any]] = {
    "bundled": {"bundle_below_mb": 100},
    "manifest": {"bundle_below_mb": 0},
    "prefix": {"work_prefix": ""},
}
"""How files can be loaded, and the settings that choose it."""


@dataclass
class Site:
    """Sources in a folder, copied to S3 before each run, and the stand-in's one database.

    Attributes:
        folder: with ``song_data`` and ``log_data``.
        settings: of the warehouse on Redshift.
    """

    engine: RedshiftEngine
    folder: Path
    settings: Settings

    @classmethod
    def open(cls, engine: RedshiftEngine, folder: Path) -> "Site":
        """With the warehouse emptied."""
        site = cls(engine, folder, engine.settings(folder, max_reject_share=1))
        site.put_jsonpaths()
        return site

    @property
    def root(self) -> str:
        """What the sources are below, on S3."""
        return self.engine.root(self.folder)

    def put_jsonpaths(self, **paths: str) -> None:
        """Write the JSONPaths file of the logs, with the usual path for every key that is not named."""
        content = {"jsonpaths": [paths.get(key, f"$['{key}']") for key in EVENT_KEYS]}
        self.engine.stand_in.s3.put(f"{self.root}/log_json_path.json", json.dumps(content).encode())

    def use(self, way: str = "bundled", **options: Any) -> None:
        """Load in a certain way from now on."""
        usual = {"work_prefix": f"{self.root}/work"} | WAYS[way]
        if way == "prefix":
            usual = usual | {"log_jsonpath": f"{self.root}/log_json_path.json"}
        self.settings = changed(self.settings, **usual | options)

    def load(self, progress: Progress | None = None, **options: Any) -> Loaded:
        """Copy the folder to S3, and load what is new."""
        self.engine.publish(self.folder)
        summary: Summary = run_etl(self.settings, progress or NullProgress(), **options)
        return Loaded(self.settings, summary)

    @property
    def loaded(self) -> Loaded:
        """The warehouse as it is now."""
        return Loaded(self.settings, Summary())

    @property
    def state(self) -> State:
        """Everything that the warehouse holds."""
        return _comparable(state_of(self.settings, self.root))

    def in_duckdb(self, database: str) -> Loaded:
        """The same files, loaded at once into a new DuckDB file beside the folder."""
        settings = load_settings(
            environment={},
            database=str(self.folder.parent / database),
            song_data=str(self.folder / "song_data"),
            log_data=str(self.folder / "log_data"),
            max_reject_share=1,
        )
        Path(settings.database).unlink(missing_ok=True)
        return Loaded(settings, run_etl(settings, NullProgress()))

    def state_in_duckdb(self) -> State:
        """Everything that DuckDB makes of the same files at once."""
        loaded = self.in_duckdb("same.duckdb")
        return _comparable(state_of(loaded.settings, str(self.folder.resolve())))


def _comparable(state: State) -> State:
    """Without the texts that only one engine took to be garbled, and that repair has left alone."""
    repairs = [(garbled, repaired) for garbled, repaired in state["encoding_repairs"] if garbled != repaired]
    return state | {"encoding_repairs": repairs}


def drop_what_copy_judges_otherwise(folder: Path) -> None:
    """Take away byte order marks, of which no page says anything, and arrays, which COPY stores as text."""
    for path in [*folder.glob("song_data/**/*.json"), *folder.glob("log_data/**/*.json")]:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
        path.write_bytes(b"\n".join(line for line in lines if not re.search(rb'":\s*[\[{]', line)))


def drop_tables(settings: Settings) -> None:
    """Leave a database without any table of this project."""
    warehouse = connect(settings)
    for view in reversed(VIEWS):
        warehouse.query(f"DROP VIEW IF EXISTS {view}")
    for table in TABLES:
        warehouse.query(f"DROP TABLE IF EXISTS {table}")
    warehouse.close()


def assert_equal(found: State, expected: State) -> None:
    """Compare table by table, so that a difference is named."""
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table
