"""What people may ask Redshift: one statement that reads, and nothing that another lexer could find in it."""

from pathlib import Path

import pytest

from sparkify.answers.query import require_select
from sparkify.answers.questions import load_questions
from sparkify.errors import UsageError
from sparkify.warehouse.opening import connect
from tests.standin.fixtures import BUCKET
from tests.standin.server import RedshiftStandIn
from tests.support.builders import write
from tests.support.cli import Run, assert_fails
from tests.support.engines import RedshiftEngine, environment_of
from tests.warehouse.redshift.support import Site

READING = [
    "SELECT 1",
    ";SELECT 1;",
    "-- first\n(select 1) union (select 2)",
    "/* one */ WITH a AS (SELECT 1) SELECT * FROM a -- two",
    "SHOW TABLES FROM SCHEMA dev.public",
    "SHOW search_path;",
    "EXPLAIN SELECT 1",
    "explain verbose /* x */ SELECT 1",
    "SELECT TOP 5 * FROM t",
    "SELECT a.b[0].c::int FROM t a, a.x AS y",
    "SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY a), MEDIAN(b), APPROXIMATE COUNT(DISTINCT c) FROM t",
    "SELECT * FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) = 1",
    "SELECT DATEADD(day, 1, GETDATE()), EXTRACT(dow FROM y), TO_CHAR(y, 'YYYY') FROM t",
    "SELECT '100\\%', 'it''s', 'UNLOAD; COMMIT -- /* x */ pg_terminate_backend(1)'",
    "SELECT pg_backend_pid(), pg_last_copy_id(), pg_get_viewdef('x'), has_table_privilege('a', 'b')",
    "SELECT f_own_function(1), pg_sleep(1) FROM stl_load_errors",
]


@pytest.mark.parametrize("sql", [*READING, *(question.sql for question in load_questions())])
def test_what_reads_is_let_through(sql: str) -> None:
    require_select(sql, "redshift")


def refusal(sql: str) -> str:
    with pytest.raises(UsageError) as refused:
        require_select(sql, "redshift")
    assert refused.value.hint
    return refused.value.message


STATEMENTS = [
    "UNLOAD ('SELECT 1') TO 's3://b/k'",
    "COPY t FROM 's3://b/k'",
    "/* a */ -- b\n drop table users",
    "COMMIT",
    "BEGIN",
    "CALL p()",
    "SET x TO y",
    "GRANT SELECT ON x TO y",
    "ALTER USER a PASSWORD 'x'",
    "TRUNCATE x",
    "VACUUM",
    "ANALYZE x",
    "LOCK x",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DECLARE c CURSOR FOR SELECT 1",
    "FETCH ALL FROM c",
    "CREATE TABLE x AS SELECT 1",
    "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE",
    "EXPLAIN DELETE FROM a",
    "EXPLAIN ANALYZE DELETE FROM a",
    "EXPLAIN (ANALYZE) SELECT 1",
    "EXPLAIN UNLOAD ('a') TO 'b'",
    "SELECT 1 INTO x",
    "SELECT * FROM x FOR UPDATE",
    "WITH a AS (DELETE FROM x RETURNING 1) SELECT * FROM a",
    "SELECT 1; COMMIT",
    "SHOW x; COMMIT",
    "SELEKT 1",
    "SELECT " * 2 + "FROM WHERE",
    "SELECT (" * 500,
]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_every_other_statement_is_refused(sql: str) -> None:
    assert refusal(sql).startswith("only reading is possible here")


@pytest.mark.parametrize(
    "call",
    [
        "pg_terminate_backend(1)",
        '"pg_terminate_backend"(1)',
        "PG_CATALOG.Pg_Cancel_Backend(1)",
        "nextval('x')",
        "setval('x', 1)",
        "set_config('a', 'b', false)",
        "lo_import('x')",
        "dblink('a', 'b')",
        "query_to_xml('x', true, true, '')",
        "change_query_priority(1, 'x')",
        "pg_read_file('x')",
    ],
)
def test_so_are_functions_with_effects_wherever_they_are_called(call: str) -> None:
    for sql in (
        f"SELECT {call}",
        f"SELECT * FROM {call}",
        f"SELECT 1 FROM t WHERE EXISTS (SELECT {call})",
        f"WITH a AS (SELECT {call} AS x) SELECT x FROM a",
        f"SELECT 1 -- x\r, {call}",
        f"EXPLAIN SELECT {call}",
    ):
        assert "does more" in refusal(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "/* /* */ SELECT */ UNLOAD ('SELECT * FROM users') TO 's3://b/k'",
        "/* /* */ UNLOAD ('x') TO 's3://b/k' -- */ SELECT 1",
        "SELECT '\\', pg_terminate_backend(1) --'",
        "SELECT $x$ ' $x$, pg_terminate_backend(1), $x$ ' $x$",
        "SELECT 1\u00a0FROM t",
        "SELECT\x0b1",
    ],
)
def test_so_is_a_text_that_can_be_read_in_two_ways(sql: str) -> None:
    assert "can mean two things on Redshift" in refusal(sql)


@pytest.mark.parametrize("sql", ["", " ", ";", "-- nothing"])
def test_a_text_without_a_statement_is_told_so(sql: str) -> None:
    assert "no statement" in refusal(sql)


def test_of_several_statements_none_runs() -> None:
    assert refusal("SELECT 1; SELECT 2") == "2 statements, where there can be one"


HIDDEN = "/* /* */ SELECT */ UNLOAD ('SELECT * FROM users') TO 's3://{bucket}/stolen/' IAM_ROLE DEFAULT"


def test_no_statement_hides_in_a_comment_from_query_nor_from_check(
    run: Run, redshift: RedshiftStandIn, tmp_path: Path
) -> None:
    settings = RedshiftEngine(redshift).settings(tmp_path)
    environment = environment_of(settings)
    hidden = HIDDEN.format(bucket=BUCKET)
    assert_fails(run("query", hidden, **environment), 2, "a comment within a comment")
    assert (
        run("query", "SELECT COUNT(*) AS plays FROM songplays", "--csv", **environment).stdout == "plays\n0\n"
    )
    write(tmp_path / "answers/hidden.sql", f"-- What is hidden?\n{hidden}")
    write(tmp_path / "answers/stops.sql", "-- Who is stopped?\nSELECT pg_cancel_backend(1)")
    checked = run("check", "answers", **environment)
    assert checked.returncode == 1
    assert "a comment within a comment" in checked.stdout
    assert "the function pg_cancel_backend does more" in checked.stdout
    assert redshift.s3.list(f"s3://{BUCKET}/stolen/") == []


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("CAST(81.2 AS DECIMAL(38, 15))", "81.2"),
        ("CAST(100 AS DECIMAL(38, 15))", "100.0"),
        ("CAST(0.1234567890123 AS DECIMAL(38, 15))", "0.1234567890123"),
        ("CAST(1.50 AS DECIMAL(6, 2))", "1.50"),
        ("CAST(-1E20 AS DECIMAL(38, 15))", "-100000000000000000000.0"),
    ],
)
def test_zeros_that_fill_the_scale_of_a_quotient_are_not_shown(site: Site, sql: str, shown: str) -> None:
    # Computations with numeric values: the scale of a quotient; ROUND: "returns the same numeric data type".
    reader = connect(site.settings, read_only=True)
    assert str(reader.query(f"SELECT {sql}")[0][0]) == shown
    reader.close()
