"""COPY from JSON on S3: what is loaded, and how options change it."""

import bz2
import gzip
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from .cluster import ROLE_ARN
from .fixtures import BUCKET, Sql, connect
from .server import RedshiftStandIn

Put = Callable[..., str]

EVENTS_DDL = """
    CREATE TABLE sample_events (
        artist VARCHAR(1024), auth VARCHAR(20), first_name VARCHAR(256), gender CHAR(1),
        item_in_session SMALLINT, last_name VARCHAR(256), length DOUBLE PRECISION, level VARCHAR(10),
        location VARCHAR(1024), method VARCHAR(10), page VARCHAR(50), registration DOUBLE PRECISION,
        session_id INTEGER, song VARCHAR(1024), status SMALLINT,
        ts TIMESTAMP SORTKEY, user_agent VARCHAR(1024), user_id INTEGER DISTKEY
    )"""
SONGS_DDL = """
    CREATE TABLE sample_songs (
        num_songs INTEGER, artist_id VARCHAR(18), artist_latitude DOUBLE PRECISION,
        artist_longitude DOUBLE PRECISION, artist_location VARCHAR(1024), artist_name VARCHAR(1024),
        song_id VARCHAR(18), title VARCHAR(1024),
        duration DOUBLE PRECISION, year SMALLINT
    )"""


def copy(table: str, uri: str, options: str = "JSON 'auto'") -> str:
    return f"COPY {table} FROM '{uri}' IAM_ROLE DEFAULT {options}"


@pytest.mark.thorough
def test_the_sample_loads_whole(redshift: RedshiftStandIn, sql: Sql, sample: Path) -> None:
    # COPY from JSON format: JSONPaths; 'auto'. DateFormat and TimeFormat options: 'epochmillisecs'.
    redshift.upload(sample, f"s3://{BUCKET}/sample")
    sql(EVENTS_DDL)
    sql(SONGS_DDL)
    sql(
        f"COPY sample_events FROM 's3://{BUCKET}/sample/log_data/' IAM_ROLE '{ROLE_ARN}' REGION 'us-west-2' "
        f"FORMAT AS JSON 's3://{BUCKET}/sample/log_json_path.json' TIMEFORMAT AS 'epochmillisecs' "
        "COMPUPDATE OFF STATUPDATE OFF"
    )
    sql(copy("sample_songs", f"s3://{BUCKET}/sample/song_data/"))
    assert sql(
        "SELECT count(*), count(user_id), min(ts), sum(CASE WHEN page = 'NextSong' THEN 1 ELSE 0 END) "
        "FROM sample_events"
    ) == [[8056, 7770, datetime(2018, 11, 1, 20, 57, 10, 796000), 6820]]
    assert sql("SELECT count(*), count(DISTINCT artist_id) FROM sample_songs") == [[71, 69]]
    assert sql("SELECT count(*) FROM stl_load_commits WHERE query = pg_last_copy_id()") == [[71]]


def test_records_may_be_pretty_printed_concatenated_or_without_a_final_newline(sql: Sql, put: Put) -> None:
    # COPY from JSON format: a set of objects, separated by whitespace or nothing.
    uri = put("x.json", raw='{"a": 1}{"a": 2}\n{\n  "a":\n 3\n}\r\n\n\t{"a": 4, "unknown": {"b": [1]}}')
    sql("CREATE TABLE t (a INT, b VARCHAR)")
    sql(copy("t", uri))
    assert sql("SELECT a, b FROM t ORDER BY a") == [[1, None], [2, None], [3, None], [4, None]]


def test_auto_matches_lower_case_names_and_ignorecase_any(sql: Sql, put: Put) -> None:
    # COPY from JSON format: 'auto' is case-sensitive, column names are lower-case; 'auto ignorecase'.
    uri = put("x.json", {"userId": 1, "level": "free"})
    sql("CREATE TABLE t (userid INT, level VARCHAR)")
    sql(copy("t", uri))
    sql(copy("t", uri, "FORMAT JSON 'auto ignorecase'"))
    assert sql("SELECT userid, level FROM t ORDER BY userid NULLS FIRST") == [[None, "free"], [1, "free"]]


def test_jsonpaths_go_by_position_into_nested_values_and_arrays(sql: Sql, put: Put) -> None:
    # COPY from JSON format: JSONPath expressions, bracket or dot notation, a missing key is NULL.
    paths = put("paths", raw=json.dumps({"jsonpaths": ["$.a.b", "$.c[1]", "$.none", "$.d"]}))
    uri = put("x.json", {"a": {"b": "deep"}, "c": [1, 2], "d": {"kept": [True, None, 1.50]}})
    sql("CREATE TABLE t (x VARCHAR, y INT, z INT, w VARCHAR)")
    sql(copy("t", uri, f"JSON '{paths}'"))
    assert sql("SELECT * FROM t") == [["deep", 2, None, '{"kept":[true,null,1.5]}']]
    arrays = put("arrays", raw='{"jsonpaths": ["$[0]", "$[1]", "$[2]", "$[3]"]}')
    sql(copy("t", put("y.json", raw='["a", 1, 3, "w"]\n["b", 2, null, "w"]'), f"JSON '{arrays}'"))
    assert sql("SELECT x, y, z FROM t WHERE w = 'w' ORDER BY x") == [["a", 1, 3], ["b", 2, None]]


def test_a_position_that_an_array_does_not_have_fails_the_load(sql: Sql, put: Put) -> None:
    # COPY from JSON format: "If an array element referenced by a JSONPath expression isn't found … COPY fails
    # with the following error". That MAXERROR does not count it is assumed.
    paths = put("paths", raw=json.dumps({"jsonpaths": ["$['a'][5]"]}))
    sql("CREATE TABLE t (x INT)")
    error = sql.error(copy("t", put("x.json", {"a": [1]}), f"JSON '{paths}' MAXERROR 9"))
    assert error["M"] == "Invalid JSONPath format: Not an array or index out of range."


def test_notations_of_jsonpaths_are_not_mixed(sql: Sql, put: Put) -> None:
    # COPY from JSON format: "You can't mix bracket notation and dot notation in the jsonpaths array".
    paths = put("paths", raw=json.dumps({"jsonpaths": ["$['a']", "$.b"]}))
    sql("CREATE TABLE t (x INT, y INT)")
    assert "mixed" in sql.error(copy("t", put("x.json", {"a": 1, "b": 2}), f"JSON '{paths}'"))["M"]


def test_what_was_read_of_each_file_is_told_by_sys_load_detail(
    redshift: RedshiftStandIn, sql: Sql, put: Put, folder: str
) -> None:
    # SYS_LOAD_DETAIL: lines_scanned, file_etag; its example asks by query_id = pg_last_copy_id().
    uri = put("x.json", {"x": 1}, {"x": 2})
    put("empty", raw="")
    sql("CREATE TABLE t (x INT)")
    sql(copy("t", folder))
    told = "SELECT TRIM(file_name), lines_scanned, TRIM(file_etag) FROM sys_load_detail"
    rows = sql(f"{told} WHERE query_id = pg_last_copy_id() ORDER BY 1")
    # That an empty object has a row is assumed.
    assert [row[:2] for row in rows] == [[f"{folder}empty", 0], [uri, 2]]
    assert rows[1][2] == redshift.s3.get_with_etag(uri)[1] != ""


def test_system_tables_may_be_told_to_lag_behind(redshift: RedshiftStandIn, sql: Sql, put: Put) -> None:
    # System tables: they "do not use the same consistency model as regular tables"; no delay is documented.
    count = "SELECT count(*) FROM sys_load_error_detail WHERE query_id = pg_last_copy_id()"
    redshift.cluster.late_s = 0.5
    try:
        sql("CREATE TABLE t (x INT)")
        sql(copy("t", put("x.json", {"x": "a"}), "JSON 'auto' MAXERROR 9"))
    finally:
        redshift.cluster.late_s = 0
    assert sql(count) == [[0]]
    while sql(count) == [[0]]:
        time.sleep(0.05)
    assert sql(count) == [[1]]


def test_the_number_of_jsonpaths_must_be_that_of_the_columns(sql: Sql, put: Put) -> None:
    # The message is a third party's report.
    paths = put("paths", raw='{"jsonpaths": ["$.a", "$.b"]}')
    sql("CREATE TABLE t (a INT, b INT, c INT)")
    sql(f"COPY t (a, b) FROM '{put('x.json', {'a': 1, 'b': 2})}' IAM_ROLE default JSON '{paths}'")
    assert sql("SELECT * FROM t") == [[1, 2, None]]
    assert sql.error(copy("t", put("x.json", {"a": 1}), f"JSON '{paths}'"))["M"] == (
        "Number of jsonpaths and the number of columns should match. "
        "JSONPath size: 2, Number of columns in table or column list: 3"
    )


def test_a_wrong_top_level_key_of_a_jsonpaths_file_means_auto(sql: Sql, put: Put) -> None:
    # COPY from JSON format: the key must be exactly jsonpaths, else 'auto' applies.
    paths = put("paths", raw='{"jsonPaths": ["$.b"]}')
    sql("CREATE TABLE t (a INT)")
    sql(copy("t", put("x.json", {"a": 1, "b": 2}), f"JSON '{paths}'"))
    assert sql("SELECT a FROM t") == [[1]]


def test_an_identity_column_is_filled_unless_the_values_are_explicit(sql: Sql, put: Put) -> None:
    # COPY: IDENTITY columns are skipped without a column list; EXPLICIT_IDS.
    uri = put("x.json", {"id": 77, "a": 1}, {"id": 78, "a": 2})
    sql("CREATE TABLE t (id BIGINT IDENTITY(0,1), a INT)")
    sql(copy("t", uri))
    assert sql("SELECT count(DISTINCT id), max(id) < 77 FROM t") == [[2, True]]
    sql(copy("t", uri, "JSON 'auto' EXPLICIT_IDS"))
    assert sql("SELECT id, a FROM t WHERE id > 70 ORDER BY id") == [[77, 1], [78, 2]]
    assert "identity" in sql.error(f"COPY t (id, a) FROM '{uri}' IAM_ROLE default JSON 'auto'")["M"]


def test_a_source_is_a_plain_key_prefix(sql: Sql, put: Put, folder: str) -> None:
    # COPY from Amazon S3: the object path is a key prefix.
    put("log_data/1.json", {"a": 1})
    put("log_data_old/2.json", {"a": 2})
    put("log_data.json", {"a": 3})
    sql("CREATE TABLE t (a INT)")
    sql(copy("t", folder + "log_data/"))
    assert sql("SELECT sum(a) FROM t") == [[1]]
    sql(copy("t", folder + "log_data"))
    assert sql("SELECT sum(a) FROM t") == [[7]]
    assert sql.error(copy("t", folder + "nothing"))["M"].endswith("nothing' does not exist")


def test_a_manifest_names_the_files(sql: Sql, put: Put, folder: str) -> None:
    # Using a manifest to specify data files: mandatory defaults to false; full keys only.
    one, two = put("1.json", {"a": 1}), put("2.json", {"a": 2})
    put("3.json", {"a": 100})
    missing = folder + "missing.json"
    sql("CREATE TABLE t (a INT)")

    def load(*entries: dict[str, Any]) -> str:
        return copy("t", put("manifest", raw=json.dumps({"entries": entries})), "JSON 'auto' MANIFEST")

    sql(load({"url": one, "mandatory": True}, {"url": two}, {"url": missing}, {"url": one}))
    assert sql("SELECT sum(a), count(*) FROM t") == [[4, 3]]
    sql.connection.commit()
    try:
        assert (
            "The specified key does not exist"
            in sql.error(load({"url": one}, {"url": missing, "mandatory": True}))["M"]
        )
        assert "requires full path of an S3 object" in sql.error(load({"url": folder}))["M"]
        assert "no file" in sql.error(load({"url": missing}))["M"]
        assert "reading manifest" in sql.error(copy("t", missing, "JSON 'auto' MANIFEST"))["M"]
        assert sql("SELECT sum(a) FROM t") == [[4]]
    finally:
        sql("DROP TABLE t")
        sql.connection.commit()


@pytest.mark.parametrize("option", ["GZIP", "BZIP2", "ZSTD"])
def test_compression_is_a_keyword_and_not_guessed(sql: Sql, put: Put, option: str) -> None:
    # COPY: file compression parameters.
    plain = b'{"a": 1}\n{"a": 2}'
    packed: dict[str, Callable[[bytes], bytes]] = {
        "GZIP": gzip.compress,
        "BZIP2": bz2.compress,
        "ZSTD": lambda data: pa.Codec("zstd").compress(data).to_pybytes(),
    }
    uri = put("x.json.gz", raw=packed[option](plain))
    sql("CREATE TABLE t (a INT)")
    sql(copy("t", uri, f"JSON 'auto' {option}"))
    assert sql("SELECT sum(a) FROM t") == [[3]]
    assert "failed" in sql.error(copy("t", uri).replace("t FROM", "public.t FROM"))["M"]


def test_a_file_that_is_not_compressed_fails_with_gzip_whatever_maxerror(sql: Sql, put: Put) -> None:
    sql("CREATE TABLE t (a INT)")
    assert (
        "decompress" in sql.error(copy("t", put("x.json.gz", {"a": 1}), "JSON 'auto' GZIP MAXERROR 100"))["M"]
    )


def test_empty_strings_are_null_except_in_character_columns(sql: Sql, put: Put) -> None:
    # COPY from JSON format; EMPTYASNULL and BLANKSASNULL (CHAR and VARCHAR only).
    uri = put("x.json", {"n": "", "t": "", "s": "", "b": "  "})
    for options, expected in (
        ("", [None, None, "", "  "]),
        ("EMPTYASNULL", [None, None, None, "  "]),
        ("BLANKSASNULL", [None, None, "", None]),
    ):
        sql("CREATE TABLE t (n INT, t TIMESTAMP, s VARCHAR(5), b VARCHAR(5))")
        sql(copy("t", uri, f"JSON 'auto' {options}"))
        assert sql("SELECT * FROM t") == [expected]
        sql.connection.rollback()


def test_truncatecolumns_cuts_strings_to_bytes(sql: Sql, put: Put) -> None:
    # COPY: TRUNCATECOLUMNS (CHAR and VARCHAR only).
    sql("CREATE TABLE t (s VARCHAR(4))")
    sql(copy("t", put("x.json", {"s": "aéé"}), "JSON 'auto' TRUNCATECOLUMNS"))
    assert sql("SELECT s FROM t") == [["aé"]]


def test_acceptinvchars_replaces_bad_bytes_one_for_one(sql: Sql, put: Put) -> None:
    # COPY: ACCEPTINVCHARS (VARCHAR only), a string of the same length.
    uri = put("x.json", raw=b'{"s": "a\xc3(\xff\xfe"}')
    sql("CREATE TABLE t (s VARCHAR(9))")
    sql(copy("t", uri, "JSON 'auto' ACCEPTINVCHARS"))
    sql(copy("t", uri, "JSON 'auto' ACCEPTINVCHARS AS '^'"))
    assert sql("SELECT s FROM t ORDER BY s") == [["a?(??"], ["a^(^^"]]


@pytest.mark.parametrize(
    ("timeformat", "given", "expected"),
    [
        ("'epochmillisecs'", 1541105830796, datetime(2018, 11, 1, 20, 57, 10, 796000)),
        ("'epochmillisecs'", "1541105830796", datetime(2018, 11, 1, 20, 57, 10, 796000)),
        ("'epochsecs'", 1541105830, datetime(2018, 11, 1, 20, 57, 10)),
        ("'auto'", "2018-11-01T20:57:10.796Z", datetime(2018, 11, 1, 20, 57, 10, 796000)),
        ("'auto'", "2018-11-01", datetime(2018, 11, 1)),
    ],
)
def test_time_formats(sql: Sql, put: Put, timeformat: str, given: object, expected: datetime) -> None:
    # DATEFORMAT and TIMEFORMAT strings.
    sql("CREATE TABLE t (x TIMESTAMP)")
    sql(copy("t", put("x.json", {"x": given}), f"JSON 'auto' TIMEFORMAT {timeformat}"))
    assert sql("SELECT x FROM t") == [[expected]]


def test_decimals_are_cut_to_the_scale_unless_roundec(sql: Sql, put: Put) -> None:
    # COPY: ROUNDEC.
    uri = put("x.json", {"a": 1.299, "b": 2.7})
    sql("CREATE TABLE t (a DECIMAL(5,2), b DECIMAL)")
    sql(copy("t", uri))
    sql(copy("t", uri, "JSON 'auto' ROUNDEC"))
    assert [[str(a), str(b)] for a, b in sql("SELECT a, b FROM t ORDER BY a")] == [
        ["1.29", "2"],
        ["1.30", "3"],
    ]


def test_a_whole_number_with_a_point_loads_as_an_integer(sql: Sql, put: Put) -> None:
    # Public pipelines load "registration": 1541077528796.0 into BIGINT; not documented.
    sql("CREATE TABLE t (registration BIGINT, flag BOOLEAN)")
    sql(copy("t", put("x.json", raw='{"registration": 1541077528796.0, "flag": true}')))
    assert sql("SELECT * FROM t") == [[1541077528796, True]]


def test_a_role_that_is_not_attached_is_refused(sql: Sql, put: Put) -> None:
    # COPY: authorization parameters.
    uri = put("x.json", {"a": 1})
    sql("CREATE TABLE t (a INT)")
    other = "arn:aws:iam::123456789012:role/other"
    assert (
        f"is not authorized to assume IAM Role {other}"
        in sql.error(f"COPY t FROM '{uri}' IAM_ROLE '{other}' JSON 'auto'")["M"]
    )
    assert "authorization" in sql.error(f"COPY t FROM '{uri}' JSON 'auto'")["M"]


def test_a_bucket_in_another_region_needs_region(redshift: RedshiftStandIn, sql: Sql) -> None:
    # COPY: REGION is required where the bucket is not in the cluster's region.
    redshift.s3.put("s3://elsewhere/x.json", b'{"a": 1}')
    sql("CREATE TABLE t (a INT)")
    sql(copy("t", "s3://elsewhere/x.json", "JSON 'auto' REGION AS 'eu-west-1'"))
    assert sql("SELECT a FROM t") == [[1]]
    assert "Status 301" in sql.error(copy("t", "s3://elsewhere/x.json"))["M"]
    sql.connection.rollback()
    sql("CREATE TABLE t (a INT)")
    assert "NoSuchBucket" in sql.error(copy("t", "s3://nowhere/x.json"))["M"]


def test_a_copy_is_part_of_its_transaction(redshift: RedshiftStandIn, sql: Sql, put: Put) -> None:
    # COPY within BEGIN and ROLLBACK (Serializable isolation; Managing transactions).
    uri = put("x.json", {"a": 1})
    sql("CREATE TABLE copied (a INT)")
    sql.connection.commit()
    try:
        sql(copy("copied", uri))
        with connect(redshift) as other:
            assert Sql(other)("SELECT count(*) FROM copied") == [[0]]
        sql.connection.rollback()
        assert sql("SELECT count(*) FROM copied") == [[0]]
        sql(copy("copied", uri))
        sql.connection.commit()
        with connect(redshift) as other:
            assert Sql(other)("SELECT count(*) FROM copied") == [[1]]
    finally:
        sql.connection.rollback()
        sql("DROP TABLE copied")
        sql.connection.commit()


def test_success_is_told_in_an_info_notice(sql: Sql, put: Put) -> None:
    # COPY examples: INFO messages.
    sql("CREATE TABLE t (a INT)")
    sql(copy("t", put("x.json", {"a": 1}, {"a": 2})))
    assert (
        sql.connection.notices[-1][b"M"] == b"Load into table 't' completed, 2 record(s) loaded successfully."
    )
    assert sql(
        "SELECT pg_last_copy_count(), status, loaded_rows, source_file_count, error_count "
        "FROM sys_load_history WHERE query_id = pg_last_copy_id()"
    ) == [[2, "completed", 2, 1, 0]]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("COPY t FROM STDIN", "syntax error"),
        ("COPY t FROM '/etc/passwd' IAM_ROLE default JSON 'auto'", "s3://"),
        ("COPY t FROM 's3://b/x' IAM_ROLE default JSON 'Auto'", "Invalid JSON option"),
        ("COPY t FROM 's3://b/x' IAM_ROLE default JSON 'auto' MAXERROR 100001", "MAXERROR"),
        ("COPY t FROM 's3://b/x' IAM_ROLE default JSON 'auto' ON_ERROR", "syntax error"),
        ("COPY t FROM 's3://sparkify/x' IAM_ROLE default JSON 'auto'", "nonexistent table"),
        ("COPY pg_class (nope) FROM 's3://sparkify/x' IAM_ROLE default JSON 'auto'", 'column "nope"'),
    ],
)
def test_a_wrong_copy_is_refused(sql: Sql, statement: str, message: str) -> None:
    assert message in sql.error(statement)["M"]
