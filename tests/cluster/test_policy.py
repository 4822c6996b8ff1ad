"""The role may do the least that COPY and UNLOAD need, for exactly what is configured."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from sparkify.cluster.places import access
from sparkify.config.loading import load_settings
from sparkify.errors import UsageError
from tests.support.templates import rendered

ACCOUNT = "123456789012"
OWN = "music-redshift-bucket-1"

SOURCES = {
    "song_data": "s3://music/song_data",
    "log_data": "s3://music/log_data/",
    "log_jsonpath": "s3://music/log_json_path.json",
}


def resources_for(parameters: dict[str, str], **settings: str) -> dict[str, Any]:
    """The template's resources for the settings, as CloudFormation is given them."""
    loaded = load_settings(environment={}, **settings)
    given = {"Name": "music", "Kind": "provisioned", **parameters, **access(loaded.loading, loaded.redshift)}
    return rendered(given, lambda name, key: OWN if (name, key) == ("Bucket", "Ref") else f"<{name}>")


def policy_for(source_account: str = "", **settings: str) -> dict[str, Any]:
    (policy,) = resources_for({"SourceAccount": source_account}, **settings)["Role"]["Policies"]
    document: dict[str, Any] = policy["PolicyDocument"]
    return document


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def may(policy: dict[str, Any], action: str, bucket: str, key: str, owner: str = ACCOUNT) -> bool:
    """Whether the policy allows an action; for a listing the key is the prefix that is listed."""
    is_listing = action == "s3:ListBucket"
    resource = f"arn:aws:s3:::{bucket}" if is_listing else f"arn:aws:s3:::{bucket}/{key}"
    for statement in policy["Statement"]:
        prefixes = listed(statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", "*"))
        if (
            any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
            and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
            and owner
            == statement.get("Condition", {}).get("StringEquals", {}).get("aws:ResourceAccount", owner)
            and (not is_listing or any(fnmatchcase(key, pattern) for pattern in prefixes))
        ):
            return True
    return False


def test_the_policy_is_no_more_than_reads_lists_and_the_work_bucket() -> None:
    source, work = "arn:aws:s3:::music", f"arn:aws:s3:::{OWN}"
    own = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    said = {
        statement["Sid"]: (
            listed(statement["Action"]),
            listed(statement["Resource"]),
            statement.get("Condition"),
        )
        for statement in policy_for(**SOURCES)["Statement"]
    }
    write = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"]
    assert said == {
        "Read": (
            ["s3:GetObject"],
            [f"{source}/{key}" for key in ("song_data/*", "log_data/*", "log_json_path.json")],
            None,
        ),
        "ListSongs": (["s3:ListBucket"], [source], {"StringLike": {"s3:prefix": "song_data/*"}}),
        "ListLogs": (["s3:ListBucket"], [source], {"StringLike": {"s3:prefix": "log_data/*"}}),
        "ListJsonPaths": (["s3:ListBucket"], [source], {"StringLike": {"s3:prefix": "log_json_path.json"}}),
        "Write": ([f"s3:{action}" for action in write], [f"{work}/work/*"], own),
        "ListWork": (["s3:ListBucket"], [work], {"StringLike": {"s3:prefix": "work/*"}, **own}),
        "Locate": (["s3:GetBucketLocation"], [source, source, source, work], None),
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


def test_local_sources_need_the_work_bucket_only() -> None:
    policy = policy_for(song_data="data/song_data", log_data="data/log_data")
    assert may(policy, "s3:GetObject", OWN, "work/part-1.json.gz")
    assert [statement["Sid"] for statement in policy["Statement"]] == ["Write", "ListWork", "Locate"]


def test_without_a_work_prefix_there_is_a_bucket_of_its_own_and_with_one_there_is_none() -> None:
    assert may(policy_for(**SOURCES), "s3:PutObject", OWN, "work/manifest.json")
    resources = resources_for({}, **SOURCES, work_prefix="s3://scratch/work")
    assert not {"Bucket", "BucketPolicy"} & resources.keys()
    assert OWN not in str(resources)


def test_no_statement_has_a_wildcard_where_a_name_is_meant() -> None:
    policy = policy_for(**SOURCES, work_prefix="s3://scratch/work", export_prefix="s3://scratch/exports/")
    for statement in policy["Statement"]:
        assert not any("*" in action for action in listed(statement["Action"]))
        for resource in listed(statement["Resource"]):
            bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
            assert "*" not in bucket
            assert "*" not in key.removesuffix("/*")


def test_where_a_bucket_is_and_what_was_half_uploaded_can_be_learnt_of_the_configured_ones_only() -> None:
    policy = policy_for(**SOURCES, export_prefix="s3://scratch/exports/")
    for bucket, is_allowed in (("music", True), ("scratch", True), (OWN, True), ("payroll", False)):
        resource = [f"arn:aws:s3:::{bucket}"]
        (locate,) = [it for it in policy["Statement"] if it["Action"] == "s3:GetBucketLocation"]
        assert (resource[0] in locate["Resource"]) is is_allowed
    for action in ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"):
        assert may(policy, action, "scratch", "exports/x")
        assert not may(policy, action, "music", "song_data/x")


def test_what_is_written_is_written_to_buckets_of_ones_own_account_only() -> None:
    policy = policy_for(**SOURCES, work_prefix="s3://scratch/work", export_prefix="s3://scratch/exports/")
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObject"):
        assert may(policy, action, "scratch", "work/x")
        assert not may(policy, action, "scratch", "work/x", owner="999999999999")
    assert not may(policy, "s3:ListBucket", "scratch", "work/", owner="999999999999")
    # Public data belong to somebody else.
    assert may(policy, "s3:GetObject", "music", "song_data/x", owner="999999999999")


def test_sources_are_read_from_the_account_that_is_named() -> None:
    policy = policy_for("222222222222", **SOURCES, work_prefix="s3://scratch/work")
    for action, key in (("s3:GetObject", "song_data/x"), ("s3:ListBucket", "log_data/")):
        assert may(policy, action, "music", key, owner="222222222222")
        assert not may(policy, action, "music", key, owner=ACCOUNT)
    assert may(policy, "s3:PutObject", "scratch", "work/x")


@pytest.mark.parametrize("kind", ["provisioned", "serverless"])
def test_nobody_but_the_service_may_assume_the_role_for_users_of_this_cluster(kind: str) -> None:
    role = resources_for({"Kind": kind, "Workgroup": "analysts"}, **SOURCES)["Role"]
    services = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    name = "analysts" if kind == "serverless" else "music"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": services[: 1 + (kind == "serverless")]},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringLike": {"sts:ExternalId": f"arn:aws:redshift:us-west-2:{ACCOUNT}:dbuser:{name}/*"}
            },
        }
    ]


def test_arns_are_those_of_the_regions_partition() -> None:
    from sparkify.cluster.stack import TEMPLATE

    assert "arn:aws:" not in TEMPLATE.read_text()


def test_the_work_bucket_is_private_encrypted_and_forgets_after_two_days() -> None:
    resources = resources_for({}, **SOURCES)
    bucket = resources["Bucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["LifecycleConfiguration"]["Rules"] == [
        {
            "Status": "Enabled",
            "ExpirationInDays": 2,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        }
    ]
    (only,) = resources["BucketPolicy"]["PolicyDocument"]["Statement"]
    assert (only["Effect"], only["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


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
