"""Keys on S3 that can't be requested: they are told of, and all else is loaded."""

import http.server
import json
import os
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SourceChangedError, SourceError
from sparkify.load.progress import NullProgress, ignore
from sparkify.load.summary import Summary
from sparkify.sources import s3_exact
from sparkify.sources.objects import LoadFile
from sparkify.sources.opening import open_source
from sparkify.sources.s3 import S3Source
from sparkify.sources.s3_exact import is_nameable, list_exactly
from sparkify.warehouse.contract import LoadJob
from sparkify.warehouse.redshift.copy import Copy
from sparkify.warehouse.redshift.direct import _require_unchanged
from tests.support.builders import event, track
from tests.support.commands import command
from tests.support.runs import plan_etl, run_etl
from tests.support.s3_servers import Bucket, Server, moto
from tests.support.settings import changed

UNNAMEABLE = (
    "log_data//evil.json",
    "log_data/./evil.json",
    "log_data/../evil.json.gz",
    "log_data/evil.json/",
    "log_data/\x1b]0;TITLE\x07.json",
    "log_data/a\x7fb/c.json",
    "log_data/\t.json",
    f"log_data/\x01{'x' * 1009}.json",
)
NO_DATA = ("log_data//evil.txt", "log_data/x\x1b.csv", "log_data/", "log_data/2018//", "log_data/empty.json/")
ODD = (  # but right
    "log_data/ a.json", "log_data/a .json", "log_data/a+b.json", "log_data/%41.json", "log_data/%252F.json",
    "log_data/a?b#c&d=e.json", "log_data/x.../é.json", "log_data/e\u0301.json",
    "log_data/\x9b\u202e\U0001f600.json",
    "log_data/a\\b'c\"d<e>|*[f]{g}`~^.json", f"log_data/{'x' * 1010}.json", f"log_data/{'d/' * 504}x.json",
)  # fmt: skip

_numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with moto() as running:
        yield running


@pytest.fixture
def bucket(server: Server) -> Bucket:
    bucket = server.bucket(f"keys-{next(_numbers)}")
    bucket.put("song_data/song.json", json.dumps(track()).encode())
    bucket.put("log_data/good.json", json.dumps(event()).encode())
    return bucket


def put(server: Server, bucket: Bucket, *keys: str) -> None:
    for number, key in enumerate(keys, 1):
        is_empty = key in NO_DATA and key.endswith("/")
        server.put_raw(bucket, key, b"" if is_empty else json.dumps(event(ts=number)).encode())


def load(settings: Settings) -> Summary:
    return run_etl(settings, NullProgress())


def of_keys(notes: list[str]) -> list[str]:
    return [note for note in notes if "can't be requested" in note]


@pytest.mark.forms(2)
@pytest.mark.parametrize("key", UNNAMEABLE, ids=ascii)
def test_a_key_that_can_not_be_asked_for_is_told_of_and_all_else_loaded(
    settings: Settings, server: Server, bucket: Bucket, key: str
) -> None:
    put(server, bucket, key)
    summary = load(bucket.settings(settings))
    assert summary.sources["log_data"].loaded == 1
    (note,) = of_keys(summary.notes)
    assert note.startswith(
        "log_data: 1 object is left out because of keys that can't be requested (s3://keys-"
    )
    assert (f"/{key})" in note) == (len(key) < 200)
    assert "rename objects that should be loaded" in note
    assert len(note) < 500


def test_many_are_counted_and_one_is_named(settings: Settings, server: Server, bucket: Bucket) -> None:
    put(server, bucket, *UNNAMEABLE)
    summary = load(bucket.settings(settings))
    (note,) = of_keys(summary.notes)
    assert f"{len(UNNAMEABLE)} objects are left out" in note
    assert f"{bucket.uri}/log_data/" in note
    assert summary.sources["log_data"].loaded == 1
    assert of_keys(load(bucket.settings(settings)).notes) == [note]  # and again, by a run with nothing to do


def test_those_that_are_no_data_are_so_whatever_their_keys_are(
    settings: Settings, server: Server, bucket: Bucket
) -> None:
    put(server, bucket, *NO_DATA)
    summary = load(bucket.settings(settings))
    assert summary.sources["log_data"].loaded == 1
    assert not of_keys(summary.notes)
    assert any(note.startswith("log_data: 2 files are not read") for note in summary.notes)


def test_odd_keys_that_can_be_asked_for_are_loaded_beside_them(
    settings: Settings, server: Server, bucket: Bucket
) -> None:
    put(server, bucket, *ODD)
    assert load(bucket.settings(settings)).sources["log_data"].loaded == 1 + len(ODD)
    put(server, bucket, UNNAMEABLE[0])  # from now on they are listed in the other way
    again = load(bucket.settings(settings))
    assert (again.sources["log_data"].loaded, again.sources["log_data"].known) == (0, 1 + len(ODD))


@pytest.mark.parametrize("key", ["/evil.json", "/good.json", "//x.json"])
def test_slashes_at_the_start_of_a_bucket_are_told_of(
    settings: Settings, server: Server, bucket: Bucket, key: str
) -> None:
    whole = server.bucket(f"{bucket.name}-whole")
    whole.put("good.json", json.dumps(event()).encode())
    put(server, whole, key)
    summary = load(changed(bucket.settings(settings), log_data=whole.uri))
    assert summary.sources["log_data"].loaded == 1
    (note,) = of_keys(summary.notes)
    assert f"{whole.uri}/{key}" in note


def test_a_dry_run_tells_of_them_and_no_terminal_hears_them(
    server: Server, bucket: Bucket, tmp_path: Path
) -> None:
    put(server, bucket, *UNNAMEABLE)
    env = {
        **os.environ,
        "SPARKIFY_S3_ENDPOINT": bucket.endpoint,
        "SPARKIFY_AWS_REGION": "us-east-1",
        "SPARKIFY_AWS_ACCESS_KEY_ID": bucket.access_key,
        "SPARKIFY_AWS_SECRET_ACCESS_KEY": bucket.secret_key,
        "SPARKIFY_SONG_DATA": f"{bucket.uri}/song_data",
        "SPARKIFY_LOG_DATA": f"{bucket.uri}/log_data",
    }
    for options in (["--dry-run"], []):
        done = command("etl", *options, cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        assert f"{len(UNNAMEABLE)} objects are left out" in done.stderr
        assert not {"\x01", "\x1b", "\t"} & set(done.stderr)
        assert "/\\x01xxx" in done.stderr  # the first of them


def test_nothing_but_such_keys_is_an_error_that_says_so(
    settings: Settings, server: Server, bucket: Bucket
) -> None:
    put(server, bucket, "other/../x.json")
    with pytest.raises(SourceError, match=r"no \*\.json .*1 object is left out") as caught:
        load(changed(bucket.settings(settings), log_data=f"{bucket.uri}/other"))
    assert "rename" in caught.value.hint


def test_all_pages_are_listed_as_they_are(
    settings: Settings, server: Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    keys = [f"pages/{number:04} %\x1b+.json" for number in range(10)]
    put(server, bucket, *keys)
    store = S3Source(f"{bucket.uri}/pages", bucket.settings(settings).aws)._store
    assert [item["path"] for item in list_exactly(store, "pages/")] == keys


def test_a_server_that_can_not_be_asked_so_makes_the_key_an_error_as_before(
    settings: Settings, server: Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, bucket, UNNAMEABLE[0])

    def refuses(*_: Any) -> bytes:
        raise OSError("403")

    monkeypatch.setattr(s3_exact, "answer", refuses)
    with pytest.raises(
        SourceError, match=r"can't be listed because of the key 'log_data//evil\.json' below it"
    ):
        load(changed(bucket.settings(settings), s3_retries=0))


def test_a_copy_from_s3_finds_out_what_was_never_called_so(
    settings: Settings, server: Server, bucket: Bucket
) -> None:
    put(server, bucket, "log_data/evil.json/")
    options = bucket.settings(settings)
    store = open_source(options.loading.log_data, options.aws)
    files = [LoadFile(number, item) for number, item in enumerate(store.list_objects())]
    assert [file.source.uri.rpartition("/")[2] for file in files] == ["evil.json", "good.json"]
    job = LoadJob("log_data", store, files, [], options.loading, [], lambda _: ignore, lambda _: None)
    with pytest.raises(SourceChangedError, match=r"evil\.json"):
        _require_unchanged(job, Copy("copy_events", "", 0, 0, options=["MANIFEST"]))
    assert len(plan_etl(options)["log_data"].added) == 1


@pytest.mark.parametrize("is_anonymous", [False, True])
def test_listings_without_a_length_are_read_too(settings: Settings, is_anonymous: bool) -> None:
    page = (
        b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>a%1B+%2B.json</Key>"
        b"<LastModified>2018-11-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size>"
        b"</Contents></ListBucketResult>"
    )
    asked: list[str] = []

    class Answering(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")  # as Amazon's do
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(page), page))

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        options = changed(
            settings,
            s3_endpoint=f"http://127.0.0.1:{listening.server_port}",
            s3_anonymous=is_anonymous,
            aws_access_key_id="some-key",
            aws_secret_access_key="some-secret",  # noqa: S106
            aws_region="us-east-1",
        )
        (item,) = list_exactly(S3Source("s3://bucket/a b", options.aws)._store, "a b/")
        listening.shutdown()
    assert (item["path"], item["size"], item["e_tag"]) == ("a\x1b +.json", 7, '"e"')
    assert asked[0].startswith("/bucket?list-type=2&encoding-type=url&prefix=a%20b%2F")
    assert ("Signature" in asked[0]) != is_anonymous
    assert "some-secret" not in asked[0]


def test_what_can_be_asked_for_is_known() -> None:
    assert not any(map(is_nameable, UNNAMEABLE))
    assert all(map(is_nameable, ODD))
