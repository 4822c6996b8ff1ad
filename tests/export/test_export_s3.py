"""``sparkify export s3://…``: whole for a reader at every moment, and careful with what others have there."""

import json
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import obstore
import pytest
from typer.testing import CliRunner

from sparkify.cli.app import app
from sparkify.config.settings import Settings, values_of
from sparkify.errors import SparkifyError, UsageError
from sparkify.export import parquet as exporting
from sparkify.sources.s3_folder import S3Folder
from sparkify.sql import STAR_TABLES
from tests.support.builders import HANGS
from tests.support.exports import FOLDERS, columns, load_plays, read_back, stored
from tests.support.faulty_s3 import FaultyS3
from tests.support.killing import processes
from tests.support.runs import export_to_s3
from tests.support.s3_servers import Bucket, Server, moto, rclone
from tests.support.settings import changed, settings_of


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return load_plays(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with one file to export for each table."""
    return load_plays(tmp_path_factory.mktemp("small"), days=1)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    with rclone(tmp_path_factory.mktemp("rclone")) as one, moto() as other:
        yield {"rclone": one, "moto": other}


class Place:
    """A prefix to export to, through a server that can fail.

    Attributes:
        uri: the prefix.
        bucket: where it is.
        settings: of the warehouse, and of the way to S3.
        server: the way.
    """

    def __init__(self, bucket: Bucket, server: FaultyS3, database: str) -> None:
        self.uri = f"{bucket.uri}/a b/exp'ort/"
        self.server = server
        self.bucket = bucket
        at_server = replace(bucket, proxy=server.endpoint)
        self.settings = at_server.settings(settings_of(database=database))

    def export(self, *, overwrite: bool = True) -> dict[str, Any]:
        return export_to_s3(self.settings, self.uri, overwrite=overwrite)

    def of_its_own(self, server: FaultyS3 | None = None) -> "Place":
        """The same prefix for an export beside this one's, with a file of its own as of a process."""
        database = shutil.copyfile(self.settings.database, f"{self.settings.database}.{secrets.token_hex(4)}")
        return Place(self.bucket, server or self.server, database)

    def fails(self, kind: type[SparkifyError] = SparkifyError, *, overwrite: bool = True) -> SparkifyError:
        with pytest.raises(kind) as caught:
            self.export(overwrite=overwrite)
        return caught.value

    def put(self, name: str, content: bytes) -> None:
        self.bucket.put(f"a b/exp'ort/{name}", content)

    @property
    def objects(self) -> dict[str, bytes]:
        """Everything below the prefix, past the faults."""
        store, key = self.bucket.store, "a b/exp'ort/"
        names = [item["path"] for page in obstore.list(store, key) for item in page]
        return {name.removeprefix(key): bytes(obstore.get(store, name).bytes()) for name in names}

    def assert_whole(self) -> None:
        """The files that the manifest lists are there, with the sizes that it tells."""
        objects = self.objects
        for table in json.loads(objects["_export.json"])["tables"].values():
            assert [len(objects[name]) for name in table["files"]] == table["bytes"]

    def assert_alone(self) -> None:
        """And nothing else is."""
        self.assert_whole()
        tables = json.loads(self.objects["_export.json"])["tables"].values()
        assert self.objects.keys() == {"_export.json"} | {name for table in tables for name in table["files"]}


@pytest.fixture
def at_rclone(request: pytest.FixtureRequest, servers: dict[str, Server], small: str) -> Iterator[Place]:
    """An empty prefix on a server that takes every write."""
    yield from place_on(servers["rclone"], request, small)


@pytest.fixture
def at_moto(request: pytest.FixtureRequest, servers: dict[str, Server], small: str) -> Iterator[Place]:
    """On one that refuses a write whose condition is not met, as S3 does."""
    yield from place_on(servers["moto"], request, small)


def place_on(server: Server, request: pytest.FixtureRequest, database: str) -> Iterator[Place]:
    bucket = server.bucket(f"b{abs(hash(request.node.nodeid)):x}")
    with FaultyS3(bucket.endpoint).running() as faulty:
        yield Place(bucket, faulty, database)


# --- what is there afterwards


@pytest.mark.parametrize("server", ["at_rclone", "at_moto"])
def test_the_rows_read_back_are_those_of_the_warehouse(
    request: pytest.FixtureRequest, server: str, database: str, tmp_path: Path
) -> None:
    place: Place = request.getfixturevalue(server)
    place.settings = changed(place.settings, database=database)
    place.export(overwrite=False)
    for name, content in place.objects.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for table in STAR_TABLES:
        assert read_back(tmp_path, table, columns(database, table)) == stored(database, table)
    assert {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet")} == FOLDERS
    told = json.loads((tmp_path / "_export.json").read_text())["tables"]
    assert {name: table["rows"] for name, table in told.items()} == {
        name: len(stored(database, name)) for name in STAR_TABLES
    }
    place.assert_alone()


def test_the_command_says_the_same_as_of_a_folder(at_rclone: Place, tmp_path: Path) -> None:
    settings = at_rclone.settings
    environment = {
        f"SPARKIFY_{name.upper()}": str(values_of(settings)[name])
        for name in ("database", "s3_endpoint", "aws_region", "aws_access_key_id", "aws_secret_access_key")
    }
    said = []
    for out in (str(tmp_path / "out"), at_rclone.uri):
        result = CliRunner().invoke(app, ["export", out], env=environment, catch_exceptions=False)
        assert (result.exit_code, result.stderr) == (0, f"exported to {out}\n")
        assert settings.aws.aws_secret_access_key not in result.output
        said.append(result.stdout)
    assert said[0] == said[1]
    at_rclone.assert_alone()


def test_files_too_large_for_one_request_arrive_whole(at_rclone: Place, tmp_path: Path) -> None:
    content = os.urandom(11 * 2**20)
    (tmp_path / "large").write_bytes(content)
    S3Folder(at_rclone.uri, at_rclone.settings.aws).upload(tmp_path)
    assert at_rclone.objects == {"large": content}


def test_it_is_never_written_without_credentials(at_rclone: Place) -> None:
    # That public sources are read so, says nothing of where exports go.
    at_rclone.settings = changed(at_rclone.settings, s3_anonymous=True)
    at_rclone.export()
    at_rclone.assert_alone()


# --- what was there before


def test_an_earlier_export_is_kept_unless_told(at_rclone: Place) -> None:
    at_rclone.export(overwrite=False)
    before = at_rclone.objects
    assert "--overwrite" in at_rclone.fails(UsageError, overwrite=False).hint
    assert at_rclone.objects == before


def test_overwriting_leaves_the_new_files_only(at_moto: Place) -> None:
    at_moto.export()
    before = at_moto.objects
    at_moto.export()
    assert before.keys() & at_moto.objects.keys() == {"_export.json"}
    at_moto.assert_alone()


@pytest.mark.parametrize(
    ("name", "has_export"),
    [
        ("thesis.txt", False),
        ("thesis.txt", True),
        ("users/data_0.parquet", False),
        # Named as ours are, but nothing aside tells that it was ours.
        ("users/20260101T000000-0123abcd-data_0.parquet", True),
        ("_sparkify-notes/a.txt", False),
    ],
)
def test_other_peoples_objects_are_neither_deleted_nor_joined(
    at_rclone: Place, name: str, has_export: bool
) -> None:
    if has_export:
        at_rclone.export()
    at_rclone.put(name, b"years of work")
    before = at_rclone.objects
    what = "more than an export" if has_export else "something other than an export"
    assert f"holds {what}, {name} for one" in at_rclone.fails(UsageError).message
    assert at_rclone.objects == before


def test_a_manifest_can_have_nothing_deleted_but_data_of_the_tables(at_rclone: Place) -> None:
    at_rclone.put("thesis.txt", b"years of work")
    manifest = {"software": "Sparkify Warehouse 0", "tables": {"users": {"files": ["thesis.txt"]}}}
    at_rclone.put("_export.json", json.dumps(manifest).encode())
    assert "thesis.txt" in at_rclone.fails(UsageError).message


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"tables": {}}', "no JSON"])
def test_a_manifest_of_something_else_is_never_replaced(at_moto: Place, content: str) -> None:
    at_moto.put("_export.json", content.encode())
    assert "something other than an export, _export.json for one" in at_moto.fails(UsageError).message
    assert at_moto.objects == {"_export.json": content.encode()}


def test_the_empty_objects_that_consoles_make_for_folders_are_no_ones(at_moto: Place) -> None:
    at_moto.put("songs", b"")
    at_moto.export(overwrite=False)
    assert at_moto.objects.pop("songs") == b""
    at_moto.assert_whole()


# --- what goes wrong

MOMENTS: dict[str, dict[str, Any]] = {
    "when the files are uploaded": {"on": "users/data_0.parquet", "method": "PUT"},
    "when they are copied to their places": {"on": "-data_0.parquet", "method": "PUT"},
    "when the manifest is written": {"on": "_export.json", "method": "PUT"},
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_failure_leaves_what_was_there_and_nothing_else(at_rclone: Place, moment: dict[str, Any]) -> None:
    at_rclone.export()
    before = at_rclone.objects
    at_rclone.server.add("status", times=None, status=403, **moment)
    error = at_rclone.fails()
    assert "access denied" in error.message
    assert "s3:PutObject" in error.hint
    assert at_rclone.objects == before


def test_a_failure_of_the_database_leaves_what_was_there(
    at_rclone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_rclone.export()
    before = at_rclone.objects
    monkeypatch.setitem(exporting.LAYOUTS, "songs", exporting.Layout("SELECT nothing FROM songs"))
    assert "nothing" in at_rclone.fails().message
    assert at_rclone.objects == before


def test_a_request_that_fails_once_is_tried_again(at_rclone: Place) -> None:
    for moment in MOMENTS.values():
        at_rclone.server.add("status", **moment)
    at_rclone.export()
    at_rclone.assert_alone()


def test_who_may_not_delete_is_told_so_before_the_work(at_rclone: Place) -> None:
    at_rclone.export()
    at_rclone.server.seen.clear()
    at_rclone.server.add("status", "delete", None, status=403)
    assert "s3:DeleteObject" in at_rclone.fails().hint
    assert not [key for key in at_rclone.server.seen if key.endswith(".parquet")]
    at_rclone.assert_whole()


def test_a_manifest_whose_answer_is_lost_is_found_to_be_there(at_moto: Place) -> None:
    # The second try is refused, for the first has been done.
    at_moto.export()
    at_moto.server.add("lost", "_export.json", method="PUT")
    at_moto.export()
    at_moto.assert_alone()


def test_a_server_that_knows_no_conditions_is_written_to_without(at_rclone: Place) -> None:
    at_rclone.server.add("status", "_export.json", 3, status=501, method="PUT")
    at_rclone.export()
    at_rclone.assert_alone()


def test_where_it_is_uncertain_which_export_is_there_nothing_is_deleted(at_rclone: Place) -> None:
    at_rclone.export()
    before = at_rclone.objects

    def no_more_answers() -> None:
        at_rclone.server.add("reset", "_export.json", None)

    at_rclone.server.add("lost", "_export.json", None, method="PUT", action=no_more_answers)
    assert "is not known" in at_rclone.fails().message
    assert before.keys() <= at_rclone.objects.keys()
    at_rclone.assert_whole()
    at_rclone.server.faults.clear()
    at_rclone.export()
    at_rclone.assert_alone()


def test_what_could_not_be_deleted_is_told_and_deleted_by_the_next_export(at_rclone: Place) -> None:
    at_rclone.export()
    old = at_rclone.objects
    at_rclone.server.add("before", "delete")  # of the probe
    at_rclone.server.add("status", "delete", None, status=403)
    error = at_rclone.fails()
    assert error.message.startswith("the new export is in place")
    assert at_rclone.objects["_export.json"] != old["_export.json"]
    at_rclone.assert_whole()
    at_rclone.server.faults.clear()
    at_rclone.export()
    at_rclone.assert_alone()


@pytest.mark.parametrize(
    ("server", "moment"),
    [("at_rclone", "when the files are uploaded"), ("at_moto", "when the manifest is written")],
)
def test_of_two_exports_at_a_time_the_first_to_end_stays(
    request: pytest.FixtureRequest, server: str, moment: str
) -> None:
    place: Place = request.getfixturevalue(server)
    place.export()
    place.server.add("before", action=place.of_its_own().export, **MOMENTS[moment])
    assert "another export has been finished here" in place.fails().message
    place.assert_alone()


class Order:
    """Lets two exports write and read ``_export.json`` in one order only.

    Args:
        moments: of both, e.g. ``a PUT``, ``b PUT``, ``b GET``, ``a GET``.
    """

    def __init__(self, moments: str) -> None:
        self._left = moments.split(", ")
        self._changed = threading.Condition()
        self._both_are_about_to_write = threading.Barrier(2, timeout=HANGS)

    def keep(self, name: str, server: FaultyS3) -> None:
        """Have one of them keep to it."""
        server.add("before", "_export.json", method="GET")  # the look at what is there, before the work
        for method in ("PUT", "GET"):
            moment = f"{name} {method}"
            server.add(
                "before",
                "_export.json",
                method=method,
                action=partial(
                    self._wait, moment, self._both_are_about_to_write if method == "PUT" else None
                ),
                then=partial(self._pass, moment),
            )

    def _wait(self, moment: str, barrier: threading.Barrier | None) -> None:
        if barrier:
            barrier.wait()
        with self._changed:
            assert self._changed.wait_for(lambda: self._left[0] == moment, HANGS)

    def _pass(self, moment: str) -> None:
        with self._changed:
            self._left.remove(moment)
            self._changed.notify_all()


DONE, OVERTAKEN = "done", "another export has been finished here meanwhile, and is there now"


def export_twice_at_once(place: Place, moments: str) -> tuple[list[str], list[str]]:
    """What each of two exports comes to, and the tokens of their files that are there then."""
    order = Order(moments)

    def outcome(one: Place) -> str:
        try:
            assert one.export().keys() == set(STAR_TABLES)
        except SparkifyError as error:
            return error.message.partition(": ")[2]
        return DONE

    with FaultyS3(place.bucket.endpoint).running() as server, ThreadPoolExecutor(2) as threads:
        both = [place, place.of_its_own(server)]
        for name, one in zip("ab", both, strict=True):
            order.keep(name, one.server)
        said = list(threads.map(outcome, both))
    return said, sorted({name.rpartition("/")[2][:24] for name in place.objects if name != "_export.json"})


@pytest.mark.parametrize("has_export", [False, True])
@pytest.mark.parametrize(
    "moments",
    ["a PUT, b PUT, a GET, b GET", "a PUT, b PUT, b GET, a GET", "a PUT, a GET, b PUT, b GET"],
)
class TestTwoExportsThatSwitchInTheSameMoment:
    def test_where_the_server_knows_conditions_the_second_fails_and_leaves_nothing(
        self, at_moto: Place, moments: str, has_export: bool
    ) -> None:
        if has_export:
            at_moto.export()
        said, tokens = export_twice_at_once(at_moto, moments)
        assert (said, len(tokens)) == ([DONE, OVERTAKEN], 1)
        at_moto.assert_alone()

    def test_where_it_knows_none_the_last_is_there_whole_and_nobody_deletes_its_files(
        self, at_rclone: Place, moments: str, has_export: bool
    ) -> None:
        if has_export:
            at_rclone.export()
        said, tokens = export_twice_at_once(at_rclone, moments)
        at_rclone.assert_whole()
        assert said[1] == DONE
        if moments.index("b PUT") < moments.index("a GET"):
            # Overwritten before it looked: it finds so, and takes its own away.
            assert (said[0], len(tokens)) == (OVERTAKEN, 1)
            at_rclone.assert_alone()
        else:
            # Nobody can tell it: its files stay, unlisted, until somebody moves them away.
            assert (said[0], len(tokens)) == (DONE, 2)
            before = at_rclone.objects
            assert "holds more than an export, artists/" in at_rclone.fails(UsageError).message
            assert at_rclone.objects == before


def test_ctrl_c_in_the_moment_of_the_switch_leaves_the_new_export_whole(
    at_rclone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_rclone.export()
    put = S3Folder.put

    def put_and_be_interrupted(folder: S3Folder, name: str, *args: Any, **options: Any) -> None:
        put(folder, name, *args, **options)
        if name == "_export.json":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(S3Folder, "put", put_and_be_interrupted)
        with pytest.raises(KeyboardInterrupt):
            at_rclone.export()
    at_rclone.assert_whole()
    at_rclone.export()
    at_rclone.assert_alone()


# --- killed


def export_in_a_process(place_settings: Settings, uri: str) -> None:
    export_to_s3(place_settings, uri, overwrite=True)


def killed(place: Place, **moment: Any) -> None:
    """Kill an export at a moment."""
    process = processes.Process(target=export_in_a_process, args=(place.settings, place.uri))

    def kill() -> None:
        if process.pid:
            os.kill(process.pid, signal.SIGKILL)

    place.server.add("before", action=kill, **moment)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    place.server.settle()


@pytest.mark.parametrize("moment", ["when the manifest is written", "when the earlier files are deleted"])
def test_after_a_kill_an_export_is_whole_and_the_next_one_removes_the_rest(
    at_rclone: Place, moment: str
) -> None:
    at_rclone.export()
    if moment not in MOMENTS:
        at_rclone.server.add("before", "delete")  # of the probe
    killed(at_rclone, **MOMENTS.get(moment, {"on": "delete"}))
    at_rclone.assert_whole()
    assert any(name.startswith("_sparkify-") for name in at_rclone.objects)
    at_rclone.export()
    at_rclone.assert_alone()


def test_after_a_kill_of_the_first_export_nothing_has_to_be_overwritten(at_rclone: Place) -> None:
    killed(at_rclone, **MOMENTS["when they are copied to their places"])
    assert "_export.json" not in at_rclone.objects
    at_rclone.export(overwrite=False)
    at_rclone.assert_alone()


# --- what can't be meant


@pytest.mark.parametrize(
    ("out", "code", "message"),
    [
        ("", 2, "OUT is empty"),
        ("s3://", 2, "no bucket"),
        ("s3:///prefix", 2, "no bucket"),
        ("s3:/bucket/prefix", 1, "s3://bucket/prefix/: no such bucket"),
        ("gs://bucket/prefix", 2, "can't be written to"),
        ("s3://bucket/a//b", 2, "can't be requested"),
        ("s3://bucket/../b", 2, "can't be requested"),
        ("s3://My Bucket/prefix", 1, "no bucket's name"),
        ("s3://no-such-bucket/prefix", 1, "no such bucket"),
    ],
)
def test_an_address_that_can_not_be_meant(at_rclone: Place, out: str, code: int, message: str) -> None:
    environment = {
        "SPARKIFY_DATABASE": at_rclone.settings.database,
        "SPARKIFY_S3_ENDPOINT": at_rclone.settings.aws.s3_endpoint,
        "SPARKIFY_AWS_ACCESS_KEY_ID": at_rclone.settings.aws.aws_access_key_id,
        "SPARKIFY_AWS_SECRET_ACCESS_KEY": at_rclone.settings.aws.aws_secret_access_key,
    }
    error = CliRunner().invoke(app, ["export", out], env=environment).exception
    assert isinstance(error, SparkifyError)
    assert (error.exit_code, message in error.message) == (code, True), error


def test_wrong_credentials_are_told_and_not_repeated(at_rclone: Place) -> None:
    at_rclone.settings = changed(at_rclone.settings, aws_secret_access_key="wrong-and-secret")  # noqa: S106
    error = at_rclone.fails()
    assert "credentials were not accepted" in error.message
    assert "wrong-and-secret" not in str(error)


def test_a_secret_without_its_key_is_told_to_be_incomplete(
    at_rclone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "half-of-it")
    at_rclone.settings = changed(at_rclone.settings, aws_access_key_id="", aws_secret_access_key="")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in at_rclone.fails().hint
