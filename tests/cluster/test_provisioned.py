"""Clusters of nodes: what is asked of AWS, in which order, and what is there afterwards."""

import json
from typing import Any

import pytest

from tests.support.aws_account import ACCOUNT, EMPTY, MY_IP, PROVISIONED, REGION, World

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/sparkify/sparkify-redshift"
TAGS = [
    {"Key": "project", "Value": "sparkify-warehouse"},
    {"Key": "sparkify-cluster", "Value": f"{REGION}/music"},
]

EXTRA_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::more/*"}],
}


def test_create_makes_role_network_and_cluster_and_prints_the_address(world: World) -> None:
    run = world.create()
    assert (run.code, world.contents()) == (0, PROVISIONED)
    cluster = world.client("redshift").describe_clusters()["Clusters"][0]
    assert run.out == f"{cluster['Endpoint']['Address']}:5439/dwh\n"
    assert "cluster music: available" in run.err
    assert world.changes() == [
        "iam.CreateRole",
        "iam.PutRolePolicy",
        "ec2.CreateSecurityGroup",
        "ec2.AuthorizeSecurityGroupIngress",
        "redshift.CreateCluster",
    ]


def test_the_cluster_is_encrypted_not_public_and_its_password_is_kept_by_aws(world: World) -> None:
    world.create()
    group = world.client("redshift").describe_clusters()["Clusters"][0]["VpcSecurityGroups"][0]
    assert world.sent("CreateCluster") == {
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
        "DefaultIamRoleArn": ROLE_ARN,
        "Tags": TAGS,
    }


def test_a_single_node_public_cluster_with_a_password_is_made_when_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "Correct0Horse")
    world.create("--type", "single-node", "--public")
    sent = world.sent("CreateCluster")
    assert (sent["ClusterType"], sent["PubliclyAccessible"]) == ("single-node", True)
    assert sent["MasterUserPassword"] == "Correct0Horse"
    assert not {"NumberOfNodes", "ManageMasterPassword"} & sent.keys()


def test_everything_that_is_created_carries_the_tags_from_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_TAGS", "team=data, cost centre=42")
    world.create()
    own = [{"Key": "team", "Value": "data"}, {"Key": "cost centre", "Value": "42"}]
    assert world.sent("CreateRole")["Tags"] == own + TAGS
    (specification,) = world.sent("CreateSecurityGroup")["TagSpecifications"]
    assert specification == {"ResourceType": "security-group", "Tags": own + TAGS}
    assert world.sent("CreateCluster")["Tags"] == own + TAGS


def test_the_network_is_open_to_the_callers_address_only(world: World) -> None:
    world.create()
    assert world.open_to() == [f"{MY_IP}/32:5439"]


def test_from_a_new_address_the_network_opens_to_it_and_closes_to_the_old_one(world: World) -> None:
    world.create()
    group = world.client("redshift").describe_clusters()["Clusters"][0]["VpcSecurityGroups"][0]
    world.client("ec2").authorize_security_group_ingress(
        GroupId=group["VpcSecurityGroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    world.changes()
    assert world.run("create", "--yes", "--my-ip", "198.51.100.9/32").code == 0
    assert world.open_to() == ["198.51.100.9/32:5439"]
    # First in, then out: a failure between the two must not lock the user out.
    assert world.changes() == ["ec2.AuthorizeSecurityGroupIngress", "ec2.RevokeSecurityGroupIngress"]


def test_creating_twice_changes_nothing(world: World) -> None:
    world.create()
    config = world.config.read_bytes()
    world.changes()
    run = world.create()
    assert (run.code, world.changes(), world.contents()) == (0, [], PROVISIONED)
    assert world.config.read_bytes() == config


def test_a_cluster_that_lost_role_and_network_gets_them_again(world: World) -> None:
    world.create()
    sent = world.sent("CreateCluster")
    redshift = world.client("redshift")
    redshift.delete_cluster(ClusterIdentifier="music", SkipFinalClusterSnapshot=True)
    keys = ("ClusterIdentifier", "NodeType", "NumberOfNodes", "DBName", "MasterUsername", "Tags")
    redshift.create_cluster(
        **{key: sent[key] for key in keys}, ClusterType="multi-node", MasterUserPassword="x"
    )
    world.changes()

    answered: list[dict[str, Any]] = []

    def answer(params: dict[str, Any], **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        answered.append(params["body"])
        return AWSResponse("", 200, {}, None), {"Cluster": {}, "ResponseMetadata": {}}

    # moto has no ModifyClusterIamRoles.
    world.commands_client("redshift").meta.events.register(
        "before-call.redshift.ModifyClusterIamRoles", answer
    )
    assert world.create().code == 0
    assert world.changes() == ["redshift.ModifyClusterIamRoles", "redshift.ModifyCluster"]
    assert answered[0]["DefaultIamRoleArn"] == ROLE_ARN
    groups = redshift.describe_clusters()["Clusters"][0]["VpcSecurityGroups"]
    assert [group["VpcSecurityGroupId"] for group in groups] == sent["VpcSecurityGroupIds"]


def test_a_new_role_that_redshift_does_not_know_yet_is_waited_for(world: World) -> None:
    from botocore.exceptions import ClientError

    refusals = 3

    def fault(call: Any, moment: str) -> None:
        nonlocal refusals
        if call.operation == "CreateCluster" and moment == "before" and refusals:
            refusals -= 1
            message = (
                "The IAM role is not valid. The IAM role must delegate access to an Amazon Redshift account."
            )
            raise ClientError(
                {"Error": {"Code": "InvalidParameterValue", "Message": message}}, "CreateCluster"
            )

    world.fault = fault
    run = world.create()
    assert (run.code, world.contents(), world.clock.now) == (0, PROVISIONED, 30)
    assert "waiting: redshift create_cluster is too early" in run.err


def test_a_role_of_ones_own_is_used_and_never_touched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/dwhRole"
    monkeypatch.setenv("SPARKIFY_IAM_ROLE_ARN", arn)
    world.create()
    assert world.sent("CreateCluster")["IamRoles"] == [arn]
    world.delete()
    assert not [call for call in world.changes() if call.startswith("iam.")]


@pytest.mark.parametrize("kind", ["role", "cluster", "group"])
def test_what_others_have_made_under_the_same_name_is_refused_and_left_alone(world: World, kind: str) -> None:
    if kind == "role":
        world.client("iam").create_role(RoleName="sparkify-redshift", AssumeRolePolicyDocument="{}")
    elif kind == "cluster":
        world.client("redshift").create_cluster(
            ClusterIdentifier="music", NodeType="ra3.large", MasterUsername="x", MasterUserPassword="x"
        )
    else:
        world.client("ec2").create_security_group(GroupName="music-redshift", Description="another's")
    before = world.contents()
    run = world.create()
    assert run.code == 1
    assert "is there already and is not this project's" in run.err
    assert world.contents()["cluster"] == before["cluster"]
    world.delete()
    assert world.contents() == before


def test_a_role_of_another_cluster_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_CLUSTER_IDENTIFIER", "other")
    monkeypatch.setenv("SPARKIFY_IAM_ROLE_NAME", "sparkify-redshift")
    run = world.create()
    assert (run.code, world.contents()) == (1, PROVISIONED)
    assert f"role sparkify-redshift is there already and belongs to cluster {REGION}/music" in run.err


def test_a_changed_configuration_narrows_the_policy_of_the_role(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    world.changes()
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    world.create()
    assert world.changes() == ["iam.PutRolePolicy"]
    policy = world.client("iam").get_role_policy(RoleName="sparkify-redshift", PolicyName="sparkify-s3")
    assert "song_data" not in json.dumps(policy["PolicyDocument"])


def test_the_role_is_within_its_boundary_from_the_start_or_from_now_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    world.changes()
    arn = "arn:aws:iam::123456789012:policy/sparkify-boundary"
    monkeypatch.setenv("SPARKIFY_PERMISSIONS_BOUNDARY", arn)
    world.create()
    assert world.changes() == ["iam.PutRolePermissionsBoundary"]
    world.create()
    assert world.changes() == []
    world.delete()
    world.calls.clear()
    world.create()
    assert world.sent("CreateRole")["PermissionsBoundary"] == arn
    role = world.client("iam").get_role(RoleName="sparkify-redshift")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    users = f"arn:aws:redshift:{REGION}:123456789012:dbuser:music/*"
    assert trust["Condition"] == {"StringLike": {"sts:ExternalId": users}}


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("PERMISSIONS_BOUNDARY", "sparkify-boundary", "permissions_boundary is not the ARN of a policy"),
        ("SOURCE_ACCOUNT", "12345", "source_account is not the number of an account"),
    ],
)
def test_what_bounds_the_role_is_looked_at_first(
    world: World, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"SPARKIFY_{setting}", value)
    run = world.create()
    assert (run.code, world.changes()) == (2, [])
    assert said in run.err


def test_a_difference_that_is_not_mended_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_NUM_NODES", "4")
    run = world.create()
    assert "warning: cluster music is there with num_nodes 2, not 4; it is left so" in run.err


def test_delete_removes_all_of_it_dependents_first_and_names_each(world: World) -> None:
    world.create()
    world.changes()
    run = world.delete()
    assert (run.code, world.contents()) == (0, EMPTY)
    assert world.changes() == [
        "redshift.DeleteCluster",
        "ec2.DeleteSecurityGroup",
        "iam.DeleteRolePolicy",
        "iam.DeleteRole",
    ]
    for line in (
        "cluster music: asked to delete",
        "cluster music: not there",
        "role sparkify-redshift: policy sparkify-s3 deleted",
        "role sparkify-redshift: deleted",
    ):
        assert line in run.err


def test_delete_finds_by_tags_what_the_configuration_no_longer_names(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_IAM_ROLE_NAME", "renamed-since")
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "data/song_data")
    iam = world.client("iam")
    policy = iam.create_policy(PolicyName="extra", PolicyDocument=json.dumps(EXTRA_POLICY))
    iam.attach_role_policy(RoleName="sparkify-redshift", PolicyArn=policy["Policy"]["Arn"])
    assert world.delete().code == 0
    assert world.contents() == EMPTY


def test_deleting_twice_is_no_error(world: World) -> None:
    world.create()
    world.delete()
    world.changes()
    run = world.delete()
    assert (run.code, world.changes()) == (0, [])
    assert f"nothing of cluster music is in {REGION}" in run.err


def test_a_final_snapshot_is_kept_and_shown_as_costing_money(world: World) -> None:
    world.create()
    world.delete("--final-snapshot", "last-words")
    run = world.run("status", "--format", "csv")
    assert run.out.splitlines()[1:] == [
        'music,snapshot,last-words,available,,"is kept until it is deleted by hand, and costs its storage"'
    ]


def test_a_network_that_is_still_in_use_is_deleted_when_it_is_free(world: World) -> None:
    from botocore.exceptions import ClientError

    world.create()
    refusals = 4

    def fault(call: Any, moment: str) -> None:
        nonlocal refusals
        if call.operation == "DeleteSecurityGroup" and moment == "before" and refusals:
            refusals -= 1
            raise ClientError({"Error": {"Code": "DependencyViolation", "Message": "in use"}}, "Delete")

    world.fault = fault
    assert (world.delete().code, world.contents(), world.clock.now) == (0, EMPTY, 40)


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


def test_creating_a_paused_cluster_leaves_it_paused_and_says_so(world: World) -> None:
    world.create()
    world.run("pause")
    run = world.create()
    assert run.code == 0
    assert "is paused; start it with: sparkify cluster resume" in run.err


def test_there_is_nothing_to_pause_without_a_cluster(world: World) -> None:
    run = world.run("pause")
    assert run.code == 1
    assert f"error: there is no cluster music in {REGION}" in run.err


def test_status_lists_what_is_there_and_what_it_costs(world: World) -> None:
    world.create()
    run = world.run("status", "--format", "json")
    rows = {row["kind"]: row for row in json.loads(run.out)}
    assert list(rows) == ["cluster", "security group", "role"]
    assert (rows["cluster"]["state"], rows["cluster"]["usd_per_hour"]) == ("available", 1.086)
    assert rows["security group"]["note"] == f"open from {MY_IP}/32 to port 5439"
    assert rows["role"]["note"] == ROLE_ARN
    assert "costs about $1.09 per hour now" in run.err


def test_status_of_an_empty_account_prints_no_rows(world: World) -> None:
    run = world.run("status")
    assert (run.code, run.out) == (0, "")
    assert f"nothing of this project is in {REGION}" in run.err
