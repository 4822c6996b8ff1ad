"""What S3 refuses is told by the code that it names, and an answer that is no listing is no "no files"."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SourceError
from sparkify.load.progress import NullProgress
from sparkify.load.summary import Summary
from sparkify.sources.opening import open_source
from tests.support.builders import event, track, write
from tests.support.engines import DuckDBEngine
from tests.support.faulty_s3 import PAGE, FaultyS3
from tests.support.runs import export_to_s3, run_etl
from tests.support.s3_servers import Bucket, rclone
from tests.support.settings import changed


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """With two songs and two days, on a server that checks signatures; beside one of 1,003 objects."""
    folder = tmp_path_factory.mktemp("rclone")
    for number in range(1003):
        write(folder / f"many/x/{number:04}.json", "{}")
    with rclone(folder) as server:
        made = server.bucket("refusals")
        for key, record in (
            ("song_data/a.json", track()),
            ("song_data/b.json", track(song_id="S")),
            ("log_data/a.json", event(ts=1)),
            ("log_data/b.json", event(ts=2)),
        ):
            made.put(key, json.dumps(record).encode())
        yield made


@pytest.fixture
def server(bucket: Bucket) -> Iterator[FaultyS3]:
    with FaultyS3(bucket.endpoint).running() as proxy:
        yield proxy


@pytest.fixture
def settings(bucket: Bucket, server: FaultyS3, tmp_path: Path) -> Settings:
    local = DuckDBEngine(tmp_path).settings(tmp_path)
    return changed(replace(bucket, proxy=server.endpoint).settings(local), s3_retries=1)


def etl(settings: Settings) -> Summary:
    return run_etl(settings, NullProgress())


def fails(settings: Settings) -> SourceError:
    with pytest.raises(SourceError) as caught:
        etl(settings)
    assert "\n" not in caught.value.message
    assert PAGE.decode() not in str(caught.value)
    return caught.value


def refusal(code: str, message: str = "what the server says") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
        "<RequestId>1</RequestId></Error>"
    ).encode()


# --- by the code

NO_KEY = (
    "User: arn:aws:iam::123456789012:user/me is not authorized to perform: kms:Decrypt on resource:"
    " arn:aws:kms:us-west-2:123456789012:key/1 because no identity-based policy allows the kms:Decrypt action"
)

REFUSALS: dict[str, tuple[int, bytes, str, str]] = {
    "archived": (
        403,
        refusal("InvalidObjectState"),
        "is archived and must be restored before it can be read",
        "move it out",
    ),
    "clock": (
        403,
        refusal("RequestTimeTooSkewed"),
        "this machine's clock differs too much from the server's",
        "set the clock",
    ),
    "key disabled": (
        400,
        refusal("KMS.DisabledException"),
        "its encryption key can't be used (KMS.DisabledException)",
        "kms:Decrypt",
    ),
    "key gone": (
        400,
        refusal("KMS.NotFoundException"),
        "its encryption key can't be used (KMS.NotFoundException)",
        "kms:Decrypt",
    ),
    "key denied": (
        403,
        refusal("AccessDenied", NO_KEY),
        "its encryption key can't be used (AccessDenied)",
        "kms:Decrypt",
    ),
    "account": (
        403,
        refusal("AccountProblem"),
        "AWS has suspended the account or the bucket (AccountProblem)",
        "AWS Support",
    ),
    "access disabled": (
        403,
        refusal("AllAccessDisabled"),
        "AWS has suspended the account or the bucket (AllAccessDisabled)",
        "AWS Support",
    ),
    "denied": (403, refusal("AccessDenied"), "access denied", "s3:GetObject"),
    "token": (400, refusal("ExpiredToken"), "the credentials were not accepted", "have not expired"),
    "region": (301, refusal("PermanentRedirect"), "the bucket is in another region", "SPARKIFY_S3_REGION"),
    "unknown 403": (
        403,
        refusal("SomethingNew"),
        "the server refused the request: SomethingNew (status 403)",
        "explains the code",
    ),
    "unknown 400": (
        400,
        refusal("Vendor.Some-Thing"),
        "the server refused the request: Vendor.Some-Thing (status 400)",
        "explains the code",
    ),
    "busy": (
        503,
        refusal("SlowDown"),
        "the server answered 503 Service Unavailable (SlowDown), 1 more tries included",
        "run again",
    ),
}


@pytest.mark.forms(9)
@pytest.mark.parametrize("on", ["list", "log_data/b.json"])
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_told_by_its_code(settings: Settings, server: FaultyS3, kind: str, on: str) -> None:
    status, body, message, hint = REFUSALS[kind]
    server.add("status", on, None, status=status, body=body)
    error = fails(settings)
    assert error.message == f"s3://refusals/{'song_data' if on == 'list' else on}: {message}"
    assert hint in error.hint


@pytest.mark.parametrize("kind", ["archived", "clock", "key denied", "unknown 403"])
def test_a_jsonpaths_file_that_is_refused_is_not_taken_to_be_missing(
    settings: Settings, server: FaultyS3, kind: str
) -> None:
    status, body, message, _ = REFUSALS[kind]
    server.add("status", "log_json_path.json", None, status=status, body=body)
    assert fails(settings).message == f"s3://refusals/log_json_path.json: {message}"


def test_who_writes_is_told_of_the_rights_that_writing_takes(settings: Settings, server: FaultyS3) -> None:
    etl(settings)
    status, body, _, _ = REFUSALS["key denied"]
    server.add("status", "", None, status=status, body=body, method="PUT")
    with pytest.raises(SourceError) as caught:
        export_to_s3(settings, "s3://refusals/out")
    assert "kms:Decrypt and kms:GenerateDataKey" in caught.value.hint


# --- a 200 that is no listing

NO_LISTINGS: dict[str, bytes] = {
    "a page to log in": b"<html><head><title>Log in</title></head><body><form/></body></html>",
    "a page that is no XML": PAGE.replace(b"</h1>", b"<br>"),
    "nothing": b"",
    "a text": b"It works!",
    "JSON": b'{"status": "ok"}',
    "an error": refusal("InternalError"),
    "a list of buckets": b'<?xml version="1.0"?><ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>',
    "a feed": b"<rss><channel/></rss>",
    "half of a listing": b'<?xml version="1.0"?><ListBucketResult><Name>refusals</Name><KeyCou',
}


@pytest.mark.parametrize("kind", NO_LISTINGS)
def test_an_answer_that_is_no_listing_is_not_taken_for_an_empty_one(
    settings: Settings, server: FaultyS3, kind: str
) -> None:
    server.add("status", "list", None, status=200, body=NO_LISTINGS[kind])
    error = fails(settings)
    code = " (InternalError)" if kind == "an error" else ""
    assert error.message == f"s3://refusals/song_data: the server does not respond like S3{code}"
    assert "[S3] ENDPOINT" in error.hint


@pytest.mark.forms(3)
@pytest.mark.parametrize("kind", NO_LISTINGS)
def test_one_such_answer_is_asked_for_again(settings: Settings, server: FaultyS3, kind: str) -> None:
    server.add("status", "list", 1, status=200, body=NO_LISTINGS[kind])
    assert etl(settings).sources["song_data"].files == 2


def test_an_empty_folder_is_still_said_to_be_one(settings: Settings) -> None:
    error = fails(changed(settings, log_data="s3://refusals/nothing here"))
    assert error.message.startswith("s3://refusals/nothing here: no *.json or *.json.gz file")


def test_no_page_of_a_long_listing_is_lost(server: FaultyS3, settings: Settings) -> None:
    many = open_source("s3://many/x", settings.aws)
    server.add("before", "list", 1)  # the first page is well
    server.add("status", "list", 1, status=200, body=NO_LISTINGS["a page to log in"])
    assert len(many.list_objects()) == 1003
    assert server.faults[1].times == 0
    server.add("before", "list", 1)
    server.add("status", "list", None, status=200, body=NO_LISTINGS["a page to log in"])
    with pytest.raises(SourceError, match="the server does not respond like S3"):
        many.list_objects()


def test_a_web_page_is_not_taken_for_an_object(settings: Settings, server: FaultyS3) -> None:
    server.add("status", "b.json", None, status=200, body=NO_LISTINGS["a page to log in"])
    error = fails(changed(settings, song_data="s3://refusals/song_data/b.json"))
    assert error.message == "s3://refusals/song_data/b.json: the server does not respond like S3"


def test_an_empty_place_to_write_to_is_looked_at_likewise(settings: Settings, server: FaultyS3) -> None:
    etl(settings)
    server.add("status", "list", None, status=200, body=NO_LISTINGS["a page to log in"])
    with pytest.raises(SourceError, match="the server does not respond like S3"):
        export_to_s3(settings, "s3://refusals/new")
