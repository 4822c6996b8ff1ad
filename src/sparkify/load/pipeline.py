"""The whole flow: discover, stage, transform, audit, commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sparkify.config.settings import AwsOptions, LoadOptions
from sparkify.errors import ConflictError
from sparkify.load import gone, history, ledger, retention, shrunk
from sparkify.load.accounts import EventAccount
from sparkify.load.audits import AuditResult, Finding, run_age_audits
from sparkify.load.history import Outcome
from sparkify.load.horizon import Horizon
from sparkify.load.planning import RunPlan, last_run, list_sources, plan_run, plan_sources
from sparkify.load.progress import NullProgress, Progress
from sparkify.load.retries import LeftOut, with_retries
from sparkify.load.staging import SourceSummary, Staging
from sparkify.load.updating import update_star
from sparkify.load.upgrade import bring_forward, planned
from sparkify.reading.keys import KeyMap, event_keys, song_keys
from sparkify.sources.objects import Source, SourcePlan
from sparkify.sql import STAR_TABLES
from sparkify.system import interrupts
from sparkify.warehouse.contract import Session, Warehouse
from sparkify.warehouse.tables import count_rows


@dataclass
class Summary:
    """What a run did.

    Attributes:
        run_id: its number.
        outcome: whether it loaded anything.
        started: when it began.
        sources: by source, its files and their records.
        tables: by star table, its rows and how many more they are than before.
        account: where the events went that it has loaded; None when there was nothing to do.
        matched: songplays whose song the catalogue has.
        rejects: the first rejects, as (file, line, reason).
        audits: what the audits found.
        warnings: what people should look at.
        notes: what else they should know.
    """

    run_id: int = 0
    outcome: Outcome = "nothing new"
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    sources: dict[Source, SourceSummary] = field(default_factory=dict)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    account: EventAccount | None = None
    matched: int = 0
    rejects: list[tuple[str, int, str]] = field(default_factory=list)
    audits: list[AuditResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """What the audits warn of."""
        return [each.finding for each in self.audits if each.finding]

    @property
    def concerns(self) -> list[str]:
        """All warnings: first what the audits say, which is little, and last those of single files."""
        return [*map(str, self.findings), *self.warnings]

    @property
    def said(self) -> list[tuple[str, str]]:
        """All warnings and notes, as (severity, text)."""
        return [("warning", text) for text in self.concerns] + [("note", text) for text in self.notes]


def run_etl(
    warehouse: Warehouse,
    options: LoadOptions,
    aws: AwsOptions,
    progress: Progress,
    *,
    full: bool = False,
    allow_shrunk: bool = False,
    skip_bad_files: bool = False,
    drop_missing: bool = False,
    reload: Sequence[str] = (),
) -> Summary:
    """Load what is new, and bring the star schema up to date.

    All of it happens in one transaction: whatever fails, the warehouse stays as it was.

    Args:
        warehouse: where to.
        options: where from, and the limits.
        aws: how to reach S3.
        progress: told what is being done.
        full: load everything from scratch.
        allow_shrunk: load files that had records and are empty now.
        skip_bad_files: go on without files of which nothing can be loaded.
        drop_missing: let a load from scratch lose what files gave that are not there any more.
        reload: names of files to load again, though they have not changed.

    Raises:
        SparkifyError: a source can't be read, too many records are bad, a file has become empty or would be
            lost, an audit fails, or the warehouse can't be written.
    """
    started = datetime.now(UTC)
    try:
        return with_retries(
            lambda left_out: load(
                warehouse,
                options,
                aws,
                progress,
                full=full,
                allow_shrunk=allow_shrunk,
                drop_missing=drop_missing,
                reload=reload,
                left_out=left_out,
            ),
            lambda why: _start_again(progress, why),
            skip_bad_files=skip_bad_files,
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
    *,
    full: bool = False,
    skip_bad_files: bool = False,
    reload: Sequence[str] = (),
) -> dict[Source, SourcePlan]:
    """What a run would load, without loading it.

    Args:
        warehouse: where to; None is one that is still to be made.
        options: where from.
        aws: how to reach S3.
        warn: told of each file that the run would go on without, as far as the ledger tells that.
        full: plan to load everything from scratch.
        skip_bad_files: go on without changed files that can't be replaced.
        reload: names of files to load again, though they have not changed.

    Raises:
        SparkifyError: a source can't be read, a name means no file, or changed files can't be replaced.
    """
    listed = list_sources(options, aws, NullProgress())
    has_tables = warehouse is not None and warehouse.has_tables()
    loaded = ledger.loaded_files(warehouse.query) if warehouse and has_tables else {}
    loaded = ledger.as_if_changed(loaded, listed, reload)
    if warehouse is None:
        return ledger.plan({}, listed)

    def plan(left_out: LeftOut) -> dict[Source, SourcePlan]:
        plans, _ = plan_sources(warehouse, loaded, listed, left_out, full=full)
        for note in left_out.notes():
            warn(note)
        return plans

    return with_retries(plan, lambda _: None, skip_bad_files=skip_bad_files)


def load(
    warehouse: Warehouse,
    options: LoadOptions,
    aws: AwsOptions,
    progress: Progress,
    *,
    full: bool = False,
    allow_shrunk: bool = False,
    drop_missing: bool = False,
    reload: Sequence[str] = (),
    left_out: LeftOut | None = None,
) -> Summary:
    """What ``run_etl`` does, in a warehouse that is open already."""
    started = datetime.now(UTC)
    left_out = left_out or LeftOut()
    before = last_run(warehouse)
    listed = list_sources(options, aws, progress)

    plan = planned(
        warehouse,
        lambda: plan_run(warehouse, listed, left_out, full=full, drop_missing=drop_missing, reload=reload),
        is_full=full,
    )
    run = _Load(warehouse, options, aws, progress, started, plan, left_out)
    # What takes long comes before the transaction, which Redshift Serverless bills by the second.
    with run.staging.prepared(), warehouse.transaction():
        if last_run(warehouse) != before:
            raise ConflictError(
                f"{warehouse.location}: another run has written to it meanwhile; nothing was changed",
                "run again",
            )
        upgraded = bring_forward(warehouse, progress, is_full=full)
        summary = run.load(upgraded, allow_shrunk=allow_shrunk)
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
                f"{others:,} log files were loaded by other JSONPaths than"
                f" {self._keys.origin or 'the usual keys, which count now'}, and stay as they were;"
                " to load them again: sparkify etl --full"
            )
        summary.warnings += self._left_out.notes()
        summary.audits += run_age_audits(warehouse, summary.started, self._options.max_age_hours)
        after = count_rows(warehouse.query, STAR_TABLES)
        summary.tables = {table: (after[table], after[table] - before.get(table, 0)) for table in after}
        ((summary.matched,),) = warehouse.query("SELECT COUNT(song_id) FROM songplays")
        _record(warehouse, summary, plan, self._keys.digest)
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


def _record(warehouse: Session, summary: Summary, plan: RunPlan, digest: str) -> None:
    """Write the run into the warehouse, with all that it says."""
    is_loaded, counts = summary.outcome == "loaded", summary.sources.values()
    run = history.Run(
        summary.run_id,
        summary.started,
        summary.outcome,
        is_full=is_loaded and plan.is_full,
        files=sum(len(todo.added) + len(todo.skipped) for todo in plan.sources.values()),
        records=sum(count.records for count in counts),
        loaded=sum(count.loaded for count in counts),
        rejected=sum(count.rejected for count in counts),
        event_keys=digest,
        song_location=plan.sources["song_data"].store.location,
        log_location=plan.sources["log_data"].store.location,
    )
    history.record(warehouse, run, summary.said, summary.audits)
