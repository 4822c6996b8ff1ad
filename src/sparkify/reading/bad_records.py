"""Bad records, set aside by the statement that loads the good ones: a statement can't fill two tables.

If they went into the same table, to be deleted there, DuckDB would write all rows of that load twice. They
go into a temporary file instead, and are read from it once.
"""

import contextlib
import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

from sparkify.errors import SparkifyError, TooManyRejectsError, WarehouseError
from sparkify.system.disk import remedy

INVALID = "not valid JSON"
"""The reason that judged_*.sql gives for what is no JSON at all: there may be several objects in it."""

_SLACK, _LEAST = 1.5, 100
"""How many times as many as allowed, or how many at least, must be bad before the rest is not read: of runs
that are not far beyond the limit all bad records are counted."""

_WAITING_CHARACTERS = 2**20
"""From how many characters of records on they are written into the file."""

Row = Sequence[int | str]
"""A bad record: its file_id, its first line, its text, and the reason."""


class BadRecords:
    """What the SQL function ``set_aside(file_id, line, raw, reason)`` is given, while it is there.

    Args:
        file: where to keep it.
        max_rejects: how many bad records a run may have.
        on_damage: called when a record looked like an object and is no JSON.

    Attributes:
        records: how many were kept.
        bad: how many of them are bad for sure: those that are no JSON may be several good ones.
        error: why one could not be kept.
    """

    def __init__(self, file: IO[bytes], max_rejects: int, on_damage: Callable[[], None]) -> None:
        self._file = file
        self._on_damage = on_damage
        self._most = max(_SLACK * max_rejects, _LEAST)
        self._max_rejects = max_rejects
        self._lock = threading.Lock()
        self._waiting: list[Row] = []
        self._waiting_size = 0
        self.records = self.bad = 0
        self.error: OSError | SparkifyError | None = None

    def keep(self, file_id: int, line: int, raw: str, reason: str) -> bool:
        """Keep a record, and say that it is not to be loaded."""
        is_invalid = reason == INVALID
        if is_invalid and raw.rstrip().endswith("}"):
            self._on_damage()
        try:
            with self._lock:  # DuckDB calls from all of its threads
                self._waiting.append((file_id, line, raw, reason))
                self._waiting_size += len(raw)
                if self._waiting_size > _WAITING_CHARACTERS:
                    self._write()
                self.records += 1
                self.bad += not (is_invalid and raw.count("{") > 1)
            if self.bad > self._most:
                raise TooManyRejectsError(
                    f"{self.bad:,} records were bad when the reading was stopped, more than the"
                    f" {self._max_rejects:,} that max_rejects allows; nothing was changed",
                    TooManyRejectsError.BEYOND_MAX_REJECTS,
                )
        except (OSError, TooManyRejectsError) as error:
            self.error = error
            raise
        return False

    def _write(self) -> None:
        self._file.write(json.dumps(self._waiting).encode() + b"\n")
        self._waiting, self._waiting_size = [], 0

    def read(self) -> Iterator[list[Row]]:
        """The records, some at a time; to be consumed once."""
        self._file.seek(0)
        yield from map(json.loads, self._file)
        if self._waiting:
            yield self._waiting


@contextlib.contextmanager
def setting_aside(
    connection: duckdb.DuckDBPyConnection, folder: str, max_rejects: int, on_damage: Callable[[], None]
) -> Iterator[BadRecords]:
    """Let the statements of a connection set records aside.

    Args:
        connection: which.
        folder: where to keep them; none bounds how many there are.
        max_rejects: how many bad records a run may have.
        on_damage: called when a record looked like an object and is no JSON.

    Raises:
        TooManyRejectsError: there are far too many by now.
        WarehouseError: they can't be written.
    """
    with tempfile.TemporaryFile(prefix=".sparkify-", dir=folder) as file:
        kept = BadRecords(file, max_rejects, on_damage)
        connection.create_function(
            "set_aside",
            kept.keep,
            ["INTEGER", "BIGINT", "VARCHAR", "VARCHAR"],
            "BOOLEAN",
            # One by one, for of a few thousand records few are bad: Arrow arrays of them cost more.
            type=PythonUDFType.NATIVE,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
        try:
            yield kept
        except Exception:
            if isinstance(kept.error, OSError):
                raise WarehouseError(
                    f"{folder}: can't be written: {kept.error.strerror}",
                    f"{remedy(kept.error, 'check the disk')}, and run again; the warehouse is unchanged",
                ) from None
            if kept.error:
                raise kept.error from None
            raise
        finally:
            # An error has aborted the transaction, and the function goes with it.
            with contextlib.suppress(duckdb.Error):
                connection.remove_function("set_aside")
