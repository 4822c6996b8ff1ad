"""Wrong or missing settings: each is named, with its remedy, and nothing is changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sparkify.errors import SparkifyError, UsageError
from tests.standin.fixtures import BUCKET
from tests.standin.refused import Refused
from tests.standin.server import RedshiftStandIn
from tests.support.builders import event, read_star, track, write
from tests.support.engines import RedshiftEngine
from tests.warehouse.redshift.support import WAYS, Site

OTHER_ROLE = "arn:aws:iam::123456789012:role/not-attached"


def begin(site: Site) -> Site:
    """With a play, and a new one to come."""
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1))
    site.load()
    write(site.folder / "log_data/b.json", event(ts=2))
    return site


@pytest.fixture(scope="module")
def loaded(redshift_engine: RedshiftEngine, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One for all tests: none of them changes anything."""
    return begin(Site.open(redshift_engine, tmp_path_factory.mktemp("site")))


@pytest.fixture
def fails(loaded: Site) -> Iterator[Callable[..., SparkifyError]]:
    """Loads with other settings; gives the error. The tables are as they were."""
    before = read_star(loaded.settings)
    good = loaded.settings

    def run(way: str = "bundled", **options: Any) -> SparkifyError:
        loaded.use(way, **options)
        with pytest.raises(SparkifyError) as caught:
            loaded.load()
        assert caught.value.hint
        return caught.value

    yield run
    loaded.settings = good
    assert read_star(good) == before


@dataclass
class Wrong:
    """Settings, and what is to be said of them."""

    options: dict[str, Any]
    message: str
    hint: str
    way: str = "bundled"
    is_usage: bool = False


WRONG = {
    "an ARN that is none": Wrong(
        {"iam_role_arn": "my-role"},
        "[IAM_ROLE] ARN (or DWH_ROLE_ARN) is not the ARN of a role",
        "arn:aws:iam::",
        is_usage=True,
    ),
    "SQL for an ARN": Wrong(
        {"iam_role_arn": "'; DROP TABLE users; --"}, "is not the ARN of a role", "arn:aws:", is_usage=True
    ),
    "a role that is not attached": Wrong(
        {"iam_role_arn": OTHER_ROLE}, "not authorized to assume IAM Role", "[IAM_ROLE] ARN"
    ),
    "no such bucket": Wrong(
        {"log_data": "s3://not-there/log_data"}, "s3://not-there/log_data: no such bucket", "check the URI"
    ),
    "an empty folder": Wrong(
        {"log_data": f"s3://{BUCKET}/nothing"}, f"s3://{BUCKET}/nothing: no *.json", "check the path"
    ),
    "a work prefix that is not on S3": Wrong(
        {"work_prefix": "/scratch"}, "[S3] WORK_PREFIX is not on S3", "s3://bucket/folder", is_usage=True
    ),
    "a work prefix in no bucket": Wrong(
        {"work_prefix": "s3://not-there/work"},
        "/begun: no such bucket",
        "check",
    ),
    "keys that S3 doesn't know": Wrong(
        {"aws_secret_access_key": "wrong"}, "song_data: the credentials were not accepted", "expired"
    ),
    "no JSONPaths file, without a work prefix": Wrong(
        {"log_jsonpath": ""}, "Redshift reads the JSONPaths file from S3", "[S3] LOG_JSONPATH", way="prefix"
    ),
    "a JSONPaths file that is not there": Wrong(
        {"log_jsonpath": f"s3://{BUCKET}/nothing.json"},
        f"s3://{BUCKET}/nothing.json",
        "LOG_JSONPATH",
        way="prefix",
    ),
}


@pytest.mark.forms(4)
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_named_with_its_remedy(fails: Callable[..., SparkifyError], wrong: Wrong) -> None:
    error = fails(wrong.way, **wrong.options)
    assert wrong.message in error.message
    assert wrong.hint in error.hint
    assert isinstance(error, UsageError) == wrong.is_usage


@pytest.mark.parametrize("source", ["song_data", "log_data"])
def test_a_folder_on_this_machine(loaded: Site, fails: Callable[..., SparkifyError], source: str) -> None:
    error = fails(**{source: str(loaded.folder / source)})
    assert f"{loaded.folder / source}" in error.message
    assert "Redshift loads from S3 only" in error.message
    assert "s3://bucket/folder" in error.hint


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", ["bundled", "manifest", "prefix"])
def test_a_role_that_may_not_read_the_bucket(
    fails: Callable[..., SparkifyError], redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(redshift.cluster, "denied_buckets", {BUCKET})
    error = fails(way)
    assert "Access Denied" in error.message
    assert "s3:ListBucket and s3:GetObject" in error.hint


def test_a_cluster_without_a_default_role(
    fails: Callable[..., SparkifyError], redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redshift.cluster, "role_arns", ())
    error = fails()
    assert "Missing authorization" in error.message
    assert "attach the role" in error.hint


def put_elsewhere(site: Site) -> dict[str, str]:
    """Copy the sources to a bucket in eu-west-1, while the cluster is in us-west-2; the settings of them."""
    root = site.root.replace(f"s3://{BUCKET}", "s3://elsewhere")
    stand_in = site.engine.stand_in
    for name in ("song_data", "log_data"):
        stand_in.upload(site.folder / name, f"{root}/{name}")
    stand_in.s3.put(f"{root}/log_json_path.json", stand_in.s3.get(f"{site.root}/log_json_path.json"))
    return {
        "song_data": f"{root}/song_data",
        "log_data": f"{root}/log_data",
        "log_jsonpath": f"{root}/log_json_path.json",
    }


@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_a_bucket_in_another_region_that_is_not_named(
    loaded: Site, fails: Callable[..., SparkifyError], way: str
) -> None:
    error = fails(way, **put_elsewhere(loaded))
    assert "specified endpoint" in error.message
    assert "[S3] REGION" in error.hint


@pytest.mark.thorough
def test_with_its_region_a_bucket_elsewhere_is_loaded_in_every_way(site: Site) -> None:
    options = put_elsewhere(begin(site))
    for way in WAYS:
        site.use(way, **options, s3_region="eu-west-1")
        assert site.load(full=True, drop_missing=True).query("SELECT COUNT(*) FROM songplays") == [(2,)]


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("refusal", "hint"),
    [
        (
            "The operation is not valid for the object's storage class,Status 403,Error InvalidObjectState",
            "restore it (aws s3api restore-object), or move it out of the source's prefix",
        ),
        (
            "User is not authorized to perform: kms:Decrypt,Status 403,Error AccessDenied,Rid 1",
            "the role that Redshift uses must be allowed kms:Decrypt on that key of AWS KMS",
        ),
        (
            "All access has been disabled,Status 403,Error AllAccessDisabled,Rid 1",
            "AWS Support",
        ),
    ],
    ids=["archived", "key", "account"],
)
def test_what_s3_refuses_to_redshift_is_told_by_its_code(
    fails: Callable[..., SparkifyError],
    redshift: RedshiftStandIn,
    monkeypatch: pytest.MonkeyPatch,
    refusal: str,
    hint: str,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused(f"S3ServiceException:{refusal}", "XX000")

    monkeypatch.setattr(type(redshift.cluster), "check_access", refuse)
    error = fails()
    assert refusal.partition(",")[0] in error.message
    assert hint in error.hint
