"""The judgement of records: which can be loaded, and as what. One SQL for both engines.

``sql/duckdb/judged_*.sql`` casts records and says what is wrong with those that can't be loaded. The DuckDB
engine loads from it; for Redshift, records are judged by it before they are bundled, so that the same record
fares the same on both.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import duckdb
import pyarrow as pa

from sparkify.reading.bad_records import INVALID, setting_aside
from sparkify.reading.jsonpaths import Path
from sparkify.reading.keys import EVENT_KEYS, SONG_KEYS, filled_columns
from sparkify.reading.records import RecordReader
from sparkify.reading.staged import LARGE_RECORD_BYTES, Staged
from sparkify.sources.objects import NOUNS, Source
from sparkify.sql import read_sql, relation

IS_GOOD = "CASE WHEN reason IS NULL THEN TRUE ELSE SET_ASIDE(file_id, line, raw, reason) END"
"""What a statement says that takes the good records of judged_*.sql, so that the bad ones are set aside."""

_SEVERAL = r"[}\n]|\{.*\{"
"""What a text has that may hold several objects, or one and something else."""


def judged(source: Source) -> str:
    """The judged records of a source, to be selected from.

    This is no view, because DuckDB would plan it once when it is made, and again when it is read.
    """
    return relation(read_sql(f"judged_{NOUNS[source]}", "duckdb"), "judged")


T = TypeVar("T")


def prepare(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> None:
    """Say which key of a record fills which column.

    Args:
        connection: where the records will be judged.
        source: whose records.
        paths: for each of its filled columns the keys that lead to its value.
    """
    keys = SONG_KEYS if source == "song_data" else EVENT_KEYS
    for name, value in (
        ("columns", list(filled_columns(source))),
        ("keys", list(keys)),
        ("pointers", [f"/{key}" for key in keys]),
        ("paths", [_json_path(path) for path in paths]),
    ):
        connection.execute(f"SET VARIABLE record_{name} = ?", [value])


def judge(
    connection: duckdb.DuckDBPyConnection,
    reader: RecordReader,
    run: Callable[[], Iterable[T]],
    *,
    max_rejects: int,
    folder: str,
) -> Iterator[T]:
    """Judge the records of files; the bad ones are in the table ``judged`` afterwards, with their reasons.

    What is no JSON may be several objects, which are judged in its place.

    Args:
        connection: where records are judged; prepared.
        reader: of the files.
        run: runs a statement that takes the rows of ``judged`` that are IS_GOOD.
        max_rejects: how many bad records a run may have.
        folder: where to keep the bad ones for a while.

    Raises:
        SparkifyError: a file can't be read, or far too many records are bad.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE judged (file_id INTEGER, line BIGINT, raw VARCHAR, reason VARCHAR)"
    )

    bad = 0

    def judge_all(records: pa.RecordBatchReader) -> Iterator[T]:
        connection.register("records", records)
        with setting_aside(connection, folder, max_rejects, reader.expect_damage) as kept:
            for name in ("review", "documents"):
                connection.execute(read_sql(name, "duckdb"))
            yield from run()
            for rows in kept.read():
                columns = [list(column) for column in zip(*rows, strict=True)]
                connection.execute(
                    "INSERT INTO judged SELECT UNNEST(?), UNNEST(?), UNNEST(?), UNNEST(?)", columns
                )
        connection.unregister("records")
        nonlocal bad
        bad += kept.records

    try:
        yield from judge_all(reader.stream())
    except Exception:
        if isinstance(reader.error, Exception):  # it comes through two layers that keep its text alone
            raise reader.error from None
        raise
    reader.require_all()
    if not bad:
        return
    torn = connection.execute(
        "DELETE FROM judged WHERE reason = ? AND REGEXP_MATCHES(raw, ?) RETURNING file_id, line, raw",
        [INVALID, _SEVERAL],
    ).fetchall()
    if torn:
        yield from judge_all(reader.cut_again(torn))


def staged(connection: duckdb.DuckDBPyConnection, reader: RecordReader) -> tuple[Staged, list[int]]:
    """What was read of files, all of which have been judged, and which of them have bad records."""
    damaged = connection.execute(
        "SELECT file_id, SUM(CASE WHEN reason LIKE 'not %' OR STRLEN(raw) > ? THEN STRLEN(raw) END)::BIGINT"
        " FROM judged GROUP BY file_id",
        [LARGE_RECORD_BYTES],
    ).fetchall()
    lost = Counter({file_id: size for file_id, size in damaged if size is not None})
    lost.update(reader.lost)
    return Staged(reader.counts, reader.sizes, dict(lost)), [file_id for file_id, _ in damaged]


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
