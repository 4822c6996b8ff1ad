"""Settings: from flags, the environment, dwh.cfg and defaults, in this order of precedence.

Owns the SPARKIFY_… variables; ``dwh_cfg`` reads the file. A secret is never part of a Settings' printed form.
"""

import configparser
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sparkify import config_paths, config_rules, credentials, places
from sparkify.cluster_address import address_parts
from sparkify.dwh_cfg import read_file
from sparkify.dwh_cfg_keys import meant_name
from sparkify.errors import UsageError

DEFAULT_CONFIG = "dwh.cfg"


@dataclass(frozen=True)
class Settings:
    """What a command works with.

    Attributes:
        database: a DuckDB file, or ``redshift``.
        song_data: folder or URI with the song files.
        log_data: folder or URI with the log files.
        log_jsonpath: the JSONPaths file of the logs; by default ``log_json_path.json`` beside log_data, and
            the usual keys where there is none.
        max_reject_share: share of a source's records that may be bad in a run, 0 to 1, before the run fails.
        follow_links: whether links in a source's folder may lead out of it.
        max_rejects: how many bad records a source may have, whatever their share; more end the reading.
        max_unpacked_ratio: how many bytes of text a byte of a gzip file may hold.
        temp_limit: how much DuckDB may put beside the database; by default nine tenths of what is free there.
        memory_limit: what DuckDB may keep in memory, e.g. ``1GB``.
        login: how to log in to Redshift: ``password``, or ``iam``, which is the default without a password.
        workgroup: Serverless workgroup; by default the cluster identifier.
        work_prefix: folder on S3 for manifests and bundled parts, which Redshift loads from.
        bundle_below_mb: source files smaller than this are bundled before Redshift loads them.
        s3_region: where the buckets of the source files are, if not in aws_region.
        aws_session_token: what goes with temporary keys.
        aws_profile: a profile of ~/.aws/config, where no keys are given.
        s3_endpoint: the address of another S3 server than AWS's.
        s3_anonymous: read public buckets without credentials.
        s3_allow_http: whether credentials may go to s3_endpoint without TLS.
        s3_requests: how many requests to S3 may be under way at a time.
        s3_timeout: seconds one request may take.
        s3_retries: how often a request is tried again after a transient fault.
        export_prefix: folder on S3 to which Redshift may unload.
        cluster_type: ``multi-node``, ``single-node`` (``provisioned``: by num_nodes) or ``serverless``.
        namespace: Serverless namespace; by default the cluster identifier.
        base_rpu: what a Serverless workgroup computes with, in Redshift processing units.
        publicly_accessible: whether the cluster gets an address outside of its VPC.
        permissions_boundary: ARN of a policy that bounds the role of the cluster.
        source_account: number of the account whose buckets the cluster may load from; any where it is empty.
        tags: tags of one's own for all that is created, as ``key=value, key=value``.
        cluster_timeout_minutes: how long to wait for the cluster to reach a state.
        warnings: what is to be said about the configuration.
        found: the settings that a file says which was found in the working directory, and not named.
    """

    database: str = "sparkify.duckdb"
    song_data: str = "data/song_data"
    log_data: str = "data/log_data"
    log_jsonpath: str = ""
    max_reject_share: float = 0.01
    max_rejects: int = 1_000_000
    max_unpacked_ratio: int = 200
    follow_links: bool = False
    memory_limit: str = "1GB"
    temp_limit: str = ""
    host: str = ""
    db_name: str = ""
    db_user: str = ""
    db_password: str = field(default="", repr=False)
    db_port: int = 5439
    login: str = ""
    workgroup: str = ""
    work_prefix: str = ""
    bundle_below_mb: int = 10
    cluster_type: str = "multi-node"
    num_nodes: int = 2
    node_type: str = "ra3.large"
    cluster_identifier: str = "sparkify"
    iam_role_arn: str = ""
    iam_role_name: str = "sparkify-redshift"
    permissions_boundary: str = ""
    source_account: str = ""
    aws_access_key_id: str = field(default="", repr=False)
    aws_secret_access_key: str = field(default="", repr=False)
    aws_session_token: str = field(default="", repr=False)
    aws_region: str = ""
    aws_profile: str = ""
    s3_region: str = ""
    s3_endpoint: str = ""
    s3_anonymous: bool = False
    s3_allow_http: bool = False
    s3_requests: int = 32
    s3_timeout: int = 30
    s3_retries: int = 5
    export_prefix: str = ""
    namespace: str = ""
    base_rpu: int = 8
    publicly_accessible: bool = False
    tags: str = ""
    cluster_timeout_minutes: int = 60
    warnings: tuple[str, ...] = ()
    found: frozenset[str] = frozenset()


Origins = dict[str, tuple[str, str]]
"""By the name of a setting, its text and where that was said."""

_KINDS = {
    setting.name: setting.type for setting in fields(Settings) if setting.name not in ("warnings", "found")
}
"""The types of those that can be said."""

_ENVIRONMENT_KEYS = {f"SPARKIFY_{name.upper()}": name for name in _KINDS}


# Understood elsewhere: by the command line, and by the tests.
_OTHER_VARIABLES = ("SPARKIFY_TRACEBACK", "SPARKIFY_SAMPLE_DATA")


def load_settings(
    config: str | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> Settings:
    """The settings a command works with.

    Args:
        config: a configuration file; by default ``dwh.cfg`` in the working directory, where there is one.
            Relative paths in it count from its folder, all others from the working directory.
        environment: by default the process's.
        **flags: what was said on the command line, by the names of Settings; None where nothing was said.

    Raises:
        UsageError: the file is missing or malformed, or a value is none of its kind.
    """
    if config == "":
        raise UsageError("--config is empty", "name a file, or leave it out")
    warnings: list[str] = []
    origins: Origins = {}
    path = config_path(config)
    if config or path.exists():
        _add(origins, dict(read_file(path, warnings, is_named=bool(config))), warnings)
    in_file = dict(origins)
    _add(origins, _from_environment(os.environ if environment is None else environment, warnings), warnings)
    _add(origins, _from_flags(flags), warnings)
    if "database" not in origins and origins.get("host", ("", ""))[0]:
        # A configuration that names a cluster's address means that cluster.
        origins["database"] = ("redshift", origins["host"][1])
    credentials.require_none_in(origins)
    said_by_file = [name for name in in_file if origins[name][1] == in_file[name][1]]
    _take_places(origins, warnings, said_by_file, path.parent)
    values: dict[str, Any] = {name: _convert(name, text, origin) for name, (text, origin) in origins.items()}
    values = config_paths.resolved(values, said_by_file, path)
    found = frozenset() if config else frozenset(said_by_file)
    settings = Settings(**values, warnings=tuple(warnings), found=found)
    config_rules.check(settings, {name: origin for name, (_, origin) in origins.items()})
    return settings


def config_path(config: str | None) -> Path:
    """The configuration file that ``--config`` names."""
    if not config:
        return Path(DEFAULT_CONFIG)
    credentials.require_none(config, "--config")
    place = places.plain_place(config, "--config")
    if places.is_on_s3(place):
        raise UsageError("--config: not a file of this machine", "copy it here, and name the copy")
    return places.local_path(place)


def _from_environment(environment: Mapping[str, str], warnings: list[str]) -> Origins:
    said: Origins = {}
    for variable, value in environment.items():
        if variable in _ENVIRONMENT_KEYS:
            if value:  # else an unset variable of a script; dwh.cfg's empty values mean nothing either
                said[_ENVIRONMENT_KEYS[variable]] = (value, f"the environment variable {variable}")
        elif variable.startswith("SPARKIFY_") and variable not in _OTHER_VARIABLES:
            meant = meant_name(variable.removeprefix("SPARKIFY_"), [name.upper() for name in _KINDS])
            guess = f"; did you mean SPARKIFY_{meant}?" if meant else ""
            warnings.append(f"unknown environment variable {variable}, ignored{guess}")
    return said


def _from_flags(flags: Mapping[str, Any]) -> Origins:
    said: Origins = {}
    for name, value in flags.items():
        if value == "":
            raise UsageError(f"--{name.replace('_', '-')} is empty", "name something, or leave it out")
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
    kind = _KINDS[name]
    try:
        text.encode()  # of the command line and the environment not all need be text
        if kind is bool:
            return configparser.RawConfigParser.BOOLEAN_STATES[text.lower()]
        if kind is int:
            return int(text)
        return float(text) if kind is float else config_rules.normalized(name, text, origin)
    except UnicodeEncodeError:
        raise UsageError(f"{origin}: not UTF-8", "rename what it names") from None
    except (ValueError, KeyError):
        wanted = "true or false" if kind is bool else "a whole number" if kind is int else "a number"
        # Without the value: a password may stand in the wrong line.
        raise UsageError(f"{origin} is not {wanted}", "correct it") from None
