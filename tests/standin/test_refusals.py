"""SQL that Amazon Redshift does not have fails here too."""

import pytest

from .fixtures import Sql
from .refused import Refused
from .statements import plans

_INSERT = "WHEN NOT MATCHED THEN INSERT VALUES (1)"


def _merge(target: str, source: str, *whens: str) -> str:
    return f"MERGE INTO {target} USING {source} ON t.a = u.a {' '.join(whens)}"


# Statement, and what the error names. The pages are in the comments.
_UNSUPPORTED = [
    # Amazon Redshift and PostgreSQL: unsupported PostgreSQL features; the statements' own pages.
    ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
    ("INSERT INTO t VALUES (1) RETURNING a", "RETURNING"),
    ("DELETE FROM t RETURNING a", "RETURNING"),
    ("SELECT DISTINCT ON (a) a, b FROM t", "DISTINCT ON"),
    ("SELECT count(*) FILTER (WHERE a > 1) FROM t", "FILTER"),
    ("SELECT * FROM t, LATERAL (SELECT 1) AS x", "LATERAL"),
    ("SELECT * FROM t CROSS JOIN LATERAL (SELECT t.a) AS x", "LATERAL"),
    ("SELECT * FROM t TABLESAMPLE SYSTEM (10)", "TABLESAMPLE"),
    ("SELECT a FROM t FOR UPDATE", "FOR UPDATE"),
    ("SELECT ARRAY[1, 2]", "ARRAY"),
    ("SELECT a[1] FROM t", "arrays"),
    ("SELECT '{1,2}'::int[]", "array"),
    ("SELECT a IS DISTINCT FROM b FROM t", "IS DISTINCT FROM"),
    ("SELECT a IS NOT DISTINCT FROM b FROM t", "IS NOT DISTINCT FROM"),
    ("SAVEPOINT s", "SAVEPOINT"),
    ("ROLLBACK TO SAVEPOINT s", "savepoints"),
    ("CREATE INDEX i ON t (a)", "INDEX"),
    ("CREATE UNIQUE INDEX i ON t (a)", "UNIQUE"),
    ("CREATE SEQUENCE s", "SEQUENCE"),
    ("CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()", "TRIGGER"),
    ("CREATE DOMAIN d AS INT", "DOMAIN"),
    ("CREATE EXTENSION plpgsql", "EXTENSION"),
    ("CREATE TABLE p (a INT) INHERITS (t)", "inheritance"),
    ("DO $$ BEGIN NULL; END $$", "DO"),
    ("LISTEN channel", "LISTEN"),
    # Set operators: EXCEPT ALL and INTERSECT ALL are not supported.
    ("SELECT a FROM t EXCEPT ALL SELECT a FROM t", "EXCEPT ALL"),
    # VALUES is part of INSERT only (INSERT).
    ("SELECT * FROM (VALUES (1), (2)) AS v (a)", "VALUES as a table"),
    ("WITH v (a) AS (VALUES (1)) SELECT * FROM v", "VALUES as a table"),
    ("VALUES (1)", "VALUES"),
    # WITH clause: before SELECT, and inside of INSERT.
    ("WITH x AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM x", "WITH before INSERT"),
    ("WITH x AS (DELETE FROM t WHERE a = 1) SELECT 1", "data-modifying WITH"),
    ("WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x", "MATERIALIZED"),
    # DELETE: the table has no alias.
    ("DELETE FROM t AS x WHERE x.a = 1", "alias"),
    ("DELETE FROM t x USING u WHERE x.a = u.a", "alias"),
    # Window functions: syntax summary; the frame is ROWS only and needed with ORDER BY in aggregates.
    ("SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY a)", "named windows"),
    ("SELECT sum(a) OVER (ORDER BY a) FROM t", "frame clause"),
    ("SELECT last_value(a) IGNORE NULLS OVER (PARTITION BY b ORDER BY a) FROM t", "frame clause"),
    ("SELECT sum(a) OVER (ORDER BY a RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t", "RANGE"),
    ("SELECT sum(a) OVER (ORDER BY a GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t", "GROUPS"),
    # MERGE: both WHENs, no conditions, a table as source, no alias for the target.
    (_merge("t AS x", "u", "WHEN MATCHED THEN DELETE", _INSERT), "alias"),
    (_merge("t", "(SELECT 1) AS u", "WHEN MATCHED THEN DELETE", _INSERT), "query"),
    (_merge("t", "u", "WHEN MATCHED THEN DELETE"), "both WHEN"),
    (_merge("t", "u", "WHEN MATCHED AND u.b > 1 THEN DELETE", _INSERT), "conditions"),
    (_merge("t", "u", "WHEN MATCHED THEN DO NOTHING", _INSERT), "DO NOTHING"),
    # LOCK has no modes; TRUNCATE takes one table.
    ("LOCK TABLE t IN SHARE MODE", "lock modes"),
    ("TRUNCATE t, u", "TRUNCATE"),
    ("TRUNCATE t CASCADE", "TRUNCATE"),
    # Leader node-only functions: CURRENT_TIMESTAMP and its kin can't be used with tables.
    ("SELECT current_timestamp, a FROM t", "GETDATE"),
    # Unsupported PostgreSQL data types.
    ("SELECT a::jsonb FROM t", "data types"),
    ("SELECT CAST(a AS UUID) FROM t", "data types"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "named"), _UNSUPPORTED)
def test_what_redshift_lacks_is_refused(statement: str, named: str) -> None:
    with pytest.raises(Refused) as caught:
        plans(statement)
    assert named.lower() in " ".join(caught.value.fields.values()).lower()


@pytest.mark.parametrize(
    "call",
    [
        # Amazon Redshift and PostgreSQL: unsupported PostgreSQL functions, and those that no page documents.
        "string_agg('a', ',')",
        "array_agg(1)",
        "now()",
        "format('%s', 1)",
        "json_build_object('a', 1)",
        "gen_random_uuid()",
        "to_json(1)",
        "regexp_match('a', 'a')",
        "make_timestamp(2018, 1, 1, 1, 1, 1)",
        "string_to_array('a', ',')",
        "convert_from('a', 'UTF8')",
        "num_nulls(1)",
        "clock_timestamp()",
        "unnest('{1}')",
    ],
)
def test_functions_that_redshift_does_not_document_do_not_exist(sql: Sql, call: str) -> None:
    assert sql.error(f"SELECT {call}")["C"] in ("42883", "42725")


def test_generate_series_does_not_exist(sql: Sql) -> None:
    # Unsupported PostgreSQL functions name GENERATE_SERIES: it can't be used with tables.
    assert sql.error("SELECT * FROM generate_series(1, 3)")["C"] == "42883"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'ON CONFLICT', 'RETURNING' AS x -- LATERAL\n/* DISTINCT ON (a) */",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST) FROM t",
        "SELECT rank() OVER (ORDER BY a), count(*) OVER () FROM t",
        "SELECT lag(a) OVER (PARTITION BY b ORDER BY a) FROM t",
        "SELECT sum(a) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING) FROM t",
        "SELECT sum(a) OVER (PARTITION BY b ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
        "INSERT INTO t WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "INSERT INTO t (a) (SELECT 1)",
        "INSERT INTO t VALUES (1), (2)",
        "INSERT INTO t DEFAULT VALUES",
        "DELETE FROM public.t USING u, v WHERE t.a = u.a",
        "DELETE t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
        "UPDATE t SET a = u.a FROM u WHERE u.b = t.b",
        "SELECT a FROM t WHERE a = ANY (SELECT a FROM u)",
        "SELECT a FROM t INTERSECT SELECT a FROM u EXCEPT SELECT a FROM v",
        "SELECT filter.a, t.lateral FROM t AS filter",
        "SELECT TRIM(BOTH ' ' FROM a) AS path FROM (SELECT a AS path FROM t)",
        "LOCK TABLE t, u",
        "LOCK t",
        "EXPLAIN SELECT 1",
        "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ WRITE",
        "MERGE INTO t USING u AS s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b "
        "WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)",
    ],
)
def test_what_redshift_has_is_not_refused(statement: str) -> None:
    assert len(plans(statement)) == 1


@pytest.mark.parametrize("parameters", [(), ("x" * (16 * 2**20),)])
def test_a_statement_of_more_than_16_mb_is_refused_whether_in_its_text_or_its_parameters(
    sql: Sql, parameters: tuple[str, ...]
) -> None:
    # SQL reference: "The maximum size for a single SQL statement is 16 MB"; of parameters it is assumed.
    statement = "SELECT %s" if parameters else f"SELECT '{'x' * (16 * 2**20)}'"
    assert "too large" in sql.error(statement, *parameters)["M"]
    assert sql("SELECT 1") == [[1]]
