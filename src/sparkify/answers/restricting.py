"""Any question about a span, in a time zone, with so many rows: by one mechanism that no question knows of.

The questions read ``songplays`` and what is derived of it. Before a question's SQL stand common table
expressions of the same names, restricted to the span, with start_time in the time zone: those count then, for
a name without a schema is first looked for among them. The time zone is written as its offsets, so engines
need no time zones of their own, and all engines agree.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from sparkify.answers.spans import Span
from sparkify.sql import columns_of, read_sql

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

_MEASURES_TIME = re.compile(r"\bEPOCH\b")
"""How a question measures durations, into which a change of the clocks would enter: that is done in UTC."""

_TOP = re.compile(r"(?<=place <= )\d+|(?<=LIMIT )\d+")
"""Where a question says how many rows it has; both numbers are the same."""


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
