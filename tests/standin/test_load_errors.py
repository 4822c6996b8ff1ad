"""Load errors: which records fail, with which codes, what MAXERROR allows, and where users find them."""

from collections.abc import Callable
from datetime import datetime

import pytest

from .fixtures import Sql, connect
from .server import RedshiftStandIn
from .test_copy import copy

Put = Callable[..., str]

_LATEST = (
    "SELECT trim(filename), line_number, trim(colname), trim(type), err_code, trim(err_reason) "
    "FROM stl_load_errors WHERE query = pg_last_copy_id() ORDER BY line_number"
)


@pytest.mark.parametrize(
    ("column", "value", "code", "reason"),
    [
        # Load error reference has the codes; the reasons are those of the sources' examples.
        ("INT", '"a"', 1207, "Invalid digit, Value 'a', Pos 0, Type: Integer"),
        ("INT", '"12x"', 1207, "Invalid digit, Value 'x', Pos 2, Type: Integer"),
        ("BIGINT", "1541105830796.7", 1207, "Invalid digit, Value '.', Pos 13, Type: Long"),
        ("SMALLINT", "40000", 1222, "Overflow (Short valid range -32768 to 32767)"),
        ("DOUBLE PRECISION", '"abc"', 1208, "Invalid digit, Value 'a', Pos 0, Type: Double"),
        ("DECIMAL(4,2)", '"x"', 1209, "Invalid digit, Value 'x', Pos 0, Type: Decimal"),
        ("DECIMAL(4,2)", "123.4", 1204, "Overflow for NUMERIC(4,2)"),
        ("BOOLEAN", '"maybe"', 1210, "Unknown boolean format"),
        ("DATE", '"yesterday"', 1205, "Invalid Date Format - length must be 10 or more"),
        ("TIMESTAMP", '"yesterday"', 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
        ("TIMESTAMP", "1541105830796", 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"),
        ("VARCHAR(3)", '"éé"', 1204, "String length exceeds DDL length"),
        (
            "CHAR(3)",
            '"é"',
            1220,
            "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: c3 a9",
        ),
        ("INT NOT NULL", "null", 1213, "Missing data for not-null field"),
        ("INT NOT NULL", '""', 1213, "Missing data for not-null field"),
    ],
)
def test_a_bad_value_is_reported_with_its_code_and_reason(
    sql: Sql, put: Put, column: str, value: str, code: int, reason: str
) -> None:
    sql(f"CREATE TABLE t (x {column})")
    uri = put("x.json", raw=f'{{"x": {value}}}')
    error = sql.error(copy("t", uri))
    assert error["M"] == "Load into table 't' failed.  Check 'stl_load_errors' system table for details."
    assert error["C"] == "XX000"
    (row,) = sql(_LATEST)
    assert row[:3] == [uri, 1, "x"]
    assert row[4:6] == [code, reason[:100]]


def test_bad_utf8_and_broken_json_are_reported(sql: Sql, put: Put) -> None:
    # Multibyte character load errors: code 1220 with the bytes in hex. Load error reference: 1216.
    sql("CREATE TABLE t (x VARCHAR(9))")
    uri = put("x.json", raw=b'{"x": "ok"}\n{"x": "\xa4"}\n{"x": \n[1]\n"root"\n{"x": "fine"}\n{"x": NaN}')
    sql(copy("t", uri, "JSON 'auto' MAXERROR 10"))
    assert sql("SELECT x FROM t ORDER BY x") == [["fine"], ["ok"]]
    assert [(row[1], row[4]) for row in sql(_LATEST)] == [
        (2, 1220),
        (3, 1216),
        (4, 1216),
        (5, 1216),
        (7, 1216),
    ]


def test_the_line_of_an_object_is_its_last(sql: Sql, put: Put) -> None:
    # STL_LOAD_ERRORS: for JSON, line_number is that of the object's last line.
    sql("CREATE TABLE t (x INT)")
    sql(copy("t", put("x.json", raw='{"x": 1}\n{\n"x":\n"bad"}\n{"x": "worse"}'), "JSON 'auto' MAXERROR 5"))
    assert [row[1] for row in sql(_LATEST)] == [4, 5]


@pytest.mark.parametrize(
    ("maxerror", "loads"), [("", False), ("MAXERROR 1", False), ("MAXERROR 2", False), ("MAXERROR 3", True)]
)
def test_maxerror_n_fails_when_there_are_n_errors(sql: Sql, put: Put, maxerror: str, loads: bool) -> None:
    # COPY: MAXERROR; 0 and 1 mean the same.
    uri = put("x.json", {"x": 1}, {"x": "a"}, {"x": "b"}, {"x": 2})
    sql("CREATE TABLE t (x INT)")
    if not loads:
        assert "failed" in sql.error(copy("t", uri, f"JSON 'auto' {maxerror}"))["M"]
        assert len(sql(_LATEST)) == (2 if maxerror == "MAXERROR 2" else 1)
        assert sql("SELECT pg_last_copy_count(), status, loaded_rows FROM sys_load_history "
                   "WHERE query_id = pg_last_copy_id()") == [[0, "aborted", 0]]  # fmt: skip
        assert sql("SELECT count(*) FROM stl_load_commits WHERE query = pg_last_copy_id()") == [[0]]
    else:
        sql(copy("t", uri, f"JSON 'auto' {maxerror}"))
        assert sql("SELECT count(*), pg_last_copy_count() FROM t") == [[2, 2]]
        assert [notice[b"M"] for notice in list(sql.connection.notices)[-2:]] == [
            b"Load into table 't' completed, 2 record(s) could not be loaded.  "
            b"Check 'stl_load_errors' system table for details.",
            b"Load into table 't' completed, 2 record(s) loaded successfully.",
        ]


def test_errors_are_seen_in_the_transaction_that_made_them_and_after_its_rollback(sql: Sql, put: Put) -> None:
    # STL views for logging, SYS monitoring views: they are not part of the user's transaction.
    sql("CREATE TABLE t (x INT)")
    assert sql("SELECT count(*) FROM t") == [[0]]  # takes the transaction's snapshot
    uri = put("x.json", {"x": "ä" * 600}, {"x": 2})
    sql(copy("t", uri, "JSON 'auto' MAXERROR 2"))
    (row,) = sql(
        "SELECT trim(file_name), line_number, trim(column_name), trim(column_type), error_code, "
        "trim(error_message), start_time "
        "FROM sys_load_error_detail WHERE query_id = pg_last_copy_id()"
    )
    assert row[:6] == [uri, 1, "x", "int4", 1207, "Invalid digit, Value 'ä', Pos 0, Type: Integer"]
    assert isinstance(row[6], datetime)
    last = sql("SELECT pg_last_copy_id()")
    sql.connection.rollback()
    assert sql("SELECT pg_last_copy_id()") == last
    assert len(sql(_LATEST)) == 1


def test_char_columns_of_stl_load_errors_are_padded(sql: Sql, put: Put) -> None:
    # STL_LOAD_ERRORS: filename is character(256), err_reason character(100).
    sql("CREATE TABLE t (x INT)")
    sql.error(copy("t", put("x.json", {"x": "a"})))
    (row,) = sql("SELECT filename, err_reason FROM stl_load_errors WHERE query = pg_last_copy_id()")
    assert [len(text) for text in row] == [256, 100]


def test_a_failed_copy_outside_of_a_transaction_loads_nothing(sql: Sql, put: Put) -> None:
    # COPY: the whole load is one transaction.
    uri = put("x.json", *({"x": n} for n in range(5000)), {"x": "bad"})
    sql.connection.autocommit = True
    sql("CREATE TABLE failing (x INT)")
    try:
        assert "failed" in sql.error(copy("failing", uri))["M"]
        assert sql("SELECT count(*) FROM failing") == [[0]]
    finally:
        sql("DROP TABLE failing")


def test_a_serverless_workgroup_has_sys_views_only_and_names_them_in_its_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Facts: on Serverless the message names sys_load_error_detail.
    with RedshiftStandIn(serverless=True) as stand_in:
        monkeypatch.setenv("SSL_CERT_FILE", str(stand_in.ca_file))
        stand_in.make_bucket("b")
        stand_in.s3.put("s3://b/x.json", b'{"x": "a"}')
        with connect(stand_in) as connection:
            sql = Sql(connection)
            # awslabs/amazon-redshift-utils#648: 42501, permission denied for relation stl_…
            for name in ("stl_load_errors", "stl_load_commits", "stv_sessions"):
                refused = sql.error(f"SELECT * FROM {name}")
                assert (refused["C"], refused["M"]) == ("42501", f"permission denied for relation {name}")
            sql("CREATE TABLE t (x INT)")
            assert sql.error(copy("t", "s3://b/x.json"))["M"] == (
                "Load into table 't' failed.  Check 'sys_load_error_detail' system table for details."
            )
