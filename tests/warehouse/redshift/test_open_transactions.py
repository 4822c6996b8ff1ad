"""No transaction is open for longer than it must be: Redshift Serverless bills the time, queries or not."""

import socket
from collections.abc import Callable

import pytest

from sparkify.answers.check import check_all
from sparkify.answers.questions import ask, find_question, require_tables
from sparkify.errors import WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.warehouse.contract import Advance, Warehouse
from sparkify.warehouse.opening import connect
from sparkify.warehouse.redshift import session
from tests.support.builders import event, track, write
from tests.support.runs import redshift_warehouse, run_etl
from tests.warehouse.redshift.support import Site


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


class Look(NullProgress):
    """Notes which steps begin while a session of this run is in a transaction."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._before = site.engine.stand_in.cluster.open_transactions
        self.while_open: list[str] = []

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        if self._site.engine.stand_in.cluster.open_transactions - self._before:
            self.while_open.append(name)
        return super().step(name, files=files, size=size)


def test_a_run_lists_its_sources_before_it_begins_a_transaction(loaded: Site) -> None:
    write(loaded.folder / "log_data/b.json", event(ts=2))
    look = Look(loaded)
    loaded.load(look)
    assert "commit" in look.while_open
    assert not [name for name in look.while_open if name.startswith("list ")]


def test_a_run_lists_again_if_another_one_came_in_between(loaded: Site) -> None:
    class OtherRun(NullProgress):
        listed = 0

        def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
            self.listed += name == "list song_data"
            if name == "list log_data" and self.listed == 1:
                write(loaded.folder / "log_data/b.json", event(ts=2))
                loaded.engine.publish(loaded.folder)
                run_etl(loaded.settings, NullProgress())
            return super().step(name, files=files, size=size)

    progress = OtherRun()
    summary = run_etl(loaded.settings, progress)
    assert progress.listed == 2
    assert summary.outcome == "nothing new"
    assert loaded.loaded.query("SELECT COUNT(*) FROM ledger WHERE gone_at IS NOT NULL") == [(0,)]


def test_the_network_is_told_that_the_connection_lives_while_a_statement_runs(site: Site) -> None:
    # Management Guide, Connection is refused or timed out: intermediate components end silent connections.
    warehouse = redshift_warehouse(site.settings)
    connected: socket.socket = warehouse._connection._usock
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
    warehouse.close()


def test_what_is_said_while_nothing_else_is_keeps_a_session_from_being_idle(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = redshift_warehouse(site.settings)
    sent: list[str] = []
    monkeypatch.setattr(warehouse, "execute", sent.append)
    warehouse.keep_awake()
    assert sent == []
    monkeypatch.setattr(session, "_IDLE_SECONDS", 0)
    warehouse.keep_awake()
    assert sent == ["SELECT 1"]
    warehouse.close()


def test_many_long_rows_are_inserted_by_statements_below_the_limit(site: Site) -> None:
    # SQL reference: the maximum size for a single SQL statement is 16 MB, which the stand-in enforces.
    rows = [
        ("log_data", "f", number, "r", "\N{EARTH GLOBE EUROPE-AFRICA}" * 1000, 1) for number in range(5000)
    ]
    warehouse = redshift_warehouse(site.settings)
    warehouse.insert("staging_rejects", rows)
    assert warehouse.query("SELECT COUNT(*), MAX(line) FROM staging_rejects") == [(5000, 4999)]
    warehouse.close()


def test_a_session_is_kept_awake_while_files_are_read_and_nothing_is_said_to_redshift(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Billing for Serverless: idle sessions are closed after 3,600 seconds by default.
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1))
    kept: list[session.RedshiftSession] = []
    monkeypatch.setattr(session.RedshiftSession, "keep_awake", lambda self: kept.append(self))
    site.use("bundled")
    site.load()
    assert kept
