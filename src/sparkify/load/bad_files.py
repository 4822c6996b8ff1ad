"""Files of which nothing could be loaded, or far too little: what they are, as far as can be seen."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import chain

from sparkify.errors import BadFileError, SparkifyError
from sparkify.load.layout import Layout, layout_of
from sparkify.load.limits import FileCount
from sparkify.printing.terminal import shortened
from sparkify.reading.contents import contents, is_gzip
from sparkify.reading.jsonpaths import Path, written
from sparkify.reading.staged import LARGE_RECORD_BYTES
from sparkify.sources.objects import LoadFile, Source, Store
from sparkify.warehouse.contract import Row, Session

_HEAD_BYTES = 2**20
_SMALL_HEAD_BYTES = 2**16
_THOROUGH_FILES = 20
"""So many files are looked into as far as the larger of the two goes: all may be bad."""

_BEGINNING_CHARACTERS = 1000
"""So much of a rejected record is looked at."""

_REMEDY = "write them to a file of their own, for example with: {}"

_OTHERS = {
    "events, not songs": ("song_id is missing", (b'"sessionId"', b'"page"')),
    "songs, not events": ("ts is missing", (b'"song_id"', b'"artist_id"')),
}
"""What a source may hold instead: a reason of its rejects, and keys that its records have then."""

_SHOWN_REASONS = 3
_LOOKED_AT = 10_000


def without_good(
    warehouse: Session,
    source: Source,
    store: Store,
    files: Sequence[LoadFile],
    counts: Mapping[int, FileCount],
    paths: Sequence[Path],
) -> list[BadFileError]:
    """The files of which no record could be loaded, but for those that hold a single damaged one.

    Those that hold a wrapper of records beside good ones are among them.

    Args:
        warehouse: where their rejects are.
        source: the source they belong to.
        store: where they are.
        files: those that were read.
        counts: by file_id, what became of their records.
        paths: the keys that lead to the values of the columns.
    """
    suspects = [file for file in files if counts[file.file_id].rejected]
    if not suspects:
        return []
    rejects = _rejects(warehouse, source, suspects, counts)
    found: list[BadFileError] = []
    for file in suspects:
        count, own = counts[file.file_id], rejects.get(file.file_id, [])
        if count.loaded and count.damaged <= LARGE_RECORD_BYTES and not own:
            continue
        size = _HEAD_BYTES if len(found) < _THOROUGH_FILES else _SMALL_HEAD_BYTES
        head, is_packed = _head(store, file, size)
        if bad := _looked_into(file.source.uri, head, count, own, paths, is_packed=is_packed):
            found.append(bad)
    return found


def _rejects(
    warehouse: Session, source: Source, files: Sequence[LoadFile], counts: Mapping[int, FileCount]
) -> dict[int, list[Row]]:
    """By file_id, as (line, reason, raw text): what may hold records, and what files of bad ones hold."""
    without = [file.file_id for file in files if not counts[file.file_id].loaded][:_THOROUGH_FILES]
    ids = ", ".join(map(str, without or [0]))
    rows = warehouse.query(
        f"SELECT file_id, line, reason, LEFT(COALESCE(raw_line, ''), {_BEGINNING_CHARACTERS})"
        " FROM staging_rejects WHERE source = ? AND file_id >= ?"
        f" AND (raw_line LIKE '%{{%{{%' OR file_id IN ({ids})) ORDER BY file_id, line LIMIT {_LOOKED_AT}",
        [source, files[0].file_id],
    )
    found: dict[int, list[Row]] = {}
    for file_id, *reject in rows:
        found.setdefault(file_id, []).append(tuple(reject))
    return found


def _head(store: Store, file: LoadFile, size: int) -> tuple[bytes, bool]:
    """How a file begins, as text in UTF-8, and whether it is gzip."""
    try:
        reading = iter(store.read([file], size))
        _, chunks = next(reading)  # asked for more, it would be done with this one
        first = next(chunks, b"")
        return next(contents(file.source.uri, chain([first], chunks)), b"")[:size], is_gzip(first)
    except SparkifyError:
        return b"", False


def _looked_into(
    uri: str,
    head: bytes,
    count: FileCount,
    rejects: Sequence[Row],
    paths: Sequence[Path],
    *,
    is_packed: bool,
) -> BadFileError | None:
    start = head.lstrip(b" \t\r\n\xef\xbb\xbf\x1e")
    if b"\x00" in head and not count.loaded:
        return BadFileError(uri, "binary data; nothing in it can be loaded")
    layout = layout_of(start.decode(errors="replace"), paths)
    if layout.records or (layout.are_texts and not count.loaded):
        return _wrapped(uri, layout, is_packed=is_packed)
    for line, _, raw in rejects:
        if _may_hold_several(raw, paths) and (inner := layout_of(raw, paths)).records:
            problem, jq = _unwrapping(inner)
            remedy = _REMEDY.format(_command(f"sed -n {line}p", jq, is_packed=is_packed))
            return BadFileError(uri, f"in line {line:,} records {problem}", f"{remedy}; and remove the line")
    return None if count.loaded else _without_any(uri, start, count, rejects, layout)


def _may_hold_several(raw: str, paths: Sequence[Path]) -> bool:
    """Whether what is kept of a reject has a key twice, or is only its beginning."""
    names = {str(path[0]) for path in paths}
    return len(raw) >= _BEGINNING_CHARACTERS or any(
        raw.count(f'"{name}"') + raw.count(f'\\"{name}\\"') > 1 for name in names
    )


def _without_any(
    uri: str, start: bytes, count: FileCount, rejects: Sequence[Row], layout: Layout
) -> BadFileError | None:
    """What to say of a file with nothing that could be loaded; None if it is one record, which is bad."""
    # Of the brackets of an array with one bad object, too.
    is_object = start.lstrip(b"[, \t\r\n").startswith(b"{")
    is_small = max(count.size, count.damaged) <= LARGE_RECORD_BYTES
    if count.records == 1 and is_object and is_small and (layout.has_values or not layout.has_keys):
        return None
    if layout.has_columns and count.records == 1:
        return BadFileError(
            uri,
            "one object with a list of values per key, not one object per record",
            "write one record per line; in pandas: to_json(orient='records', lines=True)",
        )
    said = "nothing in it can be loaded"
    if count.records > 1:
        said = f"none of its {count.records:,} records can be loaded"
    if start.startswith((b"{", b"[")):
        problem = f"{said}{_reasons(rejects)}"
        if other := _of_other_source(start, rejects):
            return BadFileError(
                uri,
                f"{problem}; it holds {other}: are --song-data and --log-data exchanged?",
                "exchange them, or move the file if only some files are in the wrong folder",
            )
        return BadFileError(uri, problem)
    is_table = re.match(rb"[^{}\n]*[,;\t][^{}\n]*(\n|\Z)", start)
    what = "a table (CSV)" if is_table else "plain text"
    return BadFileError(uri, f"not JSON, it looks like {what}; {said}")


def _of_other_source(start: bytes, rejects: Sequence[Row]) -> str:
    """What these records are where they are those of the other source."""
    for what, (missing, keys) in _OTHERS.items():
        if all(key in start for key in keys) and any(missing in reason for _, reason, _ in rejects):
            return what
    return ""


def _reasons(rejects: Sequence[Row]) -> str:
    """Why records are bad, each reason once, with its first line."""
    first: dict[str, int] = {}
    for line, reason, _ in sorted(rejects):
        first.setdefault(reason, line)
    shown = [f"line {line:,}: {shortened(reason)}" for reason, line in list(first.items())[:_SHOWN_REASONS]]
    return f" ({'; '.join(shown)})" if shown else ""


def _wrapped(uri: str, layout: Layout, *, is_packed: bool) -> BadFileError:
    problem, jq = _unwrapping(layout)
    is_one = not (
        layout.are_texts or layout.second_key or any(isinstance(step, int) for step in layout.records)
    )
    if is_one:
        place = shortened(written([*layout.records, "ts"]), 300)
        return BadFileError(
            uri,
            f"the values of its records {problem}",
            f"name their places in a JSONPaths file (--log-jsonpath): {place} and so on",
        )
    return BadFileError(uri, f"its records {problem}", _REMEDY.format(_command(jq, is_packed=is_packed)))


def _command(first: str, *others: str, is_packed: bool) -> str:
    """Commands of a shell, the first of which reads the file, which may be gzip."""
    start = f"gzip -dc FILE | {first}" if is_packed else f"{first} FILE"
    return " | ".join([start, *others])


def _unwrapping(layout: Layout) -> tuple[str, str]:
    """Where records lie deeper in a text, and the jq that gets them out."""
    path = layout.records
    keys = " and the key ".join(_quoted(step) for step in path if isinstance(step, str))
    below = f"below the key {keys}" if keys else "in an array"
    steps = ["[]" if isinstance(step, int) else f"[{_quoted(step)}]" for step in path]
    if layout.are_texts:
        return f"are JSON within texts{f', {below}' * bool(path)}", f"jq -r {_jq(steps)}"
    if layout.second_key:
        keys = f"{_quoted(str(path[-1]))}, {_quoted(layout.second_key)}, …"
        return f"lie below a key each ({keys})", f"jq -c {_jq([*steps[:-1], '[]'])}"
    return f"lie {below}", f"jq -c {_jq(steps)}"


def _jq(steps: Sequence[str]) -> str:
    """A filter of jq as a shell takes it: keys may hold quotes."""
    return shlex.quote(f".{''.join(steps)}")


def _quoted(key: str) -> str:
    return shortened(json.dumps(key, ensure_ascii=False))
