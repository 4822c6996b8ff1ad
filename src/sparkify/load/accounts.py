"""Where the loaded events went: to plays, further deliveries of them, other pages, or nobody."""

from dataclasses import dataclass
from datetime import date

from sparkify.errors import WarehouseError
from sparkify.printing.wording import plural
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
    # What a WITH names stands before the table of that name.
    events, deliveries, *others = _kinds(warehouse, "WITH staging_events AS (SELECT * FROM batch_events)\n")
    ((further,),) = warehouse.query(read_sql("accounts/repeated"))
    account = EventAccount(events, deliveries - int(further), int(further), *others)
    if loaded != account.events or loaded != sum(count for _, count in account.rows()[:-1]):
        raise WarehouseError(
            f"{warehouse.location}: {loaded:,} events were loaded, but accounted for: {account.sentence()};"
            " nothing was changed",
            "this is a bug in sparkify: please report it",
        )
    return account


@dataclass(frozen=True)
class Pruned:
    """Events that were loaded, and that staging_events has no more.

    Attributes:
        before: the day since which it has all of them; None if nothing was pruned.
        events: how many they are.
        deliveries: of plays.
        other_pages: that are not NextSong.
        logged_out: NextSong without a user, who was logged out.
        no_user_id: NextSong without a user, for whatever other reason.
    """

    before: date | None = None
    events: int = 0
    deliveries: int = 0
    other_pages: int = 0
    logged_out: int = 0
    no_user_id: int = 0

    def sentence(self) -> str:
        """How many, and what that means."""
        have = "has" if self.events == 1 else "have"
        return (
            f"{plural(self.events, 'event')} from before {self.before} {have} been pruned; the star schema"
            " has what was made of them"
        )


def of_pruned(warehouse: Session) -> Pruned:
    """What was pruned."""
    ((before, *counts),) = warehouse.query(read_sql("accounts/pruned"))
    return Pruned(before, *map(int, counts))


def of_warehouse(warehouse: Session, pruned: Pruned) -> EventAccount:
    """Where all events went that were loaded, and of which the files have not been taken out.

    Args:
        warehouse: where.
        pruned: those that are not staged any more.
    """
    events, deliveries, other_pages, logged_out, no_user_id = _kinds(warehouse)
    ((plays,),) = warehouse.query("SELECT COUNT(*) FROM songplays")
    # The plays of pruned events are still there. What is delivered and is no play has been delivered before;
    # that each such event belongs to a play is for the audit events_accounted to prove.
    return EventAccount(
        events + pruned.events,
        plays,
        deliveries + pruned.deliveries - plays,
        other_pages + pruned.other_pages,
        logged_out + pruned.logged_out,
        no_user_id + pruned.no_user_id,
    )


def _kinds(warehouse: Session, begin: str = "") -> list[int]:
    """How many events, deliveries, events of other pages, and plays of nobody for either reason there are."""
    (row,) = warehouse.query(begin + read_sql("accounts/kinds"))
    return [int(count) for count in row]
