"""What the report shows of the questions about time: days, weeks, months and hours."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

from sparkify.answers.report.charts import (
    Bar,
    Bars,
    Cell,
    Chart,
    Heat,
    Panel,
    Series,
    Tick,
    bars,
    columns_panel,
    compact,
    line_panel,
    number,
    step_of,
    thin,
)
from sparkify.answers.report.words import Record, full_day, needs_years, plural, short_day

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WEEK_DAYS = 7
_WEEK = (1, 2, 3, 4, 5, 6, 0)


def _day_marks(days: Sequence[date]) -> list[Tick]:
    """Marks for consecutive days: Mondays, or the first of each month where there are many."""
    if needs_years(days[0], days[-1]):
        return _month_marks(days, 1)
    if len(days) <= 60:
        marks = [(i, short_day(day)) for i, day in enumerate(days) if day.weekday() == 0 or len(days) < 8]
    else:
        marks = [(i, f"{day:%b}") for i, day in enumerate(days) if day.day == 1]
    return thin(marks, len(days))


def week_marks(weeks: Sequence[date]) -> list[Tick]:
    """Marks for consecutive weeks, by their first days."""
    if needs_years(weeks[0], weeks[-1]):
        return _month_marks(weeks, 7)
    return thin([(i, short_day(week)) for i, week in enumerate(weeks)], len(weeks), wide=8, narrow=5)


def _month_marks(steps: Sequence[date], days: int) -> list[Tick]:
    """Marks for the first of each month's steps, which are so many days long: month and year."""
    marks = [(i, f"{step:%b %Y}") for i, step in enumerate(steps) if step.day <= days]
    return thin(marks, len(steps), wide=6, narrow=3)


def filled(rows: list[Record], key: str, days: int) -> list[Record]:
    """The rows, and zeros for the steps of so many days between them that have none."""
    found = {row[key]: row for row in rows}
    first, last = min(found), max(found)
    steps = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, days)]
    empty = dict.fromkeys(rows[0], 0)
    return [found.get(step, {**empty, key: step}) for step in steps]


def is_part(week: Record) -> bool:
    """Whether the data cover a week only partly; those without a play between others are covered."""
    return 0 < int(week["days"]) < _WEEK_DAYS


def part_of(week: Record) -> str:
    """What is said of a week that is covered partly."""
    return f" ({week['days']} of {_WEEK_DAYS} days)" if is_part(week) else ""


def incomplete(weeks: Sequence[Record]) -> str:
    """The sentence that names the weeks that can't be compared with others."""
    named = [f"{short_day(week['week_start'])}{part_of(week)}" for week in weeks if is_part(week)]
    return f" Incomplete: the week of {' and of '.join(named)}." if named else ""


def _weeks(rows: list[Record], value: str, noun: str) -> Chart:
    weeks = filled(rows, "week_start", 7)
    days = [week["week_start"] for week in weeks]
    return Series(
        len(weeks),
        [columns_panel(noun, [week[value] for week in weeks], faint=[is_part(week) for week in weeks])],
        week_marks(days),
        [
            f"Week of {full_day(day)}: {number(week[value])} {noun}{part_of(week)}"
            for day, week in zip(days, weeks, strict=True)
        ],
    )


def daily(rows: list[Record]) -> tuple[str, Chart]:
    """Listeners and plays by day."""
    busiest = max(rows, key=lambda row: (row["active_users"], row["plays"]))
    days = filled(rows, "day", 1)
    said = (
        f"Busiest day by listeners: {full_day(busiest['day'])}, {plural(busiest['active_users'], 'listener')}"
        f" with {plural(busiest['plays'], 'play')}."
    )
    points = [
        f"{full_day(row['day'])}: {plural(row['active_users'], 'listener')}, {plural(row['plays'], 'play')}"
        for row in days
    ]
    panels: list[Panel] = [
        line_panel("listeners", [row["active_users"] for row in days]),
        columns_panel("plays", [row["plays"] for row in days]),
    ]
    return said, Series(len(days), panels, _day_marks([row["day"] for row in days]), points)


def weekly(rows: list[Record]) -> tuple[str, Chart]:
    """Listeners by week."""
    busiest = max(rows, key=lambda row: row["active_users"])
    week, users = full_day(busiest["week_start"]), plural(busiest["active_users"], "listener")
    said = f"Most in the week of {week}: {users}." + incomplete(rows)
    return said, _weeks(rows, "active_users", "listeners")


def busiest_weeks(rows: list[Record]) -> tuple[str, Chart]:
    """Plays by week."""
    first = rows[0]
    week = full_day(first["week_start"])
    said = f"The week of {week} (week {first['week']}): {plural(first['plays'], 'play')}."
    said += incomplete(sorted(rows, key=lambda row: row["week_start"]))
    return said, _weeks(rows, "plays", "plays")


def monthly(rows: list[Record]) -> tuple[str, Chart]:
    """Listeners by month."""
    last = rows[-1]
    said = f"{last['month_start']:%B %Y}: {plural(last['active_users'], 'listener')}{_part_of_month(last)}."
    return said, bars(
        rows[-12:],
        lambda row: f"{row['month_start']:%b %Y}",
        "active_users",
        note=_part_of_month,
        limit=12,
    )


def _part_of_month(row: Record) -> str:
    days = monthrange(row["month_start"].year, row["month_start"].month)[1]
    return f" ({row['days']} of {days} days)" if 0 < row["days"] < days else ""


def stickiness(rows: list[Record]) -> tuple[str, Chart]:
    """The share of a month's listeners that comes on an average day."""
    last = rows[-1]
    said = (
        f"In {last['month_start']:%B %Y} {number(last['stickiness_percent'])} % of the month's"
        f" {number(last['monthly_users'])} listeners came on an average day: {number(last['daily_users'])}."
    )
    return said, Bars(
        [
            Bar(
                f"{row['month_start']:%b %Y}",
                f"{number(row['stickiness_percent'])} %",
                round(float(row["stickiness_percent"]) / 100, 4),
            )
            for row in rows[-12:]
        ]
    )


def hours(rows: list[Record]) -> tuple[str, Chart]:
    """Plays by hour of the day."""
    by_hour = {row["hour"]: row["plays"] for row in rows}
    first = rows[0]
    said = (
        f"{first['hour']:02}:00 to {(first['hour'] + 1) % 24:02}:00 is the busiest hour:"
        f" {plural(first['plays'], 'play')}, {number(first['share_percent'])} % of all."
    )
    values = [by_hour.get(hour, 0) for hour in range(24)]
    marks = [(hour, f"{hour}") for hour in range(0, 24, 3)]
    points = [f"{hour:02}:00: {plural(value, 'play')}" for hour, value in enumerate(values)]
    return said, Series(24, [columns_panel("plays", values)], thin(marks, 24, narrow=8), points)


def weekdays(rows: list[Record]) -> tuple[str, Chart]:
    """Plays on an average Monday, Tuesday and so on."""
    first = rows[0]
    by_day = {row["weekday"]: row for row in rows}
    ordered = [by_day[day] for day in _WEEK if day in by_day]
    said = f"{first['weekday_name']}s: {number(round(first['plays_per_day']))} plays on average."
    return said, bars(ordered, "weekday_name", "plays_per_day")


def hour_by_weekday(rows: list[Record]) -> tuple[str, Chart]:
    """Plays by weekday and hour, on an average one: some weekdays come five times in a month, others four."""
    plays = {(row["weekday"], row["hour"]): float(row["plays_per_day"]) for row in rows}
    top = max(plays.values())
    weekday, hour = max(plays, key=lambda cell: plays[cell])
    cells: list[tuple[str, list[Cell | None]]] = [
        (
            _DAYS[day][:3],
            [
                Cell(
                    step_of(plays.get((day, at), 0), top),
                    number(plays.get((day, at), 0)),
                    f"{_DAYS[day]} {at:02}:00: {number(plays.get((day, at), 0))} plays on average",
                )
                for at in range(24)
            ],
        )
        for day in _WEEK
    ]
    said = f"The peak is on {_DAYS[weekday]}s at {hour:02}:00: {number(top)} plays on average."
    return said, Heat(
        "hour", [str(at) for at in range(24)], cells, shows_text=False, low="no plays", high=compact(top)
    )
