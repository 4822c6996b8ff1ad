"""The engines as tests see them: settings for a warehouse of a test's own over folders of its own.

A test says what must be true; which engine it is true on is the ``--engine`` option's to say.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings, values_of
from sparkify.warehouse.opening import connect
from tests.standin.fixtures import BUCKET
from tests.standin.server import RedshiftStandIn


class Engine(Protocol):
    """Makes settings."""

    name: str

    def settings(self, folder: Path, **options: Any) -> Settings:
        """For an empty warehouse over ``song_data`` and ``log_data`` in a folder."""
        ...

    def publish(self, folder: Path) -> None:
        """Put what the folder holds now to where the warehouse loads from; before each run."""
        ...

    def location(self, path: Path, folder: Path) -> str:
        """What the ledger calls a file below that folder."""
        ...


@dataclass
class DuckDBEngine:
    """A warehouse in a file, or in memory; sources in folders."""

    scratch: Path
    name: str = "duckdb"
    _made: int = 0

    def settings(self, folder: Path, **options: Any) -> Settings:
        """For a new file, unless the options name one."""
        self._made += 1
        return load_settings(
            environment={},
            **{
                "database": str(self.scratch / f"warehouse-{self._made}.duckdb"),
                "song_data": str(folder / "song_data"),
                "log_data": str(folder / "log_data"),
                **options,
            },
        )

    def publish(self, folder: Path) -> None:
        """Nothing to do: it loads from there."""

    def location(self, path: Path, folder: Path) -> str:
        """Its path."""
        del folder
        return str(path.resolve())


@dataclass
class RedshiftEngine:
    """The stand-in for Redshift; sources on its S3 server, where folders are copied to."""

    stand_in: RedshiftStandIn
    name: str = "redshift"
    options: dict[str, Any] = field(default_factory=dict)
    _published: dict[Path, tuple[str, dict[str, tuple[int, int]]]] = field(default_factory=dict)

    def settings(self, folder: Path, **options: Any) -> Settings:
        """For the stand-in's one database, emptied."""
        options.pop("database", None)
        # Of its own, the work prefix too: a run that was killed for another test has left files in its.
        root = f"s3://{BUCKET}/{secrets.token_hex(6)}"
        self._published[folder] = (root, {})
        settings = load_settings(
            environment={},
            **{
                **connection_options(self.stand_in),
                "song_data": f"{root}/song_data",
                "log_data": f"{root}/log_data",
                "work_prefix": f"{root}/work",
                "bundle_below_mb": 100,
                **self.options,
                **options,
            },
        )
        self.publish(folder)
        empty(settings)
        return settings

    def publish(self, folder: Path) -> None:
        """Copy what is new or changed, and delete what is gone."""
        root, known = self._published[folder]
        found = {}
        for source in ("song_data", "log_data"):
            for path in (folder / source).rglob("*"):
                if path.is_file():
                    name = path.relative_to(folder).as_posix()
                    found[name] = (path.stat().st_mtime_ns, path.stat().st_size)
                    if known.get(name) != found[name]:
                        self.stand_in.s3.put(f"{root}/{name}", path.read_bytes())
        self.stand_in.s3.delete([f"{root}/{name}" for name in known.keys() - found.keys()])
        self._published[folder] = (root, found)

    def root(self, folder: Path) -> str:
        """What a folder's files are below, on S3."""
        return self._published[folder][0]

    def location(self, path: Path, folder: Path) -> str:
        """Its URI."""
        return f"{self.root(folder)}/{path.relative_to(folder).as_posix()}"


def connection_options(stand_in: RedshiftStandIn) -> dict[str, Any]:
    """How to reach the stand-in and its S3 server, as load_settings takes it."""
    return {
        "database": "redshift",
        "host": stand_in.host,
        "db_port": stand_in.port,
        "db_name": stand_in.database,
        "db_user": stand_in.user,
        "db_password": stand_in.password,
        "aws_region": stand_in.region,
        "aws_access_key_id": stand_in.s3_access_key,
        "aws_secret_access_key": stand_in.s3_secret_key,
        "s3_endpoint": stand_in.s3_endpoint,
    }


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that give a process these settings."""
    names = (*connection_options_names(), "song_data", "log_data", "log_jsonpath", "work_prefix")
    return {f"SPARKIFY_{name.upper()}": str(values_of(settings)[name]) for name in names} | {
        "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]
    }


def connection_options_names() -> tuple[str, ...]:
    """The settings that connection_options gives."""
    return (
        "database",
        "host",
        "db_port",
        "db_name",
        "db_user",
        "db_password",
        "aws_region",
        "aws_access_key_id",
        "aws_secret_access_key",
        "s3_endpoint",
    )


def empty(settings: Settings) -> None:
    """Make all tables anew."""
    warehouse = connect(settings)
    try:
        with warehouse.transaction():
            warehouse.create_tables()
    finally:
        warehouse.close()
