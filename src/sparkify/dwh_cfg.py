"""Reads dwh.cfg in the shapes that circulate: values bare or quoted, several names for one key."""

import configparser
import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sparkify.errors import UsageError

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


def read_file(path: Path, warnings: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The settings that a file says something about.

    Args:
        path: the file.
        warnings: what is to be said about it is added.

    Yields:
        The name of a setting, with its text and where that stands.

    Raises:
        UsageError: the file is missing or malformed.
    """
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
                nearest = nearest_key(key, _FILE_KEYS)
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


def nearest_key(key: str, known: Mapping[str, str]) -> str:
    """The end of a message about an unknown key: the known one that was probably meant, if any."""
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


def file_keys(name: str) -> list[tuple[str, str]]:
    """The (section, key) pairs under which dwh.cfg may hold a setting, the usual one first."""
    return [
        (section, key)
        for section, _, key in (
            known.partition(".") for known, setting in _FILE_KEYS.items() if setting == name
        )
    ]
