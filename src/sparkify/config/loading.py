"""Settings: from flags, the environment, dwh.cfg and defaults, in this order of precedence.

Owns the SPARKIFY_… variables; ``dwh_cfg`` reads the file.
"""

import configparser
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sparkify.config import credentials, paths, places, rules
from sparkify.config.cluster_address import address_parts
from sparkify.config.dwh_cfg import read_file
from sparkify.config.dwh_cfg_keys import meant_name
from sparkify.config.location import is_on_s3
from sparkify.config.settings import TYPES, Settings, compose, values_of
from sparkify.errors import UsageError

CONFIG_VARIABLE = "SPARKIFY_CONFIG"
"""Names a configuration file where ``--config`` names none."""


Origins = dict[str, tuple[str, str]]
"""By the name of a setting, its text and where that was said."""

_ENVIRONMENT_KEYS = {f"SPARKIFY_{name.upper()}": name for name in TYPES}


# Understood elsewhere: by the command line, and by the tests.
_OTHER_VARIABLES = (CONFIG_VARIABLE, "SPARKIFY_TRACEBACK", "SPARKIFY_SAMPLE_DATA")


def load_settings(
    config: str | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> Settings:
    """The settings a command works with, as ``load_with_origins`` finds them."""
    return load_with_origins(config, environment, **flags)[0]


def load_with_origins(
    config: str | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> tuple[Settings, dict[str, str]]:
    """The settings a command works with, and where those of them were given that are not defaults.

    Args:
        config: a configuration file; by default the one that SPARKIFY_CONFIG names, or else ``dwh.cfg`` in
            the working directory, where there is one.
            Relative paths in it count from its folder, all others from the working directory.
        environment: by default the process's.
        **flags: what was said on the command line, by the names of Settings; None where nothing was said.

    Raises:
        UsageError: the file is missing or malformed, or a value is none of its kind.
    """
    if config == "":
        raise UsageError("--config is empty", "name a file or omit it")
    warnings: list[str] = []
    origins: Origins = {}
    environment = os.environ if environment is None else environment
    path = config_path(config, environment)
    is_named = bool(config or environment.get(CONFIG_VARIABLE))
    if is_named or path.exists():
        _add(origins, dict(read_file(path, warnings, is_named=is_named)), warnings)
    in_file = dict(origins)
    _add(origins, _from_environment(environment, warnings), warnings)
    _add(origins, _from_flags(flags), warnings)
    if "database" not in origins and origins.get("host", ("", ""))[0]:
        # A configuration that names a cluster's address means that cluster.
        origins["database"] = ("redshift", origins["host"][1])
    credentials.require_none_in(origins)
    said_by_file = [name for name in in_file if origins[name][1] == in_file[name][1]]
    _take_places(origins, warnings, said_by_file, path.parent)
    values: dict[str, Any] = {name: _convert(name, text, origin) for name, (text, origin) in origins.items()}
    values = paths.resolved(values, said_by_file, path)
    if is_named and values.get("database") != "redshift" and (left_out := paths.left_out(values, path)):
        warnings.append(left_out)
    if values.get("publish") and values.get("database") == "redshift":
        warnings.append(
            f"{origins['publish'][1]} is of no use on Redshift, where readers never block a load; ignored"
        )
    found = [] if is_named else said_by_file
    settings = compose(values, found=found, warnings=warnings)
    given = {name: origin for name, (_, origin) in origins.items()}
    rules.check(values_of(settings), given)
    return settings, given


def config_path(config: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """The configuration file that ``--config`` names, or SPARKIFY_CONFIG.

    Args:
        config: what ``--config`` says.
        environment: by default the process's.
    """
    name, origin = config, "--config"
    if not name:
        name = (os.environ if environment is None else environment).get(CONFIG_VARIABLE)
        origin = f"the environment variable {CONFIG_VARIABLE}"
    if not name:
        return Path(paths.DEFAULT_CONFIG)
    credentials.require_none(name, origin)
    place = places.plain_place(name, origin)
    if is_on_s3(place):
        raise UsageError(f"{origin}: not a local file", "copy it here, and name the copy")
    return places.local_path(place)


def _from_environment(environment: Mapping[str, str], warnings: list[str]) -> Origins:
    said: Origins = {}
    for variable, value in environment.items():
        if variable in _ENVIRONMENT_KEYS:
            if value:  # else an unset variable of a script; dwh.cfg's empty values mean nothing either
                said[_ENVIRONMENT_KEYS[variable]] = (value, f"the environment variable {variable}")
        elif variable.startswith("SPARKIFY_") and variable not in _OTHER_VARIABLES:
            meant = meant_name(variable.removeprefix("SPARKIFY_"), [name.upper() for name in TYPES])
            guess = f"; did you mean SPARKIFY_{meant}?" if meant else ""
            warnings.append(f"unknown environment variable {variable}, ignored{guess}")
    return said


def _from_flags(flags: Mapping[str, Any]) -> Origins:
    said: Origins = {}
    for name, value in flags.items():
        if value == "":
            raise UsageError(f"--{name.replace('_', '-')} is empty", "give a value or omit it")
        if value is not None:
            said[name] = (str(value), f"--{name.replace('_', '-')}")
    return said


def _add(origins: Origins, said: Origins, warnings: list[str]) -> None:
    """Let what was said in one place count for more than what was said before."""
    if said.get("host", ("", ""))[0]:
        text, origin = said["host"]
        parts, note = address_parts(text, origin)
        warnings += filter(None, [note])
        for name, part in parts.items():
            if name == "host" or name not in said:
                said[name] = (part, origin)
            elif said[name][0] != part:
                warnings.append(f"{origin} names another {name} than {said[name][1]}, which counts")
    origins.update(said)


def _take_places(origins: Origins, warnings: list[str], said_by_file: Collection[str], folder: Path) -> None:
    """Bring places into the form that the rest of the code knows; those of the file count from its folder."""
    for name in ("song_data", "log_data", "log_jsonpath", "work_prefix", "export_prefix"):
        if name in origins:
            text, origin = origins[name]
            base = folder if name in said_by_file else Path()
            place, note = places.plain_place(text, origin, base), ""
            if name in ("song_data", "log_data"):
                place, note = places.source_place(text, origin, base)
            warnings += filter(None, [note])
            origins[name] = (place, origin)


def _convert(name: str, text: str, origin: str) -> str | int | float | bool:
    kind = TYPES[name]
    try:
        text.encode()  # of the command line and the environment not all need be text
        if kind is bool:
            return configparser.RawConfigParser.BOOLEAN_STATES[text.lower()]
        if kind is int:
            return int(text)
        return float(text) if kind is float else rules.normalized(name, text, origin)
    except UnicodeEncodeError:
        raise UsageError(f"{origin}: not UTF-8", "rename what it names") from None
    except (ValueError, KeyError):
        wanted = "true or false" if kind is bool else "a whole number" if kind is int else "a number"
        # Without the value: a password may stand in the wrong line.
        raise UsageError(f"{origin} is not {wanted}", "correct it") from None
