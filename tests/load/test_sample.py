"""The real sample: its known answers, and every row against the reference."""

import re
from pathlib import Path

import pytest

from sparkify.load.progress import NullProgress
from tests.support.builders import Loaded
from tests.support.engines import Engine
from tests.support.reference import build_star, read_records, sort_rows
from tests.support.runs import run_etl


@pytest.fixture(scope="module")
def loaded(sample: Path, engine: Engine) -> Loaded:
    settings = engine.settings(sample)
    return Loaded(settings, run_etl(settings, NullProgress()))


@pytest.mark.parametrize(
    ("table", "rows"), [("songplays", 6820), ("users", 97), ("songs", 71), ("artists", 69), ("time", 6813)]
)
def test_each_table_has_its_known_number_of_rows(loaded: Loaded, table: str, rows: int) -> None:
    assert loaded.query(f"SELECT COUNT(*) FROM {table}") == [(rows,)]


def test_the_one_matched_play_is_the_known_one(loaded: Loaded) -> None:
    assert loaded.query("SELECT song_id, artist_id FROM songplays WHERE song_id IS NOT NULL") == [
        ("SOZCTXZ12AB0182364", "AR5KOSW1187FB35FF4")
    ]


def test_the_busiest_hours_are_the_known_ones(loaded: Loaded) -> None:
    hours = loaded.query(
        "SELECT hour, COUNT(*) FROM songplays JOIN time USING (start_time) GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
    )
    assert hours == [(16, 542), (18, 498), (17, 494), (15, 477), (14, 432)]


def test_the_top_listeners_are_the_known_ones(loaded: Loaded) -> None:
    users = loaded.query("SELECT user_id, COUNT(*) FROM songplays GROUP BY 1 ORDER BY 2 DESC LIMIT 5")
    assert users == [(49, 689), (80, 665), (97, 557), (15, 463), (44, 397)]


def test_plays_by_level_are_the_known_ones(loaded: Loaded) -> None:
    assert loaded.query("SELECT level, COUNT(*) FROM songplays GROUP BY 1 ORDER BY 1") == [
        ("free", 1229),
        ("paid", 5591),
    ]


def test_logged_out_events_have_no_user(loaded: Loaded) -> None:
    assert loaded.query("SELECT COUNT(*) FROM staging_events WHERE user_id IS NULL") == [(286,)]


def test_garbled_texts_are_all_found_and_repaired(loaded: Loaded) -> None:
    texts = loaded.query(
        "SELECT COUNT(*), COUNT(DISTINCT garbled) FROM encoding_repairs WHERE garbled <> repaired"
    )
    assert texts == [(195, 195)]
    plays = loaded.query(
        "SELECT COUNT(*) FROM staging_events WHERE page = 'NextSong' AND"
        " (artist IN (SELECT garbled FROM encoding_repairs)"
        " OR song IN (SELECT garbled FROM encoding_repairs))"
    )
    assert plays == [(326,)]
    repaired = loaded.query("SELECT repaired FROM encoding_repairs")
    assert not [text for (text,) in repaired if re.search("[\x80-\x9f]|Ã", text)]


def test_milliseconds_are_kept(loaded: Loaded) -> None:
    moments = loaded.query("SELECT start_time FROM time")
    assert len([moment for (moment,) in moments if moment.microsecond == 796_000]) == 6813


def test_every_row_of_every_table_equals_the_reference(loaded: Loaded, sample: Path) -> None:
    expected = build_star(read_records(sample / "song_data"), read_records(sample / "log_data"))
    for table, rows in loaded.star.items():
        assert rows == expected[table], table


def test_the_views_show_the_tables(loaded: Loaded) -> None:
    for view in ("fact_songplays", "dim_users", "dim_songs", "dim_artists", "dim_time"):
        table = view.partition("_")[2]
        assert sort_rows(loaded.query(f"SELECT * FROM {view}")) == sort_rows(
            loaded.query(f"SELECT * FROM {table}")
        )


def test_the_tables_have_exactly_the_designed_columns(loaded: Loaded) -> None:
    expected = {
        "songplays": "songplay_id, start_time, user_id, level, song_id, artist_id, session_id, location,"
        " user_agent",
        "users": "user_id, first_name, last_name, gender, level",
        "songs": "song_id, title, artist_id, year, duration",
        "artists": "artist_id, name, location, latitude, longitude",
        "time": "start_time, hour, day, week, month, year, weekday",
    }
    for table, columns in expected.items():
        found = loaded.query(
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
            " ORDER BY ordinal_position"
        )
        assert ", ".join(name for (name,) in found) == columns
