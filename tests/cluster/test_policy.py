"""The role may do the least that COPY and UNLOAD need, for exactly what is configured."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from sparkify.cluster.policy import Access, access_for, role_policy, trust_policy
from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import UsageError

ACCOUNT = "123456789012"

SOURCES = {
    "song_data": "s3://music/song_data",
    "log_data": "s3://music/log_data/",
    "log_jsonpath": "s3://music/log_json_path.json",
}


def _access(settings: Settings) -> Access:
    return access_for(settings.loading, settings.redshift)


def policy_for(**settings: str) -> dict[str, Any]:
    return role_policy(_access(load_settings(environment={}, **settings)), "aws", ACCOUNT)


def may(policy: dict[str, Any], action: str, bucket: str, key: str, owner: str = ACCOUNT) -> bool:
    """Whether the policy allows an action; for a listing the key is the prefix that is listed."""
    is_listing = action == "s3:ListBucket"
    resource = f"arn:aws:s3:::{bucket}" if is_listing else f"arn:aws:s3:::{bucket}/{key}"
    for statement in policy["Statement"]:
        prefixes = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ["*"])
        if (
            any(fnmatchcase(action, pattern) for pattern in statement["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
            and owner
            == statement.get("Condition", {}).get("StringEquals", {}).get("aws:ResourceAccount", owner)
            and (not is_listing or any(fnmatchcase(key, pattern) for pattern in prefixes))
        ):
            return True
    return False


def test_the_sources_can_be_read_and_nothing_else_can_be_done() -> None:
    assert policy_for(**SOURCES) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReadObjects",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [
                    "arn:aws:s3:::music/log_data/*",
                    "arn:aws:s3:::music/log_json_path.json",
                    "arn:aws:s3:::music/song_data/*",
                ],
            },
            {
                "Sid": "ListBucket1",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": ["arn:aws:s3:::music"],
                "Condition": {
                    "StringLike": {"s3:prefix": ["log_data/*", "log_json_path.json", "song_data/*"]}
                },
            },
        ],
    }


@pytest.mark.parametrize(
    ("action", "key", "is_allowed"),
    [
        ("s3:GetObject", "song_data/A/B/C/x.json", True),
        ("s3:GetObject", "log_data/2018/11/2018-11-01-events.json", True),
        ("s3:GetObject", "log_json_path.json", True),
        ("s3:GetObject", "log_json_path.json.bak", False),
        ("s3:GetObject", "song_data_old/x.json", False),
        ("s3:GetObject", "payroll.csv", False),
        ("s3:ListBucket", "log_data/", True),
        ("s3:ListBucket", "log_data/2018/", True),
        ("s3:ListBucket", "log_data", False),
        ("s3:ListBucket", "", False),
        ("s3:PutObject", "song_data/A/x.json", False),
        ("s3:DeleteObject", "log_data/x.json", False),
        ("s3:PutBucketPolicy", "song_data/", False),
    ],
)
def test_what_the_role_may_do_with_the_sources(action: str, key: str, is_allowed: bool) -> None:
    assert may(policy_for(**SOURCES), action, "music", key) is is_allowed


@pytest.mark.parametrize(
    ("action", "key", "is_allowed"),
    [
        ("s3:PutObject", "work/manifest.json", True),
        ("s3:DeleteObject", "exports/songplays/0000_part_00.parquet", True),
        ("s3:GetObject", "work/manifest.json", True),
        ("s3:ListBucket", "exports/", True),
        ("s3:PutObject", "elsewhere/x", False),
        ("s3:DeleteObject", "workshop/x", False),
    ],
)
def test_only_the_export_and_work_prefixes_can_be_written(action: str, key: str, is_allowed: bool) -> None:
    policy = policy_for(**SOURCES, work_prefix="s3://scratch/work", export_prefix="s3://scratch/exports/")
    assert may(policy, action, "scratch", key) is is_allowed
    assert not may(policy, "s3:PutObject", "music", key)


def test_a_bucket_is_listed_only_below_its_own_prefixes() -> None:
    policy = policy_for(**{**SOURCES, "song_data": "s3://catalogue/songs/"})
    assert may(policy, "s3:ListBucket", "catalogue", "songs/")
    assert not may(policy, "s3:ListBucket", "catalogue", "log_data/")
    assert not may(policy, "s3:GetObject", "music", "songs/x.json")


def test_the_jsonpaths_file_beside_the_logs_is_the_default() -> None:
    policy = policy_for(song_data="s3://music/a/song_data", log_data="s3://music/a/log_data")
    assert may(policy, "s3:GetObject", "music", "a/log_json_path.json")


def test_local_sources_need_a_work_prefix_only() -> None:
    policy = policy_for(work_prefix="s3://scratch/work/")
    assert may(policy, "s3:GetObject", "scratch", "work/part-1.json.gz")
    assert [statement["Sid"] for statement in policy["Statement"]] == ["ListBucket1", "WriteObjects"]


def test_no_statement_has_a_wildcard_where_a_name_is_meant() -> None:
    policy = policy_for(**SOURCES, work_prefix="s3://scratch/work", export_prefix="s3://scratch/exports/")
    for statement in policy["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        for resource in statement["Resource"]:
            bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
            assert "*" not in bucket
            assert "*" not in key.removesuffix("/*")


def test_what_is_written_is_written_to_buckets_of_ones_own_account_only() -> None:
    policy = policy_for(**SOURCES, work_prefix="s3://scratch/work", export_prefix="s3://scratch/exports/")
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObject"):
        assert may(policy, action, "scratch", "work/x")
        assert not may(policy, action, "scratch", "work/x", owner="999999999999")
    assert not may(policy, "s3:ListBucket", "scratch", "work/", owner="999999999999")
    # Public data belong to somebody else.
    assert may(policy, "s3:GetObject", "music", "song_data/x", owner="999999999999")


def test_sources_are_read_from_the_account_that_is_named() -> None:
    access = _access(load_settings(environment={}, **SOURCES, work_prefix="s3://scratch/work"))
    policy = role_policy(access, "aws", ACCOUNT, "222222222222")
    for action, key in (("s3:GetObject", "song_data/x"), ("s3:ListBucket", "log_data/")):
        assert may(policy, action, "music", key, owner="222222222222")
        assert not may(policy, action, "music", key, owner=ACCOUNT)
    assert may(policy, "s3:PutObject", "scratch", "work/x")


@pytest.mark.parametrize("serverless", [False, True])
def test_nobody_but_the_service_may_assume_the_role_for_users_of_this_cluster(*, serverless: bool) -> None:
    policy = trust_policy(
        partition="aws", region="us-west-2", account="${AWS::AccountId}", name="music", serverless=serverless
    )
    services = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": services[: 1 + serverless]},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringLike": {
                    "sts:ExternalId": "arn:aws:redshift:us-west-2:${AWS::AccountId}:dbuser:music/*"
                }
            },
        }
    ]


def test_arns_are_those_of_the_regions_partition() -> None:
    access = _access(load_settings(environment={}, **SOURCES))
    resources = role_policy(access, "aws-us-gov", ACCOUNT)["Statement"][0]["Resource"]
    assert all(resource.startswith("arn:aws-us-gov:s3:::music/") for resource in resources)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"song_data": "s3://music/a*"}, "no *, ?"),
        ({"song_data": "s3://music/${aws:username}/"}, "no *, ?"),
        ({"song_data": "s3://music/a?/"}, "no *, ?"),
        ({"song_data": "s3://mu*sic/a/"}, "'mu*sic' is not a bucket name"),
        ({"log_data": "s3://music/a\nb/"}, "control characters"),
        ({"log_jsonpath": "s3://music/"}, "name the file in it"),
        ({"work_prefix": "s3://music/"}, "a whole bucket"),
        ({"work_prefix": "work"}, "not on S3"),
        ({"work_prefix": "s3://music/song_data/work/"}, "overlaps the source s3://music/song_data/"),
        ({"export_prefix": "s3://music/log_data"}, "overlaps the source s3://music/log_data/"),
    ],
)
def test_a_place_that_would_grant_too_much_is_refused(settings: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as refusal:
        policy_for(**{**SOURCES, **settings})
    assert said in str(refusal.value)


def test_sources_on_this_machine_alone_are_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"not on S3[\s\S]*SONG_DATA"):
        policy_for()
