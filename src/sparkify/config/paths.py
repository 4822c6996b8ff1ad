"""Paths of a configuration file count from the folder of that file, wherever a command is run."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sparkify.config.settings import SERVERS, Settings, values_of

_NAMES = ("database", "publish", "song_data", "log_data", "log_jsonpath")
"""The settings that may be a path on this machine."""

_DEFAULTS = ("database", "song_data", "log_data")
"""Those of them that are somewhere, even if nothing says where."""


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


def with_defaults(values: Mapping[str, Any], config: Path) -> dict[str, Any]:
    """Settings with the usual places in the folder of a file that was named, where nothing says which.

    So copies of a file in two folders, which leave a place out, never mean the same warehouse.

    Args:
        values: settings by name, those that were given somewhere.
        config: the file.
    """
    usual = values_of(Settings())
    folder = Path() if config.parent.resolve() == Path.cwd() else config.parent
    return {name: _counted_from(folder, usual[name]) for name in _DEFAULTS} | dict(values)


def _is_relative_path(name: str, value: str) -> bool:
    if name == "database" and (value in SERVERS or value.startswith(":memory:")):
        return False
    return "://" not in value and not value.startswith("~") and not Path(value).is_absolute()


def _counted_from(folder: Path, path: str) -> str:
    # What is beside the working directory's dwh.cfg is named as it was given, also in messages.
    return path if folder == Path() else str(folder / path)
