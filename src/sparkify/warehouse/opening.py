"""Which engine a configured database is of."""

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

        return RedshiftWarehouse(settings, read_only=read_only)
    from sparkify.warehouse.duckdb.engine import DuckDBWarehouse

    return DuckDBWarehouse(settings, read_only=read_only, writes_to=writes_to)
