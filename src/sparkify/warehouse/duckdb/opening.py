"""Opens DuckDB files: they are data, whoever wrote them, and what they hold reads and writes nothing else.

A view or a macro in a file is code, and one that is called as DuckDB's own functions are takes their place.
So files of this machine, the internet and the configuration are out of reach before any statement runs.
"""

import contextlib
from pathlib import Path

import duckdb

from sparkify.config.settings import DuckDBOptions

NO_EXTENSIONS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
"""Nothing is ever fetched from the internet."""

_CONFIGURATION = {
    **NO_EXTENSIONS,
    # A new file can be opened by other tools, which bring a DuckDB of their own: docs/connect.md.
    "storage_compatibility_version": "v1.4.0",
    # Rows of a table have no order; without keeping one DuckDB is faster, in bounded memory.
    "preserve_insertion_order": "false",
}

_OPENINGS = 10
"""How often a file is opened that goes away meanwhile."""


def open_database(
    database: str, options: DuckDBOptions, *, read_only: bool, writes_to: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection to the configured file; several of one process must be opened alike.

    Args:
        database: the file.
        options: what DuckDB may use.
        read_only: whether nothing is written to the file.
        writes_to: the one folder that may be written to besides, as an absolute path without links.

    Raises:
        duckdb.Error: it can't be opened.
    """
    configuration = {**_CONFIGURATION, "memory_limit": options.memory_limit}
    if options.temp_limit:
        configuration["max_temp_directory_size"] = options.temp_limit
    if writes_to is None:
        configuration["enable_external_access"] = "false"
    connection = _connect(database, configuration, read_only=read_only)
    if writes_to is not None:  # DuckDB does not take both while it opens a file
        connection.execute("SET allowed_directories = ?", [[f"{writes_to}/"]])
        connection.execute("SET enable_external_access = false")
    with contextlib.suppress(duckdb.InvalidInputException):  # locked, by a connection that is open already
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
    # Where Python is asked interactively, DuckDB draws a bar on stdout, which is for data, but for cursors.
    # Further connections can't be told to leave it, for the configuration is locked.
    return connection.cursor()


def _connect(location: str, configuration: dict[str, str], *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a file that is still the one of its name once it is locked.

    Another process may remove an empty database while this one is between opening and locking it, and all
    that was written to it then would be gone with the file.
    """
    for _ in range(_OPENINGS):
        before = _identity(location)
        connection = duckdb.connect(location, read_only=read_only, config=dict(configuration))
        now = _identity(location)
        if location.startswith(":memory:") or (now is not None and before in (None, now)):
            return connection
        connection.close()
    raise duckdb.IOException("removed by another process each time it was opened")


def _identity(location: str) -> tuple[int, int] | None:
    try:
        status = Path(location).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
