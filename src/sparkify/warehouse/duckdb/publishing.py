"""Publishes a copy of a warehouse for readers: ``[WAREHOUSE] PUBLISH``.

A DuckDB file has one writer or any number of readers. So whoever has written publishes a copy, which
replaces the one before in one step. Those who have that one open keep it: its name goes, and the file stays
until the last of them closes it. Nothing but a copy is ever replaced.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import duckdb

from sparkify.config.settings import DuckDBOptions
from sparkify.errors import WarehouseError
from sparkify.printing.wording import size_text
from sparkify.sql import read_sql
from sparkify.system import copying, interrupts
from sparkify.system.disk import remedy
from sparkify.warehouse.copies import PublishedCopy
from sparkify.warehouse.duckdb.engine import DuckDBWarehouse
from sparkify.warehouse.duckdb.errors import first_line, require_database
from sparkify.warehouse.duckdb.marker import read_marker, state_of
from sparkify.warehouse.duckdb.opening import open_database

_MARGIN_BYTES = 2 * 2**20
"""What the table published_copy may take."""

_ELSEWHERE = "or set [WAREHOUSE] PUBLISH to another file"
_STAYS = "what was loaded is committed; readers keep the copy before it"
_LATE = f"ended while the copy for readers was being written; {_STAYS}"


@dataclass(frozen=True)
class Publishing:
    """The publishing of a warehouse.

    Attributes:
        database: the warehouse.
        options: where the copy is to be.
        begin: told the name of the step when it is begun.
        warn: told why there will be no copy.
    """

    database: str
    options: DuckDBOptions
    begin: Callable[[str], object]
    warn: Callable[[str], None]

    @property
    def _place(self) -> Path:
        return Path(os.path.realpath(self.options.publish))

    def check_place(self) -> bool:
        """Look whether a copy can be published, before anything is loaded.

        Returns:
            Whether to publish; it has been said why not.

        Raises:
            WarehouseError: something else than a copy has its name, or nothing can be written there.
        """
        folder = self._place.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            problem = "is not writable" if folder.is_dir() else "does not exist"
            raise WarehouseError(
                f"{self.options.publish}: can't be published: the folder {folder} {problem}",
                f"create it, or change its permissions, {_ELSEWHERE}",
            )
        if not os.path.lexists(self._place):
            return True
        found = self._replaceable()
        if found and found.warehouse != os.path.realpath(self.database):
            self.warn(
                f"{self.options.publish}: left as it is: it is the copy of another warehouse,"
                f" {found.warehouse}; to publish {self.database}, set [WAREHOUSE] PUBLISH to another file"
            )
            return False
        return found is not None

    def _replaceable(self) -> PublishedCopy | None:
        """The copy that would be replaced; None while somebody has it open for writing.

        Raises:
            WarehouseError: it is something else.
        """
        path, found = str(self._place), None
        try:
            require_database(path)
            with contextlib.closing(open_database(path, self.options, read_only=True)) as connection:
                found = read_marker(connection)
        except duckdb.Error as error:
            if "Conflicting lock" in str(error):
                self.warn(f"{self.options.publish}: left as it is: {first_line(error)}")
                return None
        except WarehouseError as error:
            raise WarehouseError(
                f"{error.message}, and can't be replaced by a copy", f"move it away, {_ELSEWHERE}"
            ) from None
        if found is None or found.path != path:
            raise WarehouseError(
                f"{self.options.publish}: not a copy that was published there, and not replaced",
                f"move it away, {_ELSEWHERE}",
            )
        return found

    def publish(self, warehouse: DuckDBWarehouse, held: contextlib.ExitStack) -> None:
        """Publish a copy of what is committed, unless it is there already. What fails is a warning.

        Args:
            warehouse: open for writing, which keeps others from writing meanwhile.
            held: what is closed after the warehouse. Closing its file earlier would release DuckDB's lock on
                it: that is how locks of POSIX work.
        """
        try:
            self._publish(warehouse, held)
        except WarehouseError as error:
            self._not_published(error.message)
        except OSError as error:
            self._not_published(f"{error.strerror}; {remedy(error, 'check the disk')}")
        except duckdb.Error as error:
            self._not_published(first_line(error))

    def _not_published(self, why: str) -> None:
        self.warn(f"{self.options.publish}: not published: {why}; {_STAYS}")

    def _publish(self, warehouse: DuckDBWarehouse, held: contextlib.ExitStack) -> None:
        path, file = self._place, Path(self.database)
        if "runs" not in warehouse.own_tables():
            return
        warehouse.connection.execute("CHECKPOINT")
        source = held.enter_context(file.open("rb"))
        state = state_of(source)
        is_there = os.path.lexists(path)
        found = self._replaceable() if is_there else None
        if is_there and (found is None or found.state == state):
            return
        self.begin("publish")
        interrupts.point_of_no_return(_LATE)
        # Always the same name, so that kills leave one file at most.
        aside = path.with_name(f".{path.name}.publishing")
        mode = stat.S_IMODE((path if found else file).stat().st_mode) & 0o444
        with _removed_on_failure(aside):
            _fill(aside, source)
            _mark(aside, self.database, path, state, self.options)
            aside.chmod(mode)
            _wal_of(path).unlink(missing_ok=True)  # of somebody who has written to the copy before this one
            aside.replace(path)


@contextlib.contextmanager
def _removed_on_failure(aside: Path) -> Iterator[None]:
    for file in (aside, _wal_of(aside)):  # an earlier publishing was killed
        file.unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        for file in (aside, _wal_of(aside)):
            file.unlink(missing_ok=True)
        raise


def _wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _fill(aside: Path, source: IO[bytes]) -> None:
    with open(aside, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as target:
        if copying.clone(source, target):
            return
        size, free = os.fstat(source.fileno()).st_size + _MARGIN_BYTES, shutil.disk_usage(aside.parent).free
        if free < size:
            raise WarehouseError(
                f"the copy takes {size_text(size)}, and {size_text(free)} are free in {aside.parent}"
            )
        copying.copy(source, target)


def _mark(aside: Path, warehouse: str, path: Path, state: str, options: DuckDBOptions) -> None:
    said = {
        "database": os.path.realpath(warehouse),
        "path": str(path),
        "published_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        "state": state,
    }
    with contextlib.closing(open_database(str(aside), options, read_only=False)) as connection:
        connection.execute(read_sql("published_copy", "duckdb"), said)
        connection.execute("CHECKPOINT")
