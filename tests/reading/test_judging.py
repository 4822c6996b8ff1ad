"""Judging records: every column is read, and none takes what it can't hold."""

import json
from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest

from sparkify.reading.cutting import SCHEMA
from sparkify.reading.judging import judged, prepare
from sparkify.reading.keys import EVENT_KEYS, SONG_KEYS, filled_columns
from sparkify.sources.objects import NOUNS, Source
from sparkify.sql import columns_of, read_sql
from tests.support.builders import event, track

SOURCES = {"log_data": (EVENT_KEYS, event(ts=1)), "song_data": (SONG_KEYS, track())}


def judge(source: Source, texts: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """Records as they are judged, in their order."""
    connection = duckdb.connect()
    prepare(connection, source, [[key] for key in SOURCES[source][0]])
    rows = [
        {"file_id": 1, "line": line, "raw": text, "fault": None, "is_doubtful": False}
        for line, text in enumerate(texts)
    ]
    connection.register("records", pa.Table.from_pylist(rows, SCHEMA))
    for name in ("review", "documents"):
        connection.execute(read_sql(name, "duckdb"))
    return connection.sql(f"FROM {judged(source)} ORDER BY line")


@pytest.mark.parametrize("source", SOURCES)
def test_every_column_of_a_staging_table_is_read(source: Source) -> None:
    columns = judge(source, []).columns
    assert {*columns} - {"line", "raw", "reason"} == {*columns_of(f"staging_{NOUNS[source]}")}


@pytest.mark.parametrize("value", ['{"a": 1}', "[1]", " \n\t{}"])
@pytest.mark.parametrize("source", SOURCES)
def test_no_column_takes_an_object_or_an_array(source: Source, value: str) -> None:
    keys, record = SOURCES[source]
    texts = [json.dumps(record | {key: "here"}).replace('"here"', value) for key in keys]
    reasons = [reason for (reason,) in judge(source, texts).select("reason").fetchall()]
    named = [str(reason).partition(":")[0] for reason in reasons]
    assert named == [*filled_columns(source)], reasons
