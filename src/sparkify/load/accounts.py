"""Where the loaded events went: to plays, further deliveries of them, other pages, or nobody."""

from dataclasses import dataclass

from sparkify.errors import WarehouseError
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Session


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

    def rows(self) -> list[tuple[str, int]]:
        """Where they went and how many, and all of them as the last."""
        return [
            ("plays", self.plays),
            ("further deliveries of a play", self.further_deliveries),
            ("other pages", self.other_pages),
            ("NextSong without a user: logged out", self.logged_out),
            ("NextSong without a user: userId missing or empty", self.no_user_id),
            ("all loaded events", self.events),
        ]

    def sentence(self) -> str:
        """The same in a line."""
        nobody = self.logged_out + self.no_user_id
        why = (
            f" ({self.logged_out:,} logged out, {self.no_user_id:,} userId missing or empty)"
            if nobody
            else ""
        )
        return (
            f"{self.events:,} events: {self.plays:,} plays, {self.further_deliveries:,} further deliveries,"
            f" {self.other_pages:,} other pages, {nobody:,} NextSong without a user{why}"
        )


def of_run(warehouse: Session, loaded: int) -> EventAccount:
    """Where the events went that a run has loaded, before it lets go of ``touched_plays``.

    Args:
        warehouse: where.
        loaded: how many they are, as counted when they were staged.

    Raises:
        WarehouseError: some are not accounted for. That would be a bug.
    """
    account = _account(warehouse, "loaded")
    if loaded != account.events or loaded != sum(count for _, count in account.rows()[:-1]):
        raise WarehouseError(
            f"{warehouse.location}: {loaded:,} events were loaded, but accounted for: {account.sentence()};"
            " nothing was changed",
            "this is a bug in sparkify: please report it",
        )
    return account


def of_warehouse(warehouse: Session) -> EventAccount:
    """Where all events went that are loaded."""
    return _account(warehouse, "staged")


def _account(warehouse: Session, name: str) -> EventAccount:
    (row,) = warehouse.query(read_sql(f"accounts/{name}"))
    return EventAccount(*map(int, row))
