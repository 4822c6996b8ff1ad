"""The rules of the star schema, as properties: whatever arrives, the pipeline and the reference agree."""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from sparkify.load import accounts
from sparkify.load.accounts import EventAccount
from sparkify.load.progress import NullProgress
from sparkify.sql import LEVEL_TABLES, STAR_TABLES
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import connect
from tests.support.builders import Record, event, examples, track, write
from tests.support.clock import at
from tests.support.engines import Engine
from tests.support.reference import Star, build_star, sort_rows
from tests.support.runs import run_in

pytestmark = pytest.mark.slow


def garbled(text: str, times: int) -> str:
    """Text as it looks when its UTF-8 has been read as Latin-1."""
    for _ in range(times):
        text = text.encode().decode("latin-1")
    return text


# Few values, so that the same artist, user or moment comes up again and again; and awkward ones.
names = st.sampled_from(
    ("Air", garbled("Björk", 1), garbled("Björk", 3), "Björk", " Air ") * 2
    + ("björk", "Beyonce", "!!!", "O'Brien", "", "東京事変", "Zé", "Z")
)
titles = st.sampled_from(
    ("Jóga", garbled("Jóga", 2), "Hallo") * 3
    + ("Joga", "[Live]", '{"a": 1}', "a\\b", "½", garbled("½", 1), "", " ", "\t")
)
lengths = st.sampled_from([None, 0, 100, 100.5, 101.0, 101.5, 238.07955, -3.5])
BEGIN = datetime(2018, 11, 29, 0, 0, 57)
moments = st.one_of(
    st.sampled_from([1543449657796, 1543449657797]),
    st.sampled_from([1543449657796 + number * 86_400_000 for number in range(1, 6)]),
    st.sampled_from(
        [0, -1, 1541289600000, 1541375999999, 951782400000, 1546300799999, 1582934400000, 32503680000123]
    ),
)
text_or_null = st.sampled_from([None, "", "a", "B", "é", "~"])

events = st.lists(
    st.builds(
        event,
        artist=st.none() | names,
        song=st.none() | titles,
        length=lengths,
        ts=moments,
        userId=st.sampled_from(["1", "2", 2, "", None]),
        sessionId=st.integers(1, 2),
        itemInSession=st.sampled_from([None, 0, 1, 2]),
        page=st.sampled_from(["NextSong", "NextSong", "NextSong", "Home", "Submit Upgrade"]),
        level=st.sampled_from(["free", "paid", None]),
        firstName=text_or_null,
        lastName=text_or_null,
        gender=st.sampled_from(["F", "M", None]),
        location=text_or_null,
        userAgent=text_or_null,
    ),
    max_size=25,
)
songs = st.lists(
    st.builds(
        track,
        song_id=st.sampled_from(["S1", "S2", "S3", "S4", "s1"]),
        artist_id=st.sampled_from(["A1", "A2", "a1"]),
        artist_name=st.none() | names,
        title=st.none() | titles,
        duration=st.sampled_from([None, 99.5, 100, 100.5, 101, 238.07955]),
        year=st.sampled_from([None, 0, 1999, 2001]),
        artist_location=st.sampled_from([None, "", "Oslo", "Österreich"]),
        artist_latitude=st.sampled_from([None, 0, 59.9, -59.9]),
        artist_longitude=st.sampled_from([None, 10.7]),
    ),
    max_size=15,
)


@contextmanager
def scratch_warehouse(engine: Engine) -> Iterator[tuple[Path, Any, Warehouse]]:
    """A folder for source files, settings that point to it, and an empty warehouse."""
    folder = Path(tempfile.mkdtemp())
    options = engine.settings(folder, database=":memory:", max_reject_share=0)
    warehouse = connect(options)
    # A file without records is data as well, and keeps the folders from being empty.
    write(folder / "song_data" / "empty.json")
    write(folder / "log_data" / "empty.json")
    try:
        yield folder, options, warehouse
    finally:
        warehouse.close()
        shutil.rmtree(folder)


def star_of(warehouse: Warehouse) -> Star:
    """The five tables, without songplay_id, and user_levels, each sorted."""
    star = {table: warehouse.query(f"SELECT * FROM {table}") for table in STAR_TABLES + LEVEL_TABLES}
    star["songplays"] = [row[1:] for row in star["songplays"]]
    return {table: sort_rows(rows) for table, rows in star.items()}


def write_logs(folder: Path, name: str, records: list[Record]) -> None:
    write(
        folder / "log_data" / f"{name}.json", *(json.dumps(record, ensure_ascii=False) for record in records)
    )


def write_songs(folder: Path, name: str, records: list[Record]) -> None:
    write(folder / "song_data" / f"{name}.json", *records)


@given(songs=songs, events=events, seed=st.integers(0, 1000))
@settings(max_examples=examples(4, long=200))
def test_any_files_give_the_tables_of_the_reference(
    engine: Engine, songs: list[Record], events: list[Record], seed: int
) -> None:
    check_files(engine, songs, events, seed)


def check_files(engine: Engine, songs: list[Record], events: list[Record], seed: int) -> None:
    with scratch_warehouse(engine) as (folder, options, warehouse):
        # In two files, one of which holds again some events of the other, in another order.
        again = random.Random(seed).sample(events, len(events) // 3)
        write_logs(folder, "2018-11-01-events", events)
        write_logs(folder, "2018-11-02-events", again)
        write_songs(folder, "TRAAA", songs)
        engine.publish(folder)
        run_in(warehouse, options, NullProgress(), allow_shrunk=True)
        expected = build_star(songs, events + again)
        for table, rows in star_of(warehouse).items():
            assert rows == expected[table], table


def account_of(visits: list[Record]) -> EventAccount:
    played = [visit for visit in visits if visit["page"] == "NextSong"]
    delivered = [visit for visit in played if visit["userId"] not in (None, "")]
    plays = {(visit["ts"], int(visit["userId"]), visit["sessionId"]) for visit in delivered}
    return EventAccount(
        events=len(visits),
        plays=len(plays),
        further_deliveries=len(delivered) - len(plays),
        other_pages=len(visits) - len(played),
        logged_out=0,
        no_user_id=len(played) - len(delivered),
    )


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[str, str, list[Record]]]:
    """Files in the order in which they come: new ones, changed ones, and the same ones under new names."""
    order = draw(
        st.lists(
            st.tuples(st.sampled_from(["song_data", "log_data"]), st.sampled_from(["a", "b", "c", "d"])),
            min_size=2,
            max_size=7,
        )
    )
    return [(source, name, draw(songs if source == "song_data" else events)) for source, name in order]


@given(
    arrivals=arrivals(),
    pauses=st.sets(st.integers(0, 6)),
    days=st.lists(st.integers(-1, 6), min_size=8, max_size=8),
)
@settings(max_examples=examples(3, long=150))
def test_any_sequence_of_runs_ends_in_the_tables_of_one_full_load(
    engine: Engine, arrivals: list[tuple[str, str, list[Record]]], pauses: set[int], days: list[int]
) -> None:
    check_runs(engine, arrivals, pauses, days)


def check_runs(
    engine: Engine, arrivals: list[tuple[str, str, list[Record]]], pauses: set[int], days: list[int]
) -> None:
    """Load as files arrive, the clock showing another day each time, and compare with the last one's star."""
    with scratch_warehouse(engine) as (folder, options, warehouse):
        present: dict[tuple[str, str], list[Record]] = {}
        for number, (source, name, records) in enumerate(arrivals):
            present[source, name] = records
            (write_songs if source == "song_data" else write_logs)(folder, name, records)
            if number not in pauses:
                engine.publish(folder)
                with at(BEGIN + timedelta(days=days[number])):
                    run_in(warehouse, options, NullProgress(), allow_shrunk=True)
        engine.publish(folder)
        now = BEGIN + timedelta(days=days[-1])
        with at(now):
            run_in(warehouse, options, NullProgress(), allow_shrunk=True)
        visits = [item for (source, _), found in present.items() if source == "log_data" for item in found]
        expected = build_star(
            [song for (source, _), found in present.items() if source == "song_data" for song in found],
            visits,
            now,
        )
        assert accounts.of_warehouse(warehouse, accounts.Pruned()) == account_of(visits)
        for table, rows in star_of(warehouse).items():
            assert rows == expected[table], table


@given(
    durations=st.lists(st.sampled_from([None, 90.0, 100.0, 101.0, 110.5, 111.5]), min_size=2, max_size=6),
    lengths=st.lists(lengths, min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
@settings(max_examples=examples(4, long=200))
def test_of_several_tracks_a_play_is_matched_to_the_one_of_the_closest_duration(
    engine: Engine, durations: list[float | None], lengths: list[float | None], seed: int
) -> None:
    order = random.Random(seed)
    tracks = [
        track(
            song_id=f"S{order.randrange(20):02}",
            artist_id=f"A{order.randrange(3)}",
            artist_name=order.choice(["Björk", garbled("Björk", 2)]),
            title=order.choice(["Jóga", garbled("Jóga", 1), " Jóga "]),
            duration=duration,
        )
        for duration in durations
    ]
    plays = [
        event(artist=garbled("Björk", number % 3), song="Jóga", length=length, ts=number)
        for number, length in enumerate(lengths)
    ]
    with scratch_warehouse(engine) as (folder, options, warehouse):
        write_logs(folder, "events", plays)
        write_songs(folder, "first", tracks[:1])
        if seed % 2:
            engine.publish(folder)
            run_in(warehouse, options, NullProgress(), allow_shrunk=True)
        write_songs(folder, "second", tracks[1:])
        engine.publish(folder)
        run_in(warehouse, options, NullProgress(), allow_shrunk=True)
        assert star_of(warehouse)["songplays"] == build_star(tracks, plays)["songplays"]
