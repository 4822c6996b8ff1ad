"""The analysts' questions, as they are asked and as they are answered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sparkify.answers.asked import Asked
from sparkify.answers.check import compare
from sparkify.answers.questions import (
    ask,
    ask_compared,
    fill_in,
    find_question,
    load_questions,
    parse_question,
)
from sparkify.answers.spans import span_of
from sparkify.cli.app import app
from sparkify.errors import SparkifyError, UsageError
from sparkify.simulate import simulate, sink_for
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.answers_reference import DERIVED, Data, write_answers
from tests.support.answers import (
    ANSWERS,
    SIMULATED_ANSWERS,
    SIMULATION,
    Catalogued,
    load,
    needs_sample,
    play,
    write_sources,
)
from tests.support.sample import SAMPLE

NOON = 1_541_073_600_000  # 2018-11-01 12:00 UTC, a Thursday
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    settings = load(SAMPLE, tmp_path_factory.mktemp("sample") / "sample.duckdb")
    warehouse = connect(settings, read_only=True)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(SIMULATION, sink_for(str(folder)))
    return folder


@pytest.fixture(scope="module")
def loaded(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    settings = load(simulated, tmp_path_factory.mktemp("loaded") / "simulated.duckdb")
    warehouse = connect(settings, read_only=True)
    yield warehouse
    warehouse.close()


def answer(folder: Path, name: str, *events: dict[str, Any], songs: tuple[Catalogued, ...] = ()) -> list[Any]:
    """The rows that a question answers after a load of these events."""
    write_sources(folder, list(songs), list(events))
    warehouse = connect(load(folder, folder / "w.duckdb"), read_only=True)
    try:
        return ask(warehouse, find_question(name))[1]
    finally:
        warehouse.close()


def invoke(*args: str) -> str:
    result = CliRunner().invoke(app, [*args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_question_is_a_sentence_that_names_its_grain() -> None:
    questions = load_questions()
    assert len(questions) >= 25
    for question in questions:
        assert question.title.endswith("?"), question.name
        assert question.note.startswith("One row "), question.name


def test_questions_keep_to_what_all_engines_have_in_common() -> None:
    forbidden = ("FILTER", "DISTINCT ON", "QUALIFY", "STRING_AGG", "DATE_DIFF", "LIST(", "GENERATE_SERIES")
    for question in load_questions():
        found = [word for word in forbidden if word in question.sql.upper()]
        assert not found, f"{question.name}: {found}"


def test_every_answer_has_an_order_that_its_rows_cannot_share() -> None:
    for question in load_questions():
        assert "\nORDER BY " in question.sql, question.name


def test_every_question_has_an_answer_file_and_a_derivation_of_its_own() -> None:
    names = {question.name for question in load_questions()}
    assert set(DERIVED) == names, "derive each answer in tests/answers_reference.py, and name it in DERIVED"
    found = {path.stem for path in SIMULATED_ANSWERS.glob("*.csv")}
    assert found == names, "write it with: python -m tests.answers_reference --simulated"
    # These take the sample, which not everybody has.
    assert {path.stem for path in ANSWERS.glob("*.csv")} <= names


def assert_answered(warehouse: Warehouse, name: str, expected: Path) -> None:
    columns, rows = ask(warehouse, find_question(name))
    outcome = compare(name, columns, rows, expected)
    assert outcome.result == "equal", (outcome.remark, outcome.differing)


def test_answer_files_are_what_plain_python_makes_of_simulated_data(simulated: Path, tmp_path: Path) -> None:
    write_answers(Data(simulated), tmp_path)
    for name in sorted(DERIVED):
        expected = (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
        assert (SIMULATED_ANSWERS / f"{name}.csv").read_text(encoding="utf-8") == expected, name


@pytest.mark.parametrize("name", sorted(DERIVED))
def test_the_sql_answers_simulated_data_as_the_answer_file_says(name: str, loaded: Warehouse) -> None:
    assert_answered(loaded, name, SIMULATED_ANSWERS / f"{name}.csv")


@needs_sample
def test_answer_files_are_what_plain_python_makes_of_the_sample(tmp_path: Path) -> None:
    write_answers(Data(SAMPLE), tmp_path)
    for name in sorted(DERIVED):
        expected = (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
        assert (ANSWERS / f"{name}.csv").read_text(encoding="utf-8") == expected, name


@needs_sample
@pytest.mark.parametrize("name", sorted(DERIVED))
def test_the_sql_answers_the_sample_as_the_answer_file_says(name: str, sample: Warehouse) -> None:
    assert_answered(sample, name, ANSWERS / f"{name}.csv")


@needs_sample
def test_what_was_heard_is_told_for_every_play_and_for_nothing_else(sample: Warehouse) -> None:
    keys = "start_time, user_id, session_id, level, song_id, artist_id, location, user_agent"
    for one, other in (("songplays", "heard_plays"), ("heard_plays", "songplays")):
        assert sample.query(f"SELECT {keys} FROM {one} EXCEPT ALL SELECT {keys} FROM {other}") == []


def test_a_play_delivered_twice_counts_once_and_as_the_same_song_everywhere(tmp_path: Path) -> None:
    twice = (play(NOON, 7, "B", "Band"), play(NOON, 7, "A", "Band"))
    assert answer(tmp_path, "top_songs", *twice) == [("A", "Band", 1, 1)]
    assert answer(tmp_path / "turned", "top_songs", *reversed(twice)) == [("A", "Band", 1, 1)]


def test_garbled_names_count_for_the_artist_they_mean(tmp_path: Path) -> None:
    events = (play(NOON, 7, "Undo", "Björk"), play(NOON + HOUR, 8, "Undo", "Bj\u00c3\u00b6rk"))
    assert answer(tmp_path, "top_artists", *events) == [("Björk", 2, 1, 2)]


def test_gaps_leave_out_what_the_catalogue_has(tmp_path: Path) -> None:
    known = Catalogued("SO1", "Undo", "AR1", "Björk")
    events = (play(NOON, 7, "Undo", "Björk"), play(NOON + HOUR, 7, "Hunter", "Björk"))
    assert answer(tmp_path, "catalogue_gaps", *events, songs=(known,)) == [("Björk", 1, 1, 1)]
    assert answer(tmp_path / "2", "catalogue_match", *events, songs=(known,)) == [
        ("yes", 1, 50.0, 1),
        ("no", 1, 50.0, 1),
    ]


def test_weeks_begin_on_monday_also_across_the_year(tmp_path: Path) -> None:
    new_years_eve = NOON + 60 * DAY  # Monday 2018-12-31, in the first ISO week of 2019
    events = (play(new_years_eve - DAY, 7, "A", "B"), play(new_years_eve, 7, "A", "B"))
    answered = answer(tmp_path, "busiest_weeks", *events, play(new_years_eve + DAY, 8, "A", "B"))
    assert [(str(start), *rest) for start, *rest in answered] == [
        ("2018-12-31", 1, 2, 2, 2),
        ("2018-12-24", 52, 1, 1, 1),
    ]


def test_level_changes_tell_who_went_where_after_how_many_plays(tmp_path: Path) -> None:
    levels = ("free", "free", "paid", "free")
    events = [play(NOON + n * DAY, 7, "A", "B", level, session=n) for n, level in enumerate(levels)]
    answered = answer(tmp_path, "level_changes", *events, play(NOON, 8, "A", "B", "paid"))
    assert [(str(at), *rest) for at, *rest in answered] == [
        ("2018-11-03 12:00:00", 7, "First7", "Last7", "free", "paid", 2),
        ("2018-11-04 12:00:00", 7, "First7", "Last7", "paid", "free", 3),
    ]


def test_retention_follows_each_cohort_through_the_weeks(tmp_path: Path) -> None:
    week = 7 * DAY
    events = [
        play(NOON, 7, "A", "B"),
        play(NOON, 8, "A", "B"),
        play(NOON + 2 * week, 8, "A", "B"),
        play(NOON + week, 9, "A", "B"),
    ]
    answered = answer(tmp_path, "weekly_retention", *events)
    assert [(str(cohort), *rest) for cohort, *rest in answered] == [
        ("2018-10-29", 0, 2, 2, 100.0, 4),
        ("2018-10-29", 2, 2, 1, 50.0, 4),
        ("2018-11-05", 0, 1, 1, 100.0, 7),
    ]


def test_sessions_are_measured_from_first_to_last_play(tmp_path: Path) -> None:
    half_hour = NOON + HOUR // 2 + 999
    events = (play(NOON + 1, 7, "A", "B"), play(half_hour, 7, "A", "B"), play(NOON, 8, "A", "B"))
    assert answer(tmp_path, "session_length_by_level", *events) == [("free", 2, 1.5, 15.0, 2, 30.0)]


def test_unknown_places_and_browsers_are_counted_too(tmp_path: Path) -> None:
    nowhere = play(NOON, 7, "A", "B", location=None, userAgent=None)
    assert answer(tmp_path, "plays_by_state", nowhere) == [(None, 1, 100.0, 1)]
    assert answer(tmp_path / "2", "plays_by_browser", nowhere) == [("unknown", 1, 100.0, 1)]


def test_metropolitan_areas_across_states_count_for_the_first(tmp_path: Path) -> None:
    there = play(NOON, 7, "A", "B", location="New York-Newark-Jersey City, NY-NJ-PA")
    assert answer(tmp_path, "plays_by_state", there) == [("NY", 1, 100.0, 1)]


AGENTS = [
    (
        "Mozilla/5.0 (X11; Linux x86_64) Ubuntu Chromium/36.0 Chrome/36.0 Safari/537.36",
        "Chromium",
        "Linux",
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Internet Explorer",
        "Windows",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) Version/7.0 Safari/9537",
        "Safari",
        "iPhone",
    ),
    ("Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36", "Chrome", "Android"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge", "Windows"),
    ("Mozilla/5.0 (Macintosh) Chrome/120.0 Safari/537.36 OPR/106.0", "Opera", "Mac"),
    ("curl/8.0", "other", "other"),
]


def test_user_agents_are_told_apart(tmp_path: Path) -> None:
    # Of each agent twice as many plays as of the one before: their sums say which are counted together.
    plays = [
        play(NOON + 1000 * number + count, 7, "A", "B", userAgent=agent)
        for number, (agent, *_) in enumerate(AGENTS)
        for count in range(2**number)
    ]
    browsers: dict[str, int] = {}
    platforms: dict[str, int] = {}
    for number, (_, browser, platform) in enumerate(AGENTS):
        browsers[browser] = browsers.get(browser, 0) + 2**number
        platforms[platform] = platforms.get(platform, 0) + 2**number
    write_sources(tmp_path, [], plays)
    warehouse = connect(load(tmp_path, tmp_path / "w.duckdb"), read_only=True)
    try:
        for name, expected in (("plays_by_browser", browsers), ("plays_by_platform", platforms)):
            assert {row[0]: row[1] for row in ask(warehouse, find_question(name))[1]} == expected
    finally:
        warehouse.close()


def test_a_warehouse_without_plays_answers_every_question_with_no_rows(tmp_path: Path) -> None:
    write_sources(tmp_path, [], [])
    warehouse = connect(load(tmp_path, tmp_path / "w.duckdb"), read_only=True)
    try:
        for question in load_questions():
            columns, rows = ask(warehouse, question)
            assert columns, question.name
            assert rows == [], question.name
            if question.keys:
                assert ask_compared(warehouse, question, {}, span_of(warehouse, Asked(last=7)))[1] == []
    finally:
        warehouse.close()


@pytest.mark.slow
class TestOnTheCommandLine:
    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        write_sources(tmp_path, [], [play(NOON, 7, "A", "B"), play(NOON + DAY, 7, "C", "B")])
        return load(tmp_path, tmp_path / "w.duckdb").database

    def test_questions_lists_all_of_them_without_a_warehouse(self) -> None:
        listed = json.loads(invoke("questions", "--json"))
        assert {"name": "top_users", "question": "Who listens most?", "also_takes": "--compare"} in listed
        assert len(listed) == len(load_questions())

    def test_an_answer_comes_as_csv_or_json(self, database: str) -> None:
        assert invoke("questions", "top_artists", "--csv", "--database", database) == (
            "artist,plays,songs,listeners\nB,2,2,1\n"
        )
        (stickiness,) = json.loads(invoke("questions", "stickiness", "--json", "--database", database))
        assert stickiness["month_start"] == "2018-11-01"
        assert stickiness["stickiness_percent"] == 100.0

    def test_a_day_can_be_given(self, database: str) -> None:
        asked = ("questions", "songs_on_a_day", "--csv", "--database", database)
        assert "2018-11-02,C,B,1,1" in invoke(*asked)
        assert "2018-11-01,A,B,1,1" in invoke(*asked, "--given", "day=2018-11-01")

    def test_all_answers_come_under_their_questions(self, database: str) -> None:
        printed = invoke("questions", "--all", "--database", database)
        for question in load_questions():
            assert question.title in printed

    def test_all_answers_are_written_as_files_of_their_own(self, database: str, tmp_path: Path) -> None:
        out = tmp_path / "new" / "answers"
        asked = ("questions", "--all", str(out), "--database", database)
        invoke(*asked, "--csv")
        assert {path.stem for path in out.iterdir()} == {question.name for question in load_questions()}
        for name in ("top_artists", "level_changes"):
            alone = invoke("questions", name, "--csv", "--database", database)
            assert (out / f"{name}.csv").read_text(encoding="utf-8") == alone
        with pytest.raises(UsageError, match="is not empty"):
            invoke(*asked, "--csv")

    def test_the_sql_is_shown_as_it_stands(self) -> None:
        assert invoke("questions", "top_users", "--sql") == find_question("top_users").sql

    @pytest.mark.forms(3)
    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (("top_song",), "did you mean top_songs?"),
            (("top_songs", "--given", "day=2018-11-01"), "nothing called 'day' can be given"),
            (("songs_on_a_day", "--given", "day=1' OR '1'='1"), "is not a day"),
            (("songs_on_a_day", "--given", "day"), "not NAME=VALUE"),
            (("--all", "--csv"), "--all with --csv and a folder"),
            (("--all", "somewhere"), "--all with --csv and a folder"),
        ],
    )
    def test_a_wrong_question_is_explained(self, args: tuple[str, ...], said: str, database: str) -> None:
        with pytest.raises(UsageError, match=said.replace("?", r"\?")):
            invoke("questions", *args, "--database", database)

    def test_a_warehouse_without_tables_says_how_to_load_it(self, tmp_path: Path) -> None:
        import duckdb

        duckdb.connect(str(tmp_path / "empty.duckdb")).close()
        with pytest.raises(SparkifyError, match="sparkify etl"):
            invoke("questions", "top_songs", "--database", str(tmp_path / "empty.duckdb"))


def test_a_question_without_its_first_line_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"mine\.sql: its first line is not a question"):
        parse_question("mine", "SELECT 1", "mine.sql")


def test_numbers_can_be_given_too_and_nothing_else() -> None:
    mine = parse_question("mine", "-- Who?\nSELECT\n    CAST(NULL AS BIGINT) AS who -- given\n", "mine.sql")
    assert fill_in(mine, {}) == mine.sql
    assert "CAST(49 AS BIGINT) AS who" in fill_in(mine, {"who": "49"})
    with pytest.raises(UsageError, match="not a whole number"):
        fill_in(mine, {"who": "49; DROP TABLE users"})
