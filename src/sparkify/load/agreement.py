"""A change of the warehouse that people have agreed to beforehand: all of it or nothing, and no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sparkify.errors import WarehouseError
from sparkify.load import history
from sparkify.load.progress import Progress
from sparkify.system import interrupts
from sparkify.warehouse.contract import Warehouse


@contextmanager
def in_one_transaction(warehouse: Warehouse, progress: Progress) -> Iterator[datetime]:
    """Change the warehouse; whatever fails, it stays as it was, and the failure is recorded.

    Args:
        warehouse: which.
        progress: told when it is committed.

    Yields:
        When the change began.
    """
    started = datetime.now(UTC)
    try:
        with warehouse.transaction():
            yield started
            progress.step("commit")
            interrupts.point_of_no_return()
    except BaseException as error:
        history.record_failure(warehouse, error, started, "", "")
        raise


def require_as_agreed(location: str, agreed: object, found: object) -> None:
    """Make sure that what is found is what people have agreed to, if they were asked.

    Raises:
        WarehouseError: it is not.
    """
    if agreed not in (None, found):
        raise WarehouseError(
            f"{location}: has changed since you were asked; nothing was changed",
            "wait until nobody writes to it, and run again",
        )
