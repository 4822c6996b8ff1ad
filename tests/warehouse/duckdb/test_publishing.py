"""The copy for readers: who reads it and when, what it replaces, and what a kill leaves."""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

import duckdb
import pytest

from sparkify.client import Client
from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import BusyError, SparkifyError, UsageError, WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.system import copying
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.duckdb import publishing
from sparkify.warehouse.opening import opened
from tests.support.builders import event, track, write
from tests.support.cli import Run
from tests.support.killing import kill_self, processes
from tests.support.runs import create_tables, duckdb_warehouse, run_etl
from tests.support.settings import changed, settings_of

pytestmark = pytest.mark.slow

FIRST_DAY = 1541030400000
DAY = 86_400_000


def add_day(folder: Path, day: int) -> None:
    """A log with one play."""
    write(folder / f"data/log_data/{day}.json", event(ts=FIRST_DAY + day * DAY))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a warehouse that publishes a copy, and sources with one play."""
    write(tmp_path / "data/song_data/song.json", track())
    add_day(tmp_path, 1)
    (tmp_path / "shared").mkdir()
    return settings_of(
        database=str(tmp_path / "w.duckdb"),
        song_data=str(tmp_path / "data/song_data"),
        log_data=str(tmp_path / "data/log_data"),
        publish=str(tmp_path / "shared/readers.duckdb"),
    )


def plays_in(path: str) -> int:
    """How many plays a file has, as any tool reads it."""
    with duckdb.connect(path, read_only=True) as connection:
        ((count,),) = connection.execute("SELECT COUNT(*) FROM songplays").fetchall()
    return int(count)


def shared(settings: Settings) -> list[str]:
    return sorted(path.name for path in Path(settings.duckdb.publish).parent.iterdir())


# --- publishing


@pytest.mark.parametrize("write_it", [lambda it: run_etl(it, NullProgress()), create_tables])
def test_whatever_writes_publishes_a_copy_that_only_reads(
    settings: Settings, write_it: Callable[[Settings], object]
) -> None:
    write_it(settings)
    copy = Path(settings.duckdb.publish)
    assert copy.stat().st_mode & 0o222 == 0
    assert plays_in(str(copy)) == plays_in(settings.database)
    assert shared(settings) == ["readers.duckdb"]
    with duckdb.connect(str(copy), read_only=True) as connection:
        ((warehouse, run),) = connection.execute("SELECT warehouse, run_id FROM published_copy").fetchall()
    assert warehouse == os.path.realpath(settings.database)
    assert run in (None, 1)


def test_a_run_that_fails_is_in_the_copy_too(settings: Settings, tmp_path: Path) -> None:
    run_etl(settings, NullProgress())
    write(tmp_path / "data/log_data/2.json", "{broken", "{broken")
    with pytest.raises(SparkifyError):
        run_etl(settings, NullProgress())
    with opened(settings, read_only=True) as warehouse:
        assert warehouse.query("SELECT outcome FROM runs ORDER BY run_id") == [("loaded",), ("failed",)]


@pytest.mark.thorough
def test_readers_keep_the_copy_that_they_have_open(settings: Settings, tmp_path: Path) -> None:
    run_etl(settings, NullProgress())
    with duckdb.connect(settings.duckdb.publish, read_only=True) as reader:
        add_day(tmp_path, 2)
        child(run_etl, settings, NullProgress())
        assert reader.execute("SELECT COUNT(*) FROM songplays").fetchall() == [(1,)]
    assert plays_in(settings.duckdb.publish) == 2


def test_a_copy_keeps_the_permissions_that_it_was_given(settings: Settings, tmp_path: Path) -> None:
    run_etl(settings, NullProgress())
    Path(settings.duckdb.publish).chmod(0o440)
    add_day(tmp_path, 2)
    run_etl(settings, NullProgress())
    assert Path(settings.duckdb.publish).stat().st_mode & 0o777 == 0o440


def child(target: Callable[..., object], *args: object) -> int | None:
    """Do something in a process of its own, and say how it ends."""
    process = processes.Process(target=target, args=args)
    process.start()
    process.join()
    return process.exitcode


# --- reading


@contextlib.contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """A process writes to the warehouse meanwhile."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=_write, args=(settings, theirs))
    process.start()
    assert ours.recv() == "open"
    try:
        yield
    finally:
        ours.send("close")
        process.join()


def _write(settings: Settings, pipe: Connection) -> None:
    warehouse = duckdb_warehouse(settings)
    pipe.send("open")
    pipe.recv()
    warehouse.close()


def commit(warehouse: Warehouse) -> None:
    """Something that no copy has."""
    with warehouse.transaction():
        warehouse.query("DELETE FROM run_notes")
        warehouse.query("INSERT INTO run_notes VALUES (9, 1, 'note', 'unpublished')")


def test_readers_read_a_current_copy_so_that_no_writer_has_to_wait(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_etl(settings, NullProgress())
    with opened(settings, read_only=True) as reader:
        assert reader.location == settings.database
        add_day(tmp_path, 2)
        assert child(run_etl, settings, NullProgress()) == 0
        assert reader.query("SELECT COUNT(*) FROM songplays") == [(1,)]
    with opened(settings, read_only=True) as reader:
        assert reader.query("SELECT COUNT(*) FROM songplays") == [(2,)]
    assert capsys.readouterr().err == ""


def test_readers_read_the_warehouse_if_the_copy_is_behind(settings: Settings) -> None:
    run_etl(settings, NullProgress())
    with opened(changed(settings, publish="")) as warehouse:
        commit(warehouse)
    with opened(settings, read_only=True) as reader:
        assert ("unpublished",) in reader.query("SELECT note FROM run_notes")


def test_a_file_that_took_the_warehouse_s_place_is_read_itself_though_its_headers_are_those_of_the_copy(
    settings: Settings,
) -> None:
    run_etl(settings, NullProgress())
    database = Path(settings.database)
    whole = database.read_bytes()
    # As after a restore, when other rows may leave the same headers: here something that can't be read.
    database.write_bytes(whole[: 3 * 4096] + bytes(len(whole) - 3 * 4096))
    with pytest.raises(WarehouseError, match="damaged"), opened(settings, read_only=True):
        pass


def test_readers_read_the_copy_while_somebody_writes_and_say_how_old_it_is(
    settings: Settings, tmp_path: Path, run: Run
) -> None:
    run_etl(settings, NullProgress())
    with opened(changed(settings, publish="")) as warehouse:
        commit(warehouse)
    (tmp_path / "dwh.cfg").write_text("[WAREHOUSE]\nDATABASE = w.duckdb\nPUBLISH = shared/readers.duckdb\n")
    commands = (
        ("query", "SELECT COUNT(*) FROM songplays"),
        ("report", "out.html"),
        ("export", "out"),
    )
    with writing(settings):
        for command in commands:
            done = run(*command)
            assert done.returncode == 0, done.stderr
            assert "w.duckdb: in use by process" in done.stderr
            assert (
                "reading the copy shared/readers.duckdb, published after run 1, 0 minutes ago" in done.stderr
            )
        result = json.loads(run("status", "--json").stdout)
        assert result["exit_code"] == 0
        assert (result["database"], result["copy"]["run"]) == ("w.duckdb", 1)
        assert result["copy"]["path"] == os.path.realpath(settings.duckdb.publish)
    assert json.loads(run("status", "--json").stdout)["copy"] is None


def test_a_reader_without_a_copy_is_told_of_publishing(settings: Settings) -> None:
    run_etl(changed(settings, publish=""), NullProgress())
    with writing(settings):
        with (
            pytest.raises(BusyError, match="does not hold a copy of it yet"),
            opened(settings, read_only=True),
        ):
            pass
        with (
            pytest.raises(BusyError, match=r"with \[WAREHOUSE\] PUBLISH set, a copy can be read meanwhile"),
            opened(changed(settings, publish=""), read_only=True),
        ):
            pass


@pytest.mark.thorough
def test_readers_who_read_all_the_time_and_a_writer_never_meet(settings: Settings, tmp_path: Path) -> None:
    run_etl(settings, NullProgress())
    client = Client(settings)
    seen: list[int] = []
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            ((plays,),) = client.sql("SELECT COUNT(*) FROM songplays").rows
            seen.append(plays)
            seen.append(plays_in(settings.duckdb.publish))

    reader = threading.Thread(target=read)
    reader.start()
    codes = []
    for day in range(2, 5):
        add_day(tmp_path, day)
        codes.append(child(run_etl, settings, NullProgress()))
    is_done.set()
    reader.join()
    assert codes == [0] * 3
    assert seen == sorted(seen)
    assert len(set(seen)) > 1


# --- kills


def half_copied(source: IO[bytes], target: IO[bytes]) -> None:
    target.write(source.read(20_000))
    target.flush()
    kill_self()


def half_marked(aside: Path, *_: object) -> None:
    duckdb.connect(str(aside)).execute("CREATE TABLE published_copy (warehouse VARCHAR)")
    kill_self()


_replace = Path.replace


def switched(aside: Path, path: Path) -> None:
    _replace(aside, path)
    kill_self()


KILLS: dict[str, tuple[object, str, Callable[..., None]]] = {
    "while it copies": (copying, "copy", half_copied),
    "while it marks": (publishing, "_mark", half_marked),
    "before it switches": (Path, "replace", lambda *_: kill_self()),
    "after it has switched": (Path, "replace", switched),
}


def publish_and_be_killed(settings: Settings, moment: str) -> None:
    """A run that kills itself while it publishes; in a process of its own."""
    owner, name, act = KILLS[moment]
    patch = pytest.MonkeyPatch()
    patch.setattr(copying, "clone", lambda *_: False)
    patch.setattr(owner, name, act)
    run_etl(settings, NullProgress())


@pytest.mark.thorough
def test_kills_leave_the_old_copy_or_the_new_one_and_nothing_that_grows(
    settings: Settings, tmp_path: Path
) -> None:
    run_etl(settings, NullProgress())
    add_day(tmp_path, 2)
    for moment in KILLS:
        assert child(publish_and_be_killed, settings, moment) == -signal.SIGKILL
        assert plays_in(settings.duckdb.publish) == (2 if moment.startswith("after") else 1), moment
        assert plays_in(settings.database) == 2
        aside = ".readers.duckdb.publishing"
        assert set(shared(settings)) <= {"readers.duckdb", aside, f"{aside}.wal"}
    add_day(tmp_path, 3)
    run_etl(settings, NullProgress())
    assert shared(settings) == ["readers.duckdb"]
    assert plays_in(settings.duckdb.publish) == 3


# --- what can't be published


def link_to_warehouse(place: Path) -> None:
    place.hardlink_to(place.parent.parent / "w.duckdb")


def other_database(place: Path) -> None:
    duckdb.connect(str(place)).execute("CREATE TABLE t AS SELECT 1").close()


def other_copy(place: Path) -> None:
    """A copy that was moved here may be all that is left of its warehouse."""
    other = changed(settings_of(), database=str(place.parent / "x"), publish=str(place.parent / "y"))
    create_tables(other)
    Path(other.duckdb.publish).rename(place)


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (Path.mkdir, "is a folder"),
        (lambda place: place.write_text("notes"), "not a DuckDB database"),
        (Path.touch, "not a DuckDB database"),
        (other_database, "not a copy that was published there"),
        (other_copy, "not a copy that was published there"),
        (link_to_warehouse, "not a copy that was published there"),
        (lambda place: place.symlink_to("notes"), "not a DuckDB database"),
        (lambda place: place.parent.rmdir(), "the folder .* does not exist"),
    ],
)
def test_nothing_but_a_copy_is_replaced_and_nothing_is_loaded_then(
    settings: Settings, put: Callable[[Path], object], said: str
) -> None:
    place = Path(settings.duckdb.publish)
    run_etl(changed(settings, publish=""), NullProgress())
    if said != "the folder .* does not exist":
        (place.parent / "notes").write_text("notes")
    put(place)
    before = place.read_bytes() if place.is_file() else None
    with pytest.raises(WarehouseError, match=said) as caught:
        run_etl(settings, NullProgress(), full=True)
    assert "[WAREHOUSE] PUBLISH" in caught.value.hint
    assert (place.read_bytes() if place.is_file() else None) == before
    with opened(changed(settings, publish=""), read_only=True) as warehouse:
        assert warehouse.query("SELECT COUNT(*) FROM runs") == [(1,)]


def test_the_copy_of_another_warehouse_is_neither_replaced_nor_read(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_etl(settings, NullProgress())
    other = changed(settings, database=str(tmp_path / "other.duckdb"))
    create_tables(other)
    assert "it is the copy of another warehouse" in capsys.readouterr().err
    assert plays_in(settings.duckdb.publish) == 1
    with opened(other, read_only=True) as warehouse:
        assert warehouse.query("SELECT COUNT(*) FROM songplays") == [(0,)]


@pytest.mark.thorough
def test_a_copy_is_no_warehouse_until_it_is_restored_elsewhere(settings: Settings, tmp_path: Path) -> None:
    run_etl(settings, NullProgress())
    copy, restored = Path(settings.duckdb.publish), tmp_path / "restored.duckdb"
    restored.write_bytes(copy.read_bytes())
    copy.chmod(0o600)
    add_day(tmp_path, 2)
    with pytest.raises(WarehouseError, match="only for reading"):
        run_etl(changed(settings, database=str(copy), publish=""), NullProgress())
    run_etl(changed(settings, database=str(restored), publish=""), NullProgress())
    assert plays_in(str(restored)) == 2


@pytest.mark.thorough
def test_a_copy_that_somebody_has_changed_is_replaced_with_all_that_belongs_to_it(
    settings: Settings, tmp_path: Path
) -> None:
    run_etl(settings, NullProgress())
    copy = Path(settings.duckdb.publish)
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("DELETE FROM songplays")
    assert shared(settings) == ["readers.duckdb", "readers.duckdb.wal"]
    add_day(tmp_path, 2)
    run_etl(settings, NullProgress())
    assert shared(settings) == ["readers.duckdb"]
    assert plays_in(str(copy)) == 2


@pytest.mark.forms(1)
@pytest.mark.parametrize("problem", ["no room", "no rights"])
def test_a_copy_that_fails_is_a_warning_and_the_load_stays(
    settings: Settings,
    tmp_path: Path,
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_etl(settings, NullProgress())
    add_day(tmp_path, 2)
    monkeypatch.setattr(copying, "clone", lambda *_: False)
    if problem == "no room":
        free = shutil.disk_usage(tmp_path)._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
        said = "the copy takes .* MB, and 1.0 KB are free"
    else:
        monkeypatch.setattr(copying, "copy", refused)
        said = "Permission denied.* name a place that you may write to"
    run_etl(settings, NullProgress())
    assert re.search(f"warning: .*readers.duckdb: not published: {said}", capsys.readouterr().err)
    assert (plays_in(settings.database), plays_in(settings.duckdb.publish)) == (2, 1)
    assert shared(settings) == ["readers.duckdb"]
    monkeypatch.undo()
    run_etl(settings, NullProgress())
    assert plays_in(settings.duckdb.publish) == 2


def refused(*_: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_a_copy_is_whole_where_the_kernel_copies_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_here(*_: object) -> int:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "copy_file_range", not_here)
    run_etl(settings, NullProgress())
    assert plays_in(settings.duckdb.publish) == 1


@pytest.mark.parametrize(
    ("publish", "said"),
    [
        ("w.duckdb", "is the warehouse itself"),
        ("./x/../w.duckdb", "is the warehouse itself"),
        ("w.duckdb.wal", "is the warehouse itself"),
        ("s3://bucket/readers.duckdb", "not a file on this machine"),
        ("redshift", "not a file on this machine"),
        (":memory:", "not a file on this machine"),
        ("md:readers", "not a file on this machine"),
        ("shared/", "not a file on this machine"),
    ],
)
def test_a_copy_is_published_to_a_file_of_its_own(tmp_path: Path, publish: str, said: str) -> None:
    config = tmp_path / "dwh.cfg"
    config.write_text(f"[WAREHOUSE]\nDATABASE = w.duckdb\nPUBLISH = {publish}\n")
    (tmp_path / "x").mkdir()
    with pytest.raises(UsageError, match=said):
        load_settings(str(config), {})


def test_publishing_is_ignored_on_redshift_with_a_word(tmp_path: Path) -> None:
    config = tmp_path / "dwh.cfg"
    config.write_text("[WAREHOUSE]\nDATABASE = redshift\nPUBLISH = readers.duckdb\n")
    (warning,) = load_settings(str(config), {}).warnings
    assert "[WAREHOUSE] PUBLISH is of no use on Redshift" in warning
