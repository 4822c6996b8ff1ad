"""``sparkify export s3://…``: whole for a reader at every moment, and careful with what others have there."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import obstore
import pytest
from typer.testing import CliRunner

from sparkify.cli.app import app
from sparkify.config.settings import Settings, values_of
from sparkify.errors import SparkifyError
from sparkify.export import parquet as exporting
from sparkify.export.parquet import PARQUET_LAYOUTS
from sparkify.sources.s3_folder import S3Folder
from tests.support.exports import FOLDERS, columns, load_plays, read_back, stored
from tests.support.faulty_s3 import FaultyS3
from tests.support.killing import processes
from tests.support.runs import export_to_s3
from tests.support.s3_servers import Bucket, Server, moto, rclone
from tests.support.settings import changed


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
        self.settings = at_server.settings(Settings(database=database))

    def export(self, *, overwrite: bool = False) -> str:
        """The name of the folder that the export is in."""
        uri = export_to_s3(self.settings, self.uri, overwrite=overwrite).uri
        assert uri.startswith(self.uri)
        return uri.removeprefix(self.uri)

    def fails(self, kind: type[SparkifyError] = SparkifyError, *, overwrite: bool = False) -> SparkifyError:
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

    def below(self, folder: str) -> dict[str, bytes]:
        return {
            name.removeprefix(folder): content
            for name, content in self.objects.items()
            if name.startswith(folder)
        }

    def assert_whole(self, folder: str) -> None:
        """The files that the manifest lists are there, with the sizes that it tells, and nothing else is."""
        objects = self.below(folder)
        tables = json.loads(objects["_export.json"])["tables"].values()
        for table in tables:
            assert [len(objects[name]) for name in table["files"]] == table["bytes"]
        assert objects.keys() == {"_export.json"} | {name for table in tables for name in table["files"]}


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


@pytest.mark.thorough
@pytest.mark.parametrize("server", ["at_rclone", "at_moto"])
def test_the_rows_read_back_are_those_of_the_warehouse(
    request: pytest.FixtureRequest, server: str, database: str, tmp_path: Path
) -> None:
    place: Place = request.getfixturevalue(server)
    place.settings = changed(place.settings, database=database)
    folder = place.export()
    for name, content in place.below(folder).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for table in PARQUET_LAYOUTS:
        assert read_back(tmp_path, table, columns(database, table)) == stored(database, table)
    assert {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet")} == FOLDERS
    told = json.loads((tmp_path / "_export.json").read_text())["tables"]
    assert {name: table["rows"] for name, table in told.items()} == {
        name: len(stored(database, name)) for name in PARQUET_LAYOUTS
    }
    place.assert_whole(folder)


def test_the_command_says_the_same_as_of_a_folder_and_where_the_export_is(
    at_rclone: Place, tmp_path: Path
) -> None:
    settings = at_rclone.settings
    environment = {
        f"SPARKIFY_{name.upper()}": str(values_of(settings)[name])
        for name in ("database", "s3_endpoint", "aws_region", "aws_access_key_id", "aws_secret_access_key")
    }
    said = []
    for out in (str(tmp_path / "out"), at_rclone.uri):
        result = CliRunner().invoke(app, ["export", out], env=environment, catch_exceptions=False)
        assert result.exit_code == 0
        assert settings.aws.aws_secret_access_key not in result.output
        said.append(result)
    assert said[0].stdout == said[1].stdout
    (folder,) = {name.partition("/")[0] for name in at_rclone.objects}
    assert said[1].stderr == f"exported to {at_rclone.uri}{folder}/\n"
    at_rclone.assert_whole(f"{folder}/")


def test_files_too_large_for_one_request_arrive_whole(at_rclone: Place, tmp_path: Path) -> None:
    content = os.urandom(11 * 2**20)
    (tmp_path / "large").write_bytes(content)
    S3Folder(at_rclone.uri, at_rclone.settings.aws).upload(tmp_path)
    assert at_rclone.objects == {"large": content}


def test_it_is_never_written_without_credentials(at_rclone: Place) -> None:
    # That public sources are read so, says nothing of where exports go.
    at_rclone.settings = changed(at_rclone.settings, s3_anonymous=True)
    at_rclone.assert_whole(at_rclone.export())


# --- what was there before


def test_a_further_export_leaves_everything_that_was_there(at_rclone: Place) -> None:
    at_rclone.put("thesis.txt", b"years of work")
    first = at_rclone.export()
    before = at_rclone.objects
    second = at_rclone.export()
    assert before.items() <= at_rclone.objects.items()
    for folder in (first, second):
        at_rclone.assert_whole(folder)


THEIRS = [
    "thesis.txt",
    "users/data_0.parquet",
    "20260101T000000-0123abcd/users/data_0.parquet",  # named as ours are, but nothing lists it
    "20260101T000000-0123abcd/notes/_export.json",
]


def test_overwriting_deletes_the_earlier_exports_and_nothing_else(at_moto: Place) -> None:
    for name in THEIRS:
        at_moto.put(name, b"years of work")
    old = [at_moto.export(), at_moto.export()]
    at_moto.put(f"{old[0]}users/mine.parquet", b"years of work")
    new = at_moto.export(overwrite=True)
    at_moto.assert_whole(new)
    assert at_moto.objects.keys() == {
        *THEIRS,
        f"{old[0]}users/mine.parquet",
        *(f"{new}{name}" for name in at_moto.below(new)),
    }


@pytest.mark.thorough
def test_an_export_of_an_older_version_at_the_prefix_itself_is_replaced(at_rclone: Place) -> None:
    for name, content in at_rclone.below(at_rclone.export()).items():
        at_rclone.put(name, content)
    new = at_rclone.export(overwrite=True)
    assert at_rclone.objects.keys() == {f"{new}{name}" for name in at_rclone.below(new)}


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"tables": {}}', "no JSON"])
def test_a_manifest_of_something_else_is_never_deleted(at_moto: Place, content: str) -> None:
    at_moto.put("_export.json", content.encode())
    at_moto.export(overwrite=True)
    assert at_moto.objects["_export.json"] == content.encode()


def test_a_manifest_can_have_nothing_deleted_but_data_of_the_tables(at_rclone: Place) -> None:
    listed = ["thesis.txt", "../thesis.txt", "users/../../thesis.txt", "users/thesis.txt"]
    for name in ("thesis.txt", "users/thesis.txt"):
        at_rclone.put(name, b"years of work")
    manifest = {"software": "Sparkify Warehouse 0", "tables": {"users": {"files": listed}}}
    at_rclone.put("_export.json", json.dumps(manifest).encode())
    at_rclone.export(overwrite=True)
    assert {"thesis.txt", "users/thesis.txt"} <= at_rclone.objects.keys()


# --- what goes wrong

MOMENTS: dict[str, dict[str, Any]] = {
    "when the files are uploaded": {"on": "users/data_0.parquet", "method": "PUT"},
    "when the manifest is written": {"on": "_export.json", "method": "PUT"},
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_failure_leaves_what_was_there_and_nothing_else(at_rclone: Place, moment: dict[str, Any]) -> None:
    at_rclone.export()
    before = at_rclone.objects
    at_rclone.server.add("status", times=None, status=403, **moment)
    error = at_rclone.fails(overwrite=True)
    assert "access denied" in error.message
    assert "s3:PutObject" in error.hint
    assert at_rclone.objects == before


def test_a_failure_of_the_database_leaves_what_was_there(
    at_rclone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_rclone.export()
    before = at_rclone.objects
    monkeypatch.setitem(exporting.PARQUET_LAYOUTS, "songs", exporting.Layout("SELECT nothing FROM songs"))
    assert "nothing" in at_rclone.fails(overwrite=True).message
    assert at_rclone.objects == before


def test_a_request_that_fails_once_is_tried_again(at_rclone: Place) -> None:
    for moment in MOMENTS.values():
        at_rclone.server.add("status", **moment)
    at_rclone.assert_whole(at_rclone.export())


def test_what_could_not_be_deleted_is_told_and_deleted_by_the_next_export(at_rclone: Place) -> None:
    old = at_rclone.export()
    at_rclone.server.add("status", "delete", None, status=403)
    error = at_rclone.fails(overwrite=True)
    assert error.message.startswith("the new export is in s3://")
    assert "s3:DeleteObject" in error.hint or "--overwrite" in error.hint
    at_rclone.assert_whole(old)
    at_rclone.server.faults.clear()
    new = at_rclone.export(overwrite=True)
    at_rclone.assert_whole(new)
    assert {name.partition("/")[0] for name in at_rclone.objects} == {new.rstrip("/")}


def test_two_exports_at_a_time_are_both_whole(at_rclone: Place, tmp_path: Path) -> None:
    first = at_rclone.export()
    beside = Place(at_rclone.bucket, at_rclone.server, at_rclone.settings.database)
    copied = shutil.copyfile(at_rclone.settings.database, tmp_path / "copy.duckdb")
    beside.settings = changed(beside.settings, database=str(copied))
    between: list[str] = []
    at_rclone.server.add(
        "before",
        action=lambda: between.append(beside.export(overwrite=True)),
        **MOMENTS["when the manifest is written"],
    )
    last = at_rclone.export(overwrite=True)
    for folder in (*between, last):
        at_rclone.assert_whole(folder)
    assert at_rclone.below(first) == {}


# --- killed


def export_in_a_process(place_settings: Settings, uri: str) -> None:
    export_to_s3(place_settings, uri, overwrite=True)


@pytest.mark.thorough
@pytest.mark.parametrize("moment", [*MOMENTS, "when the earlier files are deleted"])
def test_after_a_kill_the_earlier_export_is_whole_or_the_new_one_is(at_rclone: Place, moment: str) -> None:
    old = at_rclone.export()
    process = processes.Process(target=export_in_a_process, args=(at_rclone.settings, at_rclone.uri))

    def kill() -> None:
        if process.pid:
            os.kill(process.pid, signal.SIGKILL)

    at_rclone.server.add("before", action=kill, **MOMENTS.get(moment, {"on": "delete"}))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    at_rclone.server.settle()
    if moment in MOMENTS:
        at_rclone.assert_whole(old)
    else:
        (new,) = {name.partition("/")[0] + "/" for name in at_rclone.objects} - {old}
        at_rclone.assert_whole(new)
    at_rclone.assert_whole(at_rclone.export(overwrite=True))
    assert at_rclone.below(old) == {}


# --- what can't be meant


@pytest.mark.parametrize(
    ("out", "code", "message"),
    [
        ("", 2, "OUT is empty"),
        ("s3://", 2, "no bucket"),
        ("s3:///prefix", 2, "no bucket"),
        ("s3:/bucket/prefix", 1, "no such bucket"),
        ("gs://bucket/prefix", 2, "can't be written to"),
        ("s3://bucket/a//b", 2, "can't be requested"),
        ("s3://bucket/../b", 2, "can't be requested"),
        ("s3://My Bucket/prefix", 1, "is not a bucket name"),
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
