"""What the command line makes of settings: each function is given what it may touch."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from sparkify.config.settings import Settings
from sparkify.export import parquet, s3
from sparkify.load import pipeline, prune, unload
from sparkify.load.planning import Wanted
from sparkify.load.progress import NullProgress, Progress
from sparkify.load.prune import OldEvents
from sparkify.load.summary import Summary
from sparkify.load.unload import Chosen
from sparkify.sources.objects import Source, SourcePlan
from sparkify.warehouse import recreate
from sparkify.warehouse.contract import Advance, Warehouse
from sparkify.warehouse.duckdb.engine import DuckDBWarehouse
from sparkify.warehouse.opening import opened, opened_if_there
from sparkify.warehouse.recreate import Holdings
from sparkify.warehouse.redshift.engine import RedshiftWarehouse
from tests.support import clock


class At(NullProgress):
    """Does something to the warehouse of a run, in its transaction, when a step begins.

    Args:
        step: its name.
        act: what; given the warehouse.
    """

    warehouse: Warehouse

    def __init__(self, step: str, act: Callable[[Warehouse], object]) -> None:
        self._step, self._act = step, act

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        if name == self._step:
            self._act(self.warehouse)
        return super().step(name, files=files, size=size)


def run_meddled_with(
    settings: Settings, step: str, act: Callable[[Warehouse], object], **options: Any
) -> Summary:
    """A run to whose warehouse something is done, in its transaction, when a step begins."""
    progress = At(step, act)
    with opened(settings) as progress.warehouse:
        return run_in(progress.warehouse, settings, progress, **options)


def run_etl(settings: Settings, progress: Progress, **options: Any) -> Summary:
    """As ``sparkify etl`` runs it."""
    with opened(settings) as warehouse:
        return run_in(warehouse, settings, progress, **options)


def run_in(warehouse: Warehouse, settings: Settings, progress: Progress, **options: Any) -> Summary:
    """The same, in a warehouse that is open."""
    return pipeline.run_etl(
        warehouse, settings.loading, settings.aws, progress, Wanted(**options), now=clock.now
    )


def run_unload(
    settings: Settings, *names: str, progress: Progress | None = None, agreed: Chosen | None = None
) -> Summary:
    """As ``sparkify unload`` runs it."""
    with opened(settings) as warehouse:
        return unload.unload(warehouse, names, progress or NullProgress(), agreed)


def run_prune(
    settings: Settings, before: date, progress: Progress | None = None, agreed: OldEvents | None = None
) -> Summary:
    """As ``sparkify prune`` runs it."""
    with opened(settings) as warehouse:
        return prune.prune(warehouse, before, progress or NullProgress(), agreed)


def find_old(settings: Settings, before: date) -> OldEvents:
    """As ``sparkify prune --dry-run`` counts events."""
    with opened(settings, read_only=True) as warehouse:
        return prune.find_old(warehouse, before)


def choose(settings: Settings, *names: str) -> Chosen:
    """As ``sparkify unload --dry-run`` chooses files."""
    with opened(settings, read_only=True) as warehouse:
        return unload.choose(warehouse, names)


def plan_etl(
    settings: Settings, warn: Callable[[str], object] = print, **options: Any
) -> dict[Source, SourcePlan]:
    """As ``sparkify etl --dry-run`` plans it."""
    with opened_if_there(settings) as warehouse:
        return pipeline.plan_etl(warehouse, settings.loading, settings.aws, warn, Wanted(**options))


def export(settings: Settings, out: Path, **options: Any) -> dict[str, Any]:
    """As ``sparkify export`` writes into a folder."""
    return parquet.export(partial(_open_to_write, settings), out, **options)


def export_to_s3(settings: Settings, out: str, *, overwrite: bool = False) -> s3.Exported:
    """As ``sparkify export`` writes to S3."""
    return s3.export_to_s3(partial(_open_to_write, settings), out, settings.aws, overwrite=overwrite)


def create_tables(settings: Settings, agreed: Holdings | None = None) -> Holdings:
    """As ``sparkify create-tables`` does."""
    with opened(settings) as warehouse:
        return recreate.create_tables(warehouse, agreed)


def look(settings: Settings) -> Holdings:
    """What ``sparkify create-tables`` sees before it asks."""
    with opened(settings, read_only=True) as warehouse:
        return recreate.look(warehouse)


def _open_to_write(settings: Settings, place: str) -> AbstractContextManager[Warehouse]:
    return opened(settings, read_only=True, writes_to=place)


def duckdb_warehouse(settings: Settings, *, read_only: bool = False) -> DuckDBWarehouse:
    """The engine itself, as the factory opens it."""
    return DuckDBWarehouse(settings.database, settings.duckdb, settings.aws, read_only=read_only)


def redshift_warehouse(settings: Settings, *, read_only: bool = False) -> RedshiftWarehouse:
    """The engine itself, as the factory opens it."""
    return RedshiftWarehouse(
        settings.redshift, settings.aws, memory_limit=settings.duckdb.memory_limit, read_only=read_only
    )
