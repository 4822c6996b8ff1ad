"""Transactions: what commits, what rolls back, who waits, and what a killed client leaves."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .fixtures import Error, Rows, Sql, connect
from .server import RedshiftStandIn

# A client that is killed in the middle of its transaction; its arguments are the stand-in's.
_CLIENT = """
import sys, redshift_connector
host, port, database, user, password = sys.argv[1:]
connection = redshift_connector.connect(
    host=host, port=int(port), database=database, user=user, password=password
)
cursor = connection.cursor()
cursor.execute("LOCK held")
cursor.execute("INSERT INTO held VALUES (1)")
print("inserted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def table(sql: Sql) -> str:
    """A committed table, empty."""
    sql("DROP TABLE IF EXISTS held CASCADE")
    sql("CREATE TABLE held (a INT)")
    sql.connection.commit()
    return "held"


@pytest.mark.usefixtures("table")
def test_ddl_rolls_back(sql: Sql) -> None:
    # Facts: DDL other than TRUNCATE is transactional.
    sql("ALTER TABLE held ADD COLUMN b INT")
    sql("DROP TABLE held")
    sql.connection.rollback()
    assert sql("SELECT a FROM held") == []
    assert sql.error("SELECT b FROM held")["C"] == "42703"


@pytest.mark.usefixtures("table")
def test_truncate_commits_what_came_before_it(redshift: RedshiftStandIn, sql: Sql) -> None:
    # TRUNCATE: it commits the transaction in which it is run.
    sql("INSERT INTO held VALUES (1)")
    sql.connection.commit()
    sql("CREATE TABLE IF NOT EXISTS made_before (a INT)")
    sql("INSERT INTO made_before VALUES (2)")
    sql("TRUNCATE TABLE held")
    assert not sql.connection.in_transaction
    sql.connection.rollback()
    with connect(redshift) as other:
        assert Sql(other)("SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM made_before)") == [
            [0, 1]
        ]
    sql("DROP TABLE made_before")
    sql.connection.commit()


@pytest.mark.usefixtures("table")
def test_delete_does_not_commit(sql: Sql) -> None:
    sql("INSERT INTO held VALUES (1)")
    sql.connection.commit()
    sql("DELETE FROM held")
    sql.connection.rollback()
    assert sql("SELECT count(*) FROM held") == [[1]]


@pytest.mark.usefixtures("table")
def test_a_transaction_keeps_the_snapshot_of_its_first_query(redshift: RedshiftStandIn, sql: Sql) -> None:
    # Isolation levels: SNAPSHOT is the default.
    assert sql("SELECT count(*) FROM held") == [[0]]
    with connect(redshift) as other:
        Sql(other)("INSERT INTO held VALUES (1)")
        other.commit()
    assert sql("SELECT count(*) FROM held") == [[0]]
    sql.connection.rollback()
    assert sql("SELECT count(*) FROM held") == [[1]]


@pytest.mark.usefixtures("table")
def test_two_transactions_that_change_the_same_rows_conflict_with_error_1023(
    redshift: RedshiftStandIn, sql: Sql
) -> None:
    # Serializable isolation: ERROR 1023.
    sql("INSERT INTO held VALUES (1)")
    sql.connection.commit()
    sql("SELECT a FROM held")
    with connect(redshift) as other:
        Sql(other)("UPDATE held SET a = 2")
        other.commit()
    error = sql.error("UPDATE held SET a = 3")
    assert (error["M"], error["D"]) == ("1023", "Serializable isolation violation on table in Redshift")


@pytest.mark.usefixtures("table")
def test_lock_makes_others_wait_and_then_see_what_was_committed(redshift: RedshiftStandIn, sql: Sql) -> None:
    # LOCK: ACCESS EXCLUSIVE until the transaction ends; snapshots begin after it.
    def second() -> Rows:
        with connect(redshift) as other:
            work = Sql(other)
            work("LOCK TABLE held")
            return work("SELECT count(*) FROM held")

    sql("LOCK held")
    with ThreadPoolExecutor(1) as thread, connect(redshift) as watcher:
        seen = thread.submit(second)
        while Sql(watcher)("SELECT count(*) FROM svv_transactions WHERE NOT granted") == [[0]]:
            assert not seen.done()
            watcher.rollback()
        sql("INSERT INTO held VALUES (1)")
        assert not seen.done()
        sql.connection.commit()
        assert seen.result() == [[1]]


@pytest.mark.usefixtures("table")
def test_who_holds_a_lock_can_be_asked_for(redshift: RedshiftStandIn, sql: Sql) -> None:
    # SVV_TRANSACTIONS; STV_SESSIONS. That statement_timeout ends a wait for LOCK is assumed: its page names
    # planning, queueing and execution (Configuration reference).
    with connect(redshift) as other:
        holder = Sql(other)
        holder("LOCK held")
        ((pid,),) = holder("SELECT pg_backend_pid()")
        sql("SET statement_timeout TO 100")
        assert sql.error("LOCK held")["C"] == "57014"
        assert sql(
            "SELECT t.txn_owner, t.lock_mode, t.granted FROM svv_transactions AS t JOIN stv_sessions AS s "
            "ON s.process = t.pid WHERE t.pid = %s AND t.relation = %s",
            pid,
            sql("SELECT 'held'::regclass::oid::int")[0][0],
        ) == [["awsuser", "AccessExclusiveLock", True]]


def test_temporary_tables_are_a_sessions_own(redshift: RedshiftStandIn, sql: Sql) -> None:
    # CREATE TABLE: TEMP.
    sql("CREATE TEMP TABLE mine AS SELECT 1 AS a")
    sql.connection.commit()
    with connect(redshift) as other:
        assert Sql(other).error("SELECT * FROM mine")["C"] == "42P01"


@pytest.mark.usefixtures("table")
def test_a_killed_clients_transaction_is_rolled_back_and_its_locks_are_free(
    redshift: RedshiftStandIn, sql: Sql
) -> None:
    arguments = [redshift.host, str(redshift.port), redshift.database, redshift.user, redshift.password]
    with subprocess.Popen(
        [sys.executable, "-c", _CLIENT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "inserted\n"
        os.kill(client.pid, signal.SIGKILL)
    sql("LOCK held")
    assert sql("SELECT count(*) FROM held") == [[0]]


@pytest.mark.usefixtures("table")
def test_statements_in_an_aborted_transaction_fail_copy_included(sql: Sql) -> None:
    with pytest.raises(Error):
        sql("SELECT nonsense FROM held")
    with pytest.raises(Error) as caught:
        sql("COPY held FROM 's3://sparkify/x' IAM_ROLE default JSON 'auto'")
    assert caught.value.args[0]["C"] == "25P02"
    with pytest.raises(Error) as caught:
        sql("TRUNCATE held")
    assert caught.value.args[0]["C"] == "25P02"
    sql.connection.rollback()
    assert sql("SELECT count(*) FROM held") == [[0]]


def test_the_seconds_that_a_session_stays_in_a_transaction_are_counted(
    redshift: RedshiftStandIn, sql: Sql
) -> None:
    # Management Guide, Billing for Amazon Redshift Serverless: open transactions use RPUs.
    ((process,),) = sql("SELECT pg_backend_pid()")
    assert process in redshift.cluster.open_transactions
    time.sleep(0.2)
    sql.connection.commit()
    assert process not in redshift.cluster.open_transactions
    billed = redshift.cluster.billed_idle_s[process]
    assert billed >= 0.2
    time.sleep(0.1)
    sql.connection.autocommit = True
    sql("SELECT 1")
    assert redshift.cluster.billed_idle_s[process] == billed


def test_a_session_that_is_idle_for_too_long_is_closed(redshift: RedshiftStandIn) -> None:
    # Quotas and limits: timeouts of idle sessions; Billing for Serverless: 3,600 seconds by default.
    work = Sql(connect(redshift))
    redshift.cluster.idle_timeout_s = 0.1
    try:
        with pytest.raises((Error, OSError)):  # noqa: PT012 - the first of them starts the clock
            work("SELECT 1")
            time.sleep(1)
            work("SELECT 1")
    finally:
        redshift.cluster.idle_timeout_s = None
