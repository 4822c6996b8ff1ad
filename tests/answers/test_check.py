"""``sparkify check``: expected answers, own questions and audits."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from sparkify.answers.check import Outcome, check_all, compare
from sparkify.answers.questions import load_questions
from sparkify.cli.app import app
from sparkify.errors import CheckError, UsageError
from sparkify.load.audits import load_audits
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.answers import ANSWERS, load, needs_sample, play, write_sources
from tests.support.sample import SAMPLE
from tests.support.settings import settings_of

pytestmark = pytest.mark.slow

NOON = 1_541_073_600_000  # 2018-11-01 12:00 UTC


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("check")
    write_sources(folder, [], [play(NOON, 7, "A", "Bänd"), play(NOON + 60_000, 8, "C, D", "Bänd", "paid")])
    return load(folder, folder / "w.duckdb").database


@pytest.fixture
def warehouse(database: str) -> Iterator[Warehouse]:

    opened = connect(settings_of(database=database), read_only=True)
    yield opened
    opened.close()


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["check", *args])


def outcome(outcomes: list[Outcome], name: str) -> Outcome:
    return next(each for each in outcomes if each.name == name)


@needs_sample
def test_the_sample_answers_every_question_as_expected(tmp_path: Path) -> None:
    settings = load(SAMPLE, tmp_path / "sample.duckdb")
    result = run(str(ANSWERS), "--database", settings.database)
    assert result.exit_code == 0, result.output
    questions, audits = len(load_questions()), len(load_audits())
    assert f"{questions} questions equal, {audits} audits passed" in result.stderr
    assert "different" not in result.stdout


def test_equal_answers_are_equal_however_they_are_written(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "plays_by_level.csv").write_text(
        "\ufefflevel,plays,share_percent,listeners,PLAYS_PER_LISTENER\r\nfree,1,50,1,1.00\r\npaid,1,50.0,1,1\r\n",
        encoding="utf-8",
    )
    assert outcome(check_all(warehouse, tmp_path), "plays_by_level").result == "equal"


def test_a_difference_shows_the_first_rows_that_differ(database: str, tmp_path: Path) -> None:
    (tmp_path / "top_songs.csv").write_text(
        'title,artist,plays,listeners\nA,Bänd,1,1\n"C, D",Bänd,2,1\n', encoding="utf-8"
    )
    result = run(str(tmp_path), "--database", database)
    assert isinstance(result.exception, CheckError)
    assert "1 question different" in result.exception.message
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "question top_songs different 2 1 of 2 rows differ, row 2 first" in lines
    assert "2 expected C, D Bänd 2 1" in lines
    assert "2 answered C, D Bänd 1 1" in lines


@pytest.mark.parametrize(
    ("expected", "remark"),
    [
        ("title,plays\nA,1\n", "columns title, artist, plays, listeners; expected title, plays"),
        ("title,artist,plays,listeners\nA,Bänd,1,1\n", "2 rows, expected 1; row 2 differs first"),
        (
            'title,artist,plays,listeners\n"C, D",Bänd,1,1\nA,Bänd,1,1\n',
            "the same rows in another order; the question's ORDER BY leaves it open",
        ),
    ],
)
def test_the_remark_tells_what_differs(
    warehouse: Warehouse, tmp_path: Path, expected: str, remark: str
) -> None:
    (tmp_path / "top_songs.csv").write_text(expected, encoding="utf-8")
    found = outcome(check_all(warehouse, tmp_path), "top_songs")
    assert (found.result, found.remark) == ("different", remark)


def test_text_that_looks_like_a_number_is_still_text(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("zip\n01234\n", encoding="utf-8")
    assert compare("q", ["zip"], [("1234",)], tmp_path / "q.csv").result == "different"
    assert compare("q", ["zip"], [("01234",)], tmp_path / "q.csv").result == "equal"


def test_an_own_question_is_two_files(database: str, tmp_path: Path) -> None:
    (tmp_path / "paying_users.sql").write_text(
        "-- How many users pay?\nSELECT COUNT(*) AS users FROM users WHERE level = 'paid';\n",
        encoding="utf-8",
    )
    (tmp_path / "paying_users.csv").write_text("users\n1\n", encoding="utf-8")
    result = run(str(tmp_path), "--database", database)
    assert result.exit_code == 0, result.output
    assert "1 question equal" in result.stderr
    (tmp_path / "paying_users.csv").write_text("users\n2\n", encoding="utf-8")
    assert isinstance(run(str(tmp_path), "--database", database).exception, CheckError)


def test_an_own_question_that_the_database_refuses_fails_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "broken.sql").write_text("-- Why?\nSELECT nothing FROM users\n", encoding="utf-8")
    outcomes = check_all(warehouse, tmp_path)
    assert outcome(outcomes, "broken").result == "error"
    assert '"nothing"' in outcome(outcomes, "broken").remark
    assert outcome(outcomes, "users_unique").result == "passed"


def test_a_planted_bad_row_is_found_by_the_audits(tmp_path: Path) -> None:
    write_sources(tmp_path, [], [play(NOON, 7, "A", "B")])
    settings = load(tmp_path, tmp_path / "w.duckdb")
    with duckdb.connect(settings.database) as connection:
        connection.execute("INSERT INTO users SELECT * FROM users")
    result = run("--database", settings.database)
    assert isinstance(result.exception, CheckError)
    failed = [line for line in result.stdout.splitlines() if " failed " in line]
    assert any("users_unique" in line for line in failed)
    # The questions have been answered, but nobody has said what they should answer.
    assert f"{len(load_questions())} questions not compared" in result.exception.message
    assert re.search(r"question +top_songs +not compared +1\b", result.stdout)


def test_a_check_warns_of_old_data_only_where_a_limit_is_set(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "warned" not in run("--database", database).stdout
    monkeypatch.setenv("SPARKIFY_MAX_AGE_HOURS", "48")
    result = run("--database", database)
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.stdout.splitlines() if " warned " in line]
    assert "newest_event_fresh" in line
    assert "1 audit warned" in result.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "top_song.csv",
            "title\n",
            r"top_song\.csv: no question is called 'top_song'; did you mean top_songs\?",
        ),
        ("top_songs.csv", "", r"top_songs\.csv: empty"),
        ("top_songs.csv", "title,plays\nA\n", r"top_songs\.csv: record 2 has 1 fields, the header 2"),
        (
            "top_songs.sql",
            "-- Which?\nSELECT 1\n",
            r"top_songs\.sql: there is a question of this name already",
        ),
        ("mine.sql", "SELECT 1\n", r"mine\.sql: its first line is not a question"),
    ],
)
def test_files_that_can_not_be_meant_are_named(
    warehouse: Warehouse, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        check_all(warehouse, tmp_path)


def test_a_folder_that_is_not_there_is_named(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        check_all(warehouse, tmp_path / "nowhere")


@pytest.mark.parametrize(
    "sql", ["COPY (SELECT 42) TO '{}'", "SELECT 1 AS a; COPY (SELECT 42) TO '{}'; SELECT 1 AS a"]
)
def test_an_own_question_writes_nothing(database: str, tmp_path: Path, sql: str) -> None:
    written = tmp_path / "written.csv"
    (tmp_path / "mine.sql").write_text("-- What else?\n" + sql.format(written) + "\n")
    (tmp_path / "mine.csv").write_text("a\n1\n")
    result = run(str(tmp_path), "--database", database)
    assert "1 question error" in str(result.exception)
    assert not written.exists()


def test_an_own_question_reads_no_other_files(database: str, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\nsecret\n")
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "mine.sql").write_text(f"-- What else?\nSELECT * FROM read_csv('{other}')\n")
    (folder / "mine.csv").write_text("a\nsecret\n")
    assert "1 question error" in str(run(str(folder), "--database", database).exception)


def test_a_folder_without_expected_answers_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not an answer")
    with pytest.raises(UsageError, match="holds no expected answers") as error:
        check_all(warehouse, tmp_path)
    assert "--all --csv" in error.value.hint
