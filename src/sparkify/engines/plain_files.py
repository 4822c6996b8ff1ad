"""Plain files: large local files of one flat object per line, which DuckDB's own reader takes much faster.

Owns which files are read that way. DuckDB's reader gives neither a record's line nor its text, and can't
say whether a text was an object once. So what could need either is left to ``sparkify.records``: as far as a
quick look at the bytes shows, and, of what only the casts show, by reading the file again. What is lost or
doubled on the way would show: the lines are counted here.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sparkify.sources import LoadFile, Store

MIN_BYTES = 2**20
"""Smaller files are cut many at a time by ``sparkify.records``, which costs less than opening each in SQL."""

GROUP_BYTES = 2**32
"""How much is read by one statement: something to show of the progress, and full row groups, which DuckDB
compresses and writes while it reads; what is left over it writes twice."""

CHUNK_BYTES = 2**20
"""How much is looked at at a time; no more than a line may have."""

_MAX_LINE_BYTES = 2**20
"""As event_files.sql says to DuckDB's reader: its buffers are small then, and all threads have work."""

_SAMPLED_PLACES, _SAMPLED_BYTES = 10, 4096

_ILLEGAL = (b"\v", b"\f")
"""White space to DuckDB's reader, but not to JSON, where these bytes can't stand anywhere."""


def unique_keys(paths: Sequence[Sequence[str | int]]) -> list[str] | None:
    """The keys at the top of a record that fill the columns, or None if that is not all there is to it."""
    keys = [path[0] for path in paths if len(path) == 1 and isinstance(path[0], str) and path[0]]
    # They become names of columns, which are told apart without regard to case.
    is_simple = len(keys) == len(paths) == len({str(key).casefold() for key in keys} - {"uri"})
    return [str(key) for key in keys] if is_simple else None


def groups(files: Iterable[LoadFile]) -> Iterator[list[LoadFile]]:
    """Files that may be plain, as many at a time as one statement should read."""
    group: list[LoadFile] = []
    size = 0
    for file in files:
        if file.source.size < MIN_BYTES or not _can_be_named(file.source.uri):
            continue
        group.append(file)
        size += file.source.size
        if size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def count_lines(store: Store, files: Iterable[LoadFile]) -> dict[int, int]:
    """The number of lines in each of some files, by file_id; files that are not plain are left out.

    Raises:
        SourceError: a file can't be read.
        SourceChangedError: a file is not the version that was listed.
    """

    def count(file: LoadFile) -> tuple[int, int | None]:
        ((_, chunks),) = store.read([file], CHUNK_BYTES)
        return file.file_id, _count_lines(chunks)

    # NumPy and reading leave the interpreter to other threads meanwhile.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return {file_id: lines for file_id, lines in threads.map(count, files) if lines is not None}


def some_lines(file: LoadFile) -> list[str]:
    """A few lines from all over a plain file; none if it has gone meanwhile."""
    lines: list[bytes] = []
    with contextlib.suppress(OSError), Path(file.source.uri).open("rb", buffering=0) as opened:
        for place in range(_SAMPLED_PLACES):
            opened.seek(file.source.size * place // _SAMPLED_PLACES)
            # The first line is not whole but at the beginning of the file, the last one hardly ever.
            lines += opened.read(_SAMPLED_BYTES).split(b"\n")[bool(place) : -1]
    return [line.decode(errors="replace") for line in lines]


def _count_lines(chunks: Iterable[bytes]) -> int | None:
    lines = objects = 0
    unfinished = 0  # bytes since the last newline
    before = b""
    for chunk in chunks:
        if not before and not chunk.startswith(b"{"):
            return None  # packed, in another encoding, or no objects
        if any(byte in chunk for byte in _ILLEGAL):
            return None
        if _may_open_array(chunk) or _may_open_array(before + chunk[:2]):
            return None
        text = np.frombuffer(chunk, np.uint8)
        lines += int(np.count_nonzero(text == ord("\n")))
        objects += int(np.count_nonzero(text == ord("{")))
        first = chunk.find(b"\n")
        unfinished += len(chunk) if first < 0 else first
        if unfinished > _MAX_LINE_BYTES:
            return None
        if first >= 0:
            unfinished = len(chunk) - chunk.rfind(b"\n") - 1
        before = (before + chunk[-2:])[-2:]
    lines += bool(unfinished)
    return lines if lines == objects else None


def _may_open_array(data: bytes) -> bool:
    """Whether a ``[`` stands where a value may begin, as far as the two bytes before it tell."""
    text = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(text == ord("["))
    at = at[at >= 2]  # the caller looks at those across two chunks
    last, last_but_one = text[at - 1], text[at - 2]
    follows_colon = last == ord(":")
    follows_space = (last <= ord(" ")) & ((last_but_one == ord(":")) | (last_but_one <= ord(" ")))
    return bool((follows_colon | follows_space).any())


def _can_be_named(path: str) -> bool:
    """Whether DuckDB takes a path as the name of one file, not as a pattern."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return not any(character in path for character in "*?[{\\")
