"""The star schema by the rules of docs/rules.md, in plain Python: one dict and one loop at a time.

Shares no code with the package and takes no short cut, so that it can be read against the rules. Speed
is no concern.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Star = dict[str, list[tuple[Any, ...]]]


def read_records(folder: Path) -> list[Record]:
    """All JSON objects of a folder of well-formed files, one per line."""
    records: list[Record] = []
    for path in sorted(folder.rglob("*.json")):
        lines = path.read_text(encoding="utf-8").split("\n")
        records += [json.loads(line) for line in lines if line.strip()]
    return records


def by_bytes(text: str | None) -> tuple[bool, bytes]:
    """A sort key: texts by their UTF-8 bytes, NULL last."""
    return text is None, (text or "").encode()


def by_value(number: float | None) -> tuple[bool, float]:
    """A sort key: numbers by value, NULL last."""
    return number is None, number or 0


def repaired(text: str) -> str:
    """Decoded back from Latin-1 as often as that works, and trimmed."""
    while True:
        try:
            back = text.encode("latin-1").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            return text.strip(" ")
        if back == text:
            return text.strip(" ")
        text = back


def build_star(songs: Iterable[Record], events: Iterable[Record], now: datetime | None = None) -> Star:
    """The five tables, without songplay_id, and user_levels, each sorted.

    Args:
        songs: the records of the catalogue.
        events: the records of the logs.
        now: as of which moment, in UTC; by default the present.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    tracks = list(songs)
    visits = [event | {"userId": _user_id(event.get("userId"))} for event in events]
    plays = _plays(visits, tracks)
    star = {
        "songplays": plays,
        "users": _users(visits, now),
        "songs": _songs(tracks),
        "artists": _artists(tracks),
        "time": [_time(moment) for moment in {play[0] for play in plays}],
        "user_levels": _user_levels(visits, now),
    }
    return {table: sort_rows(rows) for table, rows in star.items()}


def sort_rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in an order of their own, whatever NULLs they hold."""
    return sorted(rows, key=lambda row: [(value is not None, str(type(value)), value) for value in row])


def _user_id(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def _moment(ts: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(milliseconds=ts)


def _plays(visits: list[Record], tracks: list[Record]) -> list[tuple[Any, ...]]:
    candidates = defaultdict(list)
    for track in tracks:
        if track.get("artist_name") is not None and track.get("title") is not None:
            candidates[repaired(track["artist_name"]), repaired(track["title"])].append(track)

    deliveries = defaultdict(list)
    for visit in visits:
        if visit["page"] == "NextSong" and visit["userId"] is not None:
            deliveries[visit["ts"], visit["userId"], int(visit["sessionId"])].append(visit)

    plays = []
    for (ts, user_id, session_id), same in deliveries.items():
        play: Record = min(
            same,
            key=lambda event: (
                by_value(event.get("itemInSession")),
                by_bytes(event.get("level")),
                by_bytes(event.get("artist")),
                by_bytes(event.get("song")),
                by_value(event.get("length")),
                by_bytes(event.get("location")),
                by_bytes(event.get("userAgent")),
            ),
        )
        match = _match(play, candidates)
        plays.append(
            (
                _moment(ts),
                user_id,
                play.get("level"),
                match["song_id"] if match else None,
                match["artist_id"] if match else None,
                session_id,
                play.get("location"),
                play.get("userAgent"),
            )
        )
    return plays


def _match(play: Record, candidates: dict[tuple[str, str], list[Record]]) -> Record | None:
    if play.get("artist") is None or play.get("song") is None:
        return None
    artist, title = repaired(play["artist"]), repaired(play["song"])
    if not artist.strip() or not title.strip():
        return None
    tracks = candidates.get((artist, title), [])
    length = play.get("length")

    def distance(track: Record) -> tuple[bool, float]:
        # A length below zero says nothing.
        if length is None or length < 0 or track.get("duration") is None:
            return by_value(None)
        return by_value(abs(track["duration"] - length))

    return min(
        tracks,
        key=lambda track: (distance(track), by_bytes(track["song_id"]), by_bytes(track["artist_id"])),
        default=None,
    )


def _moments(visits: list[Record], now: datetime) -> dict[int, dict[int, Record]]:
    """By user and moment, in order, the event that counts."""
    events = defaultdict(list)
    for visit in visits:
        if visit["userId"] is not None:
            events[visit["userId"]].append(visit)
    found: dict[int, dict[int, Record]] = {}
    for user_id, seen in events.items():
        # Events from the future don't count, but for the first of them where there are no others.
        moments = {event["ts"] for event in seen if _moment(event["ts"]) <= now + timedelta(days=1)}
        found[user_id] = {
            ts: _latest(event for event in seen if event["ts"] == ts)
            for ts in sorted(moments or {min(event["ts"] for event in seen)})
        }
    return found


def _latest(events: Iterable[Record]) -> Record:
    return min(
        events,
        key=lambda event: (
            event.get("itemInSession") is None,
            -(event.get("itemInSession") or 0),
            -int(event["sessionId"]),
            by_bytes(event.get("level")),
            by_bytes(event.get("firstName")),
            by_bytes(event.get("lastName")),
            by_bytes(event.get("gender")),
        ),
    )


def _users(visits: list[Record], now: datetime) -> list[tuple[Any, ...]]:
    users = []
    for user_id, moments in _moments(visits, now).items():
        latest = moments[max(moments)]
        users.append((user_id, *(latest.get(key) for key in ("firstName", "lastName", "gender", "level"))))
    return users


def _user_levels(visits: list[Record], now: datetime) -> list[tuple[Any, ...]]:
    spans = []
    for user_id, moments in _moments(visits, now).items():
        levels = [(_moment(ts), event.get("level")) for ts, event in moments.items()]
        changes = [
            (moment, level)
            for number, (moment, level) in enumerate(levels)
            if number == 0 or level != levels[number - 1][1]
        ]
        ends = [moment for moment, _ in changes[1:]]
        spans += [
            (user_id, level, begin, end) for (begin, level), end in zip(changes, [*ends, None], strict=True)
        ]
    return spans


def _songs(tracks: list[Record]) -> list[tuple[Any, ...]]:
    by_song = defaultdict(list)
    for track in tracks:
        by_song[track["song_id"]].append(track)
    songs = []
    for song_id, same in by_song.items():
        best = min(
            same,
            key=lambda track: (
                not track.get("year"),
                by_bytes(track.get("title")),
                by_value(track.get("duration")),
                by_bytes(track["artist_id"]),
                by_value(track.get("year")),
            ),
        )
        songs.append(
            (song_id, best.get("title"), best["artist_id"], best.get("year") or None, best.get("duration"))
        )
    return songs


def _artists(tracks: list[Record]) -> list[tuple[Any, ...]]:
    by_artist = defaultdict(list)
    for track in tracks:
        by_artist[track["artist_id"]].append(track)
    artists = []
    for artist_id, own in by_artist.items():
        names = Counter(track["artist_name"] for track in own if track.get("artist_name"))
        name = min(names, key=lambda text: (-names[text], len(text), text.encode()), default=None)
        places = Counter(
            (
                track.get("artist_location") or None,
                track.get("artist_latitude"),
                track.get("artist_longitude"),
            )
            for track in own
        )
        place = min(
            places,
            key=lambda where: (
                where[1] is None or where[2] is None,
                where[0] is None,
                -places[where],
                by_bytes(where[0]),
                by_value(where[1]),
                by_value(where[2]),
            ),
        )
        artists.append((artist_id, name, *place))
    return artists


def _time(moment: datetime) -> tuple[Any, ...]:
    return (
        moment,
        moment.hour,
        moment.day,
        moment.replace(tzinfo=UTC).isocalendar().week,
        moment.month,
        moment.year,
        moment.isoweekday() % 7,
    )
