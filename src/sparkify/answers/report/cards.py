"""From a question's rows to what the report shows of it: one sentence that answers it, and a chart.

A question without an entry in ``VIEWS`` is shown as a table, so a new one is on the page at once.
"""

from sparkify.answers.report.charts import Chart, Grid, Nothing
from sparkify.answers.report.listening import artists, gaps, locations, match, songs, songs_on_a_day, states
from sparkify.answers.report.people import (
    changes,
    changes_by_week,
    days_at,
    gender_levels,
    levels,
    retention,
    sessions,
    shares,
    users,
)
from sparkify.answers.report.times import (
    busiest_weeks,
    daily,
    hour_by_weekday,
    hours,
    monthly,
    stickiness,
    weekdays,
    weekly,
)
from sparkify.answers.report.words import Record, View, shown

VIEWS: dict[str, View] = {
    "busiest_hours": hours,
    "busiest_weekdays": weekdays,
    "busiest_weeks": busiest_weeks,
    "catalogue_gaps": gaps,
    "catalogue_match": match,
    "daily_active_users": daily,
    "days_free": days_at("free"),
    "days_paid": days_at("paid"),
    "free_tier_songs": lambda rows: songs(rows, " among free plays"),
    "level_changes": changes,
    "level_changes_by_week": changes_by_week,
    "monthly_active_users": monthly,
    "plays_by_browser": shares("browser"),
    "plays_by_gender_and_level": gender_levels,
    "plays_by_hour_and_weekday": hour_by_weekday,
    "plays_by_level": levels,
    "plays_by_location": locations,
    "plays_by_platform": shares("platform"),
    "plays_by_state": states,
    "session_length_by_level": sessions,
    "songs_on_a_day": songs_on_a_day,
    "stickiness": stickiness,
    "top_artists": artists,
    "top_songs": songs,
    "top_users": users,
    "weekly_active_users": weekly,
    "weekly_retention": retention,
}


def view_of(name: str, rows: list[Record], nothing: str = "No plays yet.") -> tuple[str, Chart]:
    """The sentence and the chart that answer a question, or what is said where it has no rows."""
    if not rows:
        return "", Nothing("Nobody has changed level." if name == "level_changes" else nothing)
    if name in VIEWS:
        return VIEWS[name](rows)
    columns = list(rows[0])
    numeric = [any(isinstance(row[column], int | float) for row in rows) for column in columns]
    return "", Grid(columns, [[shown(value) for value in row.values()] for row in rows[:10]], numeric)
