"""Records that a statement on DuckDB sets aside while it fills a table: a statement can't fill two.

If they went into the same table, to be deleted there, DuckDB would write all rows of that load twice. They
go into a temporary file beside the database instead, since nothing bounds how many there are, and are read
from it once.
"""

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

from sparkify.errors import WarehouseError
from sparkify.reading.records import SCHEMA
from sparkify.system.disk import remedy

_SCHEMA = pa.schema(
    [(name, pa.string() if name == "raw" else SCHEMA.field(name).type) for name in SCHEMA.names[:4]]
)


class Aside:
    """What the SQL function ``set_aside(file_id, line, raw, fault)`` is given, while it is there.

    Args:
        file: where to keep it.

    Attributes:
        count: how many records are kept.
        error: why one could not be.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writer = pa.ipc.new_stream(file, _SCHEMA)
        self._lock = threading.Lock()
        self.count = 0
        self.error: OSError | None = None

    def keep(
        self, file_id: pa.ChunkedArray, line: pa.ChunkedArray, raw: pa.ChunkedArray, fault: pa.ChunkedArray
    ) -> pa.Array:
        """Keep some records, and say of none that it is to be loaded."""
        records = pa.table([file_id, line, raw, fault], schema=_SCHEMA)
        try:
            with self._lock:  # DuckDB calls from all of its threads
                self._writer.write_table(records)
                self.count += len(records)
        except OSError as error:
            self.error = error
            raise
        return pa.array([False] * len(records))

    def read(self) -> pa.RecordBatchReader:
        """The records, as a stream to be consumed once."""
        self._writer.close()
        self._file.seek(0)
        return pa.ipc.open_stream(self._file)


@contextlib.contextmanager
def aside(connection: duckdb.DuckDBPyConnection, location: str) -> Iterator[Aside]:
    """Let the statements of a connection set records aside.

    Args:
        connection: which.
        location: of its database.

    Raises:
        WarehouseError: they can't be written.
    """
    folder = tempfile.gettempdir() if location == ":memory:" else str(Path(location).absolute().parent)
    parameters = ["INTEGER", "BIGINT", "VARCHAR", "VARCHAR"]
    with tempfile.TemporaryFile(prefix=".sparkify-", dir=folder) as file:
        kept = Aside(file)
        connection.create_function(  # type: ignore[call-overload]  # its stubs lack functions of Arrow arrays
            "set_aside",
            kept.keep,
            parameters,
            "BOOLEAN",
            type="arrow",
            null_handling="special",
            side_effects=True,
        )
        try:
            yield kept
        except Exception:
            if kept.error:
                raise WarehouseError(
                    f"{folder}: can't be written: {kept.error.strerror}",
                    f"{remedy(kept.error, 'check the disk')}, and run again; the warehouse is unchanged",
                ) from None
            raise
        finally:
            # An error has aborted the transaction, and the function goes with it.
            with contextlib.suppress(duckdb.Error):
                connection.remove_function("set_aside")
