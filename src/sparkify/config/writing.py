"""Writes what AWS has made back to dwh.cfg: the values of a few keys, and not a character more."""

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sparkify.config.dwh_cfg import split_comment
from sparkify.config.dwh_cfg_keys import file_keys
from sparkify.config.loading import load_settings
from sparkify.config.settings import values_of
from sparkify.errors import ClusterError, SparkifyError


def set_values(path: Path, values: Mapping[str, str]) -> list[str]:
    """Set settings in a configuration file; all other lines, comments, quotes and permissions stay.

    The file is replaced in one step: it is never half-written. One that is not there is made, readable by its
    owner only.

    Args:
        path: the file.
        values: by the names of Settings; ``""`` empties a key and adds none.

    Returns:
        The keys that were changed, in the form ``[SECTION] KEY``.

    Raises:
        ClusterError: the file can't be written, or would not be read back as meant.
    """
    # Through a link, so that the link stays one.
    path = path.resolve()
    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""
        # io.StringIO with newline="" keeps each line's own ending.
        lines = list(io.StringIO(text, newline=""))
        changed = [key for name, value in values.items() for key in _set(lines, name, value)]
        if changed:
            _replace(path, "".join(lines), values)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a UTF-8 text file"
        raise ClusterError(f"{path}: can't be written: {reason}", _by_hand(values)) from None
    return changed


def _by_hand(values: Mapping[str, str]) -> str:
    keys = (
        f"[{section}] {key}={value}" for name, value in values.items() for section, key in file_keys(name)[:1]
    )
    return f"set there by hand: {', '.join(keys)}"


def _set(lines: list[str], name: str, value: str) -> list[str]:
    known = file_keys(name)
    changed, found = [], False
    section = ""
    begin: dict[str, int] = {}
    for number, line in enumerate(lines):
        if header := re.match(r"\ufeff?\[(.+)\]", line):
            section = header[1].upper()
            begin.setdefault(section, number)
        # A line that begins with a blank goes on with the value before it.
        elif (
            entry := re.match(r"([^\s#;=:][^=:]*?)([ \t]*[=:][ \t]*|(?=\s*$))(.*?)([ \t]*\r?\n?)$", line)
        ) and (
            section,
            entry[1].upper(),
        ) in known:
            found = True
            before, comment = split_comment(entry[3])
            quote = before[0] if re.fullmatch(r"'.*'|\".*\"", before) else ""
            new = f"{entry[1]}{entry[2] or '='}{quote}{value}{quote}{comment}{entry[4]}"
            if new != line:
                lines[number] = new
                changed.append(f"[{section}] {entry[1].upper()}")
    if found or not value:
        return changed
    section, key = known[0]
    eol = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if section in begin:
        if not lines[begin[section]].endswith("\n"):
            lines[begin[section]] += eol
        lines.insert(begin[section] + 1, f"{key}={value}{eol}")
    else:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += eol
        lines.extend([eol] * bool(lines) + [f"[{section}]{eol}", f"{key}={value}{eol}"])
    return [f"[{section}] {key}"]


def _replace(path: Path, text: str, values: Mapping[str, str]) -> None:
    # mkstemp's file is its owner's alone from the beginning: it may hold a password.
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        _check(Path(temporary), path, values)
        if path.exists():
            there = path.stat()
            Path(temporary).chmod(there.st_mode & 0o7777)
            if os.geteuid() == 0:
                os.chown(temporary, there.st_uid, there.st_gid)
        os.replace(temporary, path)  # noqa: PTH105 - the atomic one, said as such
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _check(written: Path, path: Path, values: Mapping[str, str]) -> None:
    try:
        written_values = values_of(load_settings(str(written), environment={}))
        is_meant = all(written_values[name] == value for name, value in values.items() if value)
    except SparkifyError:
        is_meant = False
    if not is_meant:
        raise ClusterError(f"{path}: its form does not let a line be changed safely", _by_hand(values))
