"""Paths that stand in a configuration file count from the folder of that file, wherever a command is run."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from sparkify.config.settings import SERVERS

_NAMES = ("database", "publish", "song_data", "log_data", "log_jsonpath")
"""The settings that may be a path on this machine."""

DEFAULT_CONFIG = "dwh.cfg"
"""The configuration file of a working directory."""


def resolved(values: dict[str, Any], names: Collection[str], config: Path) -> dict[str, Any]:
    """Settings with the relative paths among them counted from the folder of a file.

    Args:
        values: settings by name, in the form that the rest of the code knows.
        names: those that the file has said.
        config: the file.
    """
    return values | {
        name: _counted_from(config.parent, values[name])
        for name in _NAMES
        if name in names and _is_relative_path(name, values[name])
    }


def left_out(values: Collection[str], config: Path) -> str:
    """What to say where a named file leaves out places, and there is another; empty if it does not.

    Args:
        values: the names of the settings that were given somewhere.
        config: the file.
    """
    own = Path(DEFAULT_CONFIG)
    missing = [name.upper() for name in ("database", "song_data", "log_data") if name not in values]
    if not missing or not own.exists() or own.resolve() == config.resolve():
        return ""
    return (
        f"{config}: does not name {', '.join(missing)}, so the usual places in the working directory are"
        f" used, which has a {DEFAULT_CONFIG} of its own"
    )


def _is_relative_path(name: str, value: str) -> bool:
    if name == "database" and (value in SERVERS or value.startswith(":memory:")):
        return False
    return "://" not in value and not value.startswith("~") and not Path(value).is_absolute()


def _counted_from(folder: Path, path: str) -> str:
    # What is beside the working directory's dwh.cfg is named as it was given, also in messages.
    return path if folder == Path() else str(folder / path)
