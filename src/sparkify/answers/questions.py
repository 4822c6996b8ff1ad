"""The analysts' questions: one SELECT per file in sql/questions, its first line the question.

Owns how a question's file is read and asked; the rules of each answer stand in the file itself. A question
may leave a blank that whoever asks can fill in, written as ``CAST(NULL AS DATE) AS day -- given``: left
alone, the file runs verbatim and its own default counts.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sparkify.answers.comparing import compared
from sparkify.answers.restricting import restricted
from sparkify.answers.spans import Span
from sparkify.errors import UsageError, WarehouseError
from sparkify.sql import TABLES, VIEWS, names_in, read_sql
from sparkify.warehouse.contract import Row, Schema, Session
from sparkify.warehouse.tables import UPGRADE

_GIVEN = re.compile(r"CAST\(NULL AS (DATE|BIGINT)\) AS (\w+)(?= -- given$)", re.MULTILINE)

_ALL = 10**9
"""More rows than any answer has."""

_NAMED = 5
"""So many tables and views a message names."""

_COMPARED = "compare by: "
"""How the line begins that names the columns by which answers can be compared."""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        name: the file's name.
        title: the question, a sentence.
        note: what a row of the answer is, and what counts; empty where the question says it all.
        sql: the file, verbatim.
        keys: the columns that say what a row is about, by which answers about two spans can be compared;
            none where the rows are spans themselves.
    """

    name: str
    title: str
    note: str
    sql: str
    keys: tuple[str, ...] = ()

    @property
    def takes(self) -> str:
        """What it takes beside a span, a time zone and a limit."""
        given = [f"--given {name}={'DAY' if kind == 'DATE' else 'N'}" for name, kind in self.givens.items()]
        return ", ".join([*given, *(["--compare"] if self.keys else [])])

    @property
    def givens(self) -> dict[str, str]:
        """The blanks that can be filled in, by name, with their SQL type."""
        return {name: kind for kind, name in _GIVEN.findall(self.sql)}


def parse_question(name: str, sql: str, origin: str) -> Question:
    """Read a question's file.

    Args:
        name: what the question is called.
        sql: the text of the file.
        origin: where it is, for the message.

    Raises:
        UsageError: the file does not begin with a comment that holds the question.
    """
    comments = []
    for line in sql.strip().splitlines():
        if not line.startswith("--"):
            break
        comments.append(line.removeprefix("--").strip())
    if not comments or not comments[0]:
        raise UsageError(
            f"{origin}: its first line is not a question",
            "begin it with a line such as: -- Who listens most?",
        )
    keys = [line.removeprefix(_COMPARED) for line in comments if line.startswith(_COMPARED)]
    note = " ".join(line for line in comments[1:] if not line.startswith(_COMPARED))
    by = tuple(name.strip() for name in keys[0].split(",")) if keys else ()
    return Question(name, comments[0], note, sql, by)


def load_questions() -> list[Question]:
    """All questions, by name."""
    return [
        parse_question(name, read_sql(f"questions/{name}"), f"questions/{name}.sql")
        for name in names_in("questions")
    ]


def find_question(name: str) -> Question:
    """The question of a name.

    Raises:
        UsageError: there is none.
    """
    known = {question.name: question for question in load_questions()}
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        raise UsageError(
            f"no question is called {name!r}" + (f"; did you mean {nearest[0]}?" if nearest else ""),
            "list them with: sparkify questions",
        )
    return known[name]


def ask(
    warehouse: Session,
    question: Question,
    given: Mapping[str, str] | None = None,
    span: Span | None = None,
) -> tuple[list[str], list[Row]]:
    """Ask a warehouse a question.

    Args:
        warehouse: one that has been loaded.
        question: the question.
        given: what to fill its blanks with.
        span: which plays to ask about; all by default.

    Returns:
        The names of the columns, and the rows in the answer's order.

    Raises:
        UsageError: the question has no such blank, or the value is none of its type.
    """
    sql = fill_in(question, given or {})
    return warehouse.select(restricted(sql, span) if span else sql)


def ask_compared(
    warehouse: Session, question: Question, given: Mapping[str, str], span: Span
) -> tuple[list[str], list[Row]]:
    """Ask a question about a span, and about the one before it, side by side.

    Raises:
        UsageError: the question can't be compared, or nobody has said where the span begins.
    """
    before = span.before()
    if not question.keys:
        raise UsageError(
            f"{question.name} can't be compared: its rows are days, weeks, months or single events",
            "ask for a span that holds both: --since",
        )
    columns, rows = ask(warehouse, question, given, span)
    every = replace(before, asked=replace(before.asked, limit=_ALL))
    return compared(columns, rows, ask(warehouse, question, given, every)[1], question.keys)


def fill_in(question: Question, given: Mapping[str, str]) -> str:
    """The SQL of a question with its blanks filled in."""
    givens = question.givens
    for name in given:
        if name not in givens:
            hint = f"what can be given: {', '.join(givens)}" if givens else "leave out --given"
            raise UsageError(f"{question.name}: nothing called {name!r} can be given", hint)

    def literal(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if name not in given:
            return match[0]
        # Only what has been read as a date or a number, and is written anew, becomes part of the SQL.
        try:
            value = f"'{date.fromisoformat(given[name])}'" if kind == "DATE" else f"{int(given[name])}"
        except ValueError:
            wanted, example = ("a day", "2018-11-15") if kind == "DATE" else ("a whole number", "10")
            raise UsageError(
                f"{name}={given[name]!r} is not {wanted}", f"write for example: {name}={example}"
            ) from None
        return f"CAST({value} AS {kind}) AS {name}"

    return _GIVEN.sub(literal, question.sql)


def parse_given(pairs: Iterable[str]) -> dict[str, str]:
    """Read ``NAME=VALUE`` pairs of the command line.

    Raises:
        UsageError: one is no such pair.
    """
    given = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--given {pair}: not NAME=VALUE", "write for example: --given day=2018-11-15")
        given[name.strip()] = value.strip()
    return given


def needs_of(questions: Iterable[Question]) -> set[str]:
    """The tables and views that are read for the answers."""
    needed = {"songplays", "event_horizon"}  # which say what span of time there is
    for question in questions:
        needed |= set(re.findall(r"\w+", re.sub("--.*", "", question.sql))) & {*TABLES, *VIEWS}
    return needed | ({"play_matches", "song_matches"} if "heard_plays" in needed else set())


def require_tables(warehouse: Schema, needed: Collection[str] = (*TABLES, *VIEWS)) -> list[str]:
    """Make sure that there is something to ask.

    Args:
        warehouse: one that may have been loaded by an older version.
        needed: the tables and views that will be read.

    Returns:
        What it lacks of other tables and views.

    Raises:
        WarehouseError: the warehouse has no tables, or is of an older version and lacks some that are needed.
    """
    lacking = warehouse.lacking()
    if set(lacking) >= set(TABLES):
        raise WarehouseError(
            f"{warehouse.location}: the tables of this project are not there", "load them with: sparkify etl"
        )
    if missing := [name for name in lacking if name in needed]:
        raise WarehouseError(
            f"{warehouse.location}: was loaded by an older version of sparkify, and lacks what this needs:"
            f" {', '.join(missing[:_NAMED])}{', …' if len(missing) > _NAMED else ''}",
            UPGRADE,
        )
    return lacking
