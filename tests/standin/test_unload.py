"""UNLOAD to Parquet on S3."""

import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from .fixtures import Sql
from .server import RedshiftStandIn


@pytest.fixture
def plays(sql: Sql) -> Sql:
    """A session with a table of five plays."""
    sql(
        "CREATE TABLE plays (id BIGINT, ts TIMESTAMP, level VARCHAR(9), hour SMALLINT, "
        "price DECIMAL(6,2), ok BOOLEAN, x FLOAT)"
    )
    sql(
        "INSERT INTO plays VALUES (1, '2018-11-01 01:02:03.456', 'free', 1, 1.5, true, 0.1), "
        "(2, NULL, 'paid', 1, 2, false, NULL), (3, '2018-11-01', 'paid', 2, NULL, NULL, 1), "
        "(4, NULL, NULL, 2, 0, true, 1), (5, NULL, 'free', 2, 0, true, 1)"
    )
    return sql


def unload(query: str, target: str, options: str = "") -> str:
    return f"UNLOAD ('{query}') TO '{target}' IAM_ROLE default FORMAT AS PARQUET {options}"


def files(redshift: RedshiftStandIn, folder: str) -> dict[str, Any]:
    """Rows of each file below a folder."""
    return {
        uri.removeprefix(folder): pq.read_table(io.BytesIO(redshift.s3.get(uri))).to_pylist()
        for uri, _ in redshift.s3.list(folder)
        if uri.endswith(".parquet")
    }


def test_rows_come_back_with_their_types(redshift: RedshiftStandIn, plays: Sql, folder: str) -> None:
    # UNLOAD: FORMAT AS PARQUET; the query's quotation marks are doubled.
    plays(unload("SELECT * FROM plays WHERE level = ''free''", folder + "plays_"))
    found = files(redshift, folder)
    assert sorted(found) == ["plays_0000_part_00.parquet", "plays_0001_part_00.parquet"]
    rows = sorted((row for part in found.values() for row in part), key=lambda row: row["id"])
    assert rows[0] == {
        "id": 1, "ts": datetime(2018, 11, 1, 1, 2, 3, 456000), "level": "free", "hour": 1,
        "price": Decimal("1.50"), "ok": True, "x": 0.1,
    }  # fmt: skip
    assert plays.connection.notices[-1][b"M"] == b"UNLOAD completed, 2 record(s) unloaded successfully."


def test_partitions_are_folders_and_their_columns_leave_the_files(
    redshift: RedshiftStandIn, plays: Sql, folder: str
) -> None:
    # UNLOAD: PARTITION BY; NULL goes to the default partition; INCLUDE keeps the columns.
    plays(unload("SELECT id, level, hour FROM plays", folder, "PARTITION BY (level, hour) PARALLEL OFF"))
    assert files(redshift, folder) == {
        "level=free/hour=1/0000_part_00.parquet": [{"id": 1}],
        "level=free/hour=2/0000_part_00.parquet": [{"id": 5}],
        "level=paid/hour=1/0000_part_00.parquet": [{"id": 2}],
        "level=paid/hour=2/0000_part_00.parquet": [{"id": 3}],
        "level=__HIVE_DEFAULT_PARTITION__/hour=2/0000_part_00.parquet": [{"id": 4}],
    }
    plays(
        unload(
            "SELECT id, level FROM plays", folder, "PARTITION BY (level) INCLUDE ALLOWOVERWRITE PARALLEL OFF"
        )
    )
    assert files(redshift, folder)["level=free/0000_part_00.parquet"] == [
        {"id": 1, "level": "free"},
        {"id": 5, "level": "free"},
    ]


def test_files_in_the_way_stop_it_unless_told_otherwise(
    redshift: RedshiftStandIn, sql: Sql, folder: str
) -> None:
    # UNLOAD: ALLOWOVERWRITE, CLEANPATH.
    redshift.s3.put(folder + "old.parquet", b"old")
    query = "SELECT 1 AS a"
    assert "not empty" in sql.error(unload(query, folder))["M"]
    sql(unload(query, folder, "ALLOWOVERWRITE PARALLEL OFF"))
    assert [uri.removeprefix(folder) for uri, _ in redshift.s3.list(folder)] == [
        "0000_part_00.parquet",
        "old.parquet",
    ]
    sql(unload(query, folder, "CLEANPATH PARALLEL OFF"))
    assert [uri.removeprefix(folder) for uri, _ in redshift.s3.list(folder)] == ["0000_part_00.parquet"]
    assert "together" in sql.error(unload(query, folder, "CLEANPATH ALLOWOVERWRITE"))["M"]


def test_a_manifest_lists_the_files(redshift: RedshiftStandIn, plays: Sql, folder: str) -> None:
    # UNLOAD: MANIFEST VERBOSE.
    plays(unload("SELECT id FROM plays", folder, "MANIFEST VERBOSE"))
    manifest = json.loads(redshift.s3.get(folder + "manifest"))
    assert sum(entry["meta"]["record_count"] for entry in manifest["entries"]) == 5
    assert manifest["meta"]["record_count"] == 5
    sizes = dict(redshift.s3.list(folder))
    assert all(sizes[entry["url"]] == entry["meta"]["content_length"] for entry in manifest["entries"])
    assert manifest["schema"]["elements"][0]["name"] == "id"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (unload("SELECT 1 AS a LIMIT 1", "s3://sparkify/limit/"), "Limit clause is not supported"),
        (unload("DELETE FROM pg_class", "s3://sparkify/x/"), "one SELECT"),
        (unload("SELECT 1 AS a", "s3://sparkify/x/", "PARTITION BY (b)"), '"b"'),
        (unload("SELECT 1 AS a", "s3://sparkify/x/", "MAXFILESIZE 1 MB"), "MAXFILESIZE"),
        (unload("SELECT string_agg(''a'', '','')", "s3://sparkify/x/"), "string_agg"),
        (unload("SELECT 1 AS a", "somewhere/else"), "s3://"),
        ("UNLOAD ('SELECT 1 AS a') TO 's3://sparkify/x/' FORMAT PARQUET", "authorization"),
    ],
)
def test_a_wrong_unload_is_refused(sql: Sql, statement: str, message: str) -> None:
    assert message in sql.error(statement)["M"]


def test_unload_is_refused_in_a_read_only_transaction(sql: Sql, folder: str) -> None:
    # BEGIN: "Gives the transaction read-only permissions". That UNLOAD is none of them is assumed.
    sql.connection.autocommit = True
    sql("BEGIN READ ONLY")
    assert sql.error(unload("SELECT 1 AS a", folder))["M"] == "transaction is read-only"
