"""Comparison, arithmetic, dates and functions answer as documented for Amazon Redshift."""

from datetime import date, datetime
from typing import Any

import pytest

from .fixtures import Sql

# Expression and value, by the function's page in SQL functions reference.
_VALUES: list[tuple[str, Any]] = [
    # Character types: significance of trailing blanks. They count for LIKE and for lengths.
    ("'a' = 'a  '", True),
    ("'a ' || 'b' = 'ab'", False),
    ("'a  ' LIKE 'a'", False),
    ("' a' = 'a'", False),
    ("len('a  ')", 3),
    # Collation: C, by the bytes of UTF-8.
    ("'Z' < 'a' AND 'z' < 'é'", True),
    ("upper('é'), lower('É')", ["É", "é"]),
    # EXTRACT function: an integer of that part alone.
    ("EXTRACT(ms FROM TIMESTAMP '2018-11-01 01:02:43.101')", 101),
    ("EXTRACT(milliseconds FROM TIMESTAMP '2018-11-01 01:02:43.101')", 101),
    ("EXTRACT(second FROM TIMESTAMP '2018-11-01 01:02:43.901')", 43),
    ("EXTRACT(epoch FROM TIMESTAMP '2018-11-01 00:00:00.9')", 1541030400),
    ("EXTRACT(dow FROM TIMESTAMP '2018-11-04 12:00')", 0),
    ("EXTRACT(dayofweek FROM DATE '2018-11-10')", 6),
    ("EXTRACT(week FROM TIMESTAMP '2018-12-31')", 1),
    ("EXTRACT(hour FROM TIMESTAMP '2018-11-01 23:59:59')", 23),
    # DATE_PART function: a DOUBLE; DATE_TRUNC; DATEADD; DATEDIFF counts boundaries.
    ("DATE_PART(ms, TIMESTAMP '2018-11-01 01:02:43.101')", 101.0),
    ("DATE_PART('year', TIMESTAMP '2018-11-01')", 2018.0),
    ("DATE_TRUNC('hour', TIMESTAMP '2018-11-01 01:02:43')", datetime(2018, 11, 1, 1)),
    ("DATEADD(month, 1, '2018-01-31'::timestamp)", datetime(2018, 2, 28)),
    ("DATEADD('ms', 5, '2018-01-31'::timestamp)", datetime(2018, 1, 31, 0, 0, 0, 5000)),
    ("DATEDIFF(year, '2018-12-31', '2019-01-01')", 1),
    ("DATEDIFF(hour, '2018-01-01 00:59', '2018-01-01 01:00')", 1),
    ("DATEDIFF(qtr, '2018-01-01', '2018-12-01')", 3),
    ("DATEDIFF(day, '2018-01-02', '2018-01-01')", -1),
    ("TRUNC(TIMESTAMP '2018-11-01 23:00')", date(2018, 11, 1)),
    ("LAST_DAY(TIMESTAMP '2018-11-01 23:00')", date(2018, 11, 30)),
    ("SYSDATE - GETDATE() < INTERVAL '1 minute'", True),
    # Epochs: INTERVAL arithmetic (facts: whole seconds lose the milliseconds).
    (
        "TIMESTAMP 'epoch' + 1541105830796 * INTERVAL '0.001 second'",
        datetime(2018, 11, 1, 20, 57, 10, 796000),
    ),
    ("TIMESTAMP 'epoch' + 1541105830796 / 1000 * INTERVAL '1 second'", datetime(2018, 11, 1, 20, 57, 10)),
    # NVL, NVL2, COALESCE, NULLIF, GREATEST.
    (
        "NVL(NULL, 2), NVL2('x', 1, 2), COALESCE(NULL, NULL, 3), NULLIF(1, 1), GREATEST(1, NULL, 3)",
        [2, 1, 3, None, 3],
    ),
    # String functions. CONCAT takes two and gives NULL for NULL; REGEXP_REPLACE replaces all.
    ("LEN('é'), OCTET_LENGTH('é'), CHARINDEX('b', 'abc'), STRPOS('abc', 'c')", [1, 2, 2, 3]),
    ("CONCAT('a', NULL)", None),
    ("REGEXP_REPLACE('a1b2', '[0-9]', 'x')", "axbx"),
    ("REGEXP_REPLACE('ab', '(a)(b)', '$2$1')", "ba"),
    (
        "SPLIT_PART('a.b.c', '.', 2), LEFT('abc', 2), RIGHT('abc', 2), REPLACE('aa', 'a', 'b')",
        ["b", "ab", "bc", "bb"],
    ),
    ("TRIM(BOTH ' ' FROM '  a  '), BTRIM('xax', 'x'), LTRIM('  a')", ["a", "a", "a"]),
    # String literals are PostgreSQL 8.0's: a backslash escapes.
    ("'a\\\\b', len('\\n')", ["a\\b", 1]),
    # FNV_HASH function: FNV-1a of 64 bits (facts: equal to the documented values). STRTOL, MD5.
    ("FNV_HASH('Amazon Redshift')", 7783490368944507294),
    ("FNV_HASH('a')", -5808556873153909620),
    ("STRTOL('abcd1234', 16), STRTOL('ff', 16), STRTOL('-101', 2)", [2882343476, 255, -5]),
    ("STRTOL(LEFT(MD5('x'), 15), 16)", int("9dd4e461268c803", 16)),
    # Mathematical functions: integers divide without a fraction; ROUND takes a DOUBLE.
    ("7 / 2, 7 % 3, ROUND(1.255::float, 1), CEIL(1.2), POWER(2, 3)", [3, 1, 1.3, 2, 8.0]),
    # JSON functions read strings.
    ("""JSON_EXTRACT_PATH_TEXT('{"a": {"b": 1}}', 'a', 'b')""", "1"),
    ("IS_VALID_JSON('{}'), IS_VALID_JSON('{')", [True, False]),
]


@pytest.mark.parametrize(("expression", "value"), _VALUES)
def test_an_expression_has_its_documented_value(sql: Sql, expression: str, value: Any) -> None:
    row = sql(f"SELECT {expression}")[0]
    assert row == (value if isinstance(value, list) else [value])


def test_trailing_blanks_do_not_count_in_joins_groups_and_distinct(sql: Sql) -> None:
    # Character types: significance of trailing blanks.
    sql("CREATE TABLE t (a VARCHAR(5))")
    sql("INSERT INTO t VALUES ('a'), ('a '), ('b')")
    assert sql("SELECT count(DISTINCT a) FROM t") == [[2]]
    assert [row[1] for row in sql("SELECT a, count(*) FROM t GROUP BY a ORDER BY a")] == [2, 1]
    assert sql("SELECT count(*) FROM t AS x JOIN t AS y ON x.a = y.a") == [[5]]
    assert sql("SELECT count(*) FROM t WHERE a IN ('a   ')") == [[2]]
    assert sql("SELECT count(*) FROM (SELECT a FROM t EXCEPT SELECT 'a')") == [[1]]


def test_avg_of_integers_has_no_fraction(sql: Sql) -> None:
    # AVG function: BIGINT for any integer argument.
    sql("CREATE TABLE t (a SMALLINT, b INT, c BIGINT, d FLOAT)")
    sql("INSERT INTO t VALUES (1, 1, 1, 1), (2, 2, 2, 2), (NULL, NULL, NULL, NULL)")
    assert sql("SELECT avg(a), avg(b), avg(c), avg(d) FROM t") == [[1, 1, 1, 1.5]]
    assert sql("SELECT avg(c) FROM t WHERE c > 5") == [[None]]


def test_listagg_median_and_percentile(sql: Sql) -> None:
    # LISTAGG function; MEDIAN function.
    sql("CREATE TABLE t (a VARCHAR(5), n INT)")
    sql("INSERT INTO t VALUES ('b', 1), ('a', 2), ('c', 4)")
    assert sql(
        "SELECT LISTAGG(a, ', ') WITHIN GROUP (ORDER BY a DESC), LISTAGG(DISTINCT n::varchar) FROM t"
    ) == [["c, b, a", "124"]]
    assert sql("SELECT MEDIAN(n), APPROXIMATE COUNT(DISTINCT n) FROM t") == [[2.0, 3]]


def test_qualify_and_top(sql: Sql) -> None:
    # QUALIFY clause; SELECT list: TOP.
    sql("CREATE TABLE t (a VARCHAR(5), n INT)")
    sql("INSERT INTO t VALUES ('a', 1), ('a', 2), ('b', 3), ('b', 4)")
    newest = "SELECT a, n FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY n DESC) = 1 ORDER BY a"
    assert sql(newest) == [["a", 2], ["b", 4]]
    assert sql("SELECT TOP 1 n FROM t ORDER BY n DESC") == [[4]]


def test_merge_updates_and_inserts_and_refuses_two_matches(sql: Sql) -> None:
    # MERGE.
    merge = (
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name "
        "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)"
    )
    sql("CREATE TABLE t (id INT, name VARCHAR(9))")
    sql("CREATE TEMP TABLE s (LIKE t)")
    sql("INSERT INTO t VALUES (1, 'old'), (2, 'kept')")
    sql("INSERT INTO s VALUES (1, 'new'), (3, 'added')")
    sql(merge)
    assert sql("SELECT id, name FROM t ORDER BY id") == [[1, "new"], [2, "kept"], [3, "added"]]
    sql("INSERT INTO s VALUES (1, 'twice')")
    assert sql.error(merge)["M"] == "Found multiple matches to update the same tuple."


def test_lists_of_any_length_can_be_compared_with(sql: Sql) -> None:
    # IN condition: no limit but the statement's size. PostgreSQL hashes longer lists by functions of its own.
    numbers = ", ".join(map(str, range(100)))
    sql("CREATE TEMP TABLE listed (x INT, y VARCHAR(9))")
    sql("INSERT INTO listed VALUES (1, '1'), (200, '200')")
    assert sql(f"SELECT x FROM listed WHERE x IN ({numbers})") == [[1]]
    texts = ", ".join(f"'{number}'" for number in range(100))
    assert sql(f"SELECT x FROM listed WHERE y NOT IN ({texts})") == [[200]]
