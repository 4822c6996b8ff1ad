"""Files of which nothing could be loaded: what they are, as far as their beginning shows."""

import json
import re
from collections.abc import Mapping, Sequence

from sparkify.errors import BadFileError, SparkifyError
from sparkify.load.limits import FileCount
from sparkify.printing.terminal import shortened
from sparkify.reading.contents import contents
from sparkify.reading.jsonpaths import Path, written
from sparkify.sources.objects import LoadFile, Store

_HEAD_BYTES = 2**16

_LARGE = 2**16
"""From how many bytes on a file is more than one record, which happens to be bad."""

_LARGE_DAMAGE = 2**20
"""From how many bytes of damage on it is asked whether what could be loaded is part of something larger."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}\[\]]')


def without_good(
    store: Store, files: Sequence[LoadFile], counts: Mapping[int, FileCount], paths: Sequence[Path]
) -> list[BadFileError]:
    """The files of which no record could be loaded, but for those that hold a single damaged one.

    A wrapper that is too long for a record is among them, though its end may have been read as records.

    Args:
        store: where they are.
        files: those that were read.
        counts: by file_id, what became of their records.
        paths: the keys that lead to the values of the columns.
    """
    found = []
    for file in files:
        count = counts[file.file_id]
        is_suspect = (count.records and not count.loaded) or count.damaged > _LARGE_DAMAGE
        if is_suspect and (bad := _looked_into(store, file, count, paths)):
            found.append(bad)
    return found


def _looked_into(
    store: Store, file: LoadFile, count: FileCount, paths: Sequence[Path]
) -> BadFileError | None:
    uri = file.source.uri
    try:
        reading = iter(store.read([file], _HEAD_BYTES))
        _, chunks = next(reading)  # asked for more, it would be done with this one
        head = next(contents(uri, chunks), b"")[:_HEAD_BYTES]
    except SparkifyError:
        head = b""
    start = head.lstrip(b" \t\r\n\xef\xbb\xbf\x1e")
    if b"\x00" in head and not count.loaded:
        return BadFileError(uri, "binary data, of which nothing can be loaded")
    wrapper = _wrapper(start.decode(errors="replace"), paths)
    keys = " and the key ".join(_quoted(step) for step in wrapper if isinstance(step, str))
    if wrapper and any(isinstance(step, int) for step in wrapper):
        jq = "".join("[]" if isinstance(step, int) else f"[{_quoted(step)}]" for step in wrapper)
        return BadFileError(
            uri,
            f"its records lie below the key {keys}",
            f"write them into a file of their own, e.g. with: jq -c '.{jq}' FILE",
        )
    if wrapper:
        place = shortened(written([*wrapper, "ts"]), 300)
        return BadFileError(
            uri,
            f"the values of its records lie below the key {keys}",
            f"name their places in a JSONPaths file (--log-jsonpath): {place} and so on",
        )
    if count.loaded:
        return None
    # Of the brackets of an array with one bad object, too.
    is_object = start.lstrip(b"[, \t\r\n").startswith(b"{")
    if count.records > 1 or not is_object or max(count.size, count.damaged) > _LARGE:
        found = (
            f"none of its {count.records:,} records can be loaded"
            if count.records > 1
            else "nothing of it can be loaded"
        )
        if not start.startswith((b"{", b"[")):
            is_table = re.match(rb"[^{}\n]*[,;\t][^{}\n]*(\n|\Z)", start)
            found = f"not JSON, it looks like {'a table (CSV)' if is_table else 'plain text'}; {found}"
        return BadFileError(uri, found)
    return None


def _wrapper(text: str, paths: Sequence[Path]) -> Path:
    """The keys below which the records lie, by where known keys come first; empty if on top."""
    known = {path[0] for path in paths}
    stack: list[str | int | None] = []
    key: str | None = None
    seen: dict[tuple[str | int | None, ...], set[str]] = {}
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            stack.append(key if mark == "{" or key is not None else None)
            if mark == "[":
                stack[-1] = key
                stack.append(0)
            key = None
        elif mark in "}]":
            if mark == "]" and stack:
                stack.pop()
            if stack:
                stack.pop()
            key = None
        elif token[2]:
            key = _unescaped(token[1])
            place = tuple(step for step in stack if step is not None)
            keys = seen.setdefault(place, set())
            keys.add(key)
            if len(keys & known) >= min(3, len(known)):
                steps = [step for step in place if step is not None]
                return steps if any(isinstance(step, str) for step in steps) else []
        else:
            key = None
    return []


def _unescaped(key: str) -> str:
    try:
        return str(json.loads(f'"{key}"'))
    except ValueError:
        return key


def _quoted(key: str) -> str:
    return shortened(json.dumps(key, ensure_ascii=False))
