"""The plan of a run: which files there are, and which of them it loads."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.config.settings import AwsOptions, LoadOptions
from sparkify.load import gone, history, ledger, retention
from sparkify.load.progress import Progress
from sparkify.load.retries import LeftOut
from sparkify.sources.objects import LoadedFiles, Source, SourceObject, SourcePlan, Store
from sparkify.sources.opening import open_source
from sparkify.sources.unfinished import require_finished
from sparkify.warehouse.contract import Loading, Row, Schema, Warehouse

Listed = dict[Source, tuple[Store, list[SourceObject]]]
"""By source, where its files are and which are there."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a run, beside the settings.

    Attributes:
        full: load everything from scratch.
        reload: names of files to load again, though they have not changed.
        allow_shrunk: load files that had records and are empty now.
        skip_bad_files: go on without files from which nothing can be loaded, or that can't be replaced.
        drop_missing: let a load from scratch drop the rows of files that no longer exist.
    """

    full: bool = False
    reload: Sequence[str] = ()
    allow_shrunk: bool = False
    skip_bad_files: bool = False
    drop_missing: bool = False


@dataclass(frozen=True)
class RunPlan:
    """What a run is to do.

    Attributes:
        run_id: its number.
        has_tables: whether the warehouse has its tables.
        loaded: what the ledger has.
        sources: by source, its files and which of them are to be loaded.
        is_rebuilt: whether these are all of them, in place of everything that is loaded.
    """

    run_id: int
    has_tables: bool
    loaded: LoadedFiles
    sources: dict[Source, SourcePlan]
    is_rebuilt: bool

    @property
    def is_full(self) -> bool:
        """Whether nothing of what was loaded before stays."""
        return not any(todo.known or todo.removed for todo in self.sources.values())


def plan_run(warehouse: Warehouse, listed: Listed, left_out: LeftOut, wanted: Wanted) -> RunPlan:
    """Plan a run in a warehouse whose tables are of this version, or still to be made.

    Raises:
        SparkifyError: a name to be loaded again means no file, files would be lost, or changed files can't be
            replaced.
    """
    has_tables = warehouse.has_tables()
    loaded = loaded_before(warehouse, listed, wanted.reload)
    plans, is_rebuilt = plan_sources(warehouse, loaded, listed, left_out, full=wanted.full)
    if is_rebuilt and not wanted.drop_missing:
        gone.require_none_lost(warehouse.location, plans, left_out, is_asked_for=wanted.full)
    run_id = history.next_run_id(warehouse) if has_tables else 1
    return RunPlan(run_id, has_tables, loaded, plans, is_rebuilt)


def loaded_before(warehouse: Warehouse | None, listed: Listed, reload: Sequence[str]) -> LoadedFiles:
    """What the ledger has, with the files that are to be loaded again as if they had changed.

    Raises:
        UsageError: a name means no listed file.
    """
    loaded = ledger.loaded_files(warehouse.query) if warehouse and warehouse.has_tables() else {}
    return ledger.as_if_changed(loaded, listed, reload)


def plan_sources(
    warehouse: Loading, loaded: LoadedFiles, listed: Listed, left_out: LeftOut, *, full: bool
) -> tuple[dict[Source, SourcePlan], bool]:
    """What to load, and whether all of it is, in place of everything that is loaded."""
    plans = ledger.plan(loaded, listed, left_out)
    if loaded and not (full or warehouse.loads_whole_sources):
        retention.require_replaceable(warehouse, plans["log_data"], loaded)
    if not (full or ledger.must_rebuild(warehouse, plans)):
        return plans, False
    plans = ledger.plan({}, listed, left_out)
    gone.find_lost(loaded, plans)
    return plans, True


def list_sources(options: LoadOptions, aws: AwsOptions, progress: Progress) -> Listed:
    """List the files of both sources.

    Raises:
        SourceError: a source can't be read, or is still being written.
    """
    listed: Listed = {}
    locations: dict[Source, str] = {"song_data": options.song_data, "log_data": options.log_data}
    looked_at: set[str] = set()
    for source, location in locations.items():
        progress.step(f"list {source}")
        store = open_source(location, aws, follow_links=options.follow_links)
        listed[source] = (store, store.list_objects())
        require_finished(location, aws, looked_at)
    return listed


def last_run(warehouse: Schema) -> Row | None:
    """The run that last changed the warehouse: whatever is planned is true as long as it is the last."""
    if "runs" not in warehouse.own_tables():
        return None
    rows = warehouse.query("SELECT run_id, started_at FROM runs ORDER BY run_id DESC LIMIT 1")
    return rows[0] if rows else None
