"""Reads dwh.cfg in the shapes that circulate: values bare or quoted, several names for one key."""

import configparser
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sparkify.config import owner
from sparkify.config.dwh_cfg_keys import KEYS, UNUSED_SECTIONS, meant_key, why_unused
from sparkify.errors import UsageError

_REMEDY = "see dwh.cfg.example for its form"

_QUOTED = re.compile(r"""((['"]).*?\2)(\s+[#;].*)""")
_COMMENT = re.compile(r"(^|\s+)[#;].*")


def split_comment(value: str) -> tuple[str, str]:
    """What stands behind a ``=``: the value, in its quotes if it has some, and the comment after it."""
    if value[:1] in ("'", '"'):
        found = None if len(value) > 1 and value[-1] == value[0] else _QUOTED.fullmatch(value)
        return (found[1], found[3]) if found else (value, "")
    found = _COMMENT.search(value)
    return (value[: found.start()], value[found.start() :]) if found else (value, "")


def _content(path: Path, *, is_named: bool) -> tuple[str, os.stat_result]:
    """The text of a file, with its owner and permissions."""
    # What was not named may be a pipe that nobody writes to.
    flags = 0 if is_named else getattr(os, "O_NONBLOCK", 0)
    try:
        with open(
            path, encoding="utf-8-sig", opener=lambda name, usual: os.open(name, usual | flags)
        ) as file:
            status = os.fstat(file.fileno())
            if not is_named:
                owner.require_own(path, status)
            content = file.read()
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}", _reading_hint(path, error)) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a UTF-8 text file", _REMEDY) from None
    if "\0" in content:  # no name on this machine can hold one
        raise UsageError(f"{path}: not a text file, it contains NUL characters", _REMEDY)
    return content, status


def _parsed(path: Path, content: str) -> configparser.RawConfigParser:
    # Passwords hold % and ; and #: nothing is interpolated, and comments behind a value are _text's.
    # [DEFAULT] would count for every section.
    parser = configparser.RawConfigParser(strict=True, comment_prefixes=("#", ";"), default_section="\0")
    try:
        parser.read_string(content)
    except configparser.MissingSectionHeaderError as error:
        raise UsageError(f"{path}: line {error.lineno}: a [SECTION] must come first", _REMEDY) from None
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        what = f"[{error.section}]"
        if isinstance(error, configparser.DuplicateOptionError):
            name = error.option.upper()
            what += f" {name}" if name in KEYS.get(error.section.upper(), ()) else ": the same key"
        raise UsageError(f"{path}: line {error.lineno}: {what} is set twice", "remove one") from None
    except configparser.ParsingError as error:
        lines = ", ".join(str(number) for number, _ in error.errors)
        # The lines themselves may hold a password.
        raise UsageError(f"{path}: line {lines}: not KEY=value", _REMEDY) from None
    return parser


def _reading_hint(path: Path, error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return f"name the file in that folder, for example {path / 'dwh.cfg'}"
    if isinstance(error, FileNotFoundError):
        where = "" if path.is_absolute() else f", which counts from {Path.cwd()}"
        return f"check the path{where}; a new one begins as a copy of dwh.cfg.example"
    return "check its permissions, or name another file with --config"


def read_file(
    path: Path, warnings: list[str], *, is_named: bool = True
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The settings that a file says something about.

    Args:
        path: the file.
        warnings: what is to be said about it is added.
        is_named: whether it was named, and not found in the working directory.

    Yields:
        The name of a setting, with its text and where that stands.

    Raises:
        UsageError: the file is missing or malformed, or somebody else's and was not named.
    """
    content, status = _content(path, is_named=is_named)
    parser = _parsed(path, content)
    sections: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    for section in parser.sections():
        if section.upper() == "DEFAULT":
            raise UsageError(
                f"{path}: [{section}] is not a known section",
                "move its keys to their own sections; " + _REMEDY,
            )
        if sections.setdefault(section.upper(), section) != section:
            raise UsageError(
                f"{path}: [{sections[section.upper()]}] and [{section}] are the same section", "join them"
            )
        for option, value in parser.items(section):
            name, key = option.upper(), (section.upper(), option.upper())
            if key[1] not in KEYS.get(key[0], ()):
                remark = f"{path}: {_remark(section, key, _line_of(content, section, option))}"
                warnings += [remark] if remark not in warnings else []
                continue
            setting, place = KEYS[key[0]][key[1]], f"[{section}] {name}"
            try:
                text = _text(value or "", is_password=setting == "db_password")
            except UsageError as error:
                line = _line_of(content, section, option)
                raise UsageError(f"{path}: line {line}: {place}: {error.message}", error.hint) from None
            if text:
                before, other = found.setdefault(setting, (text, place))
                if before != text:
                    warnings.append(f"{path}: {other} and {place} mean the same but differ; {place} counts")
                yield setting, (text, f"{path}: {place}")
    secret_keys = [found[name][1] for name in owner.SECRETS if name in found]
    warnings += filter(None, [owner.readers_warning(path, status, secret_keys)])


def _remark(section: str, key: tuple[str, str], line: int) -> str:
    if reason := why_unused(*key):
        name = "" if key[0] in UNUSED_SECTIONS else f" {key[1]}"
        return f"[{section}]{name} is not used: {reason}"
    # Only its first word: KEY value = more makes all before the = a key.
    word = key[1].split()[0]
    if meant := meant_key(key[0], word):
        return f"unknown key [{section}] {word}, ignored{meant}"
    # It is like no key there is: a secret may stand in a line of its own, and have a = in it.
    return f"line {line}: unknown key in [{section}], ignored"


def _text(value: str, *, is_password: bool) -> str:
    """A value without its quotes, and without a comment behind it.

    A password on Redshift may begin with # or have it inside, but has no blank.

    Raises:
        UsageError: what is meant can't be told. Its message never has the value, which may be a secret.
    """
    value = value.strip()
    if "\n" in value:
        raise UsageError(
            "the next line begins with a space, so it continues this value",
            "start each key at the beginning of its line",
        )
    text, _ = split_comment(value)
    if text[:1] in ("'", '"'):
        if len(text) > 1 and text[-1] == text[0]:
            return text[1:-1]
        raise UsageError(
            "unclosed quote",
            "close the value with the same quote; if the quote is part of the value, quote the whole value,"
            ' as in "\'abc"',
        )
    if is_password and re.match(r"[#;]\S", value):
        return value[0] + split_comment(value[1:])[0]
    return text


def _line_of(content: str, section: str, option: str) -> int:
    """The line in which a key stands, which the parser does not tell; 0 where it is not found."""
    now = ""
    for number, line in enumerate(content.splitlines(), 1):
        if header := re.match(r"\[(.+)\]", line):
            now = header[1]
        elif now == section and re.split("[=:]", line, maxsplit=1)[0].strip().lower() == option:
            return number
    return 0
