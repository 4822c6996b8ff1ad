"""What follows once rows are staged or taken out: the star schema, the account of events, the audits."""

from contextlib import nullcontext

from sparkify.load import accounts, column_nulls
from sparkify.load.accounts import EventAccount
from sparkify.load.audits import AuditResult, run_audits
from sparkify.load.horizon import Horizon
from sparkify.load.progress import Progress
from sparkify.load.transforms import drop_left, run_transforms
from sparkify.warehouse.contract import Loading


def update_star(
    warehouse: Loading,
    horizon: Horizon,
    run_id: int,
    events: int,
    progress: Progress,
    *,
    is_full: bool,
) -> tuple[EventAccount, list[AuditResult]]:
    """Bring the star schema up to date with what this run has staged and taken out, and audit it.

    Args:
        warehouse: with what ``stage`` or ``unstage`` has left for both sources; it is forgotten in the end.
        horizon: of this run.
        run_id: the number of the run.
        events: how many it has staged.
        progress: told what is being done.
        is_full: whether it began with empty tables.

    Returns:
        Where the events of the run went, and what the audits found.

    Raises:
        AuditError: an audit has failed.
        WarehouseError: the events don't add up.
    """
    plays_before = column_nulls.count_plays(warehouse)
    horizon.settle()
    run_transforms(warehouse, progress)
    progress.step("audit")
    account = accounts.of_run(warehouse, events)
    column_nulls.record(warehouse, run_id, plays_before)
    with nullcontext() if is_full else warehouse.audit_scope():
        audits = run_audits(warehouse, in_run=True)
    drop_left(warehouse)
    horizon.drop()
    warehouse.forget_batch()
    return account, audits
