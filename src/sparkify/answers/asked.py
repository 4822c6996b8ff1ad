"""What people ask about: a span of days, a time zone, a limit, as the command line and Python say it."""

import difflib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sparkify.errors import UsageError

_DAYS = re.compile(r"(\d{1,5})\s*([dw])", re.IGNORECASE)
_FIRST_YEAR, _LAST_YEAR = 1000, 9000
"""Beyond, a day in another time zone may have no date."""


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
        days = days_in(last)
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


def days_in(text: str) -> int | None:
    """How many days a text such as 7d or 4w means; None if it is no such text."""
    found = _DAYS.fullmatch(text.strip())
    return int(found[1]) * (7 if found[2] in "wW" else 1) if found else None


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


def earlier(day: date, length: timedelta, flag: str) -> date:
    """The day that is so much earlier.

    Raises:
        UsageError: there is no such day to ask about; the message names the flag.
    """
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
