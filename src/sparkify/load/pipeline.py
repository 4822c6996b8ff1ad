"""The whole flow: discover, stage, transform, audit, commit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sparkify.config.settings import AwsOptions, LoadOptions
from sparkify.load import gone, history, ledger, shrunk
from sparkify.load.accounts import EventAccount
from sparkify.load.audits import AuditResult, Finding, run_age_audits
from sparkify.load.history import Outcome
from sparkify.load.horizon import Horizon
from sparkify.load.progress import NullProgress, Progress
from sparkify.load.retries import LeftOut, with_retries
from sparkify.load.staging import SourceSummary, Staging
from sparkify.load.updating import update_star
from sparkify.load.upgrade import bring_forward
from sparkify.reading.keys import KeyMap, event_keys, song_keys
from sparkify.sources.objects import LoadedFiles, Source, SourceObject, SourcePlan, Store
from sparkify.sources.opening import open_source
from sparkify.sources.unfinished import require_finished
from sparkify.sql import STAR_TABLES
from sparkify.system import interrupts
from sparkify.warehouse.contract import Loading, Row, Schema, Session, Warehouse
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
    def said(self) -> list[tuple[str, str]]:
        """All warnings and notes, as (severity, text)."""
        warnings = [*self.warnings, *map(str, self.findings)]
        return [("warning", text) for text in warnings] + [("note", text) for text in self.notes]


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
    progress.step(f"start again: {why}")


def plan_etl(
    warehouse: Warehouse | None,
    options: LoadOptions,
    aws: AwsOptions,
    *,
    full: bool = False,
    reload: Sequence[str] = (),
) -> dict[Source, SourcePlan]:
    """What a run would load, without loading it; None is a warehouse that is still to be made."""
    listed = _discover(options, aws, NullProgress())
    has_tables = warehouse is not None and warehouse.has_tables()
    loaded = ledger.loaded_files(warehouse.query) if warehouse and has_tables else {}
    loaded = ledger.as_if_changed(loaded, listed, reload)
    if warehouse is None:
        return ledger.plan({}, listed)
    return _plan(warehouse, loaded, listed, LeftOut(), full=full)[0]


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
    # Before the transaction, which costs money while it is open on Redshift Serverless.
    last_run = _last_run(warehouse)
    listed = _discover(options, aws, progress)
    with warehouse.transaction():
        listed = listed if _last_run(warehouse) == last_run else _discover(options, aws, progress)
        upgraded = bring_forward(warehouse, progress)
        has_tables = warehouse.has_tables()
        before = count_rows(warehouse.query, STAR_TABLES) if has_tables else {}
        loaded = ledger.loaded_files(warehouse.query) if has_tables else {}
        if not has_tables:
            warehouse.create_tables()
        summary = Summary(history.next_run_id(warehouse), started=started)
        progress.begin_run(summary.run_id)
        loaded = ledger.as_if_changed(loaded, listed, reload)
        plans, is_rebuilt = _plan(warehouse, loaded, listed, left_out, full=full)
        if is_rebuilt:
            if not drop_missing:
                gone.require_none_lost(warehouse.location, plans, left_out, is_asked_for=full)
            if has_tables:
                warehouse.empty_tables()
        else:
            gone.remember(warehouse, plans, started)
        is_full = not any(todo.known or todo.removed for todo in plans.values())
        keys: dict[Source, KeyMap] = {"song_data": song_keys(), "log_data": event_keys(options, aws)}
        digest = keys["log_data"].digest
        summary.sources = {source: SourceSummary(known=plans[source].known) for source in plans}
        summary.notes += filter(None, [upgraded, keys["log_data"].warning])
        summary.notes += [
            note for source, plan in plans.items() for note in ledger.source_notes(source, plan)
        ]
        summary.notes += gone.lost_notes(plans, "have gone with them", left_out)
        summary.warnings += left_out.notes()
        horizon = Horizon(warehouse, started)
        if horizon.has_passed_events:
            summary.notes.append(
                "events that were in the future when they were loaded are in the past now, and count"
            )
        if horizon.has_passed_events or any(todo.added or todo.skipped for todo in plans.values()):
            staging = Staging(warehouse, options, keys, summary.warnings, summary.notes)
            counts = staging.load(plans, progress)
            summary.sources, summary.rejects = staging.sources, staging.rejects
            summary.warnings += shrunk.check(warehouse, plans, counts, loaded, may_be_empty=allow_shrunk)
            events = summary.sources["log_data"].loaded
            summary.account, summary.audits = update_star(
                warehouse, horizon, summary.run_id, events, progress, is_full=is_full
            )
            summary.outcome = "loaded"
            ledger.record_files(warehouse, plans, counts, summary.run_id)
        if others := ledger.read_by_other_keys(warehouse, digest):
            summary.notes.append(
                f"{others:,} log files were loaded by other JSONPaths than"
                f" {keys['log_data'].origin or 'the usual keys, which count now'}, and stay as they were;"
                " to load them again: sparkify etl --full"
            )
        summary.audits += run_age_audits(warehouse, started, options.max_age_hours)
        after = count_rows(warehouse.query, STAR_TABLES)
        summary.tables = {table: (after[table], after[table] - before.get(table, 0)) for table in after}
        ((summary.matched,),) = warehouse.query("SELECT COUNT(song_id) FROM songplays")
        _record(warehouse, summary, plans, digest, is_full=is_full)
        progress.step("commit")
        interrupts.point_of_no_return()
    return summary


def _record(
    warehouse: Session, summary: Summary, plans: dict[Source, SourcePlan], digest: str, *, is_full: bool
) -> None:
    """Write the run into the warehouse, with all that it says."""
    is_loaded, counts = summary.outcome == "loaded", summary.sources.values()
    run = history.Run(
        summary.run_id,
        summary.started,
        summary.outcome,
        is_full=is_loaded and is_full,
        files=sum(len(todo.added) + len(todo.skipped) for todo in plans.values()),
        records=sum(count.records for count in counts),
        loaded=sum(count.loaded for count in counts),
        rejected=sum(count.rejected for count in counts),
        event_keys=digest,
        song_location=plans["song_data"].store.location,
        log_location=plans["log_data"].store.location,
    )
    history.record(warehouse, run, summary.said, summary.audits)


def _plan(
    warehouse: Loading,
    loaded: LoadedFiles,
    listed: dict[Source, tuple[Store, list[SourceObject]]],
    left_out: LeftOut,
    *,
    full: bool,
) -> tuple[dict[Source, SourcePlan], bool]:
    """What to load, and whether all of it is, in place of everything that is loaded."""
    plans = ledger.plan(loaded, listed, left_out)
    if not (full or ledger.must_rebuild(warehouse, plans)):
        return plans, False
    plans = ledger.plan({}, listed, left_out)
    gone.find_lost(loaded, plans)
    return plans, True


def _discover(
    options: LoadOptions, aws: AwsOptions, progress: Progress
) -> dict[Source, tuple[Store, list[SourceObject]]]:
    listed: dict[Source, tuple[Store, list[SourceObject]]] = {}
    locations: dict[Source, str] = {"song_data": options.song_data, "log_data": options.log_data}
    looked_at: set[str] = set()
    for source, location in locations.items():
        progress.step(f"list {source}")
        store = open_source(location, aws, follow_links=options.follow_links)
        listed[source] = (store, store.list_objects())
        require_finished(location, aws, looked_at)
    return listed


def _last_run(warehouse: Schema) -> Row | None:
    """The run that last changed the warehouse."""
    if "runs" not in warehouse.own_tables():
        return None
    rows = warehouse.query("SELECT run_id, started_at FROM runs ORDER BY run_id DESC LIMIT 1")
    return rows[0] if rows else None
