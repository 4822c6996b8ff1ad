"""From a question's rows to what the report shows of it: one sentence that answers it, and a chart.

A question without an entry in ``VIEWS`` is shown as a table, so a new one is on the page at once.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from sparkify.report.charts import (
    Bars,
    Cell,
    Chart,
    Grid,
    Heat,
    Nothing,
    Panel,
    Series,
    Tile,
    Tiles,
    bars,
    columns_panel,
    compact,
    line_panel,
    number,
    step_of,
    thin,
)

Record = dict[str, Any]
View = Callable[[list[Record]], tuple[str, Chart]]

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WEEK = (1, 2, 3, 4, 5, 6, 0)
_GENDERS = {"F": "Women", "M": "Men"}
_SHOWN_COHORTS = 12
_SHOWN_WEEKS = 12

# Where each state is on the usual tile grid: one string per row, two letters per column.
_TILE_ROWS = (
    "AK..................ME",
    "..................VTNH",
    "WAIDMTNDMNILWIMINYRIMA",
    "ORNVWYSDIAINOHPANJCT..",
    "CAUTCONEMOKYWVVAMDDE..",
    "..AZNMKSARTNNCSCDC....",
    "......OKLAMSALGA......",
    "HI....TX........FL....",
)


def _day(value: date) -> str:
    return f"{value.day} {value:%b}"


def _full_day(value: date) -> str:
    return f"{value:%a} {value.day} {value:%b %Y}"


def _plural(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def _axis_days(days: Sequence[date]) -> list[tuple[int, str]]:
    """Marks for consecutive days: Mondays, or the first of each month where there are many."""
    if len(days) <= 60:
        return [(i, _day(day)) for i, day in enumerate(days) if day.weekday() == 0 or len(days) < 8]
    return [(i, f"{day:%b}") for i, day in enumerate(days) if day.day == 1]


def _filled(rows: list[Record], key: str, days: int) -> list[Record]:
    """The rows with the days or weeks between them that have none."""
    found = {row[key]: row for row in rows}
    first, last = min(found), max(found)
    steps = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, days)]
    empty = dict.fromkeys(rows[0], 0)
    return [found.get(step, {**empty, key: step}) for step in steps]


def _weeks(rows: list[Record], value: str, noun: str) -> Chart:
    weeks = _filled(rows, "week_start", 7)
    days = [week["week_start"] for week in weeks]
    marks = [(i, _day(day)) for i, day in enumerate(days)]
    return Series(
        len(weeks),
        [columns_panel(noun, [week[value] for week in weeks])],
        thin(marks, len(weeks), wide=8, narrow=5),
        [
            f"Week of {_full_day(day)}: {number(week[value])} {noun}"
            for day, week in zip(days, weeks, strict=True)
        ],
    )


def _songs(rows: list[Record], where: str = "") -> tuple[str, Chart]:
    first = rows[0]
    said = (
        f"“{first['title']}” by {first['artist']} leads{where}:"
        f" {_plural(first['plays'], 'play')} by {_plural(first['listeners'], 'listener')}."
    )
    return said, bars(
        rows,
        lambda row: row["title"],
        lambda row: row["plays"],
        note=lambda row: row["artist"],
        stacked=True,
    )


def _artists(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    said = (
        f"{first['artist']} leads: {_plural(first['plays'], 'play')} of {_plural(first['songs'], 'song')}"
        f" by {_plural(first['listeners'], 'listener')}."
    )
    return said, bars(
        rows,
        lambda row: row["artist"],
        lambda row: row["plays"],
        note=lambda row: _plural(row["songs"], "song"),
        stacked=True,
    )


def _gaps(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    said = (
        f"{first['artist']} comes first: {_plural(first['plays'], 'play')} of"
        f" {_plural(first['songs'], 'song')} that the catalogue does not have."
    )
    return said, _artists(rows)[1]


def _songs_on_a_day(rows: list[Record]) -> tuple[str, Chart]:
    songs, plays = len(rows), sum(row["plays"] for row in rows)
    said = f"{_full_day(rows[0]['day'])}, the last day: {_plural(songs, 'song')} in {_plural(plays, 'play')}."
    return said, _songs(rows)[1]


def _daily(rows: list[Record]) -> tuple[str, Chart]:
    busiest = max(rows, key=lambda row: (row["active_users"], row["plays"]))
    days = _filled(rows, "day", 1)
    said = (
        f"Most came on {_full_day(busiest['day'])}: {_plural(busiest['active_users'], 'listener')}"
        f" with {_plural(busiest['plays'], 'play')}."
    )
    points = [
        f"{_full_day(row['day'])}:"
        f" {_plural(row['active_users'], 'listener')}, {_plural(row['plays'], 'play')}"
        for row in days
    ]
    panels: list[Panel] = [
        line_panel("listeners", [row["active_users"] for row in days]),
        columns_panel("plays", [row["plays"] for row in days]),
    ]
    return said, Series(len(days), panels, thin(_axis_days([row["day"] for row in days]), len(days)), points)


def _weekly(rows: list[Record]) -> tuple[str, Chart]:
    busiest = max(rows, key=lambda row: row["active_users"])
    week, users = _full_day(busiest["week_start"]), _plural(busiest["active_users"], "listener")
    said = f"Most in the week of {week}: {users}."
    return said, _weeks(rows, "active_users", "listeners")


def _busiest_weeks(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    week = _full_day(first["week_start"])
    said = f"The week of {week} (week {first['week']}): {_plural(first['plays'], 'play')}."
    return said, _weeks(rows, "plays", "plays")


def _monthly(rows: list[Record]) -> tuple[str, Chart]:
    last = rows[-1]
    said = f"{last['month_start']:%B %Y}: {_plural(last['active_users'], 'listener')}."
    return said, bars(
        rows[-12:], lambda row: f"{row['month_start']:%b %Y}", lambda row: row["active_users"], limit=12
    )


def _stickiness(rows: list[Record]) -> tuple[str, Chart]:
    last = rows[-1]
    said = (
        f"In {last['month_start']:%B %Y} {number(last['stickiness_percent'])} % of the month's"
        f" {number(last['monthly_users'])} listeners came on an average day: {number(last['daily_users'])}."
    )
    top = [{**row, "share": row["stickiness_percent"] / 100} for row in rows[-12:]]
    chart = bars(
        top, lambda row: f"{row['month_start']:%b %Y}", lambda row: float(row["stickiness_percent"]), limit=12
    )
    return said, Bars(
        [
            type(bar)(bar.label, f"{bar.text} %", round(float(row["share"]), 4))
            for bar, row in zip(chart.bars, top, strict=True)
        ]
    )


def _hours(rows: list[Record]) -> tuple[str, Chart]:
    by_hour = {row["hour"]: row["plays"] for row in rows}
    first = rows[0]
    said = (
        f"{first['hour']:02}:00 to {(first['hour'] + 1) % 24:02}:00 UTC is the busiest hour:"
        f" {_plural(first['plays'], 'play')}, {number(first['percent'])} % of all."
    )
    values = [by_hour.get(hour, 0) for hour in range(24)]
    marks = [(hour, f"{hour}") for hour in range(0, 24, 3)]
    points = [f"{hour:02}:00 UTC: {_plural(value, 'play')}" for hour, value in enumerate(values)]
    return said, Series(24, [columns_panel("plays", values)], thin(marks, 24, narrow=8), points)


def _weekdays(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    by_day = {row["weekday"]: row for row in rows}
    ordered = [by_day[day] for day in _WEEK if day in by_day]
    said = f"{first['weekday_name']}: {number(first['plays_per_day'])} plays on an average one."
    return said, bars(ordered, lambda row: row["weekday_name"], lambda row: float(row["plays_per_day"]))


def _hour_by_weekday(rows: list[Record]) -> tuple[str, Chart]:
    plays = {(row["weekday"], row["hour"]): row["plays"] for row in rows}
    top = max(plays.values())
    weekday, hour = max(plays, key=lambda cell: plays[cell])
    cells: list[tuple[str, list[Cell | None]]] = [
        (
            _DAYS[day][:3],
            [
                Cell(
                    step_of(plays.get((day, at), 0), top),
                    number(plays.get((day, at), 0)),
                    f"{_DAYS[day]} {at:02}:00 UTC: {_plural(plays.get((day, at), 0), 'play')}",
                )
                for at in range(24)
            ],
        )
        for day in _WEEK
    ]
    said = f"The peak is on {_DAYS[weekday]}s at {hour:02}:00 UTC: {_plural(top, 'play')}."
    return said, Heat(
        "UTC", [str(at) for at in range(24)], cells, shows_text=False, low="no plays", high=compact(top)
    )


def _levels(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    said = (
        f"{number(first['percent'])} % of the plays are {first['level']},"
        f" {number(first['plays_per_listener'])} by each of {_plural(first['listeners'], 'listener')}."
    )
    return said, bars(
        rows,
        lambda row: str(row["level"]),
        lambda row: row["plays"],
        note=lambda row: f"{number(row['percent'])} %",
        second=lambda row: bool(row["level"] == "free"),
    )


def _gender_levels(rows: list[Record]) -> tuple[str, Chart]:
    most = max(rows, key=lambda row: row["plays"])
    who = _GENDERS.get(most["gender"], "Others")
    said = (
        f"{who} at level {most['level']} play most: {number(most['percent'])} % of all,"
        f" {number(most['plays_per_listener'])} plays each."
    )
    return said, bars(
        rows,
        lambda row: f"{_GENDERS.get(row['gender'], 'Others')}, {row['level']}",
        lambda row: row["plays"],
        second=lambda row: bool(row["level"] == "free"),
    )


def _sessions(rows: list[Record]) -> tuple[str, Chart]:
    said = "; ".join(
        f"{row['level']}: {number(row['average_plays'])} plays in {number(row['average_minutes'])} minutes"
        for row in rows
    )
    return f"On average {said}.", bars(
        rows,
        lambda row: str(row["level"]),
        lambda row: float(row["average_minutes"]),
        note=lambda _: "minutes",
        second=lambda row: bool(row["level"] == "free"),
    )


def _shares(noun: str, key: str) -> View:
    def view(rows: list[Record]) -> tuple[str, Chart]:
        first = rows[0]
        return f"{first[key]}, with {number(first['percent'])} % of the plays.", bars(
            rows, lambda row: str(row[key] or f"unknown {noun}"), lambda row: row["plays"], limit=8
        )

    return view


def _users(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    said = (
        f"{first['first_name']} {first['last_name']}: {_plural(first['plays'], 'play')}"
        f" in {_plural(first['sessions'], 'session')}."
    )
    return said, bars(
        rows,
        lambda row: f"{row['first_name']} {row['last_name']}",
        lambda row: row["plays"],
        note=lambda row: str(row["level"]),
        second=lambda row: bool(row["level"] == "free"),
        stacked=True,
    )


def _locations(rows: list[Record]) -> tuple[str, Chart]:
    first = rows[0]
    where = first["location"] or "Unknown"
    said = f"{where} leads, of {_plural(len(rows), 'place')}: {_plural(first['plays'], 'play')}."
    return said, bars(
        rows,
        lambda row: str(row["location"] or "unknown"),
        lambda row: row["plays"],
        note=lambda row: _plural(row["listeners"], "listener"),
        stacked=True,
    )


def _states(rows: list[Record]) -> tuple[str, Chart]:
    by_state = {row["state"]: row for row in rows}
    top = max(row["plays"] for row in rows)
    tiles = []
    for y, line in enumerate(_TILE_ROWS, 1):
        for x in range(0, len(line), 2):
            state = line[x : x + 2]
            if state == "..":
                continue
            row = by_state.pop(state, {"plays": 0, "listeners": 0})
            said = f"{state}: {_plural(row['plays'], 'play')} by {_plural(row['listeners'], 'listener')}"
            tiles.append(Tile(x // 2 + 1, y, Cell(step_of(row["plays"], top), state, said)))
    first = rows[0]
    rest = ", ".join(f"{state or 'unknown'} {number(row['plays'])}" for state, row in by_state.items())
    said = (
        f"{first['state'] or 'Unknown'} leads, of {_plural(len(rows), 'state')}:"
        f" {_plural(first['plays'], 'play')}, {number(first['percent'])} % of all,"
        f" by {_plural(first['listeners'], 'listener')}."
    )
    return said, Tiles(tiles, f"Not on the map: {rest}." if rest else "", "no plays", compact(top))


def _changes_by_week(rows: list[Record]) -> tuple[str, Chart]:
    weeks = _filled(rows, "week_start", 7)
    to_paid, to_free = sum(row["to_paid"] for row in rows), sum(row["to_free"] for row in rows)
    points = [
        f"Week of {_full_day(row['week_start'])}:"
        f" {number(row['to_paid'])} to paid, {number(row['to_free'])} to free"
        for row in weeks
    ]
    panel = columns_panel("changes", [row["to_paid"] for row in weeks], [row["to_free"] for row in weeks])
    marks = [(i, _day(row["week_start"])) for i, row in enumerate(weeks)]
    chart = Series(
        len(weeks), [panel], thin(marks, len(weeks), wide=8, narrow=5), points, ["to paid", "back to free"]
    )
    return f"{number(to_paid)} went from free to paid, {number(to_free)} back.", chart


def _changes(rows: list[Record]) -> tuple[str, Chart]:
    latest = rows[::-1][:6]
    upgrades = [row["plays_before"] for row in rows if row["level_after"] == "paid"]
    said = (
        f"Those who began to pay did so after {number(sum(upgrades) / len(upgrades))} plays on average."
        if upgrades
        else "Nobody began to pay."
    )
    cells = [
        [
            f"{row['changed_at'].day} {row['changed_at']:%b %Y}",
            f"{row['first_name']} {row['last_name']}",
            f"to {row['level_after']}",
            number(row["plays_before"]),
        ]
        for row in latest
    ]
    return said, Grid(["when", "who", "change", "plays before"], cells, [False, False, False, True])


def _retention(rows: list[Record]) -> tuple[str, Chart]:
    sizes = {row["cohort"]: row["cohort_users"] for row in rows}
    largest = sorted(sorted(sizes, key=lambda cohort: -sizes[cohort])[:_SHOWN_COHORTS])
    last_week = max(row["cohort"] + timedelta(weeks=row["weeks_later"]) for row in rows)
    weeks = range(min(_SHOWN_WEEKS, max(row["weeks_later"] for row in rows)) + 1)
    percents = {(row["cohort"], row["weeks_later"]): row["percent"] for row in rows}
    counts = {(row["cohort"], row["weeks_later"]): row["active_users"] for row in rows}
    cells: list[tuple[str, list[Cell | None]]] = []
    for cohort in largest:
        line: list[Cell | None] = []
        for week in weeks:
            if cohort + timedelta(weeks=week) > last_week:
                line.append(None)
                continue
            percent, count = float(percents.get((cohort, week), 0)), counts.get((cohort, week), 0)
            tip = (
                f"First listened in the week of {_full_day(cohort)}, {_plural(week, 'week')} later:"
                f" {number(count)} of {number(sizes[cohort])}, {percent:g} %"
            )
            line.append(Cell(step_of(percent, 100), f"{percent:.0f}", tip))
        cells.append((f"{_day(cohort)} · {compact(sizes[cohort])}", line))
    back = [
        (counts.get((cohort, 1), 0), sizes[cohort])
        for cohort in sizes
        if cohort + timedelta(weeks=1) <= last_week
    ]
    said = "One week is too short to tell."
    if back:
        came, of = sum(count for count, _ in back), sum(size for _, size in back)
        said = f"{100 * came / of:.0f} % of new listeners came back in the week after their first."
    if len(sizes) > len(largest):
        said += f" Shown are the {len(largest)} largest of {len(sizes)} cohorts."
    return said, Heat(
        "first week · users", [str(week) for week in weeks], cells, shows_text=True, low="0 %", high="100 %"
    )


def _match(rows: list[Record]) -> tuple[str, Chart]:
    matched = next((row["plays"] for row in rows if row["matched"] == "yes"), 0)
    total = sum(row["plays"] for row in rows)
    names = {"yes": "in the catalogue", "no": "not in it"}
    return f"{number(matched)} of {_plural(total, 'play')} do.", bars(
        rows,
        lambda row: names[row["matched"]],
        lambda row: row["plays"],
        second=lambda row: row["matched"] == "no",
    )


VIEWS: dict[str, View] = {
    "busiest_hours": _hours,
    "busiest_weekdays": _weekdays,
    "busiest_weeks": _busiest_weeks,
    "catalogue_gaps": _gaps,
    "catalogue_match": _match,
    "daily_active_users": _daily,
    "free_tier_songs": lambda rows: _songs(rows, " among free plays"),
    "level_changes": _changes,
    "level_changes_by_week": _changes_by_week,
    "monthly_active_users": _monthly,
    "plays_by_browser": _shares("browser", "browser"),
    "plays_by_gender_and_level": _gender_levels,
    "plays_by_hour_and_weekday": _hour_by_weekday,
    "plays_by_level": _levels,
    "plays_by_location": _locations,
    "plays_by_platform": _shares("platform", "platform"),
    "plays_by_state": _states,
    "session_length_by_level": _sessions,
    "songs_on_a_day": _songs_on_a_day,
    "stickiness": _stickiness,
    "top_artists": _artists,
    "top_songs": _songs,
    "top_users": _users,
    "weekly_active_users": _weekly,
    "weekly_retention": _retention,
}


def view_of(name: str, rows: list[Record]) -> tuple[str, Chart]:
    """The sentence and the chart that answer a question."""
    if not rows:
        return "", Nothing("Nobody has changed level." if name == "level_changes" else "No plays yet.")
    if name in VIEWS:
        return VIEWS[name](rows)
    columns = list(rows[0])
    numeric = [any(isinstance(row[column], int | float) for row in rows) for column in columns]
    return "", Grid(columns, [[shown(value) for value in row.values()] for row in rows[:10]], numeric)


def shown(value: Any) -> str:
    """A value as the report's tables show it; numbers as a rule, years and ids too, stay as they are."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, date) and not hasattr(value, "hour"):
        return value.isoformat()
    if hasattr(value, "isoformat"):
        return str(value.isoformat(sep=" ", timespec="seconds"))
    return "" if value is None else str(value)
