"""How like two sets of logs are: the statistics that matter, and how far apart a simulation may be.

Tests compare simulations with the real logs, and docs/simulator.md shows both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """One statistic: its name, the SQL that computes it, and how far simulated logs may be from real ones.

    ``tolerance`` is absolute; ``form`` is the format for people.
    """

    name: str
    sql: str
    tolerance: float
    form: str = "{:.1%}"


# Per event, session and user; events of users who are logged out belong to their session but to no user.
_TABLES = """
    CREATE TABLE events AS
        SELECT *, make_timestamp(ts * 1000) AS moment, userId <> '' AS is_user, page = 'NextSong' AS is_play
        FROM read_json(?, format = 'newline_delimited', columns = {
            artist: 'VARCHAR', itemInSession: 'BIGINT', length: 'DOUBLE', level: 'VARCHAR', page: 'VARCHAR',
            sessionId: 'BIGINT', song: 'VARCHAR', ts: 'BIGINT', userId: 'VARCHAR'});
    CREATE TABLE sessions AS
        SELECT sessionId, count(*) AS events, arg_min(level, itemInSession) AS level, min(moment) AS began
        FROM events GROUP BY ALL;
    CREATE TABLE users AS
        SELECT userId, count(*) AS events, count(DISTINCT sessionId) AS sessions
        FROM events WHERE is_user GROUP BY ALL;
    CREATE TABLE songs AS
        SELECT count(*) AS plays FROM events WHERE is_play GROUP BY artist, song;
    CREATE TABLE plays AS
        SELECT moment, level, length, itemInSession,
               lag(itemInSession) OVER session AS item_before,
               epoch_ms(moment - lag(moment) OVER session) / 1000 AS since,
               floor(lag(length) OVER session) AS length_before
        FROM events WHERE is_play
        WINDOW session AS (PARTITION BY sessionId ORDER BY itemInSession);
"""
FIGURES = (
    Figure("events that are plays (NextSong)", "avg(is_play::INT) FROM events", 0.02),
    Figure("plays at level paid", "avg((level = 'paid')::INT) FROM plays", 0.05),
    Figure("events of logged-out users", "avg((NOT is_user)::INT) FROM events", 0.015),
    Figure(
        "plays that begin the second the last song ends",
        "avg((since = length_before)::INT) FROM plays WHERE itemInSession = item_before + 1",
        0.0,
    ),
    Figure("events a session, mean", "avg(events) FROM sessions", 1.5, "{:.2f}"),
    Figure("events a session, median", "median(events) FROM sessions", 1, "{:.0f}"),
    Figure("events a session, 90 % have at most", "quantile_cont(events, 0.9) FROM sessions", 5, "{:.0f}"),
    Figure(
        "events a session begun at level free, mean",
        "avg(events) FROM sessions WHERE level = 'free'",
        0.6,
        "{:.2f}",
    ),
    Figure(
        "events a session begun at level paid, mean",
        "avg(events) FROM sessions WHERE level = 'paid'",
        5,
        "{:.1f}",
    ),
    Figure("events a user, mean", "avg(events) FROM users", 16, "{:.1f}"),
    Figure("events a user, median", "median(events) FROM users", 6, "{:.0f}"),
    Figure("events a user, 90 % have at most", "quantile_cont(events, 0.9) FROM users", 80, "{:.0f}"),
    Figure("sessions a user, median", "median(sessions) FROM users", 2, "{:.0f}"),
    Figure(
        "sessions on a day of the weekend, per one on a weekday",
        "avg(sessions) FILTER (dayofweek(day) IN (0, 6))"
        " / avg(sessions) FILTER (dayofweek(day) NOT IN (0, 6))"
        " FROM (SELECT began::DATE AS day, count(*) AS sessions FROM sessions GROUP BY ALL)",
        0.1,
        "{:.2f}",
    ),
    Figure("seconds a song, median", "median(length) FROM plays", 5, "{:.0f}"),
    Figure("plays of the most played song", "max(plays) / sum(plays) FROM songs", 0.003, "{:.2%}"),
)

# How far apart distributions may be: those over hours and pages by the share that would have to move, those
# of sessions and users by the largest gap. With a hundred real users chance alone makes a gap of 0.1.
HOURS_APART, PAGES_APART, SESSIONS_APART, USERS_APART = 0.08, 0.02, 0.05, 0.15


@dataclass(frozen=True)
class Likeness:
    """The statistics of one set of logs.

    Attributes:
        figures: by name, the values of FIGURES.
        hours: per hour of the day (UTC), the share of all plays.
        pages: by page, the share of all events.
        session_events: per session, its events; ascending.
        user_events: per user, their events; ascending.
    """

    figures: dict[str, float]
    hours: Floats
    pages: dict[str, float]
    session_events: Floats
    user_events: Floats


def likeness(log_data: Path) -> Likeness:
    """The statistics of the logs below a folder."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_TABLES.replace("?", _quoted(log_data)))

        def column(sql: str) -> Floats:
            return np.array([row[0] for row in connection.execute(sql).fetchall()], dtype=np.float64)

        return Likeness(
            figures={figure.name: float(column(f"SELECT {figure.sql}")[0]) for figure in FIGURES},
            hours=column(
                "SELECT count(moment) / sum(count(moment)) OVER () FROM range(24) AS h (hour) "
                "LEFT JOIN plays ON hour(moment) = h.hour GROUP BY h.hour ORDER BY h.hour"
            ),
            pages=dict(
                connection.execute(
                    "SELECT page, count(*) / sum(count(*)) OVER () FROM events GROUP BY page ORDER BY 2 DESC"
                ).fetchall()
            ),
            session_events=column("SELECT events FROM sessions ORDER BY events"),
            user_events=column("SELECT events FROM users ORDER BY events"),
        )


def distances(real: Likeness, simulated: Likeness) -> list[tuple[str, float, float]]:
    """What distributions are compared, how far apart they are and how far they may be."""
    pages = sorted({*real.pages, *simulated.pages})
    real_pages, pages_simulated = (
        np.array([of.pages.get(page, 0.0) for page in pages]) for of in (real, simulated)
    )
    return [
        ("plays by hour of the day", share_apart(real.hours, simulated.hours), HOURS_APART),
        ("events by page", share_apart(real_pages, pages_simulated), PAGES_APART),
        (
            "events a session",
            distribution_apart(real.session_events, simulated.session_events),
            SESSIONS_APART,
        ),
        ("events a user", distribution_apart(real.user_events, simulated.user_events), USERS_APART),
    ]


def as_table(real: Likeness, simulated: Likeness) -> str:
    """Both side by side, in Markdown, with the tolerances that the tests hold the simulator to."""
    rows = ["| | real | simulated | tolerance |", "|---|---:|---:|---:|"]
    for figure in FIGURES:
        of_real, of_simulated, tolerance = (
            figure.form.format(value)
            for value in (real.figures[figure.name], simulated.figures[figure.name], figure.tolerance)
        )
        rows.append(f"| {figure.name} | {of_real} | {of_simulated} | ± {tolerance} |")
    rows += ["", "| how far the distributions are apart | | at most |", "|---|---:|---:|"]
    rows += [f"| {name} | {apart:.3f} | {most} |" for name, apart, most in distances(real, simulated)]
    return "\n".join(rows) + "\n"


def share_apart(one: Floats, other: Floats) -> float:
    """Total variation distance of two distributions over the same cells: the share that has to move."""
    return float(np.abs(one - other).sum() / 2)


def distribution_apart(one: Floats, other: Floats) -> float:
    """Kolmogorov-Smirnov distance of two ascending samples: the largest gap between their distributions."""
    points = np.union1d(one, other)
    first, second = (np.searchsorted(sample, points, side="right") / len(sample) for sample in (one, other))
    return float(np.abs(first - second).max())


def _quoted(folder: Path) -> str:
    pattern = f"{folder}/**/*.json*".replace("'", "''")
    return f"'{pattern}'"
