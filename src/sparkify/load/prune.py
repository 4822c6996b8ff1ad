"""Letting go of old events in staging_events, without changing the star schema."""

from dataclasses import dataclass
from datetime import date

from sparkify.errors import WarehouseError
from sparkify.load import history
from sparkify.load.agreement import in_one_transaction, require_as_agreed
from sparkify.load.audits import run_audits
from sparkify.load.progress import Progress
from sparkify.load.summary import Summary
from sparkify.printing.wording import plural
from sparkify.sql import STAR_TABLES, read_sql, relation
from sparkify.warehouse.contract import Schema, Session, Warehouse
from sparkify.warehouse.tables import count_rows


@dataclass(frozen=True)
class OldEvents:
    """Events that can be pruned.

    Attributes:
        location: the warehouse.
        before: the day, in UTC, since which all events stay.
        events: how many of those before go.
        kept: how many of those before stay, because users and their levels go by them.
    """

    location: str
    before: date
    events: int
    kept: int

    def described(self) -> str:
        """How many they are, and from when."""
        kept = f"; {self.kept:,} others of that time stay, which users go by" if self.kept else ""
        return f"{plural(self.events, 'event')} from before {self.before}{kept}"


def find_old(warehouse: Schema, before: date) -> OldEvents:
    """The events that can be pruned.

    Events of the last day that has any stay in any case, so that there is always something to compare with.

    Args:
        warehouse: where.
        before: the day, in UTC, before which they happened.

    Raises:
        WarehouseError: there are no tables, or each load begins from scratch.
    """
    if not warehouse.has_tables():
        raise WarehouseError(f"{warehouse.location}: nothing is loaded", "load files with: sparkify etl")
    ((newest,),) = warehouse.query(read_sql("report/newest_event"))
    before = min(before, newest.date()) if newest else before
    begin = f"WITH pruning AS (SELECT TIMESTAMP '{before}' AS before_moment)"
    kept = relation(read_sql("prune/kept_events"), "kept")
    ((old,),) = warehouse.query(
        f"{begin} SELECT COUNT(*) FROM staging_events CROSS JOIN pruning WHERE ts < before_moment"
    )
    ((stay,),) = warehouse.query(f"{begin} SELECT COUNT(*) FROM {kept}") if newest else ((0,),)
    return OldEvents(warehouse.location, before, int(old) - int(stay), int(stay))


def prune(warehouse: Warehouse, before: date, progress: Progress, agreed: OldEvents | None) -> Summary:
    """Let go of old events, but for the few that users and their levels go by.

    All of it happens in one transaction: whatever fails, the warehouse stays as it was.

    Args:
        warehouse: where.
        before: the day, in UTC, before which they happened.
        progress: told what is being done.
        agreed: what people have agreed to; None if they need not be asked.

    Raises:
        SparkifyError: others than agreed to would go, an audit fails, or the warehouse can't be written.
    """
    with in_one_transaction(warehouse, progress) as started:
        if warehouse.loads_whole_sources:
            raise WarehouseError(
                f"{warehouse.location}: without a work prefix each load begins from scratch, and would bring"
                " pruned events back; nothing was changed",
                "set [S3] WORK_PREFIX: new files are then only added",
            )
        old = find_old(warehouse, before)
        require_as_agreed(old.location, agreed, old)
        summary = Summary(history.next_run_id(warehouse), started=started)
        progress.begin_run(summary.run_id)
        before_pruning = count_rows(warehouse.query, STAR_TABLES)
        if old.events:
            progress.step("prune")
            _remove(warehouse, summary.run_id, old.before)
            progress.step("audit")
            # What they warn of has been said when it was loaded.
            summary.audits = [each for each in run_audits(warehouse) if each.audit.fails]
            summary.outcome = "pruned"
            summary.notes.append(f"pruned {old.described()}")
            summary.notes.append(
                f"files with events from before {old.before} are refused from now on; what lifts that is"
                " sparkify etl --full with all source files in place"
            )
        else:
            summary.notes.append(f"no event from before {old.before} can be pruned")
        summary.count_tables(warehouse, before_pruning)
        summary.record(warehouse)
        return summary


def _remove(warehouse: Session, run_id: int, before: date) -> None:
    warehouse.run(
        f"CREATE TEMP TABLE pruning AS SELECT {run_id} AS run_id, TIMESTAMP '{before}' AS before_moment"
    )
    warehouse.run(f"CREATE TEMP TABLE kept_events AS\n{read_sql('prune/kept_events')}")
    for table in ("pruned_events", "staging_events"):
        warehouse.run(read_sql(f"prune/{table}"))
    for table in ("kept_events", "pruning"):
        warehouse.run(f"DROP TABLE {table}")
