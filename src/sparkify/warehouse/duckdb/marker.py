"""What a published copy says of itself, and how to tell whether the warehouse has changed since."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import IO

import duckdb

from sparkify.warehouse.copies import PublishedCopy

_HEADERS_BYTES = 3 * 4096
"""What a DuckDB file begins with. Each checkpoint counts in it, and nothing else changes it.

The time of the last write tells apart what grew from the same backup: after a restore the checkpoints count
from there again, and may leave equal headers for other rows.
"""


def read_marker(connection: duckdb.DuckDBPyConnection) -> PublishedCopy | None:
    """What a database says of itself; None if it is no copy."""
    try:
        rows = connection.execute(
            "SELECT warehouse, copy, run_id, published_at, warehouse_state FROM published_copy"
        ).fetchall()
    except duckdb.Error:
        return None
    return PublishedCopy(*rows[0]) if len(rows) == 1 else None


def state_of(file: IO[bytes]) -> str:
    """In which state a warehouse is; what has not been checkpointed is no part of it."""
    file.seek(0)
    headers = hashlib.sha256(file.read(_HEADERS_BYTES)).hexdigest()
    return f"{headers} {os.fstat(file.fileno()).st_mtime_ns}"


def state_at(database: str) -> str:
    """In which state a warehouse is that is not open; empty if that can't be told."""
    with contextlib.suppress(OSError), Path(database).open("rb") as file:
        return "" if Path(f"{database}.wal").exists() else state_of(file)
    return ""
