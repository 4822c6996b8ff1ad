"""Warehouses of older versions: brought forward by the run that finds them, in its transaction."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sparkify.load import horizon, retention
from sparkify.load.audits import run_audits
from sparkify.load.progress import Progress
from sparkify.load.transforms import OF_LEVELS, TRANSFORMS, drop_left, run_transforms
from sparkify.warehouse.contract import Warehouse

NOTE = "the tables of an older version were upgraded"

T = TypeVar("T")


class _Undone(Exception):  # noqa: N818 - no error
    """Ends a transaction of which nothing is to stay."""


def planned(warehouse: Warehouse, plan: Callable[[], T], *, is_full: bool) -> T:
    """Plan a run, which takes tables of this version: others are upgraded for it, and that is undone again.

    So what a run prepares for Redshift is prepared before the transaction that upgrades the tables for good.

    Args:
        warehouse: where.
        plan: asks the tables only.
        is_full: whether everything is to be loaded from scratch.

    Raises:
        WarehouseError: events were pruned that the upgrade would need.
    """
    if not warehouse.is_older():
        return plan()
    made: list[T] = []
    with suppress(_Undone), warehouse.transaction():
        _, tables = warehouse.upgrade_tables()
        if tables and not is_full:
            retention.require_whole(warehouse)
        made.append(plan())
        raise _Undone
    return made[0]


def bring_forward(warehouse: Warehouse, progress: Progress, *, is_full: bool) -> str:
    """Bring the tables of an older version up to date, if that is what is there.

    What the older version did not derive, or derived by other rules, is derived from all that is staged: no
    source file is read. Then all audits look at it.

    Args:
        warehouse: where, within a transaction.
        progress: told what is being done.
        is_full: whether everything is loaded from scratch after that, so that nothing need be derived.

    Returns:
        A note about it; empty if there was nothing to do.

    Raises:
        AuditError: an audit fails.
        WarehouseError: events were pruned that would be needed.
    """
    is_older, tables = warehouse.upgrade_tables()
    if not tables or is_full:
        return NOTE if is_older else ""
    retention.require_whole(warehouse)
    transforms = TRANSFORMS if "songplays" in tables else (OF_LEVELS,)
    for table in tables:
        warehouse.run(f"DELETE FROM {table}")
    warehouse.restage()
    with horizon.at_rest(warehouse):
        run_transforms(warehouse, progress, transforms)
    drop_left(warehouse, transforms)
    warehouse.forget_batch()
    progress.step("audit")
    run_audits(warehouse)
    what = "the star schema" if "songplays" in tables else "user_levels"
    return f"{NOTE}; {what} was derived from the events and songs that are staged"
