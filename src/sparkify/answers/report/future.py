"""What has no place on a chart: one wrong clock would stretch its axis over centuries.

That is what lies in the future, and what lies more than ten years before the last day.
"""

from datetime import date, datetime, timedelta

from sparkify.answers.report.words import Record, plural
from sparkify.warehouse.contract import Session

_CHARTED = timedelta(days=3653)
"""Ten years: as many points as a page can hold, day by day."""


def last_day(warehouse: Session) -> date:
    """The last day that is not from the future, as the last run has judged it."""
    found = warehouse.query("SELECT horizon FROM event_horizon")
    return found[0][0].date() if found else date.max


def split(rows: list[Record], last: date) -> tuple[list[Record], str]:
    """The rows of the ten years up to a day, and what is to be said of the others.

    If all lie in the future, it is the last ten years of that.

    Args:
        rows: of which the first column may be a day, a week or a month, or a moment; weeks_later counts on
            from there.
        last: that day.
    """
    past = [row for row in rows if _day(row) <= last] or rows
    said = ""
    if len(past) < len(rows):
        said = f" In the future, and in the numbers only: {plural(len(rows) - len(past), 'row')}."
    end = max(map(_day, past), default=date.min)
    charted = [row for row in past if end - _day(row) < _CHARTED]
    if len(charted) < len(past):
        said += (
            " More than ten years before the last, and in the numbers only:"
            f" {plural(len(past) - len(charted), 'row')}."
        )
    return charted, said


def _day(row: Record) -> date:
    begin = next(iter(row.values()))
    if not isinstance(begin, date):
        return date.min
    day = begin.date() if isinstance(begin, datetime) else begin
    return day + timedelta(weeks=row.get("weeks_later", 0))
