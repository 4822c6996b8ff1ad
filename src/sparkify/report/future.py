"""What lies in the future has no place on a chart: one wrong clock would stretch its axis over a century."""

from datetime import date, datetime, timedelta

from sparkify.engines import Warehouse
from sparkify.report.words import Record, plural


def last_day(warehouse: Warehouse) -> date:
    """The last day that is not from the future, as the last run has judged it."""
    found = warehouse.query("SELECT horizon FROM event_horizon")
    return found[0][0].date() if found else date.max


def split(rows: list[Record], last: date) -> tuple[list[Record], str]:
    """The rows up to a day, and what is to be said of the others; all, where there are no others.

    Args:
        rows: of which the first column may be a day, a week or a month, or a moment; weeks_later counts on
            from there.
        last: that day.
    """
    past = [row for row in rows if _day(row) <= last]
    if not past or len(past) == len(rows):
        return rows, ""
    left_out = len(rows) - len(past)
    return past, f" In the future, and in the numbers only: {plural(left_out, 'row')}."


def _day(row: Record) -> date:
    begin = next(iter(row.values()))
    if not isinstance(begin, date):
        return date.min
    day = begin.date() if isinstance(begin, datetime) else begin
    return day + timedelta(weeks=row.get("weeks_later", 0))
