"""What the report shows of the questions about people: who listens, with what, and who stays."""

from datetime import timedelta

from sparkify.answers.report.charts import (
    Cell,
    Chart,
    Grid,
    Heat,
    Series,
    bars,
    columns_panel,
    compact,
    number,
    step_of,
)
from sparkify.answers.report.times import filled, incomplete, is_part, part_of, week_marks
from sparkify.answers.report.words import Record, View, full_day, needs_years, plural, short_day

_GENDERS = {"F": "Women", "M": "Men"}
_SHOWN_COHORTS = 12
_SHOWN_WEEKS = 12


def _is_free(row: Record) -> bool:
    return bool(row["level"] == "free")


def levels(rows: list[Record]) -> tuple[str, Chart]:
    """Plays by level."""
    first = rows[0]
    said = (
        f"{number(first['share_percent'])} % of the plays are {first['level']},"
        f" {number(first['plays_per_listener'])} by each of {plural(first['listeners'], 'listener')}."
    )
    return said, bars(
        rows,
        "level",
        note=lambda row: f"{number(row['share_percent'])} %",
        second=_is_free,
    )


def gender_levels(rows: list[Record]) -> tuple[str, Chart]:
    """Plays by gender and level."""
    most = max(rows, key=lambda row: row["plays"])
    who = _GENDERS.get(most["gender"], "Others")
    said = (
        f"{who} at level {most['level']} play most: {number(most['share_percent'])} % of all,"
        f" {number(most['plays_per_listener'])} plays each."
    )
    return said, bars(
        rows,
        lambda row: f"{_GENDERS.get(row['gender'], 'Others')}, {row['level']}",
        second=_is_free,
    )


def sessions(rows: list[Record]) -> tuple[str, Chart]:
    """The average session by level, in minutes."""
    said = "; ".join(
        f"{row['level']}: {number(row['average_plays'])} plays in {number(row['average_minutes'])} minutes"
        for row in rows
    )
    chart = bars(rows, "level", "average_minutes", note=lambda _: "minutes", second=_is_free)
    return f"On average {said}.", chart


def shares(noun: str) -> View:
    """Plays by browser or platform, of which a row is one."""

    def view(rows: list[Record]) -> tuple[str, Chart]:
        first = rows[0]
        return f"{first[noun]}, with {number(first['share_percent'])} % of the plays.", bars(
            rows, lambda row: str(row[noun] or f"unknown {noun}"), limit=8
        )

    return view


def users(rows: list[Record]) -> tuple[str, Chart]:
    """Those who listen most."""
    first = rows[0]
    said = (
        f"{first['first_name']} {first['last_name']}: {plural(first['plays'], 'play')}"
        f" in {plural(first['sessions'], 'session')}."
    )
    return said, bars(
        rows,
        lambda row: f"{row['first_name']} {row['last_name']}",
        note="level",
        second=_is_free,
        stacked=True,
    )


def changes_by_week(rows: list[Record]) -> tuple[str, Chart]:
    """Changes to paid upwards and back to free downwards, by week."""
    weeks = filled(rows, "week_start", 7)
    to_paid, to_free = sum(row["to_paid"] for row in rows), sum(row["to_free"] for row in rows)
    points = [
        f"Week of {full_day(row['week_start'])}:"
        f" {number(row['to_paid'])} to paid, {number(row['to_free'])} to free{part_of(row)}"
        for row in weeks
    ]
    up, down = [row["to_paid"] for row in weeks], [row["to_free"] for row in weeks]
    panel = columns_panel("changes", up, down, faint=[is_part(week) for week in weeks])
    marks = week_marks([row["week_start"] for row in weeks])
    chart = Series(len(weeks), [panel], marks, points, ["to paid", "back to free"])
    return f"{number(to_paid)} went from free to paid, {number(to_free)} back.{incomplete(rows)}", chart


def changes(rows: list[Record]) -> tuple[str, Chart]:
    """The latest changes of level."""
    latest = rows[::-1][:6]
    upgrades = [row["plays_before"] for row in rows if row["level_after"] == "paid"]
    said = (
        f"Those who began to pay did so after {number(sum(upgrades) / len(upgrades))} plays on average."
        if upgrades
        else "Nobody began to pay."
    )
    cells = [
        [
            short_day(row["changed_at"], with_year=True),
            f"{row['first_name']} {row['last_name']}",
            f"to {row['level_after']}",
            number(row["plays_before"]),
        ]
        for row in latest
    ]
    return said, Grid(["when", "who", "change", "plays"], cells, [False, False, False, True])


def days_at(level: str) -> View:
    """How long users stay at a level, by whether their time at it has ended."""

    def view(rows: list[Record]) -> tuple[str, Chart]:
        ended = sum(row["spans"] for row in rows if row["ended"] == "yes")
        total = sum(row["spans"] for row in rows)
        medians = [number(row["median_days"]) for row in rows if row["ended"] == "yes"]
        said = f"{number(ended)} of {plural(total, 'span')} at level {level} have ended"
        said += f", half of them within {medians[0]} days." if medians else "."
        return said, bars(
            rows,
            lambda row: "ended" if row["ended"] == "yes" else "going on",
            "average_days",
            note=lambda row: f"days on average, {plural(row['spans'], 'span')}",
            second=lambda row: bool(row["ended"] == "no"),
        )

    return view


def retention(rows: list[Record]) -> tuple[str, Chart]:
    """Cohorts by weeks since their first, the largest ones."""
    sizes = {row["cohort"]: row["cohort_users"] for row in rows}
    largest = sorted(sorted(sizes, key=lambda cohort: -sizes[cohort])[:_SHOWN_COHORTS])
    last_week = max(row["cohort"] + timedelta(weeks=row["weeks_later"]) for row in rows)
    weeks = range(min(_SHOWN_WEEKS, max(row["weeks_later"] for row in rows)) + 1)
    percents = {(row["cohort"], row["weeks_later"]): row["active_percent"] for row in rows}
    counts = {(row["cohort"], row["weeks_later"]): row["active_users"] for row in rows}
    parts = {row["cohort"] + timedelta(weeks=row["weeks_later"]): row for row in rows if is_part(row)}
    with_year = needs_years(min(sizes), max(sizes))
    cells: list[tuple[str, list[Cell | None]]] = []
    for cohort in largest:
        line: list[Cell | None] = []
        for week in weeks:
            if last_week - cohort < timedelta(weeks=week):  # no day is after the year 9999
                line.append(None)
                continue
            percent, count = float(percents.get((cohort, week), 0)), counts.get((cohort, week), 0)
            tip = (
                f"First listened in the week of {full_day(cohort)}, {plural(week, 'week')} later:"
                f" {number(count)} of {number(sizes[cohort])}, {percent:g} %"
            )
            part = parts.get(cohort + timedelta(weeks=week))
            tip += part_of(part) if part else ""
            line.append(Cell(step_of(percent, 100), f"{percent:.0f}", tip, is_part=part is not None))
        first = short_day(cohort, with_year=with_year)
        cells.append((f"{first} ·\N{NO-BREAK SPACE}{compact(sizes[cohort])}", line))
    back = [
        (counts.get((cohort, 1), 0), sizes[cohort])
        for cohort in sizes
        if last_week - cohort >= timedelta(weeks=1)
    ]
    said = "One week is too short to tell."
    if back:
        came, of = sum(count for count, _ in back), sum(size for _, size in back)
        said = f"{100 * came / of:.0f} % of new listeners came back in the week after their first."
    if len(sizes) > len(largest):
        said += f" Shown are the {len(largest)} largest of {len(sizes)} cohorts."
    said += incomplete([{**row, "week_start": week} for week, row in sorted(parts.items())])
    return said, Heat(
        "first week · users", [str(week) for week in weeks], cells, shows_text=True, low="0 %", high="100 %"
    )
