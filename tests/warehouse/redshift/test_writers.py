"""One writer at a time, named to whoever comes second; readers wait for nobody."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redshift_connector.error import ProgrammingError

from sparkify.config.settings import Settings
from sparkify.errors import ConflictError, StatementError, WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.warehouse.opening import connect
from sparkify.warehouse.redshift import login, session
from sparkify.warehouse.redshift.engine import RedshiftWarehouse
from tests.standin.fixtures import connect as driver_connect
from tests.standin.server import RedshiftStandIn
from tests.support.builders import event, track, write
from tests.support.engines import RedshiftEngine
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


@pytest.mark.forms(1)
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


@pytest.mark.thorough
def test_a_second_writer_on_serverless_is_told_that_there_is_another_one(
    serverless_engine: RedshiftEngine, tmp_path: Path
) -> None:
    # awslabs/amazon-redshift-utils#648: STV views are not to be read there.
    site = Site.open(serverless_engine, tmp_path)
    warehouse = redshift_warehouse(site.settings)
    refused = pytest.raises(WarehouseError, match="in use by another session, which this user may not see")
    with warehouse.transaction(), in_a_hurry(), refused:
        site.load()
    warehouse.close()
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1))
    assert site.load().query("SELECT COUNT(*) FROM songplays") == [(1,)]


@pytest.mark.parametrize(
    ("told", "is_conflict"),
    [
        ({"M": "1023", "D": "Serializable isolation violation on table - 1, transactions: 2"}, True),
        ({"M": "1018", "D": "Relation does not exist"}, True),
        ({"M": "Serializable isolation violation on table"}, True),
        ({"M": "Invalid digit, Value '1023', Pos 0, Type: Integer"}, False),
        ({"M": "column 1018 does not exist"}, False),
    ],
)
def test_a_conflict_is_told_by_the_whole_message_and_not_by_a_number_in_it(
    site: Site, told: dict[str, str], is_conflict: bool
) -> None:
    # Serializable isolation: "ERROR:1023 DETAIL: Serializable isolation violation on table …".
    explained = login.explain(
        ProgrammingError({"C": "XX000", **told}), "here", site.settings.redshift, site.settings.aws
    )
    assert isinstance(explained, ConflictError) == is_conflict


def test_who_may_not_change_a_table_learns_that_tables_belong_to_who_created_them(
    site: Site, redshift: RedshiftStandIn
) -> None:
    # Data API: through IAM the database user is IAM:name or IAMR:role, so a colleague's tables are theirs.
    redshift.as_superuser('CREATE ROLE "IAMR:colleague"', "CREATE TABLE public.theirs (x INT)")
    redshift.as_superuser('ALTER TABLE public.theirs OWNER TO "IAMR:colleague"')
    warehouse = redshift_warehouse(site.settings)
    for statement in ("ALTER TABLE theirs ADD COLUMN y INT", "SELECT * FROM theirs"):
        with pytest.raises(WarehouseError) as caught:
            warehouse.query(statement)
        assert "tables belong to whoever created them" in caught.value.hint
    warehouse.close()
    redshift.as_superuser("DROP TABLE public.theirs", 'DROP ROLE "IAMR:colleague"')


def test_a_select_that_a_read_only_transaction_refuses_is_not_taken_for_a_change(site: Site) -> None:
    # awslabs/mcp#1966: external tables in BEGIN READ ONLY, before Redshift's patch 204.
    told = {"C": "25006", "M": "Failed to incorporate external table", "D": "Error=transaction is read-only"}
    explained = login.explain(ProgrammingError(told), "here", site.settings.redshift, site.settings.aws)
    assert isinstance(explained, StatementError)
    assert "external tables" in explained.users_hint


def test_what_the_detail_of_an_error_says_is_told(site: Site) -> None:
    drawn = f"{'-' * 47}\n  error:  S3ServiceException:Access Denied,Status 403,Error AccessDenied\n"
    error = ProgrammingError({"C": "XX000", "M": "S3ServiceException", "D": drawn})
    explained = login.explain(error, "here", site.settings.redshift, site.settings.aws)
    assert explained.message == (
        "here: S3ServiceException: error: S3ServiceException:Access Denied,Status 403,Error AccessDenied"
    )
    assert "role that Redshift uses" in explained.hint


@pytest.mark.thorough
def test_tables_that_someone_reads_are_not_dropped_and_the_reader_is_named(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    ((process,),) = reader.query("SELECT PG_BACKEND_PID()")
    with reader.snapshot():
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


@pytest.mark.thorough
def test_a_run_waits_for_no_reader_whose_snapshot_goes_on_showing_what_was_there(loaded: Site) -> None:
    reader = connect(loaded.settings, read_only=True)
    with reader.snapshot():
        assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
        write(loaded.folder / "log_data/b.json", event(ts=2))
        assert loaded.load(full=True).query("SELECT COUNT(*) FROM songplays") == [(2,)]
        assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    assert reader.query("SELECT COUNT(*) FROM songplays") == [(2,)]
    reader.close()


@pytest.mark.thorough
def test_the_next_writer_begins_as_soon_as_the_one_before_has_gone(loaded: Site) -> None:
    first = redshift_warehouse(loaded.settings)
    transaction = first.transaction()
    transaction.__enter__()
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


@pytest.mark.thorough
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
