"""The judgement of records: which can be loaded, and as what. One SQL for both engines.

``sql/duckdb/judged_*.sql`` casts records and says what is wrong with those that can't be loaded. The DuckDB
engine loads from it; for Redshift, records are judged by it before they are bundled, so that the same record
fares the same on both. It reads the relation ``records``, which is here filled from files.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from sparkify.reading.jsonpaths import Path
from sparkify.reading.keys import EVENT_KEYS, SONG_KEYS
from sparkify.reading.records import SCHEMA, RecordReader
from sparkify.reading.reject_bound import RejectBound
from sparkify.reading.splitter import recut
from sparkify.sources.objects import NOUNS, Source
from sparkify.sql import read_sql

INVALID = "not valid JSON"
"""The reason that judged_*.sql gives for what is no JSON at all: there may be several objects in it."""

LARGE_RECORD_BYTES = 2**14
"""A bad record that is larger is more than one, most likely: it counts by its size."""


@dataclass(frozen=True)
class Staged:
    """What was read of the files of a source, counted independently of the database.

    Attributes:
        records: by file_id, how many it has.
        sizes: by file_id, how many bytes of text; empty where the database reads the files itself.
        damaged: by file_id, how many of these bytes are no JSON, or in bad records too large to be one.
    """

    records: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    damaged: dict[int, int] = field(default_factory=dict)


def prepare(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    paths: Sequence[Sequence[str | int]],
) -> None:
    """Say which key of a record fills which column.

    Args:
        connection: where the records will be judged.
        columns: of the staging table, in order; those beyond the paths are not filled by keys.
        paths: for each column the keys that lead to its value.
    """
    connection.execute("SET VARIABLE record_columns = ?", [list(columns[: len(paths)])])
    connection.execute("SET VARIABLE record_paths = ?", [[_json_path(path) for path in paths]])


def judged_relation(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    """Make the view of the judged records of the relation ``records``, and give its name."""
    name = f"judged_{NOUNS[source]}"
    for needed in ("review", "extracted_records", name):
        connection.execute(read_sql(needed, "duckdb"))
    return name


def bound_of(max_rejects: int, source: Source, paths: Sequence[Path]) -> RejectBound:
    """What ends the reading of a source that has too many bad records."""
    names, identities = (
        (SONG_KEYS, ("song_id", "artist_id"))
        if source == "song_data"
        else (EVENT_KEYS, ("ts", "page", "sessionId"))
    )
    return RejectBound(max_rejects, [paths[names.index(name)] for name in identities])


def are_usual(source: Source, paths: Sequence[Sequence[str | int]]) -> bool:
    """Whether quick_events.sql, which has the usual keys of the logs in it, reads records of these paths."""
    return source == "log_data" and [list(path) for path in paths] == [[key] for key in EVENT_KEYS]


@contextlib.contextmanager
def records_of(connection: duckdb.DuckDBPyConnection, reader: RecordReader) -> Iterator[None]:
    """Let the relation ``records`` be those of files, to be read once.

    Raises:
        SparkifyError: what ended the reading; it comes through two layers that keep its text alone.
    """
    connection.execute("DROP VIEW IF EXISTS temp.records")  # an earlier load's
    connection.register("records", reader.stream())
    try:
        yield
    except Exception:
        if isinstance(reader.error, Exception):
            raise reader.error from None
        raise
    finally:
        # An error has aborted the transaction, and the stream goes with it.
        with contextlib.suppress(duckdb.Error):
            connection.unregister("records")


@contextlib.contextmanager
def pieces_of(
    connection: duckdb.DuckDBPyConnection, torn: Iterable[Sequence[Any]], reader: RecordReader
) -> Iterator[None]:
    """Let the relation ``records`` be what lines that are no JSON hold: several objects, or just damage.

    Args:
        connection: where the records will be judged.
        torn: file_id, line and text of each of these lines; what follows these is not looked at.
        reader: its counts are corrected.
    """
    found: list[tuple[int, int, str]] = []
    for file_id, line, text, *_ in torn:
        pieces = recut(text)
        reader.counts[file_id] += len(pieces) - 1
        found += [(file_id, line + offset, piece) for offset, piece in pieces]
    kinds = (pa.int32(), pa.int64(), pa.string())
    columns = [pa.array(column, kind) for column, kind in zip(zip(*found, strict=True), kinds, strict=True)]
    connection.register(
        "pieces", pa.table([*columns, pa.nulls(len(found), pa.string())], names=SCHEMA.names[:4])
    )
    connection.execute("CREATE OR REPLACE TEMP VIEW records AS SELECT * FROM pieces")
    yield
    connection.unregister("pieces")


def staged(reader: RecordReader, damaged: Mapping[int, int]) -> Staged:
    """What was read of files, all of which have been judged.

    Args:
        reader: the files.
        damaged: by file_id, how many bytes of its bad records count by their size.
    """
    lost = Counter(damaged)
    lost.update(reader.lost)
    return Staged(reader.counts, reader.sizes, dict(lost))


def _json_path(path: Sequence[str | int]) -> str:
    """A path as DuckDB takes it."""
    is_ambiguous = any(isinstance(step, int) or step.isdigit() for step in path)
    if is_ambiguous and not any(step in ("", "*") for step in path):
        # A pointer's /0 is a position as well as a key.
        return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{_quoted(step)}" for step in path)
    # RFC 6901: any key can be named, whatever characters it holds.
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
