"""Where the loaded events went: to plays, further deliveries of them, other pages, or nobody."""

from dataclasses import astuple, dataclass

from sparkify.engines import Warehouse
from sparkify.errors import WarehouseError
from sparkify.sql_queries import read_sql

COLUMNS = ("events", "plays", "further deliveries", "other pages", "logged out", "no user id")
"""What the numbers of an account are called, in their order: the first is the sum of the others."""


@dataclass(frozen=True)
class EventAccount:
    """What became of events.

    Attributes:
        events: that were loaded.
        plays: that are in songplays.
        further_deliveries: of plays that had come already.
        other_pages: that are not NextSong.
        logged_out: NextSong without a user, who was logged out.
        no_user_id: NextSong without a user, for whatever other reason.
    """

    events: int
    plays: int
    further_deliveries: int
    other_pages: int
    logged_out: int
    no_user_id: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """In the order of ``COLUMNS``."""
        return astuple(self)


def of_run(warehouse: Warehouse, loaded: int) -> EventAccount:
    """Where the events went that a run has loaded, before it lets go of ``contested_plays``.

    Args:
        warehouse: where.
        loaded: how many they are, as counted when they were staged.

    Raises:
        WarehouseError: some are not accounted for. That would be a bug.
    """
    account = _account(warehouse, "loaded")
    if loaded != account.events or loaded != sum(account.numbers[1:]):
        raise WarehouseError(
            f"{warehouse.location}: {loaded} events were loaded, but {account} are accounted for; nothing was"
            " changed",
            "this is a bug in sparkify: please report it",
        )
    return account


def of_warehouse(warehouse: Warehouse) -> EventAccount:
    """Where all events went that are loaded."""
    return _account(warehouse, "staged")


def _account(warehouse: Warehouse, name: str) -> EventAccount:
    (row,) = warehouse.query(read_sql(f"accounts/{name}"))
    return EventAccount(*map(int, row))
