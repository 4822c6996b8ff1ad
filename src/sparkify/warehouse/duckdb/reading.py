"""Opens what serves readers best: a warehouse, or its published copy."""

import os
from collections.abc import Callable
from pathlib import Path

from sparkify.config.settings import AwsOptions, DuckDBOptions
from sparkify.errors import BusyError, WarehouseError
from sparkify.warehouse.duckdb.engine import DuckDBWarehouse
from sparkify.warehouse.duckdb.marker import read_marker, state_at


def open_to_read(
    database: str, options: DuckDBOptions, aws: AwsOptions, writes_to: str, tell: Callable[[str], None]
) -> DuckDBWarehouse:
    """Open a warehouse for reading, or its copy.

    The copy is read if it is current, so that nobody who begins to write has to wait, and if somebody is
    writing.

    Args:
        database: the warehouse.
        options: what DuckDB may use, and where the copy is.
        aws: how to write to S3.
        writes_to: where rows may be written, if anywhere.
        tell: told which copy is read, if it may be older than the warehouse.

    Raises:
        WarehouseError: the warehouse can't be opened; or somebody is writing, and there is no copy.
    """
    copy = _open_copy(database, options, aws, writes_to)
    made = copy.read_copy if copy else None
    if copy and made and made.state == state_at(database):
        copy.read_copy = None  # it holds what the warehouse holds
        return copy
    try:
        warehouse = DuckDBWarehouse(database, options, aws, read_only=True, writes_to=writes_to)
    except BusyError as busy:
        if not copy or not made:
            raise BusyError(
                busy.message, f"wait until it has finished; {options.publish} does not hold a copy of it yet"
            ) from None
        tell(f"{busy.message}; reading the copy {options.publish}, {made.described()}")
        return copy
    except WarehouseError:
        if copy:
            copy.close()
        raise
    if copy:
        copy.close()
    return warehouse


def _open_copy(
    database: str, options: DuckDBOptions, aws: AwsOptions, writes_to: str
) -> DuckDBWarehouse | None:
    """The copy of a warehouse, with what it says of itself; None if there is none."""
    if not Path(options.publish).is_file():
        return None
    try:
        copy = DuckDBWarehouse(options.publish, options, aws, read_only=True, writes_to=writes_to)
    except WarehouseError:
        return None
    copy.read_copy = read_marker(copy.connection)
    if copy.read_copy is None or copy.read_copy.warehouse != os.path.realpath(database):
        copy.close()
        return None
    copy.location = database
    return copy
