"""The warehouse from Python."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

import sparkify
from sparkify.errors import SparkifyError, UsageError
from tests.support.answers import load, play, write_sources

NOON = 1_541_073_600_000
DAY = 24 * 3_600_000


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("client")
    write_sources(folder, [], [play(NOON + n * DAY, 7 + n % 2, f"Song {n % 3}", "B") for n in range(10)])
    return load(folder, folder / "w.duckdb").database


@pytest.fixture
def warehouse(database: str) -> Any:
    return sparkify.connect(database)


def test_sql_comes_as_a_data_frame(warehouse: Any) -> None:
    frame = warehouse.sql("SELECT user_id, COUNT(*) AS plays FROM songplays GROUP BY 1 ORDER BY 1").df()
    assert frame.to_dict("list") == {"user_id": [7, 8], "plays": [5, 5]}


def test_questions_are_asked_by_name_about_a_span(warehouse: Any) -> None:
    answer = warehouse.question("daily_active_users", last="2d")
    assert [str(row[0]) for row in answer.rows] == ["2018-11-09", "2018-11-10"]
    assert warehouse.question("songs_on_a_day", day="2018-11-02").rows[0][1] == "Song 1"
    compared = warehouse.question("top_songs", last="3d", compare_previous=True, limit=1)
    assert "previous_plays" in compared.columns
    assert ("top_users", "Who listens most?") in warehouse.questions().rows


def test_whatever_speaks_arrow_can_go_on_with_an_answer(warehouse: Any) -> None:
    answer = warehouse.question("busiest_weekdays")
    assert pa.table(answer).to_pylist() == [
        dict(zip(answer.columns, row, strict=True)) for row in answer.rows
    ]
    taken = pa.table(answer)  # by its protocol
    with duckdb.connect() as connection:
        (total,) = connection.execute("SELECT SUM(plays) FROM taken").fetchall()[0]
    assert total == 10
    assert len(taken) == len(answer)


def test_polars_takes_an_answer_or_its_absence_is_told(warehouse: Any) -> None:
    answer = warehouse.question("plays_by_level")
    try:
        import polars  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="Polars is not installed"):
            answer.pl()
    else:
        assert answer.pl().columns == list(answer.columns)


def test_an_answer_without_rows_has_its_columns(warehouse: Any) -> None:
    answer = warehouse.sql("SELECT user_id, level FROM users WHERE false")
    assert answer.arrow().column_names == list(answer.df().columns) == ["user_id", "level"]


def test_an_answer_shows_its_first_rows(warehouse: Any) -> None:
    shown = repr(warehouse.sql("FROM range(1000, 2000)"))
    assert "1,000" in shown
    assert "… and 980 more rows" in shown


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ({"since": date(2018, 11, 9)}, {"since": "2018-11-09"}),
        ({"since": pd.Timestamp("2018-11-08"), "until": datetime(2018, 11, 9)},
         {"since": "2018-11-08", "until": "2018-11-09"}),
        ({"last": timedelta(weeks=1)}, {"last": "1w"}),
        ({"time_zone": ZoneInfo("Asia/Kolkata")}, {"time_zone": "Asia/Kolkata"}),
    ],
)  # fmt: skip
def test_days_and_zones_may_be_pythons_own(warehouse: Any, passed: Any, said: Any) -> None:
    assert (
        warehouse.question("daily_active_users", **passed).rows
        == warehouse.question("daily_active_users", **said).rows
    )
    assert (
        warehouse.question("songs_on_a_day", day=date(2018, 11, 2)).rows
        == warehouse.question("songs_on_a_day", day="2018-11-02").rows
    )


@pytest.mark.parametrize(
    "passed",
    [{"since": datetime(2018, 11, 1, 12)}, {"since": pd.NaT}, {"until": 20181101}, {"last": 7},
     {"last": timedelta(hours=3)}, {"time_zone": 2}, {"limit": "1"}, {"limit": 0}, {"limit": True},
     {"limit": 2.5}, {"compare": "previous"}, {"day": 2.5}, {"name": None}],
    ids=str,
)  # fmt: skip
def test_an_argument_that_cannot_be_meant_is_named(warehouse: Any, passed: Any) -> None:
    (argument,) = passed
    with pytest.raises(UsageError, match=argument):
        warehouse.question(**{"name": "songs_on_a_day", **passed})


def test_paths_are_texts_or_paths(database: str, tmp_path: Path) -> None:
    config = tmp_path / "dwh.cfg"
    config.write_text(f"[WAREHOUSE]\nDATABASE = {database}\n")
    for warehouse in (sparkify.connect(Path(database)), sparkify.connect(config=config)):
        assert len(warehouse.sql("SELECT 1")) == 1
        assert repr(warehouse) == f"<sparkify warehouse {database}>"
    with pytest.raises(UsageError, match="database=1 is not a path"):
        sparkify.connect(1)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="is not a text"):
        warehouse.sql(config)


def test_an_answer_says_what_it_lacks(warehouse: Any) -> None:
    assert warehouse.question("top_songs", since="2018-11-02", until="2018-11-03").notes == ()
    assert warehouse.question("top_songs", last="3d").notes == ("2018-11-08 to 2018-11-10",)
    (why,) = warehouse.question("top_songs", since="2019-01-01").notes
    assert why == "no plays: since 2019-01-01; the warehouse has plays of 2018-11-01 to 2018-11-10"
    assert why in repr(warehouse.question("top_songs", since="2019-01-01"))


def test_nothing_stays_open_so_that_others_can_load(warehouse: Any, database: str) -> None:
    warehouse.sql("SELECT 1")
    with pytest.raises(SparkifyError):
        warehouse.sql("SELECT nothing FROM songplays")
    duckdb.connect(database).close()  # to write


def test_an_error_is_the_engines_own_and_only_reading_is_possible(warehouse: Any) -> None:
    with pytest.raises(SparkifyError, match="Candidate bindings"):
        warehouse.sql("SELECT usr_id FROM songplays")
    with pytest.raises(UsageError, match="only reading"):
        warehouse.sql("DROP TABLE users")
    with pytest.raises(UsageError, match="did you mean top_songs"):
        warehouse.question("top_song")


def test_importing_it_imports_no_more_than_it_takes(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, sparkify; print(sorted({'duckdb', 'pandas', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
