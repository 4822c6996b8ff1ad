"""The wire protocol as redshift_connector and other drivers see it."""

import socket
import ssl
import struct
import threading
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from .fixtures import Error, InterfaceError, Sql, connect
from .server import RedshiftStandIn


def test_the_real_driver_connects_over_tls_and_sees_redshifts_version(redshift: RedshiftStandIn) -> None:
    # The driver's source: it takes the rows of COPY from the tag unless server_version is below 8.2.
    with connect(redshift) as connection:
        assert (b"server_version", b"8.0.2") in connection.parameter_statuses
        assert isinstance(connection._usock, ssl.SSLSocket)
        assert "Redshift" in Sql(connection)("SELECT version()")[0][0]


def test_a_connection_without_tls_is_refused(redshift: RedshiftStandIn) -> None:
    # Configuring security options for connections: require_ssl is true by default.
    with pytest.raises(Error, match="TLS is required"):
        connect(redshift, ssl=False)


def test_an_unknown_certificate_authority_is_refused_by_the_driver(
    redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Error):
        connect(redshift)


def test_a_wrong_password_is_refused_with_code_28000(redshift: RedshiftStandIn) -> None:
    with pytest.raises(InterfaceError) as caught:
        connect(redshift, password="wrong")  # noqa: S106
    assert caught.value.args[0]["C"] == "28000"
    assert caught.value.args[0]["M"] == 'password authentication failed for user "awsuser"'


def test_parameters_of_all_common_types_travel_both_ways(sql: Sql) -> None:
    given = (
        1,
        2**40,
        1.5,
        "it's \\ 100 %",
        True,
        None,
        Decimal("1.25"),
        datetime(2018, 11, 1, 2, 3, 4, 567000),
        date(2018, 11, 1),
    )
    sql(
        "CREATE TABLE t (a INT, b BIGINT, c DOUBLE PRECISION, d VARCHAR, e BOOLEAN, f INT, "
        "g DECIMAL(5,2), h TIMESTAMP, i DATE)"
    )
    sql("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", *given)
    assert sql("SELECT * FROM t WHERE d = %s", "it's \\ 100 %") == [list(given)]


def test_an_insert_of_many_rows_takes_its_parameters_without_blanks_between(sql: Sql) -> None:
    sql("CREATE TABLE t (a INT, b VARCHAR)")
    values = [value for n in range(1000) for value in (n, f"it's {n}")]
    sql("INSERT INTO t VALUES " + ",".join(["(%s,%s)"] * 1000), *values)
    assert sql("SELECT count(*), max(a), min(b) FROM t") == [[1000, 999, "it's 0"]]


def test_an_error_aborts_the_transaction_until_rollback(sql: Sql) -> None:
    sql("CREATE TABLE t (a INT)")
    with pytest.raises(Error, match="ON CONFLICT"):
        sql("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")
    assert sql.error("SELECT 1")["C"] == "25P02"
    assert sql.error("SELECT * FROM t")["C"] == "42P01"


def test_clients_work_at_the_same_time(redshift: RedshiftStandIn) -> None:
    seen: list[Any] = []

    def work(number: int) -> None:
        with connect(redshift) as connection:
            sql = Sql(connection)
            sql("CREATE TEMP TABLE mine (n INT)")
            for n in range(20):
                sql("INSERT INTO mine VALUES (%s)", number * 100 + n)
            seen.append(sql("SELECT min(n), max(n), count(*) FROM mine")[0])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [[n * 100, n * 100 + 19, 20] for n in range(4)]


def test_the_simple_protocol_takes_several_statements(redshift: RedshiftStandIn) -> None:
    with psycopg.connect(
        host=redshift.host, port=redshift.port, dbname=redshift.database, user=redshift.user,
        password=redshift.password, sslmode="verify-full", sslrootcert=str(redshift.ca_file), autocommit=True,
    ) as connection:  # fmt: skip
        cursor = connection.execute(
            "CREATE TEMP TABLE t (a INT ENCODE az64); INSERT INTO t VALUES (1); SELECT a FROM t"
        )
        results = [cursor.fetchall() if cursor.description else None]
        while cursor.nextset():
            results.append(cursor.fetchall() if cursor.description else None)
        assert results[-1] == [(1,)]
        connection.execute("INSERT INTO t VALUES (2); TRUNCATE t; SELECT 1")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("SELECT DISTINCT ON (a) a FROM t")
        assert connection.execute("SELECT 'still here'").fetchone() == ("still here",)


def test_a_client_that_says_nonsense_does_not_hurt_the_others(redshift: RedshiftStandIn, sql: Sql) -> None:
    for nonsense in (
        b"",
        b"\0\0\0\x08",
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("!ii", 8, 80877103) + b"no TLS",
    ):
        with socket.create_connection(("127.0.0.1", redshift.port)) as sock:
            sock.sendall(nonsense)
    assert sql("SELECT 1") == [[1]]


def test_savings_of_statements_survive_dropping_and_creating_a_table(sql: Sql) -> None:
    # The driver keeps prepared statements by name and closes them after DDL.
    for _ in range(3):
        sql("DROP TABLE IF EXISTS again CASCADE")
        sql("CREATE TABLE again (a INT)")
        sql("INSERT INTO again VALUES (%s)", 1)
        assert sql("SELECT a FROM again WHERE a = %s", 1) == [[1]]
