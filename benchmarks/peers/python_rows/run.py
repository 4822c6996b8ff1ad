"""Inserts row by row.

Usage: python run.py DATA OUT
"""

import json
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import queries

sys.path.append(str(Path(__file__).parents[1] / "postgres"))
from server import connect


def best_name(tracks):
    names = Counter(track["artist_name"] for track in tracks)
    return min(names, key=lambda name: (-names[name], len(name), name.encode()))


def best_place(tracks):
    places = Counter(
        (track["artist_location"] or None, track["artist_latitude"], track["artist_longitude"])
        for track in tracks
    )
    return min(
        places,
        key=lambda place: (
            None in place[1:],
            place[0] is None,
            -places[place],
            (place[0] or "").encode(),
            [number or 0 for number in place[1:]],
        ),
    )


def load_songs(cursor, folder):
    songs, artists = defaultdict(list), defaultdict(list)
    for path in sorted(folder.rglob("*.json")):
        track = json.loads(path.read_bytes())
        columns = ("song_id", "artist_id", "artist_name", "title", "duration")
        cursor.execute(queries.TRACK, [track[name] for name in columns])
        songs[track["song_id"]].append(track)
        artists[track["artist_id"]].append(track)
    for song_id, tracks in songs.items():
        best = min(
            tracks,
            key=lambda t: (not t["year"], t["title"].encode(), t["duration"], t["artist_id"], t["year"]),
        )
        song = (song_id, best["title"], best["artist_id"], best["year"] or None, best["duration"])
        cursor.execute(queries.SONG, song)
    for artist_id, tracks in artists.items():
        cursor.execute(queries.ARTIST, (artist_id, best_name(tracks), *best_place(tracks)))


def load_logs(cursor, path):
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")]
    events = [event for event in events if event["userId"]]
    events.sort(key=lambda event: (event["ts"], event["itemInSession"], event["sessionId"]))
    for event in events:
        user = (int(event["userId"]), event["firstName"], event["lastName"], event["gender"], event["level"])
        cursor.execute(queries.USER, user)
        if event["page"] != "NextSong":
            continue
        start = datetime(1970, 1, 1) + timedelta(milliseconds=event["ts"])
        week, weekday = start.isocalendar().week, start.isoweekday() % 7
        cursor.execute(queries.TIME, (start, start.hour, start.day, week, start.month, start.year, weekday))
        found = cursor.execute(queries.FIND, (event["artist"], event["song"], event["length"])).fetchone()
        song_id, artist_id = found or (None, None)
        where = (event["sessionId"], event["location"], event["userAgent"])
        cursor.execute(queries.PLAY, (start, user[0], event["level"], song_id, artist_id, *where))


def main(data, out):
    connection = connect(out)
    cursor = connection.cursor()
    cursor.execute(Path(__file__).with_name("tables.sql").read_text())
    load_songs(cursor, data / "song_data")
    connection.commit()
    for path in sorted((data / "log_data").rglob("*.json")):
        load_logs(cursor, path)
        connection.commit()
    connection.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
