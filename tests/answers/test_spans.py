"""Questions about a span of time, in a time zone, with a limit: as plain Python answers them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sparkify.answers.asked import Asked, read_asked
from sparkify.answers.check import compare
from sparkify.answers.covering import flags_of, notes_on
from sparkify.answers.questions import ask, ask_compared, find_question, load_questions
from sparkify.answers.restricting import restricted
from sparkify.answers.spans import span_of
from sparkify.errors import UsageError
from sparkify.simulate import simulate, sink_for
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.answers_reference import DERIVED, Window, write_answers
from tests.support.answers import SIMULATION, load, play, write_sources
from tests.support.cli import Run

HOUR = 3_600_000
CLOCKS_BACK = 1_541_322_000_000  # 2018-11-04 09:00 UTC, when it is 2:00, and then 1:00, in Los Angeles


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(SIMULATION, sink_for(str(folder)))
    return folder


@pytest.fixture(scope="module")
def loaded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    settings = load(folder, tmp_path_factory.mktemp("loaded") / "simulated.duckdb")
    with closing(connect(settings, read_only=True)) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def ten_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("ten_days")
    start = CLOCKS_BACK - 3 * 24 * HOUR
    write_sources(folder, [], [play(start + n * 24 * HOUR, 7, "A", "B", session=n) for n in range(10)])
    with closing(connect(load(folder, folder / "w.duckdb"), read_only=True)) as warehouse:
        yield warehouse


SPANS = [  # since, until, last, zone: and the days that this is
    ("2018-11-20", "2018-12-02", None, None, date(2018, 11, 20), date(2018, 12, 2)),
    (None, None, None, "America/Los_Angeles", date.min, date.max),
    ("2018-11-28", None, None, "Asia/Kolkata", date(2018, 11, 28), date.max),
    (None, "2018-12-03", None, "Pacific/Auckland", date.min, date(2018, 12, 3)),
    ("2018-12-01", "2018-12-01", None, "America/New_York", date(2018, 12, 1), date(2018, 12, 1)),
    (None, "2018-12-09", "2w", None, date(2018, 11, 26), date(2018, 12, 9)),
]


@pytest.mark.slow
@pytest.mark.forms(3)
@pytest.mark.parametrize("span", SPANS, ids=lambda span: " ".join(str(part) for part in span[:4] if part))
def test_every_question_answers_about_a_span_as_plain_python_does(
    span: Any, folder: Path, loaded: Warehouse, tmp_path: Path
) -> None:
    *flags, first, last = span
    write_answers(Window(folder, first, last, flags[3] or "UTC"), tmp_path)
    for name in sorted(DERIVED):
        question = find_question(name)
        columns, rows = ask(loaded, question, span=span_of(loaded, read_asked(*flags)))
        outcome = compare(name, columns, rows, tmp_path / f"{name}.csv")
        assert outcome.result == "equal", (name, outcome.remark, outcome.differing)


def test_a_span_is_printed_as_sql_that_answers_the_same(loaded: Warehouse) -> None:
    for question in load_questions():
        span = span_of(loaded, read_asked("2018-11-20", "2018-11-22", None, "Asia/Kolkata"))
        assert loaded.select(restricted(question.sql, span)) == ask(loaded, question, span=span)


def test_what_was_before_the_span_is_not_forgotten(loaded: Warehouse) -> None:
    def answered(name: str, since: str | None = None, until: str | None = None) -> list[Any]:
        span = span_of(loaded, read_asked(since, until, None, None))
        return ask(loaded, find_question(name), span=span)[1]

    since, until = date(2018, 11, 19), date(2018, 12, 2)  # two whole weeks
    asked = (f"{since}", f"{until}")
    changes = [row for row in answered("level_changes") if since <= row[0].date() <= until]
    assert changes
    assert answered("level_changes", *asked) == changes
    weeks = [row for row in answered("level_changes_by_week") if since <= row[0] <= until]
    assert answered("level_changes_by_week", *asked) == weeks
    whole = [row for row in answered("weekly_retention") if since <= row[0] <= until]
    cohorts = answered("weekly_retention", *asked)
    assert cohorts
    assert cohorts == [row for row in whole if row[:2] in {each[:2] for each in cohorts}]
    assert {row[0] for row in cohorts} == {row[0] for row in whole}


@pytest.mark.parametrize("flags", [(None, "1000-01-02", "99999w", None), ("1000-01-01", None, None, None)])
def test_a_span_that_would_begin_too_early_is_refused(flags: Any, ten_days: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"--(last|compare previous): this would begin before the year 1000"):
        span_of(ten_days, read_asked(*flags)).before()


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_a_limit_gives_the_first_rows_of_what_there_is(limit: int, loaded: Warehouse) -> None:
    every = span_of(loaded, Asked(limit=10**6))
    some = span_of(loaded, Asked(limit=limit))
    for question in load_questions():
        assert ask(loaded, question, span=some)[1] == ask(loaded, question, span=every)[1][:limit], (
            question.name
        )


def test_a_comparison_has_both_answers_side_by_side(loaded: Warehouse) -> None:
    asked = read_asked("2018-11-26", "2018-12-02", None, None, 5)
    before = read_asked("2018-11-19", "2018-11-25", None, None, 10**6)
    for question in load_questions():
        if not question.keys:
            with pytest.raises(UsageError, match="can't be compared"):
                ask_compared(loaded, question, {}, span_of(loaded, asked))
            continue
        columns, rows = ask_compared(loaded, question, {}, span_of(loaded, asked))
        plain, now = ask(loaded, question, span=span_of(loaded, asked))
        then = {
            row[: len(question.keys)]: row for row in ask(loaded, question, span=span_of(loaded, before))[1]
        }
        assert tuple(plain[: len(question.keys)]) == question.keys
        for row, expected in zip(rows, now, strict=True):
            told = dict(zip(columns, row, strict=True))
            assert [told[name] for name in plain] == list(expected)
            earlier = dict(
                zip(plain, then.get(expected[: len(question.keys)], [None] * len(plain)), strict=True)
            )
            measures = plain[len(question.keys) :]
            assert [told[f"previous_{name}"] for name in measures] == [earlier[name] for name in measures]
            if earlier[measures[0]]:
                change = 100 * (told[measures[0]] - earlier[measures[0]]) / earlier[measures[0]]
                assert told["change_percent"] == pytest.approx(float(change), abs=0.05)
            else:
                assert told["change_percent"] is None


def test_hours_and_days_follow_the_clocks_of_the_time_zone(tmp_path: Path) -> None:
    write_sources(
        tmp_path, [], [play(CLOCKS_BACK + n * HOUR, 7, "A", "B", session=n) for n in (-2, -1, 0, 1)]
    )
    span = read_asked(None, None, None, "America/Los_Angeles")
    with closing(connect(load(tmp_path, tmp_path / "w.duckdb"), read_only=True)) as warehouse:
        found = ask(warehouse, find_question("busiest_hours"), span=span_of(warehouse, span))[1]
    assert [row[:2] for row in found] == [(1, 2), (0, 1), (2, 1)]


def test_a_session_is_as_long_as_it_is_while_the_clocks_change(tmp_path: Path) -> None:
    write_sources(tmp_path, [], [play(CLOCKS_BACK + n * HOUR, 7, "A", "B") for n in (-1, 1)])
    span = read_asked(None, None, None, "America/Los_Angeles")
    with closing(connect(load(tmp_path, tmp_path / "w.duckdb"), read_only=True)) as warehouse:
        ((*_, minutes),) = ask(
            warehouse, find_question("session_length_by_level"), span=span_of(warehouse, span)
        )[1]
    assert minutes == 120


def test_a_time_zone_alone_leaves_no_level_out(tmp_path: Path) -> None:
    day = 24 * HOUR
    events = [
        play(CLOCKS_BACK, 7, "A", "B", level="paid", page="Home"),  # before the day of the first play
        play(CLOCKS_BACK + 2 * day, 7, "A", "B", level="paid"),
        play(CLOCKS_BACK + 4 * day, 7, "A", "B", level="free", page="Home"),  # after the day of the last one
    ]
    write_sources(tmp_path, [], events)
    question = find_question("days_paid")
    with closing(connect(load(tmp_path, tmp_path / "w.duckdb"), read_only=True)) as warehouse:
        everything = ask(warehouse, question)
        for flags in ((None, None, None, "Asia/Kolkata"), (None, "2018-12-01", None, None)):
            assert ask(warehouse, question, span=span_of(warehouse, read_asked(*flags))) == everything
    assert [(row[0], float(row[3])) for row in everything[1]] == [("yes", 4.0)]


def test_levels_change_in_the_order_in_which_it_happened_while_the_clocks_change(tmp_path: Path) -> None:
    plays = [
        play(CLOCKS_BACK - HOUR // 2, 7, "A", "B", level="free"),  # 1:30, for the first time
        play(CLOCKS_BACK + HOUR // 6, 7, "A", "B", level="paid"),  # 1:10, for the second
    ]
    write_sources(tmp_path, [], plays)
    flags = read_asked("2018-11-04", None, None, "America/Los_Angeles")
    with closing(connect(load(tmp_path, tmp_path / "w.duckdb"), read_only=True)) as warehouse:
        span = span_of(warehouse, flags)
        ((at, *_, before, after, count),) = ask(warehouse, find_question("level_changes"), span=span)[1]
        weeks = ask(warehouse, find_question("level_changes_by_week"), span=span)[1]
    assert (f"{at:%H:%M}", before, after, count) == ("01:10", "free", "paid", 1)
    assert [row[1:3] for row in weeks] == [(1, 0)]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("2018-13-01", None, None, None), "--since '2018-13-01' is not a day"),
        ((None, "yesterday", None, None), "--until 'yesterday' is not a day"),
        (("0001-01-01", None, None, None), "is not a day"),
        ((None, None, "7", None), "--last '7' is not a number of days or weeks"),
        ((None, None, "0d", None), "is not a number of days or weeks"),
        (("2018-11-01", None, "7d", None), "choose one of them"),
        (("2018-11-02", "2018-11-01", None, None), "is after"),
        ((None, None, None, "Mars/Olympus"), "is not known here"),
        ((None, None, None, "america/los_angeles"), "did you mean America/Los_Angeles?"),
        ((None, None, None, "Los Angeles"), "did you mean America/Los_Angeles?"),
        ((None, None, None, "Europe/Berln"), "did you mean Europe/Berlin?"),
        ((None, None, None, "../../etc/passwd"), "is not known here"),
        ((None, None, None, "'; DROP TABLE songplays; --"), "is not known here"),
    ],
)
def test_a_span_that_cannot_be_read_is_explained(flags: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_asked(*flags)
    assert said in str(raised.value)


def test_a_comparison_needs_a_beginning(loaded: Warehouse) -> None:
    with pytest.raises(UsageError, match="needs a span"):
        ask_compared(loaded, find_question("top_songs"), {}, span_of(loaded, Asked()))


@pytest.mark.parametrize(
    ("flags", "said"),  # of plays from 2018-11-01 to 2018-11-10
    [
        (("2018-11-02", "2018-11-03", None, None), []),
        ((None, None, "3d", None), ["2018-11-08 to 2018-11-10"]),
        ((None, None, "2w", None), ["2018-10-28", "begin on 2018-11-01, and cover only 10 of the 14"]),
        ((None, "2018-11-12", "4d", None), ["2018-11-09", "end on 2018-11-10, and cover only 2 of the 4"]),
        ((None, "2018-11-12", "3w", None), ["2018-10-23", "begin on 2018-11-01 and end on 2018-11-10, "]),
    ],
)  # fmt: skip
def test_days_that_were_counted_out_are_named_with_those_the_plays_lack(
    flags: Any, said: list[str], ten_days: Warehouse
) -> None:
    notes = notes_on(span_of(ten_days, read_asked(*flags)), is_compared=False)
    assert len(notes) == len(said)
    assert all(each in note for note, each in zip(notes, said, strict=True))


@pytest.mark.parametrize(
    ("flags", "beside", "covered"),
    [
        (("2018-11-06", "2018-11-07", None, None), "2018-11-04 to 2018-11-05", None),
        ((None, None, "7d", None), "2018-10-28 to 2018-11-03", "only 3 of the 7 days"),
        ((None, None, "10d", None), "2018-10-22 to 2018-10-31", "none of the days"),
    ],
)
def test_a_comparison_names_what_it_is_with_and_whether_that_is_whole(
    flags: Any, beside: str, covered: str | None, ten_days: Warehouse
) -> None:
    first, *more = notes_on(span_of(ten_days, read_asked(*flags)), is_compared=True)
    assert first.endswith(f", beside {beside}")
    assert [note for note in more if "don't compare like with like" in note] == more
    assert (covered in more[0]) if covered else not more


@pytest.mark.parametrize(
    "flags",
    [(None, None, None, None), ("2018-11-04", None, None, None), (None, "2018-11-05", None, None),
     (None, None, "3d", "Asia/Kolkata"), ("2019-01-01", None, None, None), (None, "2018-01-01", None, None)],
)  # fmt: skip
def test_flags_ask_about_the_same_days_again(flags: Any, ten_days: Warehouse) -> None:
    span = span_of(ten_days, read_asked(*flags))
    again = dict(zip(*[iter(flags_of(span).split())] * 2, strict=True))
    told = [again.pop(flag, None) for flag in ("--since", "--until", "--last", "--time-zone")]
    assert (again, told[2]) == ({}, None)
    for question in (find_question("daily_active_users"), find_question("busiest_hours")):
        there = ask(ten_days, question, span=span)
        assert ask(ten_days, question, span=span_of(ten_days, read_asked(*told))) == there


@pytest.mark.slow
class TestOnTheCommandLine:
    @pytest.fixture
    def sparkify(self, run: Run, data: Path) -> Run:
        for path in (data / "log_data").rglob("*.json"):
            path.unlink()
        write_sources(data, [], [play(CLOCKS_BACK + n * 24 * HOUR, 7, f"Song {n}", "B") for n in range(10)])
        assert run("etl").returncode == 0
        return run

    def test_a_span_without_plays_says_so_and_what_there_is(self, sparkify: Run) -> None:
        for said, *flags in (
            ("since 2019-01-01", "--since", "2019-01-01"),
            ("until 2018-10-01", "--until", "2018-10-01"),
            ("2018-09-30 to 2018-10-01", "--last", "2d", "--until", "2018-10-01"),
        ):
            told = sparkify("questions", "plays_by_level", *flags)
            assert told.returncode == 0
            assert f"no plays: {said}; " in " ".join(told.stderr.split())
            assert "the warehouse has plays of 2018-11-04 to 2018-11-13" in " ".join(told.stderr.split())
        told = sparkify("questions", "songs_on_a_day", "--given", "day=2018-12-24")
        assert "no rows for day=2018-12-24; the warehouse has plays of" in " ".join(told.stderr.split())
        told = sparkify("questions", "songs_on_a_day", "--given", "day=2018-11-05", "--last", "2d")
        assert "plays of 2018-11-12 to 2018-11-13 were asked for" in " ".join(told.stderr.split())

    def test_an_answer_of_a_whole_warehouse_says_nothing_of_spans(self, sparkify: Run) -> None:
        told = sparkify("questions", "level_changes")  # nobody has changed
        assert (told.returncode, told.stderr) == (0, "")

    @pytest.mark.thorough
    def test_an_empty_warehouse_says_so_wherever_it_is_asked(self, run: Run) -> None:
        assert run("create-tables").returncode == 0
        for words in (("questions", "top_songs"), ("questions", "--all"), ("report", "out.html"), ("check",)):
            told = run(*words)
            assert told.returncode == 0
            assert "holds no plays; load some with: sparkify etl" in " ".join(told.stderr.split()), words

    def test_many_answers_say_once_what_is_true_of_all(self, sparkify: Run, tmp_path: Path) -> None:
        told = sparkify("questions", "--all", "--csv", "none", "--since", "2019-01-01")
        assert told.stderr.count("no plays") == 1
        told = sparkify("questions", "--all", "--csv", "some", "--last", "3d", "--compare", "previous")
        assert "2018-11-11 to 2018-11-13, beside 2018-11-08 to 2018-11-10" in " ".join(told.stderr.split())
        left_out = [question.name for question in load_questions() if not question.keys]
        assert f"left out: {', '.join(left_out)}" in " ".join(told.stderr.split())
        assert len(list((tmp_path / "some").iterdir())) + len(left_out) == len(load_questions())

    def test_the_report_takes_a_span_too(self, sparkify: Run, tmp_path: Path) -> None:
        told = sparkify("report", "out.html", "--since", "2018-11-05", "--until", "2018-11-06",
                        "--time-zone", "America/Los_Angeles")  # fmt: skip
        page = (tmp_path / "out.html").read_text(encoding="utf-8")
        assert told.returncode == 0
        assert "5 November 2018 to 6 November 2018, times in America/Los_Angeles" in page
        assert "<dt>plays</dt><dd>2</dd>" in page
        flags = "--since 2018-11-05 --until 2018-11-06 --time-zone America/Los_Angeles"
        assert f"sparkify questions top_songs {flags} --csv" in page
        assert "Song 1" in page
        assert "Song 5" not in page

    def test_the_last_days_are_those_before_the_last_play(self, sparkify: Run) -> None:
        told = sparkify("questions", "daily_active_users", "--last", "3d", "--csv").stdout
        assert [line.split(",")[0] for line in told.splitlines()[1:]] == [
            "2018-11-11",
            "2018-11-12",
            "2018-11-13",
        ]
