"""Serverless workgroups: moto has none, so a small stand-in answers, and botocore checks what is sent."""

import json

import pytest

from tests.support.aws_account import ACCOUNT, CONFIG, EMPTY, REGION, SERVERLESS, World

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


def test_create_makes_namespace_and_workgroup_and_waits_for_both(world: World) -> None:
    run = world.create()
    assert (run.code, run.out, world.contents()) == (0, f"{HOST}:5439/dwh\n", SERVERLESS)
    assert world.clock.now > 0
    for line in (
        "about $3.00 per hour while queries run",
        "namespace music: CREATING",
        "workgroup music: AVAILABLE",
        "AWS keeps the password of dwhuser in Secrets Manager: arn:aws:secretsmanager:",
    ):
        assert line in run.err


def test_what_is_sent_is_private_and_its_password_is_kept_by_aws(world: World) -> None:
    world.create()
    assert world.sent("CreateNamespace") == {
        "namespaceName": "music",
        "dbName": "dwh",
        "adminUsername": "dwhuser",
        "manageAdminPassword": True,
        "iamRoles": [ROLE_ARN],
        "defaultIamRoleArn": ROLE_ARN,
        "tags": TAGS,
    }
    (group_id,) = world.serverless.things["workgroup"]["music"]["securityGroupIds"]
    assert world.sent("CreateWorkgroup") == {
        "workgroupName": "music",
        "namespaceName": "music",
        "baseCapacity": 8,
        "port": 5439,
        "publiclyAccessible": False,
        "securityGroupIds": [group_id],
        "tags": TAGS,
    }
    group = world.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    assert group["GroupName"] == "music-redshift"


def test_settings_reach_what_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_WORKGROUP", "analysts")
    monkeypatch.setenv("SPARKIFY_NAMESPACE", "plays")
    monkeypatch.setenv("SPARKIFY_BASE_RPU", "4")
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "Correct0Horse")
    world.create("--public")
    namespace, workgroup = world.sent("CreateNamespace"), world.sent("CreateWorkgroup")
    assert (namespace["namespaceName"], namespace["adminUserPassword"]) == ("plays", "Correct0Horse")
    assert "manageAdminPassword" not in namespace
    assert (workgroup["workgroupName"], workgroup["namespaceName"]) == ("analysts", "plays")
    assert (workgroup["baseCapacity"], workgroup["publiclyAccessible"]) == (4, True)
    world.delete()
    assert world.contents() == EMPTY


def test_serverless_may_assume_the_role(world: World) -> None:
    world.create()
    trust = json.loads(world.sent("CreateRole")["AssumeRolePolicyDocument"])
    services = trust["Statement"][0]["Principal"]["Service"]
    assert services == ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]


def test_creating_twice_changes_nothing(world: World) -> None:
    world.create()
    world.changes()
    assert (world.create().code, world.changes(), world.contents()) == (0, [], SERVERLESS)


def test_creating_while_it_is_being_deleted_waits_and_makes_it_anew(world: World) -> None:
    world.create()
    for kind in ("workgroup", "namespace"):
        world.serverless.things[kind]["music"]["status"] = "DELETING"
    world.changes()
    assert (world.create().code, world.contents()) == (0, SERVERLESS)
    assert world.changes() == ["redshift-serverless.CreateNamespace", "redshift-serverless.CreateWorkgroup"]


def test_a_lost_role_and_network_are_given_again(world: World) -> None:
    world.create()
    world.serverless.things["namespace"]["music"]["iamRoles"] = []
    world.serverless.things["workgroup"]["music"]["securityGroupIds"] = []
    world.changes()
    world.create()
    assert world.changes() == ["redshift-serverless.UpdateNamespace", "redshift-serverless.UpdateWorkgroup"]


def test_delete_removes_the_workgroup_before_its_namespace(world: World) -> None:
    world.create()
    world.changes()
    assert (world.delete().code, world.contents()) == (0, EMPTY)
    assert world.changes() == [
        "redshift-serverless.DeleteWorkgroup",
        "redshift-serverless.DeleteNamespace",
        "ec2.DeleteSecurityGroup",
        "iam.DeleteRolePolicy",
        "iam.DeleteRole",
    ]


def test_delete_can_keep_a_snapshot(world: World) -> None:
    world.create()
    world.delete("--final-snapshot", "last-words")
    assert world.sent("DeleteNamespace") == {"namespaceName": "music", "finalSnapshotName": "last-words"}


def test_status_says_that_it_costs_only_while_queries_run(world: World) -> None:
    world.create()
    rows = {row["kind"]: row for row in json.loads(world.run("status", "--format", "json").out)}
    assert list(rows) == ["workgroup", "namespace", "security group", "role"]
    assert rows["workgroup"]["usd_per_hour"] == 0
    assert rows["workgroup"]["note"] == f"8 RPU: $3.00 per hour while queries run, {HOST}"


def test_pause_and_resume_say_that_there_is_no_need(world: World) -> None:
    world.create()
    world.changes()
    assert "needs no pause" in world.run("pause").err
    assert "starts by itself" in world.run("resume").err
    assert world.changes() == []


def test_anothers_workgroup_of_that_name_is_refused_before_anything_is_made(world: World) -> None:
    world.create()
    world.serverless.tags[world.serverless.things["workgroup"]["music"]["workgroupArn"]] = []
    world.changes()
    run = world.create()
    assert (run.code, world.changes()) == (1, [])
    assert "workgroup music is there already and is not this project's" in run.err


def test_a_wait_ends_with_what_to_do(world: World) -> None:
    world.serverless.is_stuck = True
    run = world.create("--timeout", "5")
    assert run.code == 1
    assert "error: namespace music is still CREATING after 5 minutes" in run.err
    assert "run the same command later, and it continues from here" in run.err
    assert world.clock.now == 300
    minutes = [line for line in run.err.splitlines() if line.startswith("namespace music: CREATING")]
    assert minutes == ["namespace music: CREATING"] + [
        f"namespace music: CREATING for {minute} min" for minute in (1, 2, 3, 4)
    ]
    world.serverless.is_stuck = False
    assert (world.create().code, world.contents()) == (0, SERVERLESS)


def test_who_may_not_look_at_serverless_can_still_work_with_nodes(world: World) -> None:
    world.config.write_text(CONFIG.format(type="multi-node"))
    world.serverless.is_denied = True
    world.create()
    run = world.run("status", "--format", "csv")
    assert "warning: Serverless was not looked at" in run.err
    assert "music,cluster,music,available" in run.out
    assert (world.delete().code, world.contents()) == (0, EMPTY)
