"""No transaction is open for longer than it must be: Redshift Serverless bills the time, queries or not."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import S3Store
from redshift_connector.cursor import Cursor

from sparkify.answers.check import check_all
from sparkify.answers.questions import ask, find_question, require_tables
from sparkify.errors import UnusableFilesError, WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.sources.s3_folder import S3Folder
from sparkify.warehouse.contract import Advance, Warehouse
from sparkify.warehouse.opening import connect
from sparkify.warehouse.redshift import session
from tests.support.builders import event, track, write
from tests.support.killing import Steps
from tests.support.older import BEFORE_PLAY_MATCHES, turn_back
from tests.support.runs import export, redshift_warehouse, run_etl
from tests.support.settings import changed
from tests.warehouse.redshift.support import WAYS, Site


@pytest.fixture
def loaded(site: Site) -> Site:
    """With a play."""
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1))
    site.load()
    return site


def is_open(site: Site, process: int) -> bool:
    """Whether a session is in a transaction while it waits for its client."""
    return process in site.engine.stand_in.cluster.open_transactions


def process_of(warehouse: Warehouse) -> int:
    ((process,),) = warehouse.query("SELECT PG_BACKEND_PID()")
    return int(process)


READINGS: dict[str, Callable[[Warehouse], object]] = {
    "a statement": lambda warehouse: warehouse.query("SELECT COUNT(*) FROM songplays"),
    "rows": lambda warehouse: list(warehouse.stream("SELECT * FROM songplays")[1]),
    "whether the tables are there": require_tables,
    "a question": lambda warehouse: ask(warehouse, find_question("top_songs")),
    "a check": lambda warehouse: check_all(warehouse, None),
}


@pytest.mark.forms(1)
@pytest.mark.parametrize("what", READINGS)
def test_a_reader_has_no_transaction_open_between_two_statements(loaded: Site, what: str) -> None:
    reader = connect(loaded.settings, read_only=True)
    process = process_of(reader)
    READINGS[what](reader)
    assert not is_open(loaded, process)
    with reader.snapshot():
        assert is_open(loaded, process)
    assert not is_open(loaded, process)
    with pytest.raises(WarehouseError):
        reader.query("SELECT nothing FROM nowhere")
    assert not is_open(loaded, process)
    reader.close()


def test_a_reader_sees_what_was_loaded_since_its_last_statement(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    write(loaded.folder / "log_data/b.json", event(ts=2))
    loaded.load()
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(2,)]
    reader.close()


def test_a_snapshot_goes_on_after_a_statement_that_fails(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    with reader.snapshot():
        with pytest.raises(WarehouseError):
            reader.query("SELECT nothing FROM nowhere")
        assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    reader.close()


@pytest.fixture
def requested_while_open(loaded: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this program has asked of S3 while a session was in a transaction, beside Redshift's own."""
    cluster = loaded.engine.stand_in.cluster
    before, asked = cluster.open_transactions, list[str]()

    def watched(name: str) -> None:
        request = getattr(obstore, name)

        def noted(store: S3Store, *rest: Any, **options: Any) -> Any:
            if cluster.open_transactions - before:
                asked.append(f"{name} {rest[0] if rest else ''}")
            return request(store, *rest, **options)

        monkeypatch.setattr(obstore, name, noted)

    for name in ("delete", "get", "head", "list", "put"):
        watched(name)
    return asked


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", WAYS)
def test_all_that_is_listed_read_uploaded_and_removed_is_so_outside_of_the_transaction(
    loaded: Site, requested_while_open: list[str], way: str
) -> None:
    write(loaded.folder / "log_data/b.json", event(ts=2), event(ts=3))
    loaded.use(way)
    assert loaded.load(full=True).query("SELECT COUNT(*) FROM songplays") == [(3,)]
    assert requested_while_open == []


def test_the_first_run_on_tables_of_an_older_version_prepares_its_files_outside_of_the_transaction(
    loaded: Site, requested_while_open: list[str]
) -> None:
    older = redshift_warehouse(loaded.settings)
    turn_back(older.query, BEFORE_PLAY_MATCHES)
    older.close()
    write(loaded.folder / "log_data/b.json", event(ts=2), event(ts=3))
    upgraded = loaded.load()
    assert upgraded.query("SELECT COUNT(*) FROM songplays") == [(3,)]
    assert any("were upgraded" in note for note in upgraded.summary.notes)
    assert requested_while_open == []


def test_an_export_fetches_what_was_unloaded_after_its_transaction(
    loaded: Site, requested_while_open: list[str], tmp_path: Path
) -> None:
    export(changed(loaded.settings, export_prefix=f"{loaded.root}/export"), tmp_path / "out")
    assert list((tmp_path / "out/songplays").rglob("*.parquet"))
    assert requested_while_open == []
    assert not loaded.engine.stand_in.s3.list(f"{loaded.root}/export")


@pytest.mark.forms(1)
@pytest.mark.parametrize("failure", [KeyboardInterrupt, None])
def test_a_run_that_fails_while_it_prepares_leaves_nothing_but_its_row(
    loaded: Site, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException] | None
) -> None:
    write(loaded.folder / "log_data/b.json", event(ts=2))
    if not failure:
        write(loaded.folder / "log_data/c.json", b"PK\x03\x04 a zip archive")
    put = S3Folder.put

    def put_and_fail(folder: S3Folder, name: str, content: bytes) -> None:
        put(folder, name, content)
        if failure and name.endswith(".json.gz"):
            raise failure

    monkeypatch.setattr(S3Folder, "put", put_and_fail)
    began = Steps()
    with pytest.raises(failure or UnusableFilesError):
        loaded.load(began)
    assert "stage log_data" in began.names
    assert "copy log_data" not in began.names
    assert not loaded.engine.stand_in.s3.list(f"{loaded.root}/work")
    assert loaded.loaded.query("SELECT outcome FROM runs ORDER BY run_id") == [("loaded",), ("failed",)]
    assert loaded.loaded.query("SELECT COUNT(*) FROM staging_events") == [(1,)]


@pytest.mark.thorough
@pytest.mark.parametrize("statement", ["COPY batch_events", ""])
def test_an_interrupt_undoes_the_transaction_whether_it_ends_a_statement_or_not(
    loaded: Site, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    class Interrupted(NullProgress):
        def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
            if name == "transform songs":
                raise KeyboardInterrupt
            return super().step(name, files=files, size=size)

    execute = Cursor.execute

    def executed(cursor: Cursor, sql: str, *rest: Any) -> Cursor:
        if statement and statement in sql:
            raise KeyboardInterrupt
        return execute(cursor, sql, *rest)

    write(loaded.folder / "log_data/b.json", event(ts=2))
    with monkeypatch.context() as patch:
        patch.setattr(Cursor, "execute", executed)
        with pytest.raises(KeyboardInterrupt):
            loaded.load(Interrupted())
    assert not loaded.engine.stand_in.s3.list(f"{loaded.root}/work")
    # Nothing can be said to Redshift any more in the middle of an answer.
    outcomes = [("loaded",), ("failed",)][: 1 if statement else 2]
    assert loaded.loaded.query("SELECT outcome FROM runs ORDER BY run_id") == outcomes
    assert loaded.load().query("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.forms(1)
@pytest.mark.parametrize("step", ["list log_data", "stage log_data"])
def test_a_run_begins_again_if_another_one_came_in_between(loaded: Site, step: str) -> None:
    class OtherRun(NullProgress):
        listed = 0

        def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
            self.listed += name == "list song_data"
            if name == step and self.listed == 1:
                write(loaded.folder / "log_data/c.json", event(ts=3))
                loaded.engine.publish(loaded.folder)
                run_etl(loaded.settings, NullProgress())
            return super().step(name, files=files, size=size)

    write(loaded.folder / "log_data/b.json", event(ts=2))
    loaded.engine.publish(loaded.folder)
    progress = OtherRun()
    summary = run_etl(loaded.settings, progress)
    assert progress.listed == 2
    assert summary.outcome == "nothing new"
    assert loaded.loaded.query("SELECT COUNT(*) FROM songplays") == [(3,)]
    assert not loaded.engine.stand_in.s3.list(f"{loaded.root}/work")
    assert loaded.loaded.query("SELECT COUNT(*) FROM ledger WHERE gone_at IS NOT NULL") == [(0,)]


def test_the_network_is_told_that_the_connection_lives_while_a_statement_runs(site: Site) -> None:
    # Management Guide, Connection is refused or timed out: intermediate components end silent connections.
    warehouse = redshift_warehouse(site.settings)
    connected: socket.socket = warehouse._connection._usock
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
    warehouse.close()


@pytest.mark.thorough
def test_a_session_that_redshift_has_ended_while_files_were_read_is_opened_anew(
    loaded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Billing for Serverless: idle sessions are closed after 3,600 seconds by default.
    monkeypatch.setattr(session, "IDLE_SECONDS", 0)
    cluster = loaded.engine.stand_in.cluster
    put = S3Folder.put

    def put_slowly(folder: S3Folder, name: str, content: bytes) -> None:
        put(folder, name, content)
        if name.endswith(".json.gz"):
            time.sleep(2 * (cluster.idle_timeout_s or 0))

    monkeypatch.setattr(S3Folder, "put", put_slowly)
    monkeypatch.setattr(cluster, "idle_timeout_s", 0.5)
    write(loaded.folder / "log_data/b.json", event(ts=2))
    loaded.load()
    monkeypatch.setattr(cluster, "idle_timeout_s", None)
    assert loaded.loaded.query("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.thorough
def test_many_long_rows_are_inserted_by_statements_below_the_limit(site: Site) -> None:
    # SQL reference: the maximum size for a single SQL statement is 16 MB, which the stand-in enforces.
    rows = [
        ("log_data", "f", number, "r", "\N{EARTH GLOBE EUROPE-AFRICA}" * 1000, 1) for number in range(5000)
    ]
    warehouse = redshift_warehouse(site.settings)
    warehouse.insert("staging_rejects", rows)
    assert warehouse.query("SELECT COUNT(*), MAX(line) FROM staging_rejects") == [(5000, 4999)]
    warehouse.close()
