"""Which engine a configured database is of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkify.config.settings import Settings
from sparkify.warehouse.contract import Warehouse


def connect(settings: Settings, *, read_only: bool = False, writes_to: str = "") -> Warehouse:
    """Open the configured warehouse.

    Args:
        settings: which it is.
        read_only: whether nothing is written to it.
        writes_to: the folder or ``s3://`` place below which ``write_parquet`` may write; by default none.

    Raises:
        WarehouseError: it can't be opened, or someone else is writing to it.
    """
    if settings.database == "redshift":
        from sparkify.warehouse.redshift.engine import RedshiftWarehouse

        return RedshiftWarehouse(
            settings.redshift,
            settings.aws,
            memory_limit=settings.duckdb.memory_limit,
            read_only=read_only,
            writes_to=writes_to,
        )
    from sparkify.warehouse.duckdb.engine import DuckDBWarehouse

    return DuckDBWarehouse(
        settings.database, settings.duckdb, settings.aws, read_only=read_only, writes_to=writes_to
    )


@contextmanager
def opened(settings: Settings, *, read_only: bool = False, writes_to: str = "") -> Iterator[Warehouse]:
    """The configured warehouse, open as ``connect`` opens it, and closed at the end."""
    warehouse = connect(settings, read_only=read_only, writes_to=writes_to)
    try:
        yield warehouse
    finally:
        warehouse.close()


@contextmanager
def opened_if_there(settings: Settings) -> Iterator[Warehouse | None]:
    """The configured warehouse, open for reading; None where the file of a database is still to be made."""
    if settings.database != "redshift" and not Path(settings.database).exists():
        yield None
        return
    with opened(settings, read_only=True) as warehouse:
        yield warehouse
