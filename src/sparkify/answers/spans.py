"""Spans of time: what was asked for, as a warehouse's plays make it, and the span before one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sparkify.answers.asked import Asked, earlier
from sparkify.errors import UsageError
from sparkify.warehouse.contract import Session


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
        last = earlier(self.first, timedelta(days=1), "--compare previous")
        first = earlier(last, length, "--compare previous")
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
        since = earlier(until, timedelta(days=asked.last - 1), "--last")
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
