"""Clusters of nodes: what the stack is told, what is there afterwards, and what happens the second time."""

import json
from typing import Any

import pytest

from sparkify.config.loading import load_settings
from tests.support.aws_account import (
    ACCOUNT,
    BUCKET,
    CONFIG,
    EMPTY,
    MY_IP,
    PROVISIONED,
    REGION,
    World,
    refuse,
)
from tests.support.results import valid

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/sparkify/sparkify-redshift"
TAGS = [
    {"Key": "project", "Value": "sparkify-warehouse"},
    {"Key": "sparkify-cluster", "Value": f"{REGION}/music"},
]
OTHERS_ROLE = f"arn:aws:iam::{ACCOUNT}:role/spectrum"

EXTRA_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::more/*"}],
}


def made(world: World, operation: str) -> dict[str, Any]:
    """What CloudFormation told a service, the one time that it did."""
    (parameters,) = [call.parameters for call in world.by_stack if call.operation == operation]
    return parameters


def cluster(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.client("redshift").describe_clusters()["Clusters"][0]
    return found


def test_create_makes_the_stack_and_prints_the_address(world: World) -> None:
    run = world.create()
    assert (run.code, world.contents()) == (0, PROVISIONED)
    assert run.out == f"{cluster(world)['Endpoint']['Address']}:5439/dwh\n"
    for line in ("  cluster: create complete\n", "stack music-redshift: CREATE_COMPLETE\n"):
        assert line in run.err
    assert world.changes() == ["cloudformation.ExecuteChangeSet", "redshift.ModifyClusterIamRoles"]


def test_the_cluster_is_encrypted_not_public_and_its_password_is_kept_by_aws(world: World) -> None:
    world.create()
    (group,) = cluster(world)["VpcSecurityGroups"]
    sent = made(world, "CreateCluster")
    parts = {sent.pop("ClusterSubnetGroupName"), sent.pop("ClusterParameterGroupName")}
    assert len(parts) == 2
    assert sent == {
        "ClusterIdentifier": "music",
        "NodeType": "ra3.large",
        "ClusterType": "multi-node",
        "NumberOfNodes": 2,
        "DBName": "dwh",
        "Port": 5439,
        "MasterUsername": "dwhuser",
        "ManageMasterPassword": True,
        "Encrypted": True,
        "PubliclyAccessible": False,
        "VpcSecurityGroupIds": [group["VpcSecurityGroupId"]],
        "IamRoles": [ROLE_ARN],
        "Tags": TAGS,
    }
    assert world.sent("ModifyClusterIamRoles") == {
        "ClusterIdentifier": "music",
        "DefaultIamRoleArn": ROLE_ARN,
    }


def test_who_connects_must_use_tls_and_is_logged(world: World) -> None:
    world.create()
    stack = world.cloudformation.stacks[-1]
    group = stack.made["ParameterGroup"].properties
    assert group["Parameters"] == [{"ParameterName": "require_ssl", "ParameterValue": "true"}]
    assert made(world, "EnableLogging") == {
        "ClusterIdentifier": "music",
        "LogDestinationType": "cloudwatch",
        "LogExports": ["connectionlog", "userlog"],
    }


def test_the_cluster_stands_in_the_subnets_of_the_default_vpc(world: World) -> None:
    world.create()
    subnets = world.client("ec2").describe_subnets()["Subnets"]
    assert sorted(made(world, "CreateClusterSubnetGroup")["SubnetIds"]) == sorted(
        it["SubnetId"] for it in subnets
    )


def test_a_single_node_public_cluster_with_a_password_is_made_when_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "Correct0Horse")
    run = world.create("--type", "single-node", "--public")
    sent = made(world, "CreateCluster")
    assert (sent["ClusterType"], sent["PubliclyAccessible"]) == ("single-node", True)
    assert sent["MasterUserPassword"] == "Correct0Horse"
    assert not {"NumberOfNodes", "ManageMasterPassword"} & sent.keys()
    assert "Correct0Horse" not in run.out + run.err


def test_everything_that_is_created_carries_the_tags_from_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_TAGS", "team=data, cost centre=42")
    world.create()
    own = [{"Key": "team", "Value": "data"}, {"Key": "cost centre", "Value": "42"}]
    # CloudFormation gives what it makes the tags of the stack.
    assert world.sent("CreateChangeSet")["Tags"] == own + TAGS


def test_the_work_bucket_is_made_and_named_in_the_configuration(world: World) -> None:
    world.create()
    assert f"WORK_PREFIX=s3://{BUCKET}/work/\n" in world.config.read_text()
    s3 = world.client("s3")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Expiration"] == {"Days": 2}
    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}


@pytest.mark.thorough
def test_a_work_prefix_of_ones_own_is_used_and_neither_emptied_nor_forgotten(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="mine", Key="work/part", Body=b"x")
    text = CONFIG.format(type="multi-node").replace("WORK_PREFIX=", "WORK_PREFIX=s3://mine/work/")
    world.config.write_text(text)
    world.create()
    assert world.contents()["bucket"] == ["mine"]
    world.delete()
    assert (world.contents(), world.config.read_text()) == ({**EMPTY, "bucket": ["mine"]}, text)
    assert s3.list_objects_v2(Bucket="mine")["KeyCount"] == 1


def test_to_name_a_work_prefix_of_ones_own_later_takes_the_other_bucket_away(world: World) -> None:
    world.create()
    world.client("s3").put_object(Bucket=BUCKET, Key="work/part", Body=b"x")
    text = world.config.read_text().replace(f"s3://{BUCKET}/work/", "s3://mine/work/")
    world.config.write_text(text)
    run = world.create()
    assert (run.code, world.contents()["bucket"]) == (0, [])
    assert "delete the bucket (AWS::S3::Bucket)" in run.err
    assert world.config.read_text() == text


def test_create_writes_address_role_and_bucket_and_delete_takes_them_out(world: World) -> None:
    world.create()
    host, before = cluster(world)["Endpoint"]["Address"], CONFIG.format(type="multi-node")
    written = before.replace("HOST=", f"HOST={host}").replace("ARN=''", f"ARN='{ROLE_ARN}'")
    assert world.config.read_text() == written.replace("WORK_PREFIX=", f"WORK_PREFIX=s3://{BUCKET}/work/")
    world.delete()
    assert world.config.read_text() == before


@pytest.mark.thorough
def test_delete_leaves_the_address_of_another_cluster(world: World) -> None:
    world.create()
    world.config.write_text(world.config.read_text().replace("HOST=music.", "HOST=concerts."))
    world.delete()
    assert "HOST=concerts." in world.config.read_text()


def test_without_a_file_one_is_made_that_only_its_owner_can_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.config.unlink()
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://music/song_data")
    monkeypatch.setenv("SPARKIFY_LOG_DATA", "s3://music/log_data")
    assert world.create().code == 0
    assert world.config.stat().st_mode & 0o777 == 0o600
    settings = load_settings(str(world.config), environment={})
    assert settings.redshift.host.startswith("sparkify.")
    assert settings.redshift.iam_role_arn.endswith("role/sparkify/sparkify-redshift")
    assert settings.redshift.work_prefix.startswith("s3://sparkify-redshift-bucket-")


def test_the_network_is_open_to_the_callers_address_only(world: World) -> None:
    world.create()
    assert world.open_to() == [f"{MY_IP}/32:5439"]


@pytest.mark.thorough
def test_from_a_new_address_the_network_opens_to_it_and_closes_to_all_others(world: World) -> None:
    world.create()
    world.client("ec2").authorize_security_group_ingress(
        GroupId=world.group_id(), IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    assert world.run("create", "--yes", "--my-ip", "198.51.100.9/32").code == 0
    assert world.open_to() == ["198.51.100.9/32:5439"]


def test_creating_twice_changes_nothing_and_asks_nothing(world: World) -> None:
    world.create()
    config = world.config.read_bytes()
    world.changes()
    run = world.run("create", "--my-ip", MY_IP)
    assert (run.code, world.changes(), world.contents()) == (0, [], PROVISIONED)
    assert "stack music-redshift: is as it must be\n" in run.err
    assert world.config.read_bytes() == config


def test_what_others_have_changed_by_hand_is_put_right(world: World) -> None:
    world.create()
    iam = world.client("iam")
    policy = iam.get_role_policy(RoleName="sparkify-redshift", PolicyName="sparkify-s3")["PolicyDocument"]
    iam.put_role_policy(
        RoleName="sparkify-redshift", PolicyName="sparkify-s3", PolicyDocument=json.dumps(EXTRA_POLICY)
    )
    world.client("ec2").authorize_security_group_ingress(
        GroupId=world.group_id(), IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    run = world.create()
    assert "change the role (AWS::IAM::Role): Policies\n" in run.err
    assert world.open_to() == [f"{MY_IP}/32:5439"]
    now = iam.get_role_policy(RoleName="sparkify-redshift", PolicyName="sparkify-s3")["PolicyDocument"]
    assert now == policy


def test_roles_that_the_user_has_given_the_cluster_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    world.commands_client("redshift").modify_cluster_iam_roles(
        ClusterIdentifier="music", AddIamRoles=[OTHERS_ROLE]
    )
    assert world.create().code == 0
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    assert world.create().code == 0
    assert [role["IamRoleArn"] for role in cluster(world)["IamRoles"]] == [ROLE_ARN, OTHERS_ROLE]


def test_create_ends_when_the_role_can_be_used(world: World) -> None:
    world.looks_until_in_sync = 3
    run = world.create()
    assert run.code == 0
    states = [line for line in run.err.splitlines() if line.startswith("role of cluster music")]
    assert states == ["role of cluster music: adding", "role of cluster music: in-sync"]


def test_a_role_of_ones_own_is_used_as_it_is(world: World) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/mine"
    world.config.write_text(CONFIG.format(type="multi-node").replace("ARN=''", f"ARN='{arn}'"))
    world.create()
    assert made(world, "CreateCluster")["IamRoles"] == [arn]
    assert world.contents()["role"] == []
    world.delete()
    assert not [call for call in world.by_stack if call.service == "iam"]
    assert f"ARN='{arn}'" in world.config.read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["role", "cluster", "group", "stack"])
def test_what_others_have_made_under_the_same_name_is_refused_and_left_alone(world: World, kind: str) -> None:
    if kind == "role":
        world.client("iam").create_role(RoleName="sparkify-redshift", AssumeRolePolicyDocument="{}")
    elif kind == "cluster":
        world.client("redshift").create_cluster(
            ClusterIdentifier="music", NodeType="ra3.large", MasterUsername="x", MasterUserPassword="x"
        )
    elif kind == "group":
        world.client("ec2").create_security_group(GroupName="music-redshift", Description="another's")
    else:
        world.create()
        world.cloudformation.stacks[-1].tags = {}
    before = world.contents()
    world.changes()
    run = world.create()
    assert (run.code, world.changes()) == (1, [])
    assert "is there already and is not this " in run.err
    world.delete()
    assert world.contents() == before


def test_a_role_of_another_cluster_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_CLUSTER_IDENTIFIER", "other")
    run = world.create()
    assert (run.code, world.contents()) == (1, PROVISIONED)
    assert f"role sparkify-redshift is there already and belongs to cluster {REGION}/music" in run.err


def test_a_changed_configuration_narrows_the_policy_of_the_role(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    world.create()
    policy = world.client("iam").get_role_policy(RoleName="sparkify-redshift", PolicyName="sparkify-s3")
    assert "song_data" not in json.dumps(policy["PolicyDocument"])


def test_the_role_is_within_its_boundary_from_the_start_or_from_now_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    arn = f"arn:aws:iam::{ACCOUNT}:policy/sparkify-boundary"
    monkeypatch.setenv("SPARKIFY_PERMISSIONS_BOUNDARY", arn)
    assert "change the role (AWS::IAM::Role): PermissionsBoundary\n" in world.create().err
    world.delete()
    world.by_stack.clear()
    world.create()
    assert made(world, "CreateRole")["PermissionsBoundary"] == arn
    role = world.client("iam").get_role(RoleName="sparkify-redshift")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    users = f"arn:aws:redshift:{REGION}:{ACCOUNT}:dbuser:music/*"
    assert trust["Condition"] == {"StringLike": {"sts:ExternalId": users}}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("NUM_NODES", "4", "nodes 2, not 4"),
        ("NODE_TYPE", "ra3.xlplus", "node type ra3.large, not ra3.xlplus"),
        ("DB_NAME", "other", "db name dwh, not other"),
        ("DB_USER", "other", "db user dwhuser, not other"),
        ("DB_PORT", "5440", "port 5439, not 5440"),
        ("PUBLICLY_ACCESSIBLE", "true", "public false, not true"),
    ],
)
def test_a_difference_that_would_move_or_lose_data_is_told_and_left_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    world.create()
    world.changes()
    monkeypatch.setenv(f"SPARKIFY_{setting}", value)
    run = world.create()
    assert f"warning: music is there with {said}; it is left so\n" in run.err
    assert (run.code, world.changes()) == (0, [])


def test_a_cluster_resized_by_hand_keeps_its_size(world: World) -> None:
    world.create()
    world.client("redshift").modify_cluster(ClusterIdentifier="music", NumberOfNodes=4)
    run = world.create()
    assert "warning: music is there with nodes 4, not 2; it is left so\n" in run.err
    assert (run.code, cluster(world)["NumberOfNodes"]) == (0, 4)


def test_nothing_is_changed_that_would_replace_the_cluster(world: World) -> None:
    world.create()
    # As a stack of an earlier version of the template might have it.
    world.cloudformation.stacks[-1].made["Cluster"].properties["DBName"] = "older"
    world.changes()
    run = world.create()
    assert "error: this would replace the cluster, and its data would be lost" in run.err
    assert (run.code, world.changes(), world.cloudformation.change_sets) == (1, [], {})


def test_the_other_kind_under_the_same_name_is_refused(world: World) -> None:
    world.create()
    world.changes()
    run = world.create("--type", "serverless")
    assert (run.code, world.changes()) == (1, [])
    assert "error: music is there already and is provisioned, not serverless" in run.err


def test_delete_removes_all_of_it_and_names_each(world: World) -> None:
    world.create()
    world.client("s3").put_object(Bucket=BUCKET, Key="work/part", Body=b"x")
    world.changes()
    run = world.delete()
    assert (run.code, world.contents()) == (0, EMPTY)
    assert world.changes() == ["s3.DeleteObjects", "cloudformation.DeleteStack"]
    for line in (
        "cluster music available",
        "  cluster: delete complete",
        "stack music-redshift: DELETE_COMPLETE",
    ):
        assert f"{line}\n" in run.err


def test_delete_removes_the_logs_too(world: World) -> None:
    world.create()
    logs = world.client("logs")
    for name in ("cluster/music/connectionlog", "cluster/music2/connectionlog"):
        logs.create_log_group(logGroupName=f"/aws/redshift/{name}")
    assert "log group /aws/redshift/cluster/music/connectionlog\n" in world.delete().err
    left = [it["logGroupName"] for it in logs.describe_log_groups()["logGroups"]]
    assert left == ["/aws/redshift/cluster/music2/connectionlog"]


@pytest.mark.thorough
def test_delete_needs_nothing_of_the_configuration_but_the_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_IAM_ROLE_NAME", "renamed-since")
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "data/song_data")
    iam = world.client("iam")
    policy = iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(EXTRA_POLICY))
    iam.attach_role_policy(RoleName="sparkify-redshift", PolicyArn=policy["Policy"]["Arn"])
    assert (world.delete().code, world.contents()) == (0, EMPTY)


def test_deleting_twice_is_no_error(world: World) -> None:
    world.create()
    world.delete()
    world.changes()
    run = world.delete()
    assert (run.code, world.changes()) == (0, [])
    assert f"nothing of cluster music is in {REGION}" in run.err


@pytest.mark.thorough
def test_a_final_snapshot_is_kept_and_shown_as_costing_money(world: World) -> None:
    world.create()
    run = world.delete("--final-snapshot", "last-words")
    assert "Snapshot last-words is kept" not in run.err  # nobody is asked
    assert "snapshot last-words: available\n" in run.err
    run = world.run("status", "--format", "csv")
    assert run.out.splitlines()[1:] == [
        'music,snapshot,last-words,available,,"is kept until it is deleted by hand, and costs its storage"'
    ]
    assert "snapshot last-words is kept until it is deleted by hand" in world.delete().err


@pytest.mark.thorough
def test_what_is_still_in_use_is_deleted_when_it_is_free(world: World) -> None:
    world.create()
    refusals = 2
    delete = world.cloudformation.refused

    def fault(call: Any, moment: str) -> None:
        nonlocal refusals
        if call.operation == "DeleteStack" and moment == "before":
            delete["delete SecurityGroup"] = "resource sg-1 has a dependent object"
            refusals -= 1
            if refusals < 0:
                delete.clear()

    world.fault = fault
    assert (world.delete().code, world.contents()) == (0, EMPTY)


def test_what_can_not_be_deleted_is_named_with_its_reason(world: World) -> None:
    world.create()
    world.cloudformation.refused["delete SecurityGroup"] = "resource sg-1 has a dependent object"
    run = world.delete()
    error = (
        "error: stack music-redshift can't be deleted: security group: resource sg-1 has a dependent object"
    )
    assert (run.code, run.err.splitlines()[-2]) == (1, error)
    world.cloudformation.refused.clear()
    assert (world.delete().code, world.contents()) == (0, EMPTY)


def test_what_the_stack_has_left_behind_is_named(world: World) -> None:
    world.create()
    del world.cloudformation.stacks[-1].made["Cluster"]  # as with RetainResources, by hand
    run = world.delete()
    assert (run.code, "error: still there: cluster music" in run.err) == (1, True)
    assert world.contents()["cluster"] == ["music"]


def test_pause_stops_the_costs_and_resume_starts_them(world: World) -> None:
    world.create()
    world.changes()
    assert world.run("pause").code == 0
    assert "music,cluster,music,paused,0.0," in world.run("status", "--format", "csv").out
    assert world.run("pause").code == 0
    assert world.run("resume").code == 0
    assert "music,cluster,music,available,1.086," in world.run("status", "--format", "csv").out
    assert world.run("resume").code == 0
    assert world.changes() == ["redshift.PauseCluster", "redshift.ResumeCluster"]


def test_a_state_that_a_cluster_does_not_leave_is_no_reason_to_wait(world: World) -> None:
    from moto.redshift.models import redshift_backends

    world.create()
    world.run("pause")

    def fault(call: Any, moment: str) -> None:
        if call.operation == "ResumeCluster" and moment == "after":
            redshift_backends[ACCOUNT][REGION].clusters["music"].status = "hardware-failure"

    world.fault = fault
    run = world.run("resume")
    assert (run.code, "error: cluster music is hardware-failure" in run.err) == (1, True)


def test_creating_a_paused_cluster_leaves_it_paused_and_says_so(world: World) -> None:
    world.create()
    world.run("pause")
    run = world.create()
    assert run.code == 0
    assert "is paused; start it with: sparkify cluster resume" in run.err


@pytest.mark.thorough
@pytest.mark.parametrize("command", ["pause", "resume"])
def test_there_is_nothing_to_pause_or_resume_without_a_cluster(world: World, command: str) -> None:
    run = world.run(command)
    assert (run.code, f"error: there is no cluster music in {REGION}" in run.err) == (1, True)


def test_status_lists_what_is_there_and_what_it_costs(world: World) -> None:
    world.create()
    run = world.run("status", "--format", "json")
    rows = {row["kind"]: row for row in json.loads(run.out)}
    assert list(rows) == ["cluster", "stack", "bucket", "security group", "role"]
    assert (rows["cluster"]["state"], rows["cluster"]["usd_per_hour"]) == ("available", 1.086)
    assert rows["security group"]["note"] == f"open from {MY_IP}/32 to port 5439"
    assert (rows["stack"]["name"], rows["stack"]["state"]) == ("music-redshift", "CREATE_COMPLETE")
    assert "costs about $1.09 per hour now" in run.err
    result = valid(world.run("status", "--json").out)
    assert (result["region"], result["usd_per_hour"], result["warnings"]) == (REGION, 1.086, [])
    assert {row["kind"]: row for row in result["resources"]} == rows


def test_status_of_an_empty_account_prints_no_rows(world: World) -> None:
    run = world.run("status")
    assert (run.code, run.out) == (0, "")
    assert f"nothing of this project is in {REGION}" in run.err
    result = valid(world.run("status", "--json").out)
    assert (result["exit_code"], result["resources"], result["usd_per_hour"]) == (0, [], 0)


def test_status_that_fails_says_why_to_programs_too(world: World) -> None:
    world.fault = refuse("AccessDenied", operation="DescribeClusters")
    run = world.run("status", "--json")
    result = valid(run.out)
    assert (run.code, result["exit_code"], result["reason"]["kind"]) == (1, 1, "Cluster")
    assert result["reason"]["message"] in run.err
    assert world.run("status", "--json", "--format", "csv").code == 2
