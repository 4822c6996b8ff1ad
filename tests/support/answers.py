"""Data for the tests of questions, check, report and export: the sample, own plays, and a made-up year."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify import simulate
from sparkify.config.settings import Settings
from sparkify.load.progress import NullProgress
from tests.support.runs import run_etl
from tests.support.sample import SAMPLE
from tests.support.settings import settings_of

ANSWERS = Path(__file__).parents[1] / "expected" / "sample"
"""On the real sample."""

SIMULATED_ANSWERS = Path(__file__).parents[1] / "expected" / "simulated"
"""On data that everybody can make."""

SIMULATION = simulate.SimulationOptions(songs=300, users=60, days=35, start=date(2018, 11, 12), seed=3)
"""Those data: two months, six weeks, and users who change their level."""

needs_sample = pytest.mark.skipif(
    not (SAMPLE / "log_data").is_dir(),
    reason=f"the sample data is not at {SAMPLE}; SPARKIFY_SAMPLE_DATA may name another place",
)

_FIREFOX = "Mozilla/5.0 (Windows NT 6.1; rv:31.0) Gecko/20100101 Firefox/31.0"


@dataclass(frozen=True)
class Catalogued:
    """A song of a made-up catalogue."""

    song_id: str
    title: str
    artist_id: str
    artist: str
    duration: float = 200.0
    year: int = 2001


def play(
    ts: int, user: int, song: str, artist: str, level: str = "free", session: int = 1, **more: Any
) -> dict[str, Any]:
    """An event of the logs: a user plays a song. ``ts`` is in milliseconds since 1970."""
    event = {
        "artist": artist,
        "auth": "Logged In",
        "firstName": f"First{user}",
        "gender": "FM"[user % 2],
        "itemInSession": 0,
        "lastName": f"Last{user}",
        "length": 200.0,
        "level": level,
        "location": "Portland-South Portland, ME",
        "method": "PUT",
        "page": "NextSong",
        "registration": 1.5e12,
        "sessionId": session,
        "song": song,
        "status": 200,
        "ts": ts,
        "userAgent": _FIREFOX,
        "userId": str(user),
    }
    return event | more


def write_sources(folder: Path, songs: list[Catalogued], events: list[dict[str, Any]]) -> None:
    """Write a catalogue (of one song that nobody plays, if empty) and logs as the service would."""
    (folder / "song_data").mkdir(parents=True, exist_ok=True)
    (folder / "log_data").mkdir(exist_ok=True)
    for song in songs or [Catalogued("SO0", "NullProgress", "AR0", "Nobody")]:
        record = {
            "num_songs": 1,
            "artist_id": song.artist_id,
            "artist_latitude": None,
            "artist_longitude": None,
            "artist_location": "",
            "artist_name": song.artist,
            "song_id": song.song_id,
            "title": song.title,
            "duration": song.duration,
            "year": song.year,
        }
        (folder / "song_data" / f"{song.song_id}.json").write_text(json.dumps(record), encoding="utf-8")
    lines = "\n".join(json.dumps(event) for event in events)
    (folder / "log_data" / "events.json").write_text(lines, encoding="utf-8")


def load(sources: Path, database: Path, **settings: Any) -> Settings:
    """Run the pipeline on a folder with song_data and log_data."""
    loaded = settings_of(
        database=str(database),
        song_data=str(sources / "song_data"),
        log_data=str(sources / "log_data"),
        **settings,
    )
    run_etl(loaded, NullProgress())
    return loaded


def write_year(folder: Path, users: int) -> None:
    """Write the logs of a made-up year, some 2,100 plays per user, and a catalogue of half of its songs.

    Everything is derived from hashes, so the same call writes the same data.
    """
    (folder / "song_data").mkdir(parents=True)
    states = "['NY-NJ-PA', 'CA', 'TX', 'WA', 'IL-IN-WI', 'GA', 'ME', 'FL', 'CO', 'OR-WA', 'MA-NH', 'AZ']"
    agents = json.dumps(
        [
            _FIREFOX,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.36 Chrome/36.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) Version/7.0 Mobile/11D257 Safari/9537",
        ]
    ).replace('"', "'")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"""
        COPY (
            WITH days AS (
                SELECT
                    u.range AS user_id, d.range AS day,
                    hash(u.range) % 60 + 10 AS habit, hash(u.range, 'level') % 500 AS pays_from,
                    hash(u.range, d.range) AS h
                FROM range(1, {users + 1}) AS u CROSS JOIN range(365) AS d
            ),
            sessions AS (
                SELECT
                    *, h // 64 % 24 AS hour,
                    CASE WHEN day BETWEEN pays_from AND pays_from + 200 THEN 'paid' ELSE 'free' END AS level
                FROM days WHERE h % 100 < habit
            ),
            plays AS (
                SELECT
                    *, unnest(range(0, CAST(
                        CASE level WHEN 'paid' THEN 8 + h % 31 ELSE 1 + h % 9 END AS BIGINT
                    ))) AS item,
                FROM sessions
            ),
            songs AS (
                SELECT
                    *, CAST(floor(4000 * pow((hash(h, item) % 10000) / 10000, 3)) AS INTEGER) AS song
                FROM plays
            )
            SELECT
                'Artist ' || song % 700 AS artist, 'Logged In' AS auth, 'First' || user_id AS "firstName",
                ['F', 'M'][1 + user_id % 2] AS gender, item AS "itemInSession",
                'Last' || user_id AS "lastName",
                180.5 + song % 90 AS length, level,
                'Town ' || user_id % 90 || ', ' || {states}[1 + user_id % 12] AS location, 'PUT' AS method,
                'NextSong' AS page, 1.5e12 AS registration, user_id * 365 + day AS "sessionId",
                'Song ' || song AS song, 200 AS status,
                epoch_ms(DATE '2023-01-01' + CAST(day AS INTEGER)) + hour * 3600000 + item * 230000
                    + CAST(h % 2000000 AS BIGINT) AS ts,
                {agents}[1 + user_id % 3] AS "userAgent", CAST(user_id AS VARCHAR) AS "userId",
                day // 31 AS part
            FROM songs
        ) TO '{folder / "log_data"}' (FORMAT json, PARTITION_BY (part))
    """)
    connection.execute(f"""
        COPY (
            SELECT
                1 AS num_songs, 'AR' || song % 700 AS artist_id, NULL AS artist_latitude,
                NULL AS artist_longitude, '' AS artist_location, 'Artist ' || song % 700 AS artist_name,
                'SO' || song AS song_id, 'Song ' || song AS title, 180.5 + song % 90 AS duration,
                CASE WHEN song % 5 = 0 THEN 0 ELSE 1960 + song % 60 END AS year
            FROM (SELECT 2 * range AS song FROM range(2000))
        ) TO '{folder / "song_data" / "songs.json"}' (FORMAT json)
    """)
