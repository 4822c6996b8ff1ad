"""What a setting may be beyond its type: ranges, sizes, and which databases there are."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparkify.config import places
from sparkify.config.settings import SERVERS
from sparkify.errors import UsageError

_RANGES: dict[str, tuple[int, int, str]] = {
    "db_port": (1, 65535, "a port"),
    "max_rejects": (0, 10**12, "bad records"),
    "max_unpacked_ratio": (1, 10_000, "bytes of text per byte of gzip"),
    "max_age_hours": (0, 1_000_000, "hours"),
    "bundle_below_mb": (0, 1_000_000, "megabytes"),
    "num_nodes": (1, 128, "nodes"),
    "s3_requests": (1, 1000, "requests at a time"),
    "s3_timeout": (1, 3600, "seconds"),
    "s3_retries": (0, 100, "how often a request is tried again"),
    "cluster_timeout_minutes": (1, 1440, "minutes"),
}
"""Smallest, largest, and what it is a number of."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])(i?)b?", re.IGNORECASE)
_REGION = re.compile(r"[a-z0-9-]*")
# What DuckDB takes for a kind of database rather than for a part of a file's name.
_KIND_OF_DATABASE = re.compile(r"(\w{2,}):", re.ASCII)


def normalized(name: str, value: Any, origin: str) -> Any:
    """A value in the one form that the rest of the code knows.

    Args:
        name: of the setting.
        value: as it was given, converted to its type.
        origin: where it was given, for the message.

    Raises:
        UsageError: it is none that can be meant.
    """
    if name == "database":
        return _database(value, origin)
    if name == "publish":
        return _local_file(value, origin)
    if name in ("memory_limit", "temp_limit"):
        return _size(value, origin)
    return value


def _database(text: str, origin: str) -> str:
    if text.lower() in SERVERS:
        return text.lower()
    # Whatever follows is said without the value: an address may hold a password.
    is_web = re.match(r"https?:", text, re.IGNORECASE)
    text = re.sub(r"^(file://(?=/)|duckdb:///)", "", text if is_web else places.plain_place(text, origin))
    if _KIND_OF_DATABASE.match(text):
        raise UsageError(
            f"{origin} is neither a DuckDB file nor redshift",
            "a load has to commit in one file: name a path (if it has a colon, as ./name:x), or redshift;"
            " the address of a cluster belongs to [CLUSTER] HOST",
        )
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:
        raise UsageError(f"{origin} begins with ~ and an unknown user name", "write the full path") from None


def _local_file(text: str, origin: str) -> str:
    place = places.plain_place(text, origin)
    if place.lower() in SERVERS or place.endswith("/") or re.match(r"\w{2,}:|:memory:", place):
        raise UsageError(
            f"{origin} is not a file on this machine", "name a file, such as shared/sparkify.duckdb"
        )
    return str(places.local_path(place))


def size_of(text: str) -> int:
    """The bytes of an amount of memory as it is kept: ``1GB``, ``512MiB``."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(text)
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** ("KMGT".index(unit.upper()) + 1))


def _size(text: str, origin: str) -> str:
    size = _SIZE.fullmatch(text.strip())
    if not size or not float(size[1]):
        raise UsageError(
            f"{origin} is not an amount of memory", "use a number with a unit, such as 1GB, 512 MB or 2gib"
        )
    number, unit, binary = size.groups()
    return f"{number}{unit.upper()}{binary.lower()}B"


def check(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    """Make sure that each setting is one that can be meant.

    Args:
        values: all settings by name.
        origins: where those that are not defaults were given, for the message.

    Raises:
        UsageError: one can't.
    """
    for name, (least, most, what) in _RANGES.items():
        value = values[name]
        if not least <= value <= most:
            # Without the value, here and below: a password may stand in the wrong line.
            raise UsageError(
                f"{origins[name]}: {name} is out of range", f"it is {what}, from {least:,} to {most:,}"
            )
    if not 0 <= values["max_reject_share"] <= 1:
        raise UsageError(
            f"{origins['max_reject_share']}: max_reject_share is out of range",
            "it is a share of the records of a source: a number from 0 (none may be bad) to 1",
        )
    for name in ("aws_region", "s3_region"):
        # It becomes part of the address that requests go to.
        if not _REGION.fullmatch(values[name]):
            raise UsageError(f"{origins[name]} is not a region", "use a region such as us-west-2")
    if values["publish"] and _is_warehouse(values["publish"], values["database"]):
        raise UsageError(
            f"{origins['publish']} is the warehouse itself"
            + (f", which {origins['database']} names" if "database" in origins else ""),
            "name another file: it gets a copy of the warehouse, which commands that read open by themselves",
        )
    if values["aws_session_token"] and not values["aws_access_key_id"]:
        raise UsageError(
            f"{origins['aws_session_token']}: a session token without its keys",
            "set the access key and the secret key as well, or leave all three to AWS's own configuration",
        )
    if values["login"] not in ("", "password", "iam"):
        raise UsageError(
            f"{origins['login']} is neither password nor iam",
            "leave it empty to log in with the password if one is set, otherwise through IAM",
        )


def _is_warehouse(publish: str, database: str) -> bool:
    """Whether a file is a warehouse, or one that DuckDB keeps beside it."""
    if database in SERVERS:
        return False
    there = os.path.realpath(database)
    return os.path.realpath(publish) in (there, f"{there}.wal", f"{there}.tmp")
