"""S3 sources: the same answers as from folders, and one clear line where something goes wrong."""

import gzip
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import obstore
import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SourceError, SparkifyError
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from sparkify.reading.keys import EVENT_KEYS
from sparkify.sources.objects import LoadFile
from sparkify.sources.opening import open_source
from tests.support.builders import HANGS, Loaded, event, read_star, track, write
from tests.support.faulty_s3 import PAGE, FaultyS3
from tests.support.machine import refusing_port
from tests.support.runs import run_etl
from tests.support.s3_servers import Bucket, Server, moto, rclone
from tests.support.settings import changed
from tests.support.state import state_of


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    with rclone(tmp_path_factory.mktemp("rclone")) as one, moto() as other:
        yield {"rclone": one, "moto": other}


def bucket_name(request: pytest.FixtureRequest) -> str:
    """A bucket name that no other test has."""
    return f"b{abs(hash(request.node.nodeid)):x}"


@pytest.fixture(params=["rclone", pytest.param("moto", marks=pytest.mark.thorough)])
def bucket(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Bucket:
    """An empty bucket, on either server."""
    return servers[request.param].bucket(bucket_name(request))


@pytest.fixture
def rclone_bucket(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Bucket:
    return servers["rclone"].bucket(bucket_name(request))


@pytest.fixture
def faulty(rclone_bucket: Bucket) -> Iterator[tuple[FaultyS3, Bucket]]:
    """A bucket with a song and two log files, behind a server that can fail."""
    put_json(rclone_bucket, "song_data/A/song.json", track())
    put_json(rclone_bucket, "log_data/a.json", *LOGS["a"])
    put_json(rclone_bucket, "log_data/b.json", *LOGS["b"])
    with FaultyS3(rclone_bucket.endpoint).running() as server:
        yield server, replace(rclone_bucket, proxy=server.endpoint)


LOGS = {
    name: [event(ts=1543449657000 + first + number) for number in range(20)]
    for name, first in (("a", 0), ("b", 1000))
}


def put_json(bucket: Bucket, key: str, *records: dict[str, Any]) -> None:
    bucket.put(key, "\n".join(map(json.dumps, records)).encode())


def etl(settings: Settings, **options: Any) -> Summary:
    return run_etl(settings, NullProgress(), **options)


def fails(settings: Settings, kind: type[SparkifyError] = SourceError) -> str:
    """The one line that a run fails with."""
    with pytest.raises(kind) as caught:
        etl(settings)
    assert "\n" not in caught.value.message
    assert PAGE.decode() not in str(caught.value)
    assert settings.aws.aws_secret_access_key not in str(caught.value)
    return caught.value.message


# --- the same as from folders


@pytest.mark.forms(1)
def test_the_sample_from_s3_equals_the_sample_from_folders(
    sample: Path, settings: Settings, bucket: Bucket
) -> None:
    bucket.put_folder(sample)
    local = changed(
        settings,
        database=settings.database + ".local",
        song_data=str(sample / "song_data"),
        log_data=str(sample / "log_data"),
    )
    remote = changed(bucket.settings(settings), log_jsonpath=f"{bucket.uri}/log_json_path.json")
    assert etl(local).tables == etl(remote).tables
    assert state_of(remote, bucket.uri) == state_of(local, str(sample.resolve()))
    again = etl(remote)
    assert again.outcome == "nothing new"
    assert {name: source.known for name, source in again.sources.items()} == {
        "song_data": 71,
        "log_data": 30,
    }


def test_the_jsonpaths_file_beside_the_logs_is_found_on_s3(settings: Settings, bucket: Bucket) -> None:
    put_json(bucket, "song_data/A/song.json", track())
    put_json(bucket, "log_data/a.json", event())
    paths = [f"$.{'artist' if key == 'song' else key}" for key in EVENT_KEYS]
    put_json(bucket, "log_json_path.json", {"jsonpaths": paths})
    remote = bucket.settings(settings)
    assert etl(remote).notes == [
        'log_data: keys without a column, ignored: "song" (1 records were looked at)'
    ]
    assert Loaded(remote, Summary()).query("SELECT song FROM staging_events") == [("Sydney Youngblood",)]
    bucket.put("log_json_path.json", b"{}")
    assert fails(remote).startswith(f"{bucket.uri}/log_json_path.json: not a JSONPaths file")


def test_a_file_beside_the_logs_that_may_not_be_read_is_named_and_the_usual_keys_count(
    settings: Settings, faulty: tuple[FaultyS3, Bucket]
) -> None:
    server, bucket = faulty
    # What S3 says of an object that is not there to those who may read, but not list.
    server.add(on="log_json_path.json", kind="status", status=403, times=None)
    summary = etl(bucket.settings(settings))
    assert summary.notes == [f"{bucket.uri}/log_json_path.json: access denied, so the default keys are used"]
    assert summary.tables["songplays"] == (40, 40)


def test_objects_that_are_gone_are_named_and_those_of_other_prefixes_are_not(
    settings: Settings, bucket: Bucket
) -> None:
    put_json(bucket, "song_data/A/song.json", track())
    for key in ("log_data/a.json", "log_data/b.json", "log_data_old/c.json"):
        put_json(bucket, key, event())
    remote = bucket.settings(settings)
    assert etl(changed(remote, log_data=f"{bucket.uri}/log_data_old")).notes == []
    assert etl(remote).notes == []
    obstore.delete(bucket.store, ["log_data/a.json", "log_data_old/c.json"])
    (note,) = etl(remote).notes
    assert (
        "1 loaded file no longer exists at the source; its rows are kept: 1 record"
        f" ({bucket.uri}/log_data/a" in note
    )


@pytest.mark.thorough
def test_many_tiny_objects_large_ones_and_bad_records_load_as_from_folders(
    tmp_path: Path, settings: Settings, bucket: Bucket
) -> None:
    for number in range(60):
        write(
            tmp_path / f"song_data/{number % 7}/{number}.json", track(song_id=f"S{number}", duration=number)
        )
    write(tmp_path / "song_data/bad.json", "{", "[1]", track(song_id="S60"))
    plays = [event(ts=1543449657000 + number, userId=str(number % 50)) for number in range(1500)]
    write(tmp_path / "log_data/large.json", *plays)
    write(
        tmp_path / "log_data/packed.json.gz", gzip.compress(b"\n".join(json.dumps(p).encode() for p in plays))
    )
    write(tmp_path / "log_data/empty.json")
    write(tmp_path / "log_data/next.json", event(ts=1))
    settings = changed(settings, part_bytes=20_000, window_bytes=60_000, chunk_bytes=10_000)
    bucket.put_folder(tmp_path / "song_data", "song_data/")
    bucket.put_folder(tmp_path / "log_data", "log_data/")
    local = changed(settings, database=settings.database + ".local")
    etl(local)
    etl(bucket.settings(settings))
    assert state_of(bucket.settings(settings), bucket.uri) == state_of(local, str(tmp_path.resolve()))


def test_a_large_object_of_which_only_the_beginning_is_taken_is_read_once(
    settings: Settings, bucket: Bucket
) -> None:
    settings = changed(settings, part_bytes=1000)
    for name in "abc":
        bucket.put(f"{name}.json", name.encode() * 10_000)
    store = open_source(bucket.uri, bucket.settings(settings).aws)
    files = [LoadFile(number, item) for number, item in enumerate(store.list_objects())]
    taken = [(file.file_id, next(iter(data))[:1]) for file, data in store.read(files, 1000)]
    assert taken == [(0, b"a"), (1, b"b"), (2, b"c")]


AWKWARD = [
    "a b.json",
    "o'brien.json",
    'a"b.json',
    "x'; DROP TABLE songplays; --.json",
    "100%.json",
    "a%20b.json",
    "a+b.json",
    "é東京😀.json",
    "a?b=c.json",
    "a#b.json",
    "a&b;c,d=e.json",
    "[a]{b}*~$(c)|<d>^`.json",
    "..a.json/b.json",
]


NAMES = [name for name in AWKWARD if not name.startswith("..")]


@pytest.fixture
def awkward(settings: Settings, bucket: Bucket) -> Settings:
    """Settings for a song and logs that are all called so."""
    put_json(bucket, "song_data/it's %41 song.json", track())
    for number, name in enumerate(NAMES):
        put_json(bucket, f"a 'b'/{name}", event(ts=number))
    song = f"{bucket.uri}/song_data/it's %41 song.json"
    return changed(bucket.settings(settings), song_data=song, log_data=f"{bucket.uri}/a 'b'")


def test_keys_with_awkward_characters_are_read(awkward: Settings) -> None:
    etl(awkward)
    assert read_ledger(awkward)["log_data"] == sorted(f"{awkward.loading.log_data}/{name}" for name in NAMES)
    assert len(read_star(awkward)["songplays"]) == len(NAMES)


def test_an_object_with_awkward_characters_can_be_the_source_itself(awkward: Settings) -> None:
    found = {}
    for name in NAMES:
        store = open_source(f"{awkward.loading.log_data}/{name}", awkward.aws)
        files = [LoadFile(number, item) for number, item in enumerate(store.list_objects())]
        found[name] = [
            (file.source.uri, json.loads(b"".join(data))["ts"]) for file, data in store.read(files, 1000)
        ]
    assert found == {
        name: [(f"{awkward.loading.log_data}/{name}", number)] for number, name in enumerate(NAMES)
    }
    for name in ("x'; DROP TABLE songplays; --.json", "a?b=c.json"):
        etl(changed(awkward, log_data=f"{awkward.loading.log_data}/{name}"))
    assert len(read_star(awkward)["songplays"]) == 2


def read_ledger(settings: Settings) -> dict[str, list[str]]:
    """The URIs that are loaded, by source."""
    found: dict[str, list[str]] = {}
    for source, uri, *_ in state_of(settings, "\0")["ledger"]:
        found.setdefault(source, []).append("s3:" + uri.removeprefix("s3:"))
    return {source: sorted(uris) for source, uris in found.items()}


def test_hidden_names_other_folders_and_folder_markers_are_not_data(
    settings: Settings, bucket: Bucket
) -> None:
    put_json(bucket, "song_data/A/song.json", track())
    put_json(bucket, "log_data/2018/11/good.json", event())
    for key in (
        "log_data_old/events.json",
        "log_data.json",
        "log_data/_temporary/events.json",
        "log_data/.hidden.json",
        "log_data/2018/_SUCCESS.json",
        "log_data/2018/.part/events.json",
        "log_data/notes.txt",
        "log_data/2018/events.jsonl",
        "log_data/_old/events.jsonl",
        "other/log_data/events.json",
    ):
        put_json(bucket, key, event(ts=1))
    bucket.put("log_data/2017", b"")  # what consoles make for a folder
    options = bucket.settings(settings)
    for log_data in (options.loading.log_data, f"{options.loading.log_data}/"):
        summary = etl(changed(options, log_data=log_data))
        (note,) = summary.notes
        named = f"7 files are not read ({bucket.uri}/log_data/.hidden.json, …)"
        assert named in note
    assert read_ledger(options)["log_data"] == [f"{bucket.uri}/log_data/2018/11/good.json"]


def test_an_object_that_is_named_is_read_whatever_it_is_called(settings: Settings, bucket: Bucket) -> None:
    put_json(bucket, "song_data/song.json", track())
    for key in ("logs/stream-1-2018-11-01-00-00-01", "logs/2018-11-01.log"):
        put_json(bucket, key, event())
        options = changed(bucket.settings(settings), log_data=f"{bucket.uri}/{key}")
        assert etl(options).sources["log_data"].loaded == 1
    for key in ("logs/none", "logs/2018-11-01.log/", "log"):
        assert "no *.json" in fails(changed(options, log_data=f"{bucket.uri}/{key}"))


def test_a_whole_bucket_can_be_a_source(settings: Settings, bucket: Bucket) -> None:
    put_json(bucket, "2018/11/events.json", event())
    write(Path(settings.loading.song_data) / "song.json", track())
    for log_data in (bucket.uri, f"{bucket.uri}/"):
        etl(changed(bucket.settings(settings), song_data=settings.loading.song_data, log_data=log_data))
    assert len(read_star(settings)["songplays"]) == 1


def test_the_jsonpaths_file_of_a_bucket_decides_which_key_fills_which_column(
    sample: Path, settings: Settings, bucket: Bucket
) -> None:
    paths = (sample / "log_json_path.json").read_text(encoding="utf-8").replace("['song']", "['title']")
    bucket.put("paths.json", paths.encode())
    put_json(bucket, "song_data/song.json", track())
    put_json(bucket, "log_data/events.json", event(title="From another key"))
    options = changed(bucket.settings(settings), log_jsonpath=f"{bucket.uri}/paths.json")
    etl(options)
    assert [row[13] for row in state_of(options, bucket.uri)["staging_events"]] == ["From another key"]
    missing = changed(options, log_jsonpath=f"{bucket.uri}/none.json")
    put_json(bucket, "log_data/more.json", event(ts=1))
    assert fails(missing) == f"{bucket.uri}/none.json: no such bucket or object"


def test_changed_and_new_objects_are_loaded_and_the_others_left_alone(
    settings: Settings, bucket: Bucket
) -> None:
    put_json(bucket, "song_data/song.json", track())
    put_json(bucket, "log_data/a.json", *LOGS["a"][:10])
    put_json(bucket, "log_data/b.json", *LOGS["b"])
    options = bucket.settings(settings)
    etl(options)
    put_json(bucket, "log_data/a.json", *LOGS["a"])
    put_json(bucket, "log_data/c.json", event(ts=1))
    summary = etl(options)
    assert (summary.sources["log_data"].files, summary.sources["log_data"].known) == (2, 1)
    assert summary.tables["songplays"] == (41, 11)


# --- access


def test_a_bucket_that_is_public_needs_no_credentials(
    settings: Settings, servers: dict[str, Server], request: pytest.FixtureRequest
) -> None:
    bucket = servers["moto"].bucket(bucket_name(request))
    put_json(bucket, "song_data/song.json", track())
    put_json(bucket, "log_data/a.json", event())
    servers["moto"].publish(bucket)
    options = changed(
        bucket.settings(settings), aws_access_key_id="", aws_secret_access_key="", s3_anonymous=True
    )
    assert etl(options).tables["songplays"] == (1, 1)


def test_anonymous_requests_carry_no_signature_and_can_be_denied(
    settings: Settings, servers: dict[str, Server], request: pytest.FixtureRequest
) -> None:
    bucket = servers["moto"].bucket(bucket_name(request))
    put_json(bucket, "song_data/song.json", track())
    options = changed(bucket.settings(settings), s3_anonymous=True)
    options = changed(options, song_data=f"{bucket.uri}/song_data/song.json")
    assert fails(options) == f"{options.loading.song_data}: access denied"


def test_a_wrong_secret_is_said_to_be_one(settings: Settings, rclone_bucket: Bucket) -> None:
    put_json(rclone_bucket, "song_data/song.json", track())
    options = rclone_bucket.settings(settings)
    options = changed(options, aws_secret_access_key="a-wrong-secret")  # noqa: S106
    assert fails(options) == f"{options.loading.song_data}: the credentials were not accepted"


def test_a_missing_bucket_is_named(settings: Settings, bucket: Bucket) -> None:
    options = changed(bucket.settings(settings), song_data="s3://no-such-bucket/song_data")
    assert fails(options) == "s3://no-such-bucket/song_data: no such bucket"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("song_data", "no *.json or *.json.gz file in this folder or below it"),
        ("song_data/song.json", "no such bucket or object"),
    ],
)
def test_a_missing_prefix_or_object_is_named(
    settings: Settings, bucket: Bucket, key: str, message: str
) -> None:
    options = changed(bucket.settings(settings), song_data=f"{bucket.uri}/{key}")
    assert fails(options) == f"{bucket.uri}/{key}: {message}"


def test_a_server_that_is_not_there_is_said_so(settings: Settings, rclone_bucket: Bucket) -> None:
    with refusing_port() as port:
        options = changed(rclone_bucket.settings(settings), s3_endpoint=f"http://127.0.0.1:{port}")
        assert fails(options) == (
            f"{options.loading.song_data}: the server can't be reached, or does not answer, 2 more"
            " tries included"
        )


# --- faults


def impatient(settings: Settings, fault: dict[str, Any]) -> Settings:
    """With a limit on the time of a request that a server which stalls is above and all others below."""
    return changed(settings, s3_timeout=3) if fault["kind"] == "stall" else settings


TRANSIENT: dict[str, dict[str, Any]] = {
    "a 500 twice": {"kind": "status", "status": 500, "times": 2},
    "a 503 twice": {"kind": "status", "status": 503, "times": 2},
    "a 429": {"kind": "status", "status": 429},
    "a body that is cut, twice": {"kind": "cut", "times": 2},
    "a connection that is reset, twice": {"kind": "reset", "times": 2},
    "a body that stalls": {"kind": "stall"},
    "a slow server": {"kind": "slow", "times": None},
}


@pytest.mark.forms(5)
@pytest.mark.parametrize("on", ["list", "log_data/a.json"])
@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_a_transient_fault_is_survived_and_nothing_lost_or_doubled(
    settings: Settings, faulty: tuple[FaultyS3, Bucket], fault: dict[str, Any], on: str
) -> None:
    server, bucket = faulty
    server.add(on=on, **fault)
    # With tries enough for those that are slow for other reasons.
    summary = etl(changed(impatient(bucket.settings(settings), fault), s3_retries=10))
    assert summary.tables["songplays"] == (40, 40)
    assert summary.sources["log_data"].records == summary.sources["log_data"].loaded == 40
    if fault.get("times", 1):
        assert server.faults[0].times == 0
    assert etl(bucket.settings(settings)).outcome == "nothing new"


PERMANENT: dict[str, tuple[dict[str, Any], str]] = {
    "always 503": ({"kind": "status"}, "the server answered 503 Service Unavailable, 2 more tries included"),
    "always 500": (
        {"kind": "status", "status": 500},
        "the server answered 500 Internal Server Error, 2 more tries included",
    ),
    "403": ({"kind": "status", "status": 403}, "access denied"),
    "an expired token": (
        {"kind": "status", "status": 400, "body": b"<Error><Code>ExpiredToken</Code></Error>"},
        "the credentials were not accepted",
    ),
    "a redirect to another region": ({"kind": "status", "status": 301}, "the bucket is in another region"),
    "always cut": ({"kind": "cut"}, "the response broke off or was too slow on every attempt"),
    "always stalled": ({"kind": "stall"}, "the response broke off or was too slow on every attempt"),
    "always reset": (
        {"kind": "reset"},
        "the server can't be reached, or does not answer, 2 more tries included",
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("on", ["list", "log_data/b.json"])
@pytest.mark.parametrize("is_stalled", [False, True], ids=["answered", "stalled"])
def test_a_lasting_fault_is_one_line_about_the_object_and_changes_nothing(
    settings: Settings, faulty: tuple[FaultyS3, Bucket], on: str, is_stalled: bool
) -> None:
    server, bucket = faulty
    options = bucket.settings(settings)
    etl(options)
    before = state_of(options, bucket.uri)
    put_json(bucket, "log_data/b.json", *LOGS["b"], event(ts=5))
    place = f"{bucket.uri}/{'song_data' if on == 'list' else on}"
    said, expected = {}, {}
    for name, (fault, message) in PERMANENT.items():
        if (fault["kind"] == "stall") == is_stalled:
            server.add(on=on, times=None, **fault)
            said[name] = fails(impatient(options, fault))
            expected[name] = f"{place}: {message}"
            assert state_of(options, bucket.uri) == before, name
            server.faults.clear()
    assert said == expected
    assert etl(options).tables["songplays"] == (41, 1)


def test_a_failed_run_exits_with_1_and_one_line_and_no_secret(
    settings: Settings, faulty: tuple[FaultyS3, Bucket], tmp_path: Path
) -> None:
    server, bucket = faulty
    server.add("status", "log_data/a.json", None)
    server.add("stall", "log_data/b.json", None)
    options = bucket.settings(settings)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sparkify",
            "etl",
            "--song-data",
            options.loading.song_data,
            "--log-data",
            options.loading.log_data,
        ],
        cwd=tmp_path,
        env={
            "SPARKIFY_S3_ENDPOINT": server.endpoint,
            "SPARKIFY_AWS_REGION": "us-east-1",
            "SPARKIFY_AWS_ACCESS_KEY_ID": bucket.access_key,
            "SPARKIFY_AWS_SECRET_ACCESS_KEY": bucket.secret_key,
            "SPARKIFY_S3_TIMEOUT": str(HANGS),
            "SPARKIFY_S3_RETRIES": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    (line,) = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    assert f"{bucket.uri}/log_data/a.json: the server answered 503" in lines[line]
    assert lines[line + 1].startswith("  hint: ")
    assert len(lines) == line + 2
    assert bucket.secret_key not in done.stderr
    assert not (tmp_path / "sparkify.duckdb").exists()


# --- objects that change under a run


def test_an_object_that_is_gone_after_the_listing_makes_the_run_list_again(
    settings: Settings, faulty: tuple[FaultyS3, Bucket]
) -> None:
    server, bucket = faulty
    server.add("before", "log_data/b.json", action=lambda: bucket.store.delete("log_data/b.json"))
    assert etl(bucket.settings(settings)).tables["songplays"] == (20, 20)
    assert server.seen.count("list") == 4


def test_an_object_that_is_listed_but_never_there_is_named_and_all_others_load(
    settings: Settings, faulty: tuple[FaultyS3, Bucket]
) -> None:
    server, bucket = faulty
    server.add("status", "log_data/b.json", None, status=404)
    summary = etl(bucket.settings(settings))
    assert (
        f"{bucket.uri}/log_data/b.json: can't be read as listed, and is left for the next run"
        in summary.warnings
    )
    assert summary.tables["songplays"][0] > 0


def test_a_source_of_which_nothing_listed_can_be_read_fails(
    settings: Settings, faulty: tuple[FaultyS3, Bucket]
) -> None:
    server, bucket = faulty
    for name in ("a", "b"):
        server.add("status", f"log_data/{name}.json", None, status=404)
    with pytest.raises(SourceError, match="none of its 2 files can be read as listed"):
        etl(bucket.settings(settings))


@pytest.mark.thorough
def test_an_object_that_is_replaced_whenever_it_is_read_is_left_for_the_next_run_and_all_others_load(
    settings: Settings, faulty: tuple[FaultyS3, Bucket]
) -> None:
    server, bucket = faulty
    etl(bucket.settings(settings))
    put_json(bucket, "log_data/c.json", event(ts=1))
    moments = itertools.count(2)
    server.add(
        "before",
        "log_data/b.json",
        None,
        action=lambda: put_json(bucket, "log_data/b.json", *(event(ts=next(moments)) for _ in range(30))),
    )
    put_json(bucket, "log_data/b.json", event(ts=next(moments)))
    summary = etl(bucket.settings(settings))
    uri = f"{bucket.uri}/log_data/b.json"
    assert summary.warnings == [f"{uri}: keeps changing while it is read, and is left for the next run"]
    assert summary.tables["songplays"] == (41, 1)  # what was loaded of it stays
    server.faults.clear()
    assert etl(bucket.settings(settings)).tables["songplays"] == (51, 10)


@pytest.fixture(params=["rclone", pytest.param("moto", marks=pytest.mark.thorough)])
def changing(
    request: pytest.FixtureRequest, servers: dict[str, Server]
) -> Iterator[Callable[[dict[str, Any], dict[str, Any]], tuple[FaultyS3, Bucket]]]:
    """Makes a bucket whose log file changes between listing and reading."""
    bucket = servers[request.param].bucket(bucket_name(request))
    put_json(bucket, "song_data/song.json", track())

    with FaultyS3(bucket.endpoint).running() as server:

        def make(before: dict[str, Any], after: dict[str, Any]) -> tuple[FaultyS3, Bucket]:
            put_json(bucket, "log_data/a.json", before)
            server.add("before", "log_data/a.json", action=lambda: put_json(bucket, "log_data/a.json", after))
            return server, replace(bucket, proxy=server.endpoint)

        yield make


@pytest.mark.forms(2)
@pytest.mark.parametrize(
    "after",
    [event(level="free"), event(level="free", song="longer than before")],
    ids=["same size", "longer"],
)
def test_an_object_that_changes_after_the_listing_makes_the_run_list_again(
    settings: Settings,
    changing: Callable[[dict[str, Any], dict[str, Any]], tuple[FaultyS3, Bucket]],
    after: dict[str, Any],
) -> None:
    server, bucket = changing(event(level="paid"), after)
    etl(bucket.settings(settings))
    assert [row[2] for row in read_star(settings)["songplays"]] == ["free"]
    assert server.seen.count("list") == 4
    assert etl(bucket.settings(settings)).outcome == "nothing new"


def test_an_object_that_changes_between_two_of_its_parts_is_never_mixed(
    settings: Settings,
    servers: dict[str, Server],
    request: pytest.FixtureRequest,
) -> None:
    bucket = servers["moto"].bucket(bucket_name(request))
    put_json(bucket, "song_data/song.json", track())
    put_json(bucket, "log_data/a.json", *(event(ts=number, level="paid") for number in range(1000)))
    with FaultyS3(bucket.endpoint).running() as server:
        other = [event(ts=number, level="free") for number in range(1000)]
        key = "log_data/a.json"
        options = replace(bucket, proxy=server.endpoint).settings(settings)
        options = changed(options, s3_requests=1, part_bytes=40_000)
        seen_before = 3

        def change() -> None:
            if server.seen.count(f"/{bucket.name}/{key}") == seen_before:
                put_json(bucket, key, *other)

        server.add("before", key, None, action=change)
        etl(options)
    assert {row[2] for row in read_star(options)["songplays"]} == {"free"}
    assert len(read_star(options)["songplays"]) == 1000


@pytest.mark.thorough
def test_an_etag_that_was_never_listed_is_a_change(
    settings: Settings, faulty: tuple[FaultyS3, Bucket]
) -> None:
    server, bucket = faulty
    server.add("other etag", "log_data/a.json", None)
    summary = etl(bucket.settings(settings))
    assert (
        f"{bucket.uri}/log_data/a.json: can't be read as listed, and is left for the next run"
        in summary.warnings
    )
    assert summary.tables["songplays"] == (20, 20)
    server.faults.clear()
    server.add("other etag", "log_data/a.json", 1)
    assert etl(bucket.settings(settings)).tables["songplays"] == (40, 20)
