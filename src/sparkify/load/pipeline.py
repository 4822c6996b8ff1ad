"""The whole flow: discover, stage, transform, audit, commit."""

from collections.abc import Callable
from datetime import UTC, datetime

from sparkify.config.settings import AwsOptions, LoadOptions
from sparkify.errors import ConflictError
from sparkify.load import gone, history, ledger, retention, shrunk
from sparkify.load.audits import run_age_audits
from sparkify.load.horizon import Horizon
from sparkify.load.planning import (
    RunPlan,
    Wanted,
    last_run,
    list_sources,
    loaded_before,
    plan_run,
    plan_sources,
)
from sparkify.load.progress import NullProgress, Progress
from sparkify.load.retries import LeftOut, with_retries
from sparkify.load.staging import SourceSummary, Staging
from sparkify.load.summary import Summary
from sparkify.load.updating import update_star
from sparkify.load.upgrade import bring_forward, planned
from sparkify.printing.wording import counted
from sparkify.reading.keys import KeyMap, event_keys, song_keys
from sparkify.sources.objects import Source, SourcePlan
from sparkify.sql import STAR_TABLES
from sparkify.system import interrupts
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.tables import count_rows


def _utc_now() -> datetime:
    return datetime.now(UTC)


def run_etl(
    warehouse: Warehouse,
    options: LoadOptions,
    aws: AwsOptions,
    progress: Progress,
    wanted: Wanted,
    *,
    now: Callable[[], datetime] = _utc_now,
) -> Summary:
    """Load what is new, and bring the star schema up to date.

    All of it happens in one transaction: whatever fails, the warehouse stays as it was.

    Args:
        warehouse: where to.
        options: where from, and the limits.
        aws: how to reach S3.
        progress: told what is being done.
        wanted: what is asked of this run.
        now: the clock by which a run begins, UTC.

    Raises:
        SparkifyError: a source can't be read, too many records are bad, a file has become empty or would be
            lost, an audit fails, or the warehouse can't be written.
    """
    started = now()
    try:
        return with_retries(
            lambda left_out: _run(warehouse, options, aws, progress, wanted, left_out, now()),
            lambda why: _start_again(progress, why),
            skip_bad_files=wanted.skip_bad_files,
        )
    except BaseException as error:
        history.record_failure(warehouse, error, started, options.song_data, options.log_data)
        raise
    finally:
        progress.done()


def _start_again(progress: Progress, why: str) -> None:
    interrupts.start_again()
    progress.step(f"start again: {why.splitlines()[0]}")


def plan_etl(
    warehouse: Warehouse | None,
    options: LoadOptions,
    aws: AwsOptions,
    warn: Callable[[str], object],
    wanted: Wanted,
) -> dict[Source, SourcePlan]:
    """What a run would load, without loading it.

    Args:
        warehouse: where to; None is one that is still to be made.
        options: where from.
        aws: how to reach S3.
        warn: told of each file that the run would go on without, as far as the ledger tells that.
        wanted: what is asked of this run.

    Raises:
        SparkifyError: a source can't be read, a name means no file, or changed files can't be replaced.
    """
    listed = list_sources(options, aws, NullProgress())
    loaded = loaded_before(warehouse, listed, wanted.reload)
    if warehouse is None:
        return ledger.plan({}, listed)

    def plan(left_out: LeftOut) -> dict[Source, SourcePlan]:
        plans, _ = plan_sources(warehouse, loaded, listed, left_out, full=wanted.full)
        for note in left_out.notes():
            warn(note)
        return plans

    return with_retries(plan, lambda _: None, skip_bad_files=wanted.skip_bad_files)


def _run(
    warehouse: Warehouse,
    options: LoadOptions,
    aws: AwsOptions,
    progress: Progress,
    wanted: Wanted,
    left_out: LeftOut,
    started: datetime,
) -> Summary:
    """One attempt, without the files that are left out."""
    with warehouse.catalogue_asked_once():
        before = last_run(warehouse)
        listed = list_sources(options, aws, progress)
        plan = planned(
            warehouse,
            lambda: plan_run(warehouse, listed, left_out, wanted),
            is_full=wanted.full,
        )
    run = _Load(warehouse, options, aws, progress, started, plan, left_out)
    # What takes long comes before the transaction, which Redshift Serverless bills by the second.
    with run.staging.prepared(), warehouse.transaction(), warehouse.catalogue_asked_once():
        if last_run(warehouse) != before:
            raise ConflictError(
                f"{warehouse.location}: another run has written to it meanwhile; nothing was changed",
                "run again",
            )
        upgraded = bring_forward(warehouse, progress, is_full=wanted.full)
        summary = run.load(upgraded, allow_shrunk=wanted.allow_shrunk)
        progress.step("commit")
        interrupts.point_of_no_return()
    return summary


class _Load:
    """A run that has been planned.

    Args:
        warehouse: where to.
        options: where from, and the limits.
        aws: how to reach S3.
        progress: told what is being done.
        started: when the run began.
        plan: what is loaded.
        left_out: files that the run goes on without.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        options: LoadOptions,
        aws: AwsOptions,
        progress: Progress,
        started: datetime,
        plan: RunPlan,
        left_out: LeftOut,
    ) -> None:
        self._warehouse, self._options, self._progress = warehouse, options, progress
        self._plan, self._left_out, self._keys = plan, left_out, event_keys(options, aws)
        self._summary = summary = Summary(plan.run_id, started=started)
        progress.begin_run(summary.run_id)
        summary.sources = {source: SourceSummary(known=todo.known) for source, todo in plan.sources.items()}
        summary.notes += filter(None, [self._keys.warning])
        summary.notes += [
            note for source, todo in plan.sources.items() for note in ledger.source_notes(source, todo)
        ]
        summary.notes += gone.lost_notes(plan.sources, "have gone with them", left_out)
        keys: dict[Source, KeyMap] = {"song_data": song_keys(), "log_data": self._keys}
        self.staging = Staging(
            warehouse, options, keys, plan.sources, progress, summary.warnings, summary.notes
        )

    def load(self, upgraded: str, *, allow_shrunk: bool) -> Summary:
        """Load what ``staging`` has prepared, within a transaction.

        Args:
            upgraded: a note about tables of an older version.
            allow_shrunk: load files that had records and are empty now.
        """
        warehouse, plan, summary = self._warehouse, self._plan, self._summary
        before = count_rows(warehouse.query, STAR_TABLES) if plan.has_tables else {}
        if not plan.has_tables:
            warehouse.create_tables()
        elif plan.is_rebuilt:
            summary.notes += retention.brought_back(warehouse)
            warehouse.empty_tables()
        if not plan.is_rebuilt:
            retention.require_plausible_clock(warehouse, summary.started)
            gone.remember(warehouse, plan.sources, summary.started)
        summary.notes[:0] = filter(None, [upgraded])
        horizon = Horizon(warehouse, summary.started)
        if horizon.has_passed_events:
            summary.notes.append(
                "events that were in the future when they were loaded are in the past now, and count"
            )
        if horizon.has_passed_events or any(todo.added or todo.skipped for todo in plan.sources.values()):
            self._stage(horizon, allow_shrunk=allow_shrunk)
        if others := ledger.read_by_other_keys(warehouse, self._keys.digest):
            summary.notes.append(
                f"{counted(others, 'log file was', 'log files were')} loaded by other JSONPaths than"
                f" {self._keys.origin or 'the usual keys, which count now'}; to load all files by these,"
                " if their records have such keys: sparkify etl --full"
            )
        summary.warnings += self._left_out.notes()
        summary.audits += run_age_audits(warehouse, summary.started, self._options.max_age_hours)
        summary.count_tables(warehouse, before)
        summary.record(
            warehouse,
            files=sum(len(todo.added) + len(todo.skipped) for todo in plan.sources.values()),
            is_full=summary.outcome == "loaded" and plan.is_full,
            event_keys=self._keys.digest,
            song_location=plan.sources["song_data"].store.location,
            log_location=plan.sources["log_data"].store.location,
        )
        return summary

    def _stage(self, horizon: Horizon, *, allow_shrunk: bool) -> None:
        """Load the files, and bring the star schema up to date."""
        warehouse, plan, summary = self._warehouse, self._plan, self._summary
        counts = self.staging.load()
        summary.sources, summary.rejects = self.staging.sources, self.staging.rejects
        summary.warnings += shrunk.check(
            warehouse, plan.sources, counts, plan.loaded, may_be_empty=allow_shrunk
        )
        summary.account, summary.audits = update_star(
            warehouse,
            horizon,
            summary.run_id,
            summary.sources["log_data"].loaded,
            self._progress,
            is_full=plan.is_full,
        )
        summary.outcome = "loaded"
        ledger.record_files(warehouse, plan.sources, counts, summary.run_id)
