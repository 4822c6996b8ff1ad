"""sparkify query: any answer is printed as it is, and nothing but the warehouse is read or written."""

import csv
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sparkify.sql import TABLES, VIEWS
from tests.support.builders import event, write
from tests.support.cli import Run
from tests.support.commands import command
from tests.support.runs import duckdb_warehouse
from tests.support.settings import settings_of

Query = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def query(tmp_path: Path) -> Query:
    """Asks a database of one table, with ten numbers."""
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT range AS number FROM range(10)")

    def ask(*arguments: str | bytes, **options: object) -> "subprocess.CompletedProcess[bytes]":
        plain = [argument for argument in arguments if isinstance(argument, str)]
        if len(plain) == len(arguments) and not options:
            done = command("query", *plain, cwd=tmp_path)
            return subprocess.CompletedProcess(
                done.args, done.returncode, done.stdout.encode(), done.stderr.encode()
            )
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        program = [sys.executable, "-m", "sparkify", "query", *arguments]
        return subprocess.run(program, cwd=tmp_path, check=False, **streams)  # type: ignore[call-overload, no-any-return]

    return ask


def words(result: "subprocess.CompletedProcess[bytes]") -> str:
    assert b"Traceback" not in result.stderr
    assert b"unexpected" not in result.stderr
    return " ".join(result.stderr.decode().split())


def test_a_table_shows_a_thousand_rows_and_says_that_there_are_more(query: Query) -> None:
    result = query("FROM range(1001)")
    assert len(result.stdout.splitlines()) == 2 + 1000
    assert "showing the first 1,000 rows; for more: --limit N, for all: --csv or --json" in words(result)
    exactly = query("FROM range(1000)")
    assert len(exactly.stdout.splitlines()) == 2 + 1000
    assert exactly.stderr == b""


def test_the_word_that_is_no_column_is_explained(query: Query) -> None:
    for sql in ("SELECT user, COUNT(*) FROM numbers GROUP BY user", "SELECT User FROM numbers LIMIT 1"):
        assert "user is who is connected" in words(query(sql))
        assert "user is who is connected" in words(query(sql, "--csv"))
    for sql in ('SELECT number AS "user" FROM numbers', 'SELECT u."user" FROM (SELECT 1 AS user) AS u'):
        assert query(sql).stderr == b""


def test_a_limit_shows_as_many_rows_as_it_says_in_every_form(query: Query) -> None:
    assert len(query("FROM range(3000)", "--limit", "2500").stdout.splitlines()) == 2 + 2500
    assert query("FROM numbers ORDER BY 1", "--csv", "--limit", "2").stdout == b"number\n0\n1\n"
    assert len(json.loads(query("FROM numbers", "--json", "--limit", "3").stdout)) == 3
    assert query("FROM numbers", "--csv", "--limit", "0").stdout == b"number\n"
    assert query("FROM numbers", "--limit", "-1").returncode == 2


def test_csv_and_json_hold_all_rows(query: Query) -> None:
    assert len(query("FROM range(12345)", "--csv").stdout.splitlines()) == 1 + 12345
    numbers = json.loads(query("FROM range(12345)", "--format", "json").stdout)
    assert sorted(item["range"] for item in numbers) == list(range(12345))
    assert json.loads(query("FROM numbers WHERE false", "--json").stdout) == []


LOCALES = (
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "utf-16"},
)


@pytest.mark.forms(1)
@pytest.mark.parametrize("locale", LOCALES, ids=["C", "Latin-1", "UTF-16"])
def test_csv_is_utf_8_whatever_the_locale(query: Query, locale: dict[str, str]) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    result = query("SELECT 'Björk, 東京 😀' AS \"ä\"", "--csv", env=kept | locale)
    assert result.stdout.decode("utf-8") == 'ä\n"Björk, 東京 😀"\n'


def test_so_are_the_answers_of_questions(run: Run, data: Path) -> None:
    write(data / "log_data/events.json", event(artist="Björk", song="東京"))
    assert run("etl").returncode == 0
    answer = run("questions", "top_songs", "--csv", PYTHONIOENCODING="ascii", PYTHONUTF8="0").stdout
    assert "東京,Björk,1,1" in answer


def test_json_keeps_columns_of_the_same_name_apart(query: Query) -> None:
    (row,) = json.loads(query("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a", "--json").stdout)
    assert row == {"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}


def test_json_is_valid_whatever_the_values_are(query: Query) -> None:
    sql = (
        "SELECT 'NaN'::DOUBLE AS a, '-Infinity'::FLOAT AS b, [1.5, 'NaN'::DOUBLE] AS c, {'x':"
        " 'Infinity'::DOUBLE} AS d, MAP {DATE '2018-11-01': 1} AS e, 'é\"\n' AS f, 1.10 AS g, true AS h,"
        " INTERVAL 1 DAY AS i"
    )

    def refuse(text: str) -> None:
        pytest.fail(f"{text} is no JSON")

    for environment in ({}, {"PYTHONIOENCODING": "ascii"}):
        answer = query(sql, "--json", env=dict(os.environ) | environment).stdout
        (row,) = json.loads(answer, parse_constant=refuse)
        assert row == {
            "a": None, "b": None, "c": [1.5, None], "d": {"x": None}, "e": {"2018-11-01": 1}, "f": 'é"\n',
            "g": 1.1, "h": True, "i": "1 day",
        }  # fmt: skip


def test_nested_values_bytes_and_intervals_are_json_or_text_that_others_can_read(query: Query) -> None:
    sql = (
        "SELECT {'a': [1, NULL], 'b': {'day': DATE '2018-11-01', 'x': 'é\"'}} AS struct,"
        " MAP {'k': ['\\xAA'::BLOB]} AS map, '\\xDE\\xAD'::BLOB AS blob,"
        " INTERVAL '26 hours 1.5 seconds' AS long, INTERVAL '-90 minutes' AS back"
    )
    struct, map_ = {"a": [1, None], "b": {"day": "2018-11-01", "x": 'é"'}}, {"k": ["aa"]}
    rest = {"blob": "dead", "long": "1 day 02:00:01.5", "back": "-01:30:00"}
    (row,) = json.loads(query(sql, "--json").stdout)
    assert row == {"struct": struct, "map": map_} | rest
    (texts,) = csv.DictReader(query(sql, "--csv").stdout.decode().splitlines())
    assert (json.loads(texts.pop("struct")), json.loads(texts.pop("map"))) == (struct, map_)
    assert texts == rest
    assert '{"a": [1, null]' in query(sql).stdout.decode()


@pytest.mark.parametrize("forms", [("--csv", "--json"), ("--format", "json", "--csv")])
def test_two_forms_at_once_are_wrong_usage(query: Query, forms: tuple[str, ...]) -> None:
    result = query("SELECT 1", *forms)
    assert (result.returncode, result.stdout) == (2, b"")
    assert "choose one of them" in words(result)


def test_a_value_can_not_break_the_lines_of_a_table_or_move_the_cursor(query: Query) -> None:
    lines = query("SELECT 'a\tb\nc' AS x, chr(27) || '[31m' AS y").stdout.decode().splitlines()
    assert [line.split() for line in lines] == [["x", "y"], [lines[1]], ["a\\tb\\nc", "\\x1b[31m"]]


@pytest.mark.forms(2)
@pytest.mark.parametrize("sql", ["", "  \n", ";", "-- only a comment", "/* x */ -- y"])
def test_sql_without_a_statement_is_wrong_usage(query: Query, sql: str) -> None:
    for result in (query(sql), query("-", input=sql.encode())):
        assert result.returncode == 2
        assert "there is no statement in the SQL" in words(result)


def test_sql_may_begin_with_a_comment_as_files_of_questions_do(query: Query) -> None:
    assert query("-- How many?\nSELECT COUNT(*) AS n FROM numbers", "--csv").stdout == b"n\n10\n"
    assert (
        query("-", "--csv", input=b"\xef\xbb\xbf--Sum\nSELECT SUM(number) AS n FROM numbers;\n").stdout
        == b"n\n45\n"
    )


def test_sql_that_is_no_utf_8_is_wrong_usage(query: Query) -> None:
    latin = "SELECT 'é'".encode("latin-1")
    for result in (query(latin), query("-", input=latin), query("-", input="SELECT 1".encode("utf-16"))):
        assert result.returncode == 2
        assert "not UTF-8" in words(result)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        (
            "COPY numbers TO 'out.csv'",
            "only reading is possible here, and this is a statement of the kind COPY",
        ),
        (
            "SELECT 1; COPY numbers TO 'out.csv'",
            "only reading is possible here, and this is a statement of the kind COPY",
        ),
        (
            "EXPORT DATABASE 'out.csv'",
            "only reading is possible here, and this is a statement of the kind EXPORT",
        ),
        ("ATTACH 'out.csv'", "only reading is possible here, and this is a statement of the kind ATTACH"),
        (
            "SET log_query_path = 'out.csv'",
            "only reading is possible here, and this is a statement of the kind SET",
        ),
        (
            "EXPLAIN ANALYZE COPY numbers TO 'out.csv'",
            "this is a statement of the kind EXPLAIN, and not of a SELECT",
        ),
        ("SELECT * FROM 'secret.csv'", "no other files can be read or written here"),
        (
            "CREATE TABLE t AS SELECT 1",
            "only reading is possible here, and this is a statement of the kind CREATE",
        ),
        ("SELECT 1; SELECT 2", "2 statements, where there can be one"),
    ],
)
def test_a_query_reads_the_warehouse_and_nothing_else(
    query: Query, tmp_path: Path, sql: str, kind: str
) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    result = query(sql)
    assert result.returncode in (1, 2)
    assert result.stdout == b""
    assert kind in words(result)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    "sql",
    ["WITH a AS (FROM numbers) FROM a", "DESCRIBE numbers", "SHOW TABLES", "EXPLAIN SELECT 1", "VALUES (1)",
     "SUMMARIZE numbers", "PIVOT numbers ON number USING COUNT(*)"],
)  # fmt: skip
def test_every_statement_that_only_reads_is_answered(query: Query, sql: str) -> None:
    assert query(sql).returncode == 0


def test_who_asks_for_an_unknown_table_is_told_all_there_are(query: Query) -> None:
    for sql in ("FROM plays", "SELECT * FROM public.songplays"):
        _, _, remedy = words(query(sql)).partition("the tables are: ")
        assert set(re.findall(r"\w+", remedy)) >= {*TABLES, *VIEWS}
    for sql in (
        "SELECT plays(1)",
        "FROM read_plays('a')",
        "SELECT CAST(1 AS plays)",
        "SELECT plays FROM numbers",
    ):
        assert "the tables are" not in words(query(sql))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "SELECT numbr FROM numbers",
            (
                'Candidate bindings: "number"',
                "LINE 1: SELECT numbr FROM numbers",
                "^",
                "the columns of a table",
            ),
        ),
        ("FROM number", ('Did you mean "numbers"', "LINE 1: FROM number", "^")),
        ("SELECT number, COUNT(*) FROM numbers", ("GROUP BY", "ANY_VALUE", "LINE 1")),
        ('SELECT 1\nFROM numbers\nWHERE number = "paid"', ("LINE 3", "in single quotes: 'paid'")),
        ("SELECT 'Don't'", ("is written twice: 'Don''t'",)),
    ],
)
def test_all_that_the_engine_says_of_a_wrong_statement_is_told(
    query: Query, sql: str, said: tuple[str, ...]
) -> None:
    result = query(sql)
    assert (result.returncode, result.stdout) == (1, b"")
    told = result.stderr.decode()
    assert all(part in told for part in said), told
    assert "report it" not in told


def test_the_mark_stands_below_the_place(query: Query) -> None:
    lines = query("SELECT number,\n       nmber FROM numbers").stderr.decode().splitlines()
    ((place, mark),) = [pair for pair in itertools.pairwise(lines) if "LINE 2" in pair[0]]
    assert mark.index("^") == place.index("nmber")


def test_a_statement_comes_from_a_file_or_from_standard_input_by_itself(query: Query, tmp_path: Path) -> None:
    for name in ("mine.sql", "with blank/mine too.SQL"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("-- How many?\nSELECT COUNT(*) AS n FROM numbers;\n")
        assert query(name, "--csv").stdout == b"n\n10\n"
    assert query("--csv", input=b"SELECT 1 AS one").stdout == b"one\n1\n"
    missing = query("other.sql")
    assert missing.returncode == 2
    assert "other.sql: can't be read: No such file or directory" in words(missing)
    assert query("SELECT 'a.sql' AS a, 1 AS sql", "--csv").stdout == b"a,sql\na.sql,1\n"


def test_a_reader_who_has_had_enough_ends_the_query_quietly(query: Query) -> None:
    for form in ("table", "csv", "json"):
        reading, writing = os.pipe()
        os.close(reading)
        result = query("FROM range(100000)", "--format", form, stdout=writing)
        os.close(writing)
        assert (result.returncode, result.stderr) == (141, b"")  # as of a program that SIGPIPE ends


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_named(query: Query) -> None:
    for sql in ("SELECT 1", "FROM range(100000)"):
        with Path("/dev/full").open("wb") as full:
            result = query(sql, "--csv", stdout=full)
        assert result.returncode == 1
        assert words(result).startswith("error: standard output: can't be written: No space left on device")


def test_the_rows_of_a_large_answer_are_never_all_in_memory(tmp_path: Path) -> None:

    path = tmp_path / "w.duckdb"
    duckdb.connect(str(path)).close()
    warehouse = duckdb_warehouse(settings_of(database=str(path)), read_only=True)
    # Ten thousand million rows: whoever wants to hold them all never comes to the first one.
    _, rows = warehouse.stream("SELECT range AS number, repeat('x', 1000) AS text FROM range(10_000_000_000)")
    assert len(next(rows)) == 2
    warehouse.close()
