"""The answers to all questions, derived from source files by plain Python, without any SQL.

It reads the JSON itself and follows the rules of the star schema, so that an error in the pipeline and one in
a question both show. ``python -m tests.answers_reference`` writes tests/expected/sample anew, on the real
sample, and tests/expected/simulated, on data that a seed makes; with ``--simulated`` only these.
"""

import argparse
import csv
import io
import itertools
import json
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sparkify.simulate import simulate, sink_for
from tests.support.answers import ANSWERS, SIMULATED_ANSWERS, SIMULATION
from tests.support.sample import SAMPLE, require_sample

Answer = tuple[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Play:
    """A song played."""

    at: datetime
    user: int
    session: int
    level: str
    artist: str
    title: str
    song_id: str | None
    location: str | None
    agent: str | None
    moment: datetime
    """In UTC, whatever the time zone of ``at`` is."""

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def week(self) -> date:
        return self.day - timedelta(days=self.day.weekday())

    @property
    def month(self) -> date:
        return self.day.replace(day=1)

    @property
    def weekday(self) -> int:
        return self.day.isoweekday() % 7


@dataclass(frozen=True)
class LevelSpan:
    """A span of time in which a user has one level; ``until`` is None if it goes on."""

    user: int
    level: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class User:
    """What a user's latest event says."""

    first_name: str
    last_name: str
    gender: str
    level: str


def decoded(text: str) -> str:
    """Text that was read as Latin-1 instead of UTF-8, once or several times, as it was before; trimmed."""
    while True:
        try:
            before = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return text.strip(" ")
        if before == text:
            return text.strip(" ")
        text = before


def moment_of(event: dict[str, Any]) -> datetime:
    """When an event happened, in UTC."""
    whole = datetime.fromtimestamp(event["ts"] // 1000, UTC)
    return whole.replace(microsecond=event["ts"] % 1000 * 1000, tzinfo=None)


@dataclass(frozen=True)
class Data:
    """The files of a folder with ``song_data`` and ``log_data``, all of them whole."""

    folder: Path

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """All events of the logs."""
        lines = (
            line
            for path in sorted((self.folder / "log_data").rglob("*.json"))
            for line in path.read_text(encoding="utf-8").split("\n")
        )
        return [json.loads(line) for line in lines if line.strip()]

    @property
    def plays_until(self) -> list[Play]:
        """The plays, and all before them."""
        return self.plays

    @cached_property
    def plays(self) -> list[Play]:
        """Every event with page NextSong and a user, once."""
        catalogue = defaultdict(list)
        for path in (self.folder / "song_data").rglob("*.json"):
            track = json.loads(path.read_text(encoding="utf-8"))
            catalogue[decoded(track["artist_name"]), decoded(track["title"])].append(track)
        found: dict[tuple[int, str, int], Play] = {}
        for event in self.events:
            if event["page"] != "NextSong" or event["userId"] == "":
                continue
            artist, title = decoded(event["artist"]), decoded(event["song"])
            candidates = sorted(
                (abs(track["duration"] - event["length"]), track["song_id"])
                for track in catalogue[artist, title]
            )
            key = (event["ts"], event["userId"], event["sessionId"])
            assert key not in found, "these data deliver no play twice"
            at = moment_of(event)
            found[key] = Play(
                at=at,
                moment=at,
                user=int(event["userId"]),
                session=event["sessionId"],
                level=event["level"],
                artist=artist,
                title=title,
                song_id=candidates[0][1] if candidates else None,
                location=event["location"],
                agent=event["userAgent"],
            )
        return sorted(found.values(), key=lambda each: (each.at, each.user, each.session))

    @cached_property
    def span(self) -> tuple[date, date]:
        """The first and the last day with a play."""
        return min(each.day for each in self.plays), max(each.day for each in self.plays)

    def covered(self, first: date, days: int) -> int:
        """How many of so many days from one on the data cover."""
        covered = [first + timedelta(days=n) for n in range(days)]
        return sum(self.span[0] <= day <= self.span[1] for day in covered)

    @cached_property
    def users(self) -> dict[int, User]:
        """Every user, by the latest event."""
        ordered = sorted(
            (event for event in self.events if event["userId"] != ""),
            key=lambda event: (event["ts"], event["itemInSession"]),
        )
        return {
            int(event["userId"]): User(event["firstName"], event["lastName"], event["gender"], event["level"])
            for event in ordered
        }

    @cached_property
    def level_spans(self) -> list[LevelSpan]:
        """The history of every user's level."""
        found: list[LevelSpan] = []
        ordered = sorted(
            (event for event in self.events if event["userId"] != ""),
            key=lambda event: (int(event["userId"]), event["ts"], event["itemInSession"]),
        )
        for user, own in itertools.groupby(ordered, key=lambda event: int(event["userId"])):
            by_moment = {event["ts"]: event for event in own}  # the last one of a moment counts
            spans: list[LevelSpan] = []
            for event in by_moment.values():
                if not spans or spans[-1].level != event["level"]:
                    if spans:
                        spans[-1] = replace(spans[-1], until=moment_of(event))
                    spans.append(LevelSpan(user, event["level"], moment_of(event)))
            found += spans
        return found


@dataclass(frozen=True)
class Window(Data):
    """The same files, seen through a span of days in a time zone."""

    since: date = date.min
    until: date = date.max
    zone: str = "UTC"

    @cached_property
    def plays(self) -> list[Play]:
        """The plays of these days, at their local times."""
        return [each for each in self.plays_until if self.since <= each.day]

    @cached_property
    def plays_until(self) -> list[Play]:
        """These, and all before them."""
        zone = ZoneInfo(self.zone)
        local = [
            replace(each, at=each.moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None))
            for each in Data(self.folder).plays
        ]
        kept = (each for each in local if each.day <= self.until)
        return sorted(kept, key=lambda each: (each.moment, each.user, each.session))

    @cached_property
    def level_spans(self) -> list[LevelSpan]:
        """Those that began in these days, as they were at the end of the last one."""

        def local(moment: datetime) -> date:
            return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date()

        return [
            span if span.until and local(span.until) <= self.until else replace(span, until=None)
            for span in Data(self.folder).level_spans
            if self.since <= local(span.since) <= self.until
        ]


def rounded(value: Fraction) -> Decimal:
    """One decimal, halves up."""
    tenths = Decimal((value * 10).numerator) / Decimal((value * 10).denominator)
    return tenths.quantize(Decimal(1), ROUND_HALF_UP).scaleb(-1)


def percent(part: int, whole: int) -> Decimal:
    return rounded(Fraction(100 * part, whole))


def grouped(key: Callable[[Play], Any], among: Iterable[Play]) -> dict[Any, list[Play]]:
    groups = defaultdict(list)
    for each in among:
        groups[key(each)].append(each)
    return groups


def listeners(group: Iterable[Play]) -> int:
    return len({each.user for each in group})


def songs_of(group: Iterable[Play]) -> int:
    return len({each.title for each in group})


def state_of(location: str | None) -> str | None:
    return None if location is None else location.rpartition(", ")[2].split("-")[0]


def browser_of(agent: str | None) -> str:
    if agent is None:
        return "unknown"
    marks = {
        "Chromium": "Chromium",
        "Chrome": "Chrome",
        "Firefox": "Firefox",
        "Trident": "Internet Explorer",
        "Safari": "Safari",
    }
    return next(name for mark, name in marks.items() if f"{mark}/" in agent)


def platform_of(agent: str | None) -> str:
    if agent is None:
        return "unknown"
    marks = {
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Windows NT": "Windows",
        "Macintosh": "Mac",
        "X11; Linux": "Linux",
    }
    return next(name for mark, name in marks.items() if mark in agent)


def _top_songs(among: Iterable[Play]) -> Answer:
    groups = grouped(lambda each: (each.title, each.artist), among)
    rows = sorted((-len(group), -listeners(group), *song) for song, group in groups.items())
    return "title,artist,plays,listeners", [(t, a, -p, -n) for p, n, t, a in rows[:20]]


def _active(data: Data, key: Callable[[Play], date], name: str) -> Answer:
    rows = sorted((day, listeners(group), len(group)) for day, group in grouped(key, data.plays).items())
    return f"{name},active_users,plays", rows


def _with_days(data: Data, answer: Answer, days: Callable[[date], int]) -> Answer:
    """An answer whose rows begin with the first day of a week or month, and how much of it the data cover."""
    header, rows = answer
    return f"{header},days", [(*row, data.covered(row[0], days(row[0]))) for row in rows]


def _days_of_month(first: date) -> int:
    return ((first + timedelta(days=31)).replace(day=1) - first).days


def _shares(data: Data, key: Callable[[Play], Any], name: str) -> Answer:
    rows = [
        (value, len(group), percent(len(group), len(data.plays)), listeners(group))
        for value, group in grouped(key, data.plays).items()
    ]
    return f"{name},plays,share_percent,listeners", sorted(rows, key=lambda row: (-row[1], -row[3], row[0]))


def top_songs(data: Data) -> Answer:
    return _top_songs(data.plays)


def free_tier_songs(data: Data) -> Answer:
    return _top_songs(each for each in data.plays if each.level == "free")


def top_artists(data: Data) -> Answer:
    groups = grouped(lambda each: each.artist, data.plays)
    rows = [(name, len(group), songs_of(group), listeners(group)) for name, group in groups.items()]
    return "artist,plays,songs,listeners", sorted(rows, key=lambda row: (-row[1], -row[3], row[0]))[:20]


def catalogue_gaps(data: Data) -> Answer:
    groups = grouped(lambda each: each.artist, (each for each in data.plays if each.song_id is None))
    rows = [(name, len(group), songs_of(group), listeners(group)) for name, group in groups.items()]
    return "artist,plays,songs,listeners", sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))[:100]


def catalogue_match(data: Data) -> Answer:
    header, rows = _shares(data, lambda each: "no" if each.song_id is None else "yes", "matched")
    return header, sorted(rows, reverse=True)


def songs_on_a_day(data: Data) -> Answer:
    last = max(each.day for each in data.plays)
    among = (each for each in data.plays if each.day == last)
    groups = grouped(lambda each: (each.title, each.artist), among)
    rows = sorted((-len(group), -listeners(group), *song) for song, group in groups.items())
    return "day,title,artist,plays,listeners", [(last, t, a, -p, -n) for p, n, t, a in rows]


def busiest_hours(data: Data) -> Answer:
    counts = Counter(each.at.hour for each in data.plays)
    rows = sorted((-count, hour) for hour, count in counts.items())
    total = len(data.plays)
    return "hour,plays,share_percent", [(hour, -count, percent(-count, total)) for count, hour in rows]


WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def busiest_weekdays(data: Data) -> Answer:
    rows = []
    for weekday, group in grouped(lambda each: each.weekday, data.plays).items():
        days = len({each.day for each in group})
        rows.append((weekday, WEEKDAYS[weekday], len(group), days, rounded(Fraction(len(group), days))))
    return "weekday,weekday_name,plays,days,plays_per_day", sorted(rows, key=lambda row: (-row[4], row[0]))


def busiest_weeks(data: Data) -> Answer:
    rows = [
        (week, week.isocalendar().week, len(group), listeners(group))
        for week, group in grouped(lambda each: each.week, data.plays).items()
    ]
    answer = "week_start,week,plays,listeners", sorted(rows, key=lambda row: (-row[2], row[0]))
    return _with_days(data, answer, lambda _: 7)


def plays_by_hour_and_weekday(data: Data) -> Answer:
    counts = Counter((each.weekday, each.at.hour) for each in data.plays)
    days = {
        weekday: len({each.day for each in group})
        for weekday, group in grouped(lambda each: each.weekday, data.plays).items()
    }
    return "weekday,weekday_name,hour,plays,days,plays_per_day", [
        (day, WEEKDAYS[day], hour, count, days[day], rounded(Fraction(count, days[day])))
        for (day, hour), count in sorted(counts.items())
    ]


def daily_active_users(data: Data) -> Answer:
    return _active(data, lambda each: each.day, "day")


def weekly_active_users(data: Data) -> Answer:
    return _with_days(data, _active(data, lambda each: each.week, "week_start"), lambda _: 7)


def monthly_active_users(data: Data) -> Answer:
    return _with_days(data, _active(data, lambda each: each.month, "month_start"), _days_of_month)


def stickiness(data: Data) -> Answer:
    rows: list[tuple[Any, ...]] = []
    for month, group in sorted(grouped(lambda each: each.month, data.plays).items()):
        by_day = [listeners(day) for day in grouped(lambda each: each.day, group).values()]
        daily = Fraction(sum(by_day), len(by_day))
        rows.append(
            (month, len(by_day), listeners(group), rounded(daily), rounded(100 * daily / listeners(group)))
        )
    return "month_start,days,monthly_users,daily_users,stickiness_percent", rows


def plays_by_level(data: Data) -> Answer:
    header, rows = _shares(data, lambda each: each.level, "level")
    return f"{header},plays_per_listener", [(*row, rounded(Fraction(row[1], row[3]))) for row in rows]


def plays_by_gender_and_level(data: Data) -> Answer:
    _, rows = _shares(data, lambda each: (data.users[each.user].gender, each.level), "")
    full = [(*row[0], *row[1:], rounded(Fraction(row[1], row[3]))) for row in rows]
    return "gender,level,plays,share_percent,listeners,plays_per_listener", sorted(full)


def plays_by_location(data: Data) -> Answer:
    _, rows = _shares(data, lambda each: each.location, "location")
    return "location,plays,listeners", [(row[0], row[1], row[3]) for row in rows]


def plays_by_state(data: Data) -> Answer:
    return _shares(data, lambda each: state_of(each.location), "state")


def plays_by_browser(data: Data) -> Answer:
    return _shares(data, lambda each: browser_of(each.agent), "browser")


def plays_by_platform(data: Data) -> Answer:
    return _shares(data, lambda each: platform_of(each.agent), "platform")


def top_users(data: Data) -> Answer:
    rows = []
    for user, group in grouped(lambda each: each.user, data.plays).items():
        who = data.users[user]
        sessions = len({each.session for each in group})
        rows.append((user, who.first_name, who.last_name, who.level, len(group), sessions))
    header = "user_id,first_name,last_name,level,plays,sessions"
    return header, sorted(rows, key=lambda row: (-row[4], row[0]))[:20]


def session_length_by_level(data: Data) -> Answer:
    rows: list[tuple[Any, ...]] = []
    for level, group in sorted(grouped(lambda each: each.level, data.plays).items()):
        sessions = grouped(lambda each: (each.user, each.session), group).values()
        seconds = [
            int(max(each.moment for each in session).timestamp())
            - int(min(each.moment for each in session).timestamp())
            for session in sessions
        ]
        rows.append(
            (
                level,
                len(sessions),
                rounded(Fraction(len(group), len(sessions))),
                rounded(Fraction(sum(seconds), 60 * len(sessions))),
                max(len(session) for session in sessions),
                rounded(Fraction(max(seconds), 60)),
            )
        )
    return "level,sessions,average_plays,average_minutes,longest_plays,longest_minutes", rows


def level_changes(data: Data) -> Answer:
    rows: list[tuple[Any, ...]] = []
    days = {each.day for each in data.plays}
    for user, group in grouped(lambda each: each.user, data.plays_until).items():
        who = data.users[user]
        for count, (before, after) in enumerate(itertools.pairwise(group), 1):
            if before.level != after.level and after.day in days:
                row = (after.at, user, who.first_name, who.last_name, before.level, after.level, count)
                rows.append(row)
    header = "changed_at,user_id,first_name,last_name,level_before,level_after,plays_before"
    return header, sorted(rows, key=lambda row: (row[0], row[1], row[-1]))


def level_changes_by_week(data: Data) -> Answer:
    changes: Counter[tuple[date, str]] = Counter()
    for at, *_, after, _ in level_changes(data)[1]:
        changes[at.date() - timedelta(days=at.weekday()), after] += 1
    weeks = sorted({each.week for each in data.plays})
    rows: list[tuple[Any, ...]] = [(w, changes[w, "paid"], changes[w, "free"]) for w in weeks]
    return _with_days(data, ("week_start,to_paid,to_free", rows), lambda _: 7)


def _days_at(data: Data, level: str) -> Answer:
    latest = max(each.moment for each in data.plays)
    last = latest.replace(microsecond=0)
    lengths = defaultdict(list)
    for span in data.level_spans:
        if span.level == level and span.since <= latest:
            length = (span.until or last).replace(microsecond=0) - span.since.replace(microsecond=0)
            lengths["yes" if span.until else "no"].append((length // timedelta(seconds=1), span.user))
    rows = []
    for ended, spans in sorted(lengths.items(), reverse=True):
        days = [Fraction(seconds, 86_400) for seconds, _ in sorted(spans)]
        rows.append(
            (
                ended,
                len(spans),
                len({user for _, user in spans}),
                rounded(sum(days, Fraction()) / len(days)),
                rounded(statistics.median(days)),
                rounded(days[-1]),
            )
        )
    return "ended,spans,users,average_days,median_days,longest_days", rows


def days_free(data: Data) -> Answer:
    return _days_at(data, "free")


def days_paid(data: Data) -> Answer:
    return _days_at(data, "paid")


def weekly_retention(data: Data) -> Answer:
    by_user = grouped(lambda each: each.user, data.plays)
    first = {user: group[0] for user, group in grouped(lambda each: each.user, data.plays_until).items()}
    weeks = {
        user: {each.week for each in group} for user, group in by_user.items() if first[user] == group[0]
    }
    sizes = Counter(min(active) for active in weeks.values())
    cells = Counter(
        (min(active), (week - min(active)).days // 7) for active in weeks.values() for week in active
    )
    rows = [
        (
            cohort,
            later,
            sizes[cohort],
            count,
            percent(count, sizes[cohort]),
            data.covered(cohort + timedelta(weeks=later), 7),
        )
        for (cohort, later), count in sorted(cells.items())
    ]
    return "cohort,weeks_later,cohort_users,active_users,active_percent,days", rows


DERIVED: dict[str, Callable[[Data], Answer]] = {
    answer.__name__: answer
    for answer in (
        busiest_hours,
        busiest_weekdays,
        busiest_weeks,
        catalogue_gaps,
        catalogue_match,
        daily_active_users,
        days_free,
        days_paid,
        free_tier_songs,
        level_changes,
        level_changes_by_week,
        monthly_active_users,
        plays_by_browser,
        plays_by_gender_and_level,
        plays_by_hour_and_weekday,
        plays_by_level,
        plays_by_location,
        plays_by_platform,
        plays_by_state,
        session_length_by_level,
        songs_on_a_day,
        stickiness,
        top_artists,
        top_songs,
        top_users,
        weekly_active_users,
        weekly_retention,
    )
}


def csv_of(answer: Answer) -> str:
    """An answer as a CSV file."""
    header, rows = answer
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    for row in rows:
        writer.writerow(
            value.isoformat(sep=" ", timespec="milliseconds") if isinstance(value, datetime) else value
            for value in row
        )
    return text.getvalue()


def write_answers(data: Data, folder: Path) -> None:
    """Write the answer files: all of them, or none if one can't be derived."""
    texts = {name: csv_of(answer(data)) for name, answer in DERIVED.items()}
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def main() -> None:
    """Write the answers anew; with --simulated, those that take nothing but this repository."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--simulated", action="store_true", help="only those on simulated data")
    if not parser.parse_args().simulated:
        require_sample(SAMPLE, "nothing was written; --simulated writes the answers that don't need it")
        write_answers(Data(SAMPLE), ANSWERS)
    with tempfile.TemporaryDirectory() as folder:
        simulate(SIMULATION, sink_for(folder))
        write_answers(Data(Path(folder)), SIMULATED_ANSWERS)


if __name__ == "__main__":
    main()
