"""A connection that is lost while it is used is said to be so; a mistake of this software is not."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from sparkify.errors import WarehouseError
from sparkify.warehouse.redshift.engine import RedshiftWarehouse
from tests.support.runs import redshift_warehouse
from tests.warehouse.redshift.support import Site

WAYS_TO_LOSE: dict[str, Callable[[RedshiftWarehouse, RedshiftWarehouse], object]] = {
    "the server ends it": lambda lost, other: other.query(
        f"SELECT PG_TERMINATE_BACKEND({lost.query('SELECT PG_BACKEND_PID()')[0][0]})"
    ),
    "the network breaks": lambda lost, _: lost._connection._usock.shutdown(socket.SHUT_RDWR),
    "it is closed": lambda lost, _: lost.close(),
}


@pytest.mark.forms(3)
@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("way", WAYS_TO_LOSE)
def test_a_connection_that_is_lost_is_said_to_be_lost(site: Site, way: str, read_only: bool) -> None:
    lost = redshift_warehouse(site.settings, read_only=read_only)
    other = redshift_warehouse(site.settings)
    WAYS_TO_LOSE[way](lost, other)
    other.close()
    for _ in range(2):
        with pytest.raises(WarehouseError, match=r"the connection was lost: [A-Zc]") as caught:
            lost.query("SELECT ?", [1])
        assert caught.value.hint.startswith("run again")


def test_a_mistake_of_this_software_is_not_taken_for_a_lost_connection(site: Site) -> None:
    warehouse = redshift_warehouse(site.settings)
    no_statement: Any = None
    with pytest.raises(AttributeError):
        warehouse.query(no_statement)
    warehouse.close()
