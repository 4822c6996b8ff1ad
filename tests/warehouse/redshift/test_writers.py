"""One writer at a time, named to whoever comes second; readers wait for nobody."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import ConflictError, WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.warehouse.opening import connect
from sparkify.warehouse.redshift import session
from sparkify.warehouse.redshift.engine import RedshiftWarehouse
from tests.standin.fixtures import connect as driver_connect
from tests.support.builders import event, track, write
from tests.support.runs import create_tables, redshift_warehouse, run_etl
from tests.support.settings import changed
from tests.warehouse.redshift.support import Site
from tests.warehouse.redshift.test_loading import Meddler


@pytest.fixture
def loaded(site: Site) -> Site:
    """With a play."""
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1))
    site.load()
    return site


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """With little patience for locks that are held for longer than that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "LOCK_WAIT_MS", 1000)
        yield


@pytest.fixture
def writer(loaded: Site) -> Iterator[RedshiftWarehouse]:
    """Another run, in the middle of its transaction."""
    warehouse = redshift_warehouse(loaded.settings)
    with warehouse.transaction():
        warehouse.query("DELETE FROM songplays")
        yield warehouse
    warehouse.close()


@pytest.mark.parametrize("command", [lambda settings: run_etl(settings, NullProgress()), create_tables])
def test_a_second_writer_is_told_who_is_writing(
    loaded: Site, writer: RedshiftWarehouse, command: Callable[[Settings], object]
) -> None:
    ((process,),) = writer.query("SELECT PG_BACKEND_PID()")
    with in_a_hurry(), pytest.raises(WarehouseError) as caught:
        command(loaded.settings)
    since = r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert re.search(f"in use by process {process} of user awsuser, {since}$", caught.value.message)
    assert "PG_TERMINATE_BACKEND" in caught.value.hint


def test_tables_that_someone_reads_are_not_dropped_and_the_reader_is_named(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    ((process,),) = reader.query("SELECT PG_BACKEND_PID()")
    assert reader.query("SELECT COUNT(*) FROM dim_users") == [(1,)]
    in_use = f"in use by process {process} of user awsuser, since"
    with in_a_hurry(), pytest.raises(WarehouseError, match=in_use):
        create_tables(loaded.settings)
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    reader.close()
    create_tables(loaded.settings)
    assert loaded.load().query("SELECT COUNT(*) FROM songplays") == [(1,)]


def test_readers_see_what_was_there_before_and_wait_for_nobody(
    loaded: Site, writer: RedshiftWarehouse
) -> None:
    assert writer.query("SELECT COUNT(*) FROM songplays") == [(0,)]
    reader = connect(loaded.settings, read_only=True)
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    reader.close()


def test_a_reader_can_change_nothing(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    with pytest.raises(WarehouseError, match="read-only"):
        reader.query("DELETE FROM songplays")
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    reader.close()


def test_a_run_waits_for_no_reader_who_goes_on_seeing_what_was_there(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    write(loaded.folder / "log_data/b.json", event(ts=2))
    assert loaded.load(full=True).query("SELECT COUNT(*) FROM songplays") == [(2,)]
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    reader.close()


def test_the_next_writer_begins_as_soon_as_the_one_before_has_gone(loaded: Site) -> None:
    first = redshift_warehouse(loaded.settings)
    first._begin()
    first.query("DELETE FROM songplays")
    first.close()  # without a word, as when it is killed
    write(loaded.folder / "log_data/b.json", event(ts=2))
    assert loaded.load().query("SELECT COUNT(*) FROM songplays") == [(2,)]


def test_a_run_begins_again_when_others_write_to_its_tables_meanwhile(loaded: Site) -> None:
    def change_level() -> None:
        with driver_connect(loaded.engine.stand_in) as connection:
            connection.cursor().execute("UPDATE users SET level = 'gold'")
            connection.commit()

    write(loaded.folder / "log_data/b.json", event(ts=2, level="free"))
    meddler = Meddler("transform songs", change_level)
    found = loaded.load(meddler)
    assert any("1023" in name for name in meddler.begun)
    assert found.query("SELECT level FROM users") == [("free",)]


def test_a_run_gives_up_when_others_do_not_stop_writing(loaded: Site) -> None:
    class Stubborn(NullProgress):
        def step(self, name: str, *, files: int = 0, size: int = 0) -> Callable[[int, int], None]:
            if name == "transform songs":
                with driver_connect(loaded.engine.stand_in) as connection:
                    connection.cursor().execute("UPDATE users SET level = 'gold'")
                    connection.commit()
            return super().step(name, files=files, size=size)

    write(loaded.folder / "log_data/b.json", event(ts=2, level="free"))
    with pytest.raises(ConflictError, match="nothing was changed"):
        loaded.load(Stubborn())
    reader = connect(changed(loaded.settings), read_only=True)
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    reader.close()
