"""Whether the tables in a database are this project's, all of them, and of this version: on any engine."""

from collections.abc import Callable, Collection

from sparkify.errors import WarehouseError
from sparkify.sql_queries import TABLES


def are_there(
    location: str, found: Collection[str], *, is_current: Callable[[], object], remedy: str
) -> bool:
    """Whether the tables of this project are there.

    Args:
        location: the database, for messages.
        found: the names of all tables in it.
        is_current: whether these are of this version; asked if all are there.
        remedy: what to do where only some are.

    Raises:
        WarehouseError: only some are, or they are of an older version.
    """
    there, missing = sorted(set(TABLES) & set(found)), sorted(set(TABLES) - set(found))
    if there and missing:
        # Creating the others would drop what someone else has put there, or what an older version loaded.
        raise WarehouseError(
            f"{location}: has the tables {', '.join(there)}, but not {', '.join(missing)}", remedy
        )
    if there and not is_current():
        raise WarehouseError(
            f"{location}: was loaded by an older version of sparkify",
            "make its tables anew with: sparkify create-tables, then load with: sparkify etl",
        )
    return bool(there)
