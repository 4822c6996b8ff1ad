"""Dropping and creating all tables: what would go with them, and what went."""

from dataclasses import dataclass

from sparkify.errors import WarehouseError
from sparkify.printing.wording import plural
from sparkify.warehouse.contract import Schema
from sparkify.warehouse.tables import count_rows


@dataclass(frozen=True)
class Holdings:
    """What a warehouse holds.

    Attributes:
        location: where it is.
        rows: by table, its rows; tables without any are left out.
        records: of the loaded files.
    """

    location: str
    rows: dict[str, int]
    records: int = 0

    def described(self) -> str:
        """All of it but the rows, in some words."""
        files, runs = self.rows.get("ledger", 0), self.rows.get("runs", 0)
        held = f"{plural(files, 'loaded file')} with {plural(self.records, 'record')}"
        return f"{held}, and {plural(runs, 'run')}"


def look(warehouse: Schema) -> Holdings:
    """What ``create_tables`` would drop.

    Raises:
        WarehouseError: something in the database that is not of this project has the name of a table.
    """
    tables = warehouse.own_tables()
    if not tables:
        return Holdings(warehouse.location, {})
    counts = count_rows(warehouse.query, tables)
    records = 0
    if "ledger" in tables:
        ((records,),) = warehouse.query("SELECT COALESCE(SUM(records), 0) FROM ledger")
    there = {table: count for table, count in counts.items() if count}
    return Holdings(warehouse.location, there, int(records))


def create_tables(warehouse: Schema, agreed: Holdings | None = None) -> Holdings:
    """Drop and create all tables, the ledger included.

    Args:
        warehouse: where.
        agreed: what may be dropped; by default whatever there is.

    Returns:
        What was dropped.

    Raises:
        WarehouseError: there is something else than what may be dropped; or something that is not of this
            project has the name of a table.
    """
    with warehouse.transaction():
        found = look(warehouse)
        if agreed not in (None, found):
            raise WarehouseError(
                f"{found.location}: has changed since you were asked; nothing was changed",
                "wait until nobody writes to it, and run again",
            )
        warehouse.create_tables()
    return found
