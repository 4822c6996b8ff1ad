"""The warehouse from Python: ``sparkify.connect()``, for notebooks and scripts.

    import sparkify

    warehouse = sparkify.connect()
    warehouse.sql("SELECT level, COUNT(*) AS plays FROM songplays GROUP BY level").df()
    warehouse.question("top_songs", last="7d").pl()

Each call opens the warehouse, reads, and closes it again, so that nobody who loads is kept waiting.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from sparkify.answers.asked import read_asked
from sparkify.answers.covering import notes_on
from sparkify.answers.emptiness import why_empty
from sparkify.answers.query import require_select, users_error
from sparkify.answers.questions import (
    Question,
    ask,
    ask_compared,
    find_question,
    load_questions,
    needs_of,
    require_tables,
)
from sparkify.answers.spans import span_of
from sparkify.arguments import Day, as_day, as_given, as_last, as_limit, as_path, as_text, as_zone
from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import StatementError, UsageError
from sparkify.notebook import frame
from sparkify.printing.output import cell_text
from sparkify.printing.tables import Look, columns_of, laid_out
from sparkify.warehouse.contract import Row
from sparkify.warehouse.opening import opened

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, with which pandas, Polars, DuckDB and whatever else speaks Arrow can go on.

    Attributes:
        columns: the names of the columns.
        rows: the values, as Python has them.
        notes: what is to be said of them: why there are none, which days they are about, and which of
            these the plays don't cover.
    """

    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def df(self) -> "pandas.DataFrame":
        """As a data frame of pandas; exact decimals are floats, and days are moments."""
        return frame(self.columns, self.rows)

    def arrow(self) -> "pyarrow.Table":
        """As a table of Arrow."""
        import pyarrow as pa

        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns)
        return pa.Table.from_arrays([pa.array(list(column)) for column in columns], names=list(self.columns))

    def pl(self) -> "polars.DataFrame":
        """As a data frame of Polars.

        Raises:
            UsageError: Polars is not installed.
        """
        try:
            import polars
        except ImportError:
            raise UsageError("Polars is not installed", "install it: pip install polars") from None
        return polars.DataFrame(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows by Arrow's own protocol, which any library of data frames takes."""
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        """How many rows it has."""
        return len(self.rows)

    def __repr__(self) -> str:
        """As a table for people, of the first rows."""
        shown = 20
        text, _ = laid_out(columns_of(self.columns, self.rows[:shown], cell_text, Look()), None)
        more = f"… and {len(self) - shown:,} more rows\n" if len(self) > shown else ""
        return text + more + "".join(f"note: {note}\n" for note in self.notes)


@dataclass(frozen=True)
class Client:
    """A warehouse to ask; made by ``sparkify.connect``."""

    settings: Settings

    def __repr__(self) -> str:
        """Which warehouse it asks."""
        return f"<sparkify warehouse {self.settings.database}>"

    def sql(self, statement: str) -> Answer:
        """Run a statement that only reads.

        Raises:
            UsageError: it does more than read.
            WarehouseError: the warehouse can't be opened, or refuses the statement.
        """
        statement = as_text("statement", statement, "warehouse.sql('SELECT COUNT(*) FROM songplays')")
        with opened(self.settings, read_only=True) as warehouse:
            require_select(statement, warehouse.engine)
            try:
                columns, rows = warehouse.stream(statement)
                return Answer(columns, list(rows))
            except StatementError as error:
                raise users_error(error, statement) from None

    def question(
        self,
        name: str,
        *,
        since: Day | None = None,
        until: Day | None = None,
        last: str | timedelta | None = None,
        compare_previous: bool = False,
        time_zone: str | tzinfo | None = None,
        limit: int | None = None,
        **given: Day | int,
    ) -> Answer:
        """Ask one of the analysts' questions, as ``sparkify questions`` does.

        Args:
            name: the question.
            since: a day: a date, or a text such as 2018-11-01.
            until: likewise, included.
            last: such as 7d or 4w, or a timedelta of whole days.
            compare_previous: set each row beside that of the span before.
            time_zone: a name such as America/Los_Angeles, or a ZoneInfo.
            limit: how many rows.
            given: what the question is about, such as ``day="2018-11-15"``.

        Raises:
            UsageError: there is no such question, or it can't be asked like this.
            WarehouseError: the warehouse can't be opened, or has no tables.
        """
        question = find_question(as_text("name", name, "warehouse.question('top_songs')"))
        asked = read_asked(
            as_day("since", since), as_day("until", until), as_last(last), as_zone(time_zone), as_limit(limit)
        )
        _require_known(question, given)
        values = {key: as_given(key, value) for key, value in given.items()}
        with opened(self.settings, read_only=True) as warehouse:
            require_tables(warehouse, needs_of([question]))
            span = span_of(warehouse, asked)
            columns, rows = (ask_compared if compare_previous else ask)(warehouse, question, values, span)
            why = "" if rows else why_empty(warehouse, span, values)
        return Answer(columns, rows, (why,) if why else tuple(notes_on(span, is_compared=compare_previous)))

    def questions(self) -> Answer:
        """The questions that can be asked, by name."""
        return Answer(["name", "question"], [(each.name, each.title) for each in load_questions()])


def _require_known(question: Question, given: Mapping[str, object]) -> None:
    """Make sure that what was passed is what the question takes, for Python can't know it."""
    known = ["since", "until", "last", "compare_previous", "time_zone", "limit", *question.givens]
    if unknown := [name for name in given if name not in known]:
        raise UsageError(f"{question.name} takes no argument {unknown[0]!r}", f"it takes: {', '.join(known)}")


def connect(
    database: str | os.PathLike[str] | None = None, *, config: str | os.PathLike[str] | None = None
) -> Client:
    """The warehouse that dwh.cfg, the environment or these arguments name; nothing is opened yet."""
    flags: dict[str, Any] = {"database": as_path("database", database)}
    return Client(load_settings(as_path("config", config), **flags))
