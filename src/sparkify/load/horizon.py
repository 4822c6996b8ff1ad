"""The horizon: events that lie after it are from the future, and move nothing that goes by "latest".

It lies a day after a run begins: clocks are wrong by hours, and logs carry local time for UTC, but what lies
farther ahead is an error. A run judges all events by its own horizon, also those that were loaded before; so
an event counts from the first run on that finds it in the past, as it would in a full load at that time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sparkify.sql import read_sql
from sparkify.warehouse.contract import Session

TOLERANCE = timedelta(days=1)

_PASSED_TIME = "CREATE TEMP TABLE passed_time (earlier TIMESTAMP, later TIMESTAMP)"


class Horizon:
    """The horizon of a run, beside that of the run before.

    Args:
        warehouse: with its tables, before this run has staged anything.
        started: when the run began.

    Attributes:
        has_passed_events: whether staged events lie between the two, so that users have to be judged anew.
    """

    def __init__(self, warehouse: Session, started: datetime) -> None:
        self._warehouse = warehouse
        self._moment = started.replace(tzinfo=None) + TOLERANCE
        before = [moment for (moment,) in warehouse.query("SELECT horizon FROM event_horizon")]
        self._passed = [(min(moment, self._moment), max(moment, self._moment)) for moment in before]
        self.has_passed_events = any(
            warehouse.query(
                "SELECT 1 FROM staging_events WHERE ts > ? AND ts <= ? AND user_id IS NOT NULL LIMIT 1", span
            )
            for span in self._passed
        )

    def settle(self) -> None:
        """Leave the tables ``event_horizon``, for all SQL of this run, ``passed_time`` and ``due_events``."""
        self._warehouse.run(
            f"CREATE TEMP TABLE event_horizon AS SELECT TIMESTAMP '{self._moment}' AS horizon; {_PASSED_TIME}"
        )
        if self.has_passed_events:
            self._warehouse.insert("passed_time", self._passed)
        self._warehouse.run(read_sql("star/due_events"))

    def drop(self) -> None:
        """Drop what ``settle`` has left."""
        for table in ("due_events", "passed_time", "event_horizon"):
            self._warehouse.run(f"DROP TABLE {table}")


@contextmanager
def at_rest(warehouse: Session) -> Iterator[None]:
    """Leave ``passed_time`` and ``due_events`` without rows: the horizon stays that of the last run."""
    warehouse.run(_PASSED_TIME)
    warehouse.run(read_sql("star/due_events"))
    yield
    # After an exception the rollback takes them away.
    for table in ("due_events", "passed_time"):
        warehouse.run(f"DROP TABLE {table}")
