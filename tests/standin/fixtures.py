"""Pytest fixtures around one stand-in per test process.

``from standin.fixtures import redshift, connection`` in a conftest makes them known.
"""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redshift_connector import connect as driver_connect
from redshift_connector.core import Connection
from redshift_connector.error import Error, InterfaceError

from .server import RedshiftStandIn

BUCKET = "sparkify"
Rows = list[list[Any]]


def connect(stand_in: RedshiftStandIn, **options: Any) -> Connection:
    """A connection of the real driver, over TLS, checked against the stand-in's own CA."""
    settings: dict[str, Any] = {
        "host": stand_in.host,
        "port": stand_in.port,
        "database": stand_in.database,
        "user": stand_in.user,
        "password": stand_in.password,
        "sslmode": "verify-full",
    }
    return driver_connect(**(settings | options))


@pytest.fixture(scope="session")
def redshift() -> Iterator[RedshiftStandIn]:
    """A running stand-in with an empty bucket; SSL_CERT_FILE names its CA meanwhile."""
    with (
        RedshiftStandIn(bucket_regions={"elsewhere": "eu-west-1"}) as stand_in,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SSL_CERT_FILE", str(stand_in.ca_file))
        stand_in.make_bucket(BUCKET)
        stand_in.make_bucket("elsewhere")
        yield stand_in


@pytest.fixture
def connection(redshift: RedshiftStandIn) -> Iterator[Connection]:
    """A connection; what it did not commit is rolled back."""
    with connect(redshift) as connection:
        yield connection
        connection.rollback()


class Sql:
    """Runs SQL in a connection.

    Args:
        connection: the driver's connection.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __call__(self, statement: str, *parameters: object) -> Rows:
        """Run a statement; its rows, or none."""
        cursor = self.connection.cursor()
        cursor.execute(statement, parameters or None)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []

    def error(self, statement: str, *parameters: object) -> dict[str, str]:
        """Run a statement that must fail; the error's fields. The transaction is rolled back."""
        try:
            with pytest.raises(Error) as caught:
                self(statement, *parameters)
        finally:
            self.connection.rollback()
        return dict(caught.value.args[0])


@pytest.fixture
def sql(connection: Connection) -> Sql:
    """Runs SQL in a connection of the test's own."""
    return Sql(connection)


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> str:
    """An s3:// URI of the test's own, ending in a slash."""
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)
    return f"s3://{BUCKET}/{name}_{os.urandom(3).hex()}/"


@pytest.fixture
def put(redshift: RedshiftStandIn, folder: str) -> Callable[..., str]:
    """Writes an object below the test's folder: bytes, text, or records as JSON lines. Gives its URI."""

    def write(name: str, *records: Any, raw: bytes | str | None = None) -> str:
        content = (
            "\n".join(json.dumps(record, ensure_ascii=False) for record in records) if raw is None else raw
        )
        redshift.s3.put(folder + name, content.encode() if isinstance(content, str) else content)
        return folder + name

    return write


__all__ = [
    "BUCKET",
    "Error",
    "InterfaceError",
    "Rows",
    "Sql",
    "connect",
    "connection",
    "folder",
    "put",
    "redshift",
    "sql",
]
