"""The report: one self-contained page that answers all questions and says how good the data are.

Owns what stands on the page and in which order. The page loads nothing, needs no server and no script to be
read; the same warehouse gives the same bytes.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import jinja2
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PostgresLexer

from sparkify import __version__
from sparkify.answers.asked import Asked
from sparkify.answers.covering import flags_of
from sparkify.answers.questions import Question, ask, load_questions
from sparkify.answers.report import future
from sparkify.answers.report.audits import AuditNow, History, audit_now, history_of
from sparkify.answers.report.cards import view_of
from sparkify.answers.report.charts import Chart, number
from sparkify.answers.report.placing import put, require_place
from sparkify.answers.report.safety import below, policy, quiet
from sparkify.answers.report.tables import Table, cell, numeric_columns, table
from sparkify.answers.report.words import Record, shown
from sparkify.answers.restricting import restricted
from sparkify.answers.spans import Span, span_of
from sparkify.load import accounts
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Session

_SHOWN_ROWS = 50

SECTIONS: dict[str, dict[str, int]] = {
    "Over time": {
        "daily_active_users": 12,
        "weekly_active_users": 6,
        "busiest_weeks": 6,
        "monthly_active_users": 6,
        "stickiness": 6,
    },
    "Around the clock": {"plays_by_hour_and_weekday": 12, "busiest_hours": 7, "busiest_weekdays": 5},
    "Music": {"top_songs": 6, "top_artists": 6, "free_tier_songs": 6, "songs_on_a_day": 6},
    "Places": {"plays_by_state": 7, "plays_by_location": 5},
    "People": {
        "plays_by_level": 4,
        "plays_by_gender_and_level": 4,
        "session_length_by_level": 4,
        "top_users": 6,
        "plays_by_browser": 6,
        "plays_by_platform": 6,
    },
    "Coming and going": {
        "weekly_retention": 12,
        "level_changes_by_week": 6,
        "level_changes": 6,
        "days_free": 6,
        "days_paid": 6,
    },
    "Data quality": {"catalogue_match": 5, "catalogue_gaps": 7},
}
"""By section, its questions and how many of twelve columns each is wide."""

_TALL = ("top_users", "catalogue_gaps")
_MORE = "More questions"


@dataclass(frozen=True)
class Card:
    """A question on the page.

    Attributes:
        question: the question.
        width: of twelve columns.
        said: the answer in a sentence.
        chart: the answer as a chart.
        columns: the answer's columns.
        rows: its first rows, as text.
        total: how many rows it has.
        sql: the question's SQL, as highlighted HTML.
        numeric: by column, whether it holds numbers.
        is_tall: whether it stands beside two others.
    """

    question: Question
    width: int
    said: str
    chart: Chart
    columns: list[str]
    rows: list[list[str]]
    total: int
    sql: str
    numeric: list[bool]
    is_tall: bool = False


@dataclass(frozen=True)
class Figure:
    """A headline figure."""

    name: str
    value: str
    note: str = ""
    is_bad: bool = False


@dataclass
class Page:
    """Everything that stands on the page."""

    period: str
    figures: list[Figure]
    sections: dict[str, list[Card]]
    quality: list[Figure]
    tables: list[Table]
    audits: list[AuditNow] = field(default_factory=list)
    history: History = field(default_factory=History)
    loaded: str = ""
    zone: str = "UTC"
    flags: str = ""
    """What a command needs to ask about the same days."""


def write_report(warehouse: Session, out: Path, span: Span | None = None) -> None:
    """Write the report to a file, all of it or nothing.

    Args:
        warehouse: one that has been loaded.
        out: the file.
        span: which plays it is about; all by default.

    Raises:
        UsageError: the file is there already, and is no report, or its name promises another kind of file.
        SparkifyError: the file can't be written.
    """
    require_place(out)
    with warehouse.snapshot():
        page = collect(warehouse, span)
    html = render(page)
    put(html, out)


def collect(warehouse: Session, span: Span | None = None) -> Page:
    """Ask everything that the page tells, about a span of time or all of it."""
    span = span or span_of(warehouse, Asked())
    questions = {question.name: question for question in load_questions()}
    last = future.last_day(warehouse)
    (headline,) = _records(warehouse, "headline", span)
    nothing = (
        "None." if headline["plays"] else "No plays in these days." if span.has_plays else "No plays yet."
    )

    def card(question: Question, width: int) -> Card:
        return _card(warehouse, question, width, last, span, nothing)

    sections = {
        section: [card(questions.pop(name), width) for name, width in widths.items()]
        for section, widths in SECTIONS.items()
    }
    if questions:
        more = [card(question, 12) for question in questions.values()]
        quality = sections.pop("Data quality")
        sections |= {_MORE: more, "Data quality": quality}
    page = Page(_period(headline, span), _headline_figures(headline), sections, [], [])
    if span.asked.zone:
        page.zone = span.asked.zone.key
    page.flags = flags_of(span)
    _add_quality(warehouse, headline, page)
    return page


def render(page: Page) -> str:
    """The page as HTML."""
    loader = jinja2.PackageLoader("sparkify.answers.report", "page")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        finalize=quiet,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    style, script = (loader.get_source(environment, name)[0] for name in ("style.css", "script.js"))
    return environment.get_template("page.html").render(
        page=page, version=__version__, style=style, script=script, policy=policy(script, style)
    )


def _records(warehouse: Session, name: str, span: Span | None = None) -> list[Record]:
    sql = read_sql(f"report/{name}")
    columns, rows = warehouse.select(restricted(sql, span) if span else sql)
    return [dict(zip(columns, map(quiet, row), strict=True)) for row in rows]


def _card(warehouse: Session, question: Question, width: int, last: date, span: Span, nothing: str) -> Card:
    columns, rows = ask(warehouse, question, span=span)
    rows = [tuple(map(quiet, row)) for row in rows]
    records, left_out = future.split([dict(zip(columns, row, strict=True)) for row in rows], last)
    said, chart = view_of(question.name, records, nothing)
    sql = highlight(restricted(question.sql, span), PostgresLexer(), HtmlFormatter(nowrap=True))
    cells = [list(map(cell, columns, row)) for row in rows[:_SHOWN_ROWS]]
    return Card(
        question,
        width,
        said + left_out,
        chart,
        columns,
        cells,
        len(rows),
        sql,
        numeric_columns(rows, len(columns)),
        question.name in _TALL,
    )


def _period(headline: Record, span: Span) -> str:
    first, last = headline["first_play"], headline["last_play"]
    if first is None:
        return f"no plays: {span.text}" if span.has_plays else "no plays yet"

    def day(value: date) -> str:
        return f"{value.day} {value:%B %Y}"

    return day(first) if first.date() == last.date() else f"{day(first)} to {day(last)}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _headline_figures(headline: Record) -> list[Figure]:
    plays = headline["plays"]
    return [
        Figure("plays", number(plays)),
        Figure("listeners", number(headline["listeners"])),
        Figure("sessions", number(headline["sessions"])),
        Figure("hours of music", number(headline["hours"] or 0)),
        Figure("artists heard", number(headline["artists"] or 0)),
        Figure("of plays paid", _share(headline["paid_plays"] or 0, plays)),
    ]


def _add_quality(warehouse: Session, headline: Record, page: Page) -> None:
    sources, runs = _records(warehouse, "sources"), _records(warehouse, "runs")
    rejects = [
        row | {"first_file": below([row["first_of_all"], row["last_of_all"]], row["first_file"])}
        for row in _records(warehouse, "rejects")
    ]
    page.audits = audit_now(warehouse)
    page.history = history_of(_records(warehouse, "audit_history"))
    passed = sum(each.result == "passed" for each in page.audits)
    records = sum(source["records"] for source in sources)
    rejected = sum(source["rejected"] for source in sources)
    page.quality = [
        Figure("files loaded", number(sum(source["files"] for source in sources))),
        Figure("records", number(records)),
        Figure("rejected", number(rejected), _share(rejected, records), is_bad=rejected > 0),
        Figure("plays matched to a song", _share(headline["matched_plays"], headline["plays"])),
        Figure("audits passed", f"{passed} of {len(page.audits)}", is_bad=passed < len(page.audits)),
    ]
    if runs:
        last = runs[0]
        when = shown(last["finished_at"])
        page.quality.append(
            Figure("last run", f"{last['finished_at'].day} {last['finished_at']:%b}", when[11:16])
        )
        page.loaded = f"Loaded {when} UTC on {last['engine']} by Sparkify Warehouse {last['version']}."
    pruned = accounts.of_pruned(warehouse)
    went = [[where, number(events)] for where, events in accounts.of_warehouse(warehouse, pruned).rows()]
    if pruned.before:
        went.append([f"of them pruned from staging, from before {pruned.before}", number(pruned.events)])
    page.tables = [
        table(
            "What was loaded?",
            ("source", "files", "size", "records", "loaded", "rejected", "left_out"),
            sources,
            6,
        ),
        Table("Where did the events go?", ["log_data", "events"], went, 7, [False, True]),
        table("Why were records rejected?", ("source", "reason", "records", "first_file"), rejects),
        table("Which runs changed the warehouse?", tuple(runs[0]) if runs else (), runs),
    ]


__all__ = ["SECTIONS", "Page", "collect", "render", "write_report"]
