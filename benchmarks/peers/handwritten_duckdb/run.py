"""The best DuckDB script we could write by hand for the same five tables: no ledger, no rejects, no audits.

Usage: python run.py DATA OUT

It trusts its input: a malformed record ends it, a fraction is rounded, and every run starts from nothing. What is
tuned: rows unordered, song files joined in Python while the events are parsed, one transaction.
"""

import sys
import threading
from pathlib import Path

import duckdb

COLUMNS = {
    "artist": "VARCHAR",
    "firstName": "VARCHAR",
    "gender": "VARCHAR",
    "itemInSession": "INTEGER",
    "lastName": "VARCHAR",
    "length": "DOUBLE",
    "level": "VARCHAR",
    "location": "VARCHAR",
    "page": "VARCHAR",
    "sessionId": "BIGINT",
    "song": "VARCHAR",
    "ts": "BIGINT",
    "userAgent": "VARCHAR",
    "userId": "VARCHAR",
    "auth": "VARCHAR",
    "method": "VARCHAR",
    "registration": "DOUBLE",
    "status": "INTEGER",
}


def repaired(text: str) -> str:
    while not text.isascii():
        try:
            text = text.encode("latin-1").decode()
        except UnicodeError:
            break
    return text.strip(" ")


def main(data: Path, out: Path) -> None:
    database = out / "warehouse.duckdb"
    database.unlink(missing_ok=True)
    joined = out / "songs.json"

    def join_songs() -> None:
        with joined.open("wb") as target:
            for path in (data / "song_data").rglob("*.json"):
                target.write(path.read_bytes() + b"\n")

    songs = threading.Thread(target=join_songs)
    songs.start()
    db = duckdb.connect(str(database))
    db.execute("SET preserve_insertion_order = false")
    db.begin()
    db.execute(
        """
        CREATE TABLE staging_events AS
        SELECT * REPLACE (make_timestamp_ms(ts) AS ts, TRY_CAST(NULLIF(userId, '') AS BIGINT) AS userId)
        FROM read_json(?, format = 'newline_delimited', columns = $columns)
        """.replace("$columns", str(COLUMNS)),
        [str(data / "log_data/**/*.json*")],
    )
    songs.join()
    db.execute(
        "CREATE TABLE staging_songs AS SELECT * FROM read_json(?, format = 'newline_delimited')",
        [str(joined)],
    )
    joined.unlink()
    texts = db.execute(
        """
        SELECT DISTINCT text FROM (
            SELECT artist AS text FROM (SELECT DISTINCT artist FROM staging_events)
            UNION ALL SELECT song FROM (SELECT DISTINCT song FROM staging_events)
            UNION ALL SELECT artist_name FROM staging_songs UNION ALL SELECT title FROM staging_songs
        ) WHERE strlen(text) <> length(text)
        """
    ).fetchall()
    db.execute(
        "CREATE TEMP TABLE repairs AS SELECT UNNEST(?) AS garbled, UNNEST(?) AS repaired",
        [[text for (text,) in texts], [repaired(text) for (text,) in texts]],
    )
    db.execute(
        """
        CREATE TABLE songs AS
        SELECT song_id, title, artist_id, NULLIF(year, 0) AS year, duration FROM staging_songs
        QUALIFY row_number() OVER (PARTITION BY song_id ORDER BY year = 0, title, duration, artist_id, year) = 1;

        CREATE TABLE artists AS
        WITH names AS (
            SELECT artist_id, artist_name FROM staging_songs GROUP BY artist_id, artist_name
            QUALIFY row_number() OVER (
                PARTITION BY artist_id ORDER BY count(*) DESC, length(artist_name), artist_name) = 1
        ), places AS (
            SELECT artist_id, NULLIF(artist_location, '') AS location, artist_latitude, artist_longitude
            FROM staging_songs GROUP BY artist_id, NULLIF(artist_location, ''), artist_latitude, artist_longitude
            QUALIFY row_number() OVER (
                PARTITION BY artist_id
                ORDER BY artist_latitude IS NULL OR artist_longitude IS NULL, location IS NULL, count(*) DESC,
                    location, artist_latitude, artist_longitude) = 1
        )
        SELECT artist_id, artist_name AS name, location, artist_latitude AS latitude, artist_longitude AS longitude
        FROM names JOIN places USING (artist_id);

        CREATE TABLE users AS
        SELECT userId AS user_id, last.firstName AS first_name, last.lastName AS last_name, last.gender, last.level
        FROM (
            SELECT userId, arg_max(
                {firstName: firstName, lastName: lastName, gender: gender, level: level},
                (ts, itemInSession, sessionId)) AS last
            FROM staging_events WHERE userId IS NOT NULL GROUP BY userId
        );

        CREATE TEMP TABLE matches AS
        WITH heard AS (
            SELECT DISTINCT artist, song, length FROM staging_events WHERE page = 'NextSong'
        )
        SELECT heard.artist, heard.song, heard.length, song_id, artist_id
        FROM heard
        LEFT JOIN repairs AS a ON a.garbled = heard.artist
        LEFT JOIN repairs AS s ON s.garbled = heard.song
        JOIN (
            SELECT song_id, artist_id, duration, coalesce(a.repaired, trim(artist_name, ' ')) AS artist,
                coalesce(t.repaired, trim(title, ' ')) AS title
            FROM staging_songs
            LEFT JOIN repairs AS a ON a.garbled = artist_name
            LEFT JOIN repairs AS t ON t.garbled = title
        ) AS catalogue
            ON catalogue.artist = coalesce(a.repaired, trim(heard.artist, ' '))
            AND catalogue.title = coalesce(s.repaired, trim(heard.song, ' '))
        QUALIFY row_number() OVER (
            PARTITION BY heard.artist, heard.song, heard.length
            ORDER BY abs(duration - heard.length), song_id, artist_id) = 1;

        CREATE TEMP TABLE twice AS
        SELECT ts, userId, sessionId, min(rowid) AS kept FROM staging_events
        WHERE page = 'NextSong' AND userId IS NOT NULL GROUP BY ALL HAVING count(*) > 1;

        CREATE TABLE songplays AS
        SELECT p.rowid AS songplay_id, p.ts AS start_time, p.userId AS user_id, p.level, m.song_id, m.artist_id,
            p.sessionId AS session_id, p.location, p.userAgent AS user_agent
        FROM staging_events AS p
        LEFT JOIN matches AS m ON m.artist = p.artist AND m.song = p.song AND m.length = p.length
        LEFT JOIN twice AS t ON t.ts = p.ts AND t.userId = p.userId AND t.sessionId = p.sessionId
        WHERE p.page = 'NextSong' AND p.userId IS NOT NULL AND (t.kept IS NULL OR t.kept = p.rowid);

        CREATE TABLE time AS
        SELECT start_time, hour(start_time) AS hour, day(start_time) AS day, week(start_time) AS week,
            month(start_time) AS month, year(start_time) AS year, dayofweek(start_time) AS weekday
        FROM (SELECT DISTINCT start_time FROM songplays);
        """
    )
    db.commit()
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
