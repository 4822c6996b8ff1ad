"""Spans of time, time zones and limits: asked of any question, by one mechanism that no question knows of.

The questions read ``songplays`` and what is derived of it. Before a question's SQL stand common table
expressions of the same names, restricted to the span, with start_time in the time zone: those count then, for
a name without a schema is first looked for among them. The time zone is written as its offsets, so engines
need no time zones of their own, and all engines agree.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sparkify.errors import UsageError
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Session
from sparkify.warehouse.tables import columns_of

_NEEDS = {
    "songplays": (),
    "fact_songplays": (),
    "event_horizon": (),
    "user_levels": (),
    "play_matches": ("songplays",),
    "heard_plays": ("songplays", "play_matches"),
    "play_span": ("songplays", "event_horizon"),
}
"""What is restricted, each after what it is made from.

``fact_songplays`` keeps the plays before the span, for questions about what somebody did first, or before. It
stays in UTC: where the clocks are put back, local times have another order than what happened.
"""

_LAST = re.compile(r"(\d{1,5})\s*([dw])", re.IGNORECASE)
_FIRST_YEAR, _LAST_YEAR = 1000, 9000
"""Beyond, a day in another time zone may have no date."""

_MEASURES_TIME = re.compile(r"\bEPOCH\b")
"""How a question measures durations, into which a change of the clocks would enter: that is done in UTC."""

_TOP = re.compile(r"(?<=place <= )\d+|(?<=LIMIT )\d+")
"""Where a question says how many rows it has; both numbers are the same."""


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know about; by default about everything, in UTC.

    Attributes:
        since: the first day.
        until: the last day, included.
        last: so many days up to the last day with a play, instead of ``since``.
        zone: the time zone of all days and hours.
        limit: how many rows; None for as many as the question has.
    """

    since: date | None = None
    until: date | None = None
    last: int | None = None
    zone: ZoneInfo | None = None
    limit: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether no play is left out, and none is moved."""
        return (self.since, self.until, self.last, self.zone) == (None, None, None, None)


def read_asked(
    since: str | None, until: str | None, last: str | None, time_zone: str | None, limit: int | None = None
) -> Asked:
    """What flags ask for.

    Args:
        since: a day such as 2018-11-01.
        until: likewise.
        last: such as 7d or 4w.
        time_zone: a name such as America/Los_Angeles.
        limit: how many rows.

    Raises:
        UsageError: one can't be read, or they contradict each other.
    """
    days = None
    if last is not None:
        found = _LAST.fullmatch(last.strip())
        days = int(found[1]) * (7 if found[2] in "wW" else 1) if found else 0
        if not days:
            raise UsageError(
                f"--last {last!r} is not a number of days or weeks", "write for example: --last 7d"
            )
        if since is not None:
            raise UsageError("--last and --since both say where to begin", "choose one of them")
    asked = Asked(_day("--since", since), _day("--until", until), days, _zone(time_zone), limit)
    if asked.since and asked.until and asked.since > asked.until:
        raise UsageError(f"--since {asked.since} is after --until {asked.until}", "swap them")
    return asked


def _day(flag: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text.strip())
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise ValueError
        return day
    except ValueError:
        raise UsageError(f"{flag} {text!r} is not a day", "write for example: 2018-11-15") from None


def _earlier(day: date, length: timedelta, flag: str) -> date:
    """The day that is so much earlier."""
    if day - date(_FIRST_YEAR, 1, 1) < length:
        raise UsageError(f"{flag}: this would begin before the year {_FIRST_YEAR}", "ask about fewer days")
    return day - length


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None or name.upper() == "UTC":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        nearest = _nearest_zone(name)
        raise UsageError(
            f"--time-zone {name!r} is not known here" + (f"; did you mean {nearest}?" if nearest else ""),
            "give a name such as America/Los_Angeles; where none is known: pip install tzdata",
        ) from None


def _nearest_zone(name: str) -> str:
    """The zone that somebody may have meant: by its city, however it is written, or nearly."""
    wanted = name.strip().replace(" ", "_").casefold()
    zones = sorted(available_timezones())
    for zone in zones:
        if wanted and wanted in (zone.casefold(), zone.rpartition("/")[2].casefold()):
            return zone
    nearest = difflib.get_close_matches(name, zones, n=1, cutoff=0.75)
    return nearest[0] if nearest else ""


@dataclass(frozen=True)
class Span:
    """What a question is asked about, as a warehouse's plays make it.

    Attributes:
        first: the first day, or that of the first play.
        last: the last day, or that of the last play that is not from the future.
        asked: what was asked for.
        offsets: since when, in UTC, how many seconds are to be added; the first since ever.
        schema: where the tables are.
        has_plays: whether there is any play at all, whenever.
        days: of the first play, and of the last one that is not from the future; None without plays.
    """

    first: date
    last: date
    asked: Asked
    offsets: Sequence[tuple[datetime, int]] = ()
    schema: str = ""
    has_plays: bool = True
    days: tuple[date, date] | None = None

    @property
    def text(self) -> str:
        """The span in words."""
        if self.first > self.last:  # one end was asked for, and lies beyond all plays
            return f"since {self.first}" if self.asked.since else f"until {self.last}"
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    def before(self) -> "Span":
        """The span that is as long and ends where this one begins.

        Raises:
            UsageError: this one has no beginning that somebody asked for, or that one would begin too early.
        """
        if self.asked.since is None and self.asked.last is None:
            raise UsageError(
                "--compare previous needs a span to compare",
                "say for example: --last 7d, or --since and --until",
            )
        if not self.has_plays:
            return self
        length = max(self.last - self.first, timedelta())
        last = _earlier(self.first, timedelta(days=1), "--compare previous")
        first = _earlier(last, length, "--compare previous")
        asked = Asked(first, last, None, self.asked.zone, self.asked.limit)
        return replace(self, first=first, last=last, asked=asked)


def span_of(warehouse: Session, asked: Asked) -> Span:
    """What is asked about, by the plays of a warehouse."""
    ((first, last, earliest, latest),) = warehouse.query(
        "SELECT MIN(p.start_time), COALESCE(MAX(CASE WHEN p.start_time <= h.horizon THEN p.start_time END),"
        " MAX(p.start_time)), MIN(p.start_time), MAX(p.start_time)"
        " FROM songplays AS p CROSS JOIN event_horizon AS h"
    )
    if first is None:
        return Span(date.min, date.min, asked, has_plays=False)
    ((schema,),) = warehouse.query("SELECT CURRENT_SCHEMA()")
    offsets = _offsets(asked.zone, earliest, latest) if asked.zone else ()
    days = (_local(first, offsets).date(), _local(last, offsets).date())
    until = asked.until or days[1]
    since = asked.since or days[0]
    if asked.last:
        since = _earlier(until, timedelta(days=asked.last - 1), "--last")
    return Span(since, until, asked, offsets, schema, days=days)


def _local(moment: datetime, offsets: Sequence[tuple[datetime, int]]) -> datetime:
    seconds = next((seconds for since, seconds in reversed(offsets) if moment >= since), 0)
    return moment + timedelta(seconds=seconds)


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    found = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return int((found or timedelta()).total_seconds())


def _offsets(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """Since when, in UTC, how many seconds are to be added, for all moments between two."""
    try:
        at = first.replace(second=0, microsecond=0)
        found = [(datetime.min, _offset(zone, at))]
        while at <= last:
            later = at + timedelta(days=1)
            if _offset(zone, later) != found[-1][1]:
                before, after = at, later
                while after - before > timedelta(seconds=1):
                    middle = before + (after - before) // 2
                    middle = middle.replace(microsecond=0)
                    if _offset(zone, middle) == found[-1][1]:
                        before = middle
                    else:
                        after = middle
                found.append((after, _offset(zone, after)))
            at = later
    except OverflowError:
        raise UsageError(
            "--time-zone: there are plays at the end of time", "leave it out, or give --until as well"
        ) from None
    return found


def restricted(sql: str, span: Span) -> str:
    """A question's SQL that sees the plays of a span only, in its time zone, and has so many rows."""
    if span.asked.limit is not None:
        sql = _limited(sql, span.asked.limit)
    if span.asked.is_all or not span.has_plays:
        return sql
    if _MEASURES_TIME.search(sql):
        span = replace(span, offsets=())
    wanted: list[str] = []
    for name in reversed(_NEEDS):
        if re.search(rf"\b{name}\b", sql) or any(name in _NEEDS[each] for each in wanted):
            wanted.append(name)
    tables = [f"{name} AS (\n{_select(name, span)}\n)" for name in _NEEDS if name in wanted]
    comments = re.match(r"(?:--.*\n|\s)*", sql)
    at = comments.end() if comments else 0
    body = sql[at:]
    is_with = re.match(r"WITH\b\s*", body)
    rest = f",\n\n{body[is_with.end() :]}" if is_with else f"\n\n{body}"
    where = f", in {span.asked.zone.key}" if span.asked.zone else ""
    return f"{sql[:at]}-- Of the plays of {span.text}{where}.\nWITH " + ",\n\n".join(tables) + rest


def _limited(sql: str, limit: int) -> str:
    if _TOP.search(sql):
        return _TOP.sub(str(limit), sql)
    return f"{sql.rstrip().removesuffix(';')}\nLIMIT {limit};\n"


def _select(name: str, span: Span) -> str:
    schema = '"' + span.schema.replace('"', '""') + '".'
    if name in ("songplays", "fact_songplays"):
        columns = ",\n".join(
            f"        {_moved(column, span) if column == 'start_time' and name == 'songplays' else column}"
            for column in columns_of("songplays")
        )
        begin, end = _begin(span.first, span), _begin(span.last, span, days=1)
        where = f"start_time < {end}"
        if name == "songplays":
            where = f"start_time >= {begin} AND {where}"
        return f"    SELECT\n{columns}\n    FROM {schema}songplays\n    WHERE {where}"
    if name == "event_horizon":
        return f"    SELECT {_moved('horizon', span)} FROM {schema}event_horizon"
    if name == "user_levels":
        return _levels(schema, span)
    if name == "play_matches":
        return (
            "    SELECT\n        matches.songplay_id,\n        matches.match_id\n"
            f"    FROM {schema}play_matches AS matches\n"
            "    INNER JOIN songplays ON matches.songplay_id = songplays.songplay_id"
        )
    return _view(name)


def _levels(schema: str, span: Span) -> str:
    """The spans of levels that began in the days asked about, as they were at the end of the last one.

    Where no beginning or no end is asked for, none is set: users also have levels before the first play and
    after the last one, by other pages.
    """
    begin, end = _begin(span.first, span), _begin(span.last, span, days=1)
    begun, ended = _moved("valid_from", span), _moved("valid_to", span)
    kept = [f"valid_from >= {begin}"] * bool(span.asked.since or span.asked.last)
    if span.asked.until:
        kept.append(f"valid_from < {end}")
        ended = f"CASE WHEN valid_to < {end} THEN {ended.removesuffix(' AS valid_to')} END AS valid_to"
    where = f"\n    WHERE {' AND '.join(kept)}" if kept else ""
    return (
        f"    SELECT\n        user_id,\n        level,\n        {begun},\n        {ended}\n"
        f"    FROM {schema}user_levels{where}"
    )


@cache
def _view(name: str) -> str:
    """The SELECT of a view, which takes its tables by their names."""
    select = read_sql(f"views/{name}").partition(" AS\n")[2].strip().removesuffix(";")
    return "\n".join(f"    {line}" for line in select.splitlines())


def _moved(column: str, span: Span) -> str:
    """A moment in UTC, in the span's time zone."""
    if not span.offsets:
        return column
    added = [
        f"{column} {'-' if seconds < 0 else '+'} INTERVAL '{abs(seconds)} seconds'"
        for _, seconds in span.offsets
    ]
    if len(added) == 1:
        return f"{added[0]} AS {column}"
    ends = [since for since, _ in span.offsets[1:]]
    cases = " ".join(
        f"WHEN {column} < TIMESTAMP '{end:%Y-%m-%d %H:%M:%S}' THEN {value}"
        for end, value in zip(ends, added, strict=False)
    )
    return f"CASE {cases} ELSE {added[-1]} END AS {column}"


def _begin(day: date, span: Span, days: int = 0) -> str:
    """The moment in UTC at which a day, or one some days later, begins in the time zone."""
    day += timedelta(days=days)
    moment = datetime.combine(day, time(), span.asked.zone or UTC).astimezone(UTC)
    return f"TIMESTAMP '{moment.replace(tzinfo=None).isoformat(sep=' ')}'"
