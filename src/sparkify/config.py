"""Settings: from flags, the environment, dwh.cfg and defaults, in this order of precedence.

Owns the shapes of dwh.cfg that circulate (values bare or quoted; several names for one key) and the
SPARKIFY_… variables. A secret is never part of a Settings' printed form.
"""

import configparser
import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sparkify import config_rules, credentials
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
        max_reject_share: share of a run's records that may be bad, 0 to 1, before the run fails.
        memory_limit: what DuckDB may keep in memory, e.g. ``1GB``.
        login: how to log in to Redshift: ``password``, or ``iam``, which is the default without a password.
        workgroup: Serverless workgroup; by default the cluster identifier.
        work_prefix: folder on S3 for manifests and bundled parts, which Redshift loads from.
        bundle_below_mb: source files smaller than this are bundled before Redshift loads them.
        s3_region: where the buckets of the source files are, if not in aws_region.
        aws_profile: a profile of ~/.aws/config, where no keys are given.
        s3_endpoint: the address of another S3 server than AWS's.
        s3_anonymous: read public buckets without credentials.
        s3_requests: how many requests to S3 may be under way at a time.
        s3_timeout: seconds one request may take.
        s3_retries: how often a request is tried again after a transient fault.
        export_prefix: folder on S3 to which Redshift may unload.
        cluster_type: ``multi-node``, ``single-node`` (``provisioned``: by num_nodes) or ``serverless``.
        namespace: Serverless namespace; by default the cluster identifier.
        base_rpu: what a Serverless workgroup computes with, in Redshift processing units.
        publicly_accessible: whether the cluster gets an address outside of its VPC.
        tags: tags of one's own for all that is created, as ``key=value, key=value``.
        cluster_timeout_minutes: how long to wait for the cluster to reach a state.
        warnings: what is to be said about the configuration.
    """

    database: str = "sparkify.duckdb"
    song_data: str = "data/song_data"
    log_data: str = "data/log_data"
    log_jsonpath: str = ""
    max_reject_share: float = 0.01
    memory_limit: str = "1GB"
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
    aws_access_key_id: str = field(default="", repr=False)
    aws_secret_access_key: str = field(default="", repr=False)
    aws_region: str = ""
    aws_profile: str = ""
    s3_region: str = ""
    s3_endpoint: str = ""
    s3_anonymous: bool = False
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


# Every key of dwh.cfg, as section.key: those of the public pipelines first, then this project's own.
_FILE_KEYS = {
    "CLUSTER.HOST": "host",
    "CLUSTER.DB_NAME": "db_name",
    "CLUSTER.DB_USER": "db_user",
    "CLUSTER.DB_PASSWORD": "db_password",
    "CLUSTER.DB_PORT": "db_port",
    "CLUSTER.LOGIN": "login",
    **{
        f"{section}.{key}": name
        for section in ("CLUSTER_PRO", "DWH")
        for key, name in {
            "DWH_CLUSTER_TYPE": "cluster_type",
            "DWH_NUM_NODES": "num_nodes",
            "DWH_NODE_TYPE": "node_type",
            "DWH_CLUSTER_IDENTIFIER": "cluster_identifier",
            "DWH_IAM_ROLE_NAME": "iam_role_name",
            "DWH_DB": "db_name",
            "DWH_DB_USER": "db_user",
            "DWH_DB_PASSWORD": "db_password",
            "DWH_PORT": "db_port",
            "DWH_WORKGROUP": "workgroup",
            "DWH_NAMESPACE": "namespace",
            "DWH_BASE_RPU": "base_rpu",
            "DWH_PUBLICLY_ACCESSIBLE": "publicly_accessible",
            "DWH_TAGS": "tags",
            "DWH_TIMEOUT_MINUTES": "cluster_timeout_minutes",
        }.items()
    },
    "IAM_ROLE.ARN": "iam_role_arn",
    "IAM_ROLE.DWH_ARN": "iam_role_arn",
    "IAM_ROLE.DWH_IAM_ROLE_NAME": "iam_role_name",
    "S3.LOG_DATA": "log_data",
    "S3.LOG_JSONPATH": "log_jsonpath",
    "S3.SONG_DATA": "song_data",
    "S3.WORK_PREFIX": "work_prefix",
    "S3.BUNDLE_BELOW_MB": "bundle_below_mb",
    "S3.REGION": "s3_region",
    "S3.ENDPOINT": "s3_endpoint",
    "S3.ANONYMOUS": "s3_anonymous",
    "S3.REQUESTS": "s3_requests",
    "S3.TIMEOUT": "s3_timeout",
    "S3.RETRIES": "s3_retries",
    "S3.EXPORT_PREFIX": "export_prefix",
    "AWS.ACCESS_KEY": "aws_access_key_id",
    "AWS.KEY": "aws_access_key_id",
    "AWS.SECRET_KEY": "aws_secret_access_key",
    "AWS.SECRET": "aws_secret_access_key",
    "AWS.ACCESS_REGION": "aws_region",
    "AWS.REGION": "aws_region",
    "AWS.PROFILE": "aws_profile",
    "WAREHOUSE.DATABASE": "database",
    "WAREHOUSE.MAX_REJECT_SHARE": "max_reject_share",
    "WAREHOUSE.MEMORY_LIMIT": "memory_limit",
}

_ENVIRONMENT_KEYS = {
    f"SPARKIFY_{setting.name.upper()}": setting.name
    for setting in fields(Settings)
    if setting.name != "warnings"
}


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
        environment: by default the process's.
        **flags: what was said on the command line, by the names of Settings; None where nothing was said.

    Raises:
        UsageError: the file is missing or malformed, or a value is none of its kind.
    """
    environment = os.environ if environment is None else environment
    warnings: list[str] = []
    origins: dict[str, tuple[str, str]] = {}
    path = Path(config) if config else Path(DEFAULT_CONFIG)
    if config or path.exists():
        origins.update(_read_file(path, warnings))
    for variable, value in environment.items():
        if variable in _ENVIRONMENT_KEYS:
            if not value:  # an unset variable of a script; dwh.cfg's empty values mean nothing either
                continue
            origins[_ENVIRONMENT_KEYS[variable]] = (value, f"the environment variable {variable}")
        elif variable.startswith("SPARKIFY_") and variable not in _OTHER_VARIABLES:
            nearest = _nearest(variable, _ENVIRONMENT_KEYS)
            warnings.append(f"unknown environment variable {variable}, ignored{nearest}")
    for name, value in flags.items():
        if value == "":
            raise UsageError(f"--{name.replace('_', '-')} is empty", "name something, or leave it out")
        if value is not None:
            origins[name] = (str(value), f"--{name.replace('_', '-')}")
    if "database" not in origins and origins.get("host", ("", ""))[0]:
        # A configuration that names a cluster's address means that cluster.
        origins["database"] = ("redshift", origins["host"][1])
    credentials.require_none_in(origins)
    values: dict[str, Any] = {name: _convert(name, text, origin) for name, (text, origin) in origins.items()}
    settings = Settings(**values, warnings=tuple(warnings))
    config_rules.check(settings, {name: origin for name, (_, origin) in origins.items()})
    return settings


_REMEDY = "see dwh.cfg.example for its form"


def _parsed(path: Path) -> configparser.RawConfigParser:
    # Passwords hold % and ; and #, so nothing is interpolated and only whole lines are comments.
    # [DEFAULT] would count for every section.
    parser = configparser.RawConfigParser(strict=True, comment_prefixes=("#", ";"), default_section="\0")
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}", "name it with --config") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8", _REMEDY) from None
    except configparser.MissingSectionHeaderError as error:
        raise UsageError(f"{path}: line {error.lineno}: a [SECTION] must come first", _REMEDY) from None
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        what = f"[{error.section}]" + (
            f" {error.option.upper()}" if isinstance(error, configparser.DuplicateOptionError) else ""
        )
        raise UsageError(f"{path}: line {error.lineno}: {what} stands there twice", "remove one") from None
    except configparser.ParsingError as error:
        lines = ", ".join(str(number) for number, _ in error.errors)
        # The lines themselves may hold a password.
        raise UsageError(f"{path}: line {lines}: not KEY=value", _REMEDY) from None
    return parser


def _read_file(path: Path, warnings: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    parser = _parsed(path)
    sections: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    for section in parser.sections():
        if section.upper() == "DEFAULT":
            raise UsageError(
                f"{path}: [{section}] means nothing here", "move its keys to their own sections; " + _REMEDY
            )
        if sections.setdefault(section.upper(), section) != section:
            raise UsageError(
                f"{path}: [{sections[section.upper()]}] and [{section}] are the same section", "join them"
            )
        for option, value in parser.items(section):
            key = f"{section.upper()}.{option.upper()}"
            if key not in _FILE_KEYS:
                nearest = _nearest(key, _FILE_KEYS)
                # Only its first word: KEY value = more makes all before the = a key.
                name = option.upper().split()[0]
                warnings.append(f"{path}: unknown key [{section}] {name}, ignored{nearest}")
                continue
            place = f"[{section}] {option.upper()}"
            if _has_open_quote(value or ""):
                raise UsageError(
                    f"{path}: line {_line_of(path, section, option)}: {place}: a quote is not closed",
                    "end the line with the same quote (comments have lines of their own); where the quote"
                    ' is part of the value, put all of it into quotes, as "\'abc"',
                )
            if text := _unquoted(value or ""):
                before, other = found.setdefault(_FILE_KEYS[key], (text, place))
                if before != text:
                    warnings.append(f"{path}: {other} and {place} mean the same and differ; {place} counts")
                yield _FILE_KEYS[key], (text, f"{path}: {place}")


def _nearest(key: str, known: Mapping[str, str]) -> str:
    match = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if not match:
        return ""
    section, _, name = match[0].rpartition(".")
    return f"; did you mean {f'[{section}] ' if section else ''}{name}?"


def _has_open_quote(value: str) -> bool:
    value = value.strip()
    return value[:1] in ("'", '"') and (len(value) == 1 or value[-1] != value[0])


def _line_of(path: Path, section: str, option: str) -> int:
    """The line in which a key stands, which the parser does not tell; 0 where it is not found."""
    now = ""
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if header := re.match(r"\[(.+)\]", line):
            now = header[1]
        elif now == section and re.split("[=:]", line, maxsplit=1)[0].strip().lower() == option:
            return number
    return 0


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


_KINDS = {setting.name: setting.type for setting in fields(Settings)}


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


def file_keys(name: str) -> list[tuple[str, str]]:
    """The (section, key) pairs under which dwh.cfg may hold a setting, the usual one first."""
    return [
        (section, key)
        for section, _, key in (
            known.partition(".") for known, setting in _FILE_KEYS.items() if setting == name
        )
    ]
