"""Serverless workgroups: moto has none, so a small stand-in answers, and botocore checks what is sent."""

import json
from typing import Any

import pytest

from tests.support.aws_account import ACCOUNT, BUCKET, CONFIG, EMPTY, REGION, SERVERLESS, World
from tests.support.results import valid

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/sparkify/sparkify-redshift"
HOST = f"music.{ACCOUNT}.{REGION}.redshift-serverless.amazonaws.com"
TAGS = [
    {"key": "project", "value": "sparkify-warehouse"},
    {"key": "sparkify-cluster", "value": f"{REGION}/music"},
]


@pytest.fixture(autouse=True)
def serverless(world: World) -> None:
    """The configuration asks for Serverless."""
    world.config.write_text(CONFIG.format(type="serverless"))


def made(world: World, operation: str) -> dict[str, Any]:
    """What CloudFormation told Serverless, the one time that it did."""
    (parameters,) = [call.parameters for call in world.by_stack if call.operation == operation]
    return parameters


def keep_zones(world: World, *zones: str) -> None:
    ec2 = world.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        if subnet["AvailabilityZone"] not in [f"{REGION}{zone}" for zone in zones]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])


def test_create_makes_namespace_and_workgroup_and_waits_for_both(world: World) -> None:
    run = world.create()
    assert (run.code, run.out, world.contents()) == (0, f"{HOST}:5439/dwh\n", SERVERLESS)
    assert world.clock.now > 0
    for line in (
        "about $3.00 per hour while queries run or a transaction is open, at least a minute each time",
        "  serverless namespace: create in progress",
        "  serverless workgroup: create complete",
        "AWS keeps the password of dwhuser in Secrets Manager: arn:aws:secretsmanager:",
    ):
        assert line in run.err


def test_create_ends_when_the_role_can_be_used(world: World) -> None:
    run = world.create()
    states = [line for line in run.err.splitlines() if line.startswith("role of workgroup music")]
    assert states == ["role of workgroup music: adding", "role of workgroup music: in-sync"]


def test_what_is_sent_is_private_and_its_password_is_kept_by_aws(world: World) -> None:
    world.create()
    assert made(world, "CreateNamespace") == {
        "namespaceName": "music",
        "dbName": "dwh",
        "adminUsername": "dwhuser",
        "manageAdminPassword": True,
        "iamRoles": [ROLE_ARN],
        "defaultIamRoleArn": ROLE_ARN,
        "tags": TAGS,
    }
    sent = made(world, "CreateWorkgroup")
    subnets = world.client("ec2").describe_subnets()["Subnets"]
    assert sorted(sent.pop("subnetIds")) == sorted(it["SubnetId"] for it in subnets)
    assert sent == {
        "workgroupName": "music",
        "namespaceName": "music",
        "baseCapacity": 8,
        "port": 5439,
        "publiclyAccessible": False,
        "securityGroupIds": [world.group_id()],
        "configParameters": [{"parameterKey": "require_ssl", "parameterValue": "true"}],
        "tags": TAGS,
    }


def test_settings_reach_what_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_WORKGROUP", "analysts")
    monkeypatch.setenv("SPARKIFY_NAMESPACE", "plays")
    monkeypatch.setenv("SPARKIFY_BASE_RPU", "4")
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "Correct0Horse")
    world.create("--public")
    namespace, workgroup = made(world, "CreateNamespace"), made(world, "CreateWorkgroup")
    assert (namespace["namespaceName"], namespace["adminUserPassword"]) == ("plays", "Correct0Horse")
    assert "manageAdminPassword" not in namespace
    assert (workgroup["workgroupName"], workgroup["namespaceName"]) == ("analysts", "plays")
    assert (workgroup["baseCapacity"], workgroup["publiclyAccessible"]) == (4, True)
    world.delete()
    assert world.contents() == EMPTY


def test_serverless_may_assume_the_role(world: World) -> None:
    world.create()
    trust = json.loads(made(world, "CreateRole")["AssumeRolePolicyDocument"])
    services = trust["Statement"][0]["Principal"]["Service"]
    assert services == ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]


@pytest.mark.forms(1)
@pytest.mark.parametrize("zones", ["", "a", "ab"])
def test_fewer_than_three_zones_are_refused_before_anything_is_made(world: World, zones: str) -> None:
    keep_zones(world, *zones)
    run = world.create()
    assert (run.code, world.contents()) == (1, EMPTY)
    assert f"{len(zones)} subnets in {len(zones)} availability zones; Serverless needs 3 in 3" in run.err
    assert "aws ec2 create-default-subnet --availability-zone ZONE" in run.err
    assert not [call for call in world.calls if call.operation == "CreateChangeSet"]


def test_three_zones_will_do(world: World) -> None:
    keep_zones(world, *"abc")
    assert world.create().code == 0


def test_few_free_addresses_are_told(world: World) -> None:
    ec2 = world.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    made = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="172.31.255.240/28")["Subnet"]
    run = world.create()
    assert run.code == 0
    assert f"warning: few addresses are free in {made['SubnetId']}: AWS may refuse\n" in run.err


def test_creating_twice_changes_nothing(world: World) -> None:
    world.create()
    world.changes()
    assert (world.create().code, world.changes(), world.contents()) == (0, [], SERVERLESS)


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("BASE_RPU", "16", "base capacity 8, not 16"),
        ("WORKGROUP", "analysts", "workgroup music, not analysts"),
        ("NAMESPACE", "plays", "namespace music, not plays"),
    ],
)
def test_a_difference_that_would_cost_or_lose_something_is_told_and_left_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    world.create()
    world.changes()
    monkeypatch.setenv(f"SPARKIFY_{setting}", value)
    run = world.create()
    assert f"warning: music is there with {said}; it is left so\n" in run.err
    assert (run.code, world.changes()) == (0, [])


def test_roles_that_the_user_has_given_the_namespace_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    roles = world.serverless.things["namespace"]["music"]["iamRoles"]
    roles.append(f"IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::{ACCOUNT}:role/spectrum)")
    monkeypatch.setenv("SPARKIFY_IAM_ROLE_NAME", "renamed")
    assert world.create().code == 0
    assert [
        role.partition("iamRoleArn=")[2] for role in world.serverless.things["namespace"]["music"]["iamRoles"]
    ] == [
        f"arn:aws:iam::{ACCOUNT}:role/sparkify/renamed)",
        f"arn:aws:iam::{ACCOUNT}:role/spectrum)",
    ]


def test_delete_removes_all_of_it_the_workgroup_first(world: World) -> None:
    world.create()
    world.by_stack.clear()
    assert (world.delete().code, world.contents()) == (0, EMPTY)
    deleted = [call.operation for call in world.by_stack if call.operation.startswith("Delete")]
    assert deleted[:2] == ["DeleteWorkgroup", "DeleteNamespace"]


def test_delete_can_keep_a_snapshot(world: World) -> None:
    world.create()
    assert world.delete("--final-snapshot", "last-words").code == 0
    assert world.sent("CreateSnapshot") == {"snapshotName": "last-words", "namespaceName": "music"}
    run = world.run("status", "--format", "csv")
    assert run.out.splitlines()[1].startswith("music,snapshot,last-words,")


def test_status_says_that_it_costs_while_queries_run_or_transactions_are_open(world: World) -> None:
    world.create()
    run = world.run("status", "--format", "json")
    rows = {row["kind"]: row for row in json.loads(run.out)}
    assert list(rows) == ["workgroup", "namespace", "stack", "bucket", "security group", "role"]
    assert rows["workgroup"]["usd_per_hour"] == 0
    assert rows["workgroup"]["note"] == (
        "8 RPU: $3.00 per hour while queries run or a transaction is open, at least a minute each time, "
        + HOST
    )
    assert rows["bucket"]["name"] == BUCKET
    assert "plus Serverless while queries run or transactions are open, and storage" in run.err


def test_pause_and_resume_say_that_there_is_no_need(world: World) -> None:
    world.create()
    world.changes()
    assert (
        "needs no pause: it costs nothing while no query runs and no transaction is open"
        in world.run("pause").err
    )
    assert "starts by itself" in world.run("resume").err
    assert world.changes() == []


@pytest.mark.parametrize("kind", ["workgroup", "namespace"])
def test_anothers_of_that_name_is_refused_before_anything_is_made(world: World, kind: str) -> None:
    asked: dict[str, dict[str, Any]] = {
        "workgroup": {"namespaceName": "plays", "workgroupName": "music", "port": 5439},
        "namespace": {"namespaceName": "music", "iamRoles": []},
    }
    world.serverless.do(f"Create{kind.title()}", asked[kind])
    run = world.create()
    assert (run.code, world.changes()) == (1, [])
    assert f"{kind} music is there already and is not this stack's" in run.err


def test_a_wait_ends_with_what_to_do(world: World) -> None:
    world.cloudformation.is_stuck = True
    run = world.create("--timeout", "5")
    assert run.code == 1
    assert "error: stack music-redshift is still CREATE_IN_PROGRESS after 5 minutes" in run.err
    assert "run the same command later, and it continues from here" in run.err
    assert world.clock.now == 300
    start = "stack music-redshift: CREATE_IN_PROGRESS"
    minutes = [line for line in run.err.splitlines() if line.startswith(start)]
    assert minutes == [start] + [f"{start} for {minute} min" for minute in (1, 2, 3, 4)]
    world.cloudformation.is_stuck = False
    assert (world.create().code, world.contents()) == (0, SERVERLESS)


def test_who_may_not_look_at_serverless_can_still_work_with_nodes(world: World) -> None:
    world.config.write_text(CONFIG.format(type="multi-node"))
    world.serverless.is_denied = True
    world.create()
    run = world.run("status", "--format", "csv")
    assert "warning: Serverless was not looked at" in run.err
    (warning,) = valid(world.run("status", "--json").out)["warnings"]
    assert warning.startswith("Serverless was not looked at")
    assert "music,cluster,music,available" in run.out
    assert (world.delete().code, world.contents()) == (0, EMPTY)
