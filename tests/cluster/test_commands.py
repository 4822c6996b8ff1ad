"""What a user sees: dry runs word for word, the price before the question, and errors with their remedy."""

import io
import subprocess
import sys
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    ParamValidationError,
    TokenRetrievalError,
)

from sparkify.errors import SparkifyError
from tests.support.aws_account import CONFIG, EMPTY, MY_IP, PROVISIONED, World, refuse

ROOT = Path(__file__).resolve().parents[2]


CREATE_DRY_RUN = """\
iam.create_role {
  "Path": "/sparkify/",
  "RoleName": "sparkify-redshift",
  "AssumeRolePolicyDocument": {
    "Version": "2012-10-17",
    "Statement": [
      {
        "Effect": "Allow",
        "Principal": {"Service": ["redshift.amazonaws.com"]},
        "Action": "sts:AssumeRole",
        "Condition": {"StringLike": {"sts:ExternalId": "arn:aws:redshift:us-west-2:<account>:dbuser:music/*"}}
      }
    ]
  },
  "Description": "Sparkify Warehouse: lets Redshift cluster us-west-2/music load from S3",
  "Tags": [
    {"Key": "project", "Value": "sparkify-warehouse"},
    {"Key": "sparkify-cluster", "Value": "us-west-2/music"}
  ]
}
iam.put_role_policy {
  "RoleName": "sparkify-redshift",
  "PolicyName": "sparkify-s3",
  "PolicyDocument": {
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "ReadObjects",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [
          "arn:aws:s3:::songs-and-logs/log_data/*",
          "arn:aws:s3:::songs-and-logs/log_json_path.json",
          "arn:aws:s3:::songs-and-logs/song_data/*"
        ]
      },
      {
        "Sid": "ListBucket1",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": ["arn:aws:s3:::songs-and-logs"],
        "Condition": {"StringLike": {"s3:prefix": ["log_data/*", "log_json_path.json", "song_data/*"]}}
      }
    ]
  }
}
ec2.create_security_group {
  "GroupName": "music-redshift",
  "Description": "Sparkify Warehouse: Redshift cluster us-west-2/music",
  "VpcId": "<default VPC>",
  "TagSpecifications": [
    {
      "ResourceType": "security-group",
      "Tags": [
        {"Key": "project", "Value": "sparkify-warehouse"},
        {"Key": "sparkify-cluster", "Value": "us-west-2/music"}
      ]
    }
  ]
}
ec2.authorize_security_group_ingress {
  "GroupId": "<security group>",
  "IpPermissions": [
    {
      "IpProtocol": "tcp",
      "FromPort": 5439,
      "ToPort": 5439,
      "IpRanges": [{"CidrIp": "203.0.113.7/32", "Description": "who created the cluster"}]
    }
  ]
}
"""

PROVISIONED_DRY_RUN = """\
redshift.create_cluster {
  "ClusterIdentifier": "music",
  "NodeType": "ra3.large",
  "ClusterType": "multi-node",
  "NumberOfNodes": 2,
  "DBName": "dwh",
  "Port": 5439,
  "MasterUsername": "dwhuser",
  "ManageMasterPassword": true,
  "Encrypted": true,
  "PubliclyAccessible": false,
  "VpcSecurityGroupIds": ["<security group>"],
  "IamRoles": ["arn:aws:iam::<account>:role/sparkify/sparkify-redshift"],
  "DefaultIamRoleArn": "arn:aws:iam::<account>:role/sparkify/sparkify-redshift",
  "Tags": [
    {"Key": "project", "Value": "sparkify-warehouse"},
    {"Key": "sparkify-cluster", "Value": "us-west-2/music"}
  ]
}
"""

SERVERLESS_DRY_RUN = """\
redshift-serverless.create_namespace {
  "namespaceName": "music",
  "dbName": "dwh",
  "adminUsername": "dwhuser",
  "manageAdminPassword": true,
  "iamRoles": ["arn:aws:iam::<account>:role/sparkify/sparkify-redshift"],
  "defaultIamRoleArn": "arn:aws:iam::<account>:role/sparkify/sparkify-redshift",
  "tags": [
    {"key": "project", "value": "sparkify-warehouse"},
    {"key": "sparkify-cluster", "value": "us-west-2/music"}
  ]
}
redshift-serverless.create_workgroup {
  "workgroupName": "music",
  "namespaceName": "music",
  "baseCapacity": 8,
  "port": 5439,
  "publiclyAccessible": false,
  "securityGroupIds": ["<security group>"],
  "tags": [
    {"key": "project", "value": "sparkify-warehouse"},
    {"key": "sparkify-cluster", "value": "us-west-2/music"}
  ]
}
"""

CONFIG_DRY_RUN = (
    "write dwh.cfg: [CLUSTER] HOST=<endpoint>, "
    "[IAM_ROLE] ARN=arn:aws:iam::<account>:role/sparkify/sparkify-redshift\n"
)


def forget_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


def test_a_dry_run_of_create_prints_each_call_without_an_account(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)
    run = world.run("create", "--dry-run", "--my-ip", MY_IP)
    assert (run.code, run.out) == (0, CREATE_DRY_RUN + PROVISIONED_DRY_RUN + CONFIG_DRY_RUN)
    assert "no AWS credentials: these are the calls for an account with nothing of it" in run.err
    assert (world.calls, world.config.read_text()) == ([], CONFIG.format(type="multi-node"))


def test_a_dry_run_of_create_prints_each_call_for_serverless(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)
    run = world.run("create", "--dry-run", "--type", "serverless", "--my-ip", MY_IP)
    trust = '"Service": ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]'
    role = CREATE_DRY_RUN.replace('"Service": ["redshift.amazonaws.com"]', trust)
    assert run.out == role + SERVERLESS_DRY_RUN + CONFIG_DRY_RUN


def test_a_dry_run_asks_nobody_for_the_callers_address(world: World) -> None:
    run = world.run("create", "--dry-run")
    assert '"CidrIp": "<your address>/32"' in run.out


def test_a_dry_run_shows_only_what_is_missing(world: World) -> None:
    world.create()
    world.delete()
    world.create()
    world.client("iam").delete_role_policy(RoleName="sparkify-redshift", PolicyName="sparkify-s3")
    world.changes()
    run = world.run("create", "--dry-run", "--my-ip", MY_IP)
    called = [line.split(" ")[0] for line in run.out.splitlines() if line[0] not in ' {}"']
    assert called[:2] == ["iam.put_role_policy", "write"]
    assert world.changes() == []


def test_a_dry_run_of_delete_prints_each_call_and_removes_nothing(world: World) -> None:
    world.create()
    config = world.config.read_text()
    group = world.sent("CreateCluster")["VpcSecurityGroupIds"][0]
    world.changes()
    run = world.run("delete", "--dry-run")
    assert run.out == (
        'redshift.delete_cluster {\n  "ClusterIdentifier": "music",\n  "SkipFinalClusterSnapshot": true\n}\n'
        f'ec2.delete_security_group {{\n  "GroupId": "{group}"\n}}\n'
        'iam.delete_role_policy {\n  "RoleName": "sparkify-redshift",\n  "PolicyName": "sparkify-s3"\n}\n'
        'iam.delete_role {\n  "RoleName": "sparkify-redshift"\n}\n'
        "write dwh.cfg: [CLUSTER] HOST=, [IAM_ROLE] ARN=\n"
    )
    assert (world.changes(), world.contents(), world.config.read_text()) == ([], PROVISIONED, config)


def test_dry_runs_of_pause_and_resume_print_the_call(world: World) -> None:
    world.create()
    world.changes()
    assert (
        world.run("pause", "--dry-run").out == 'redshift.pause_cluster {\n  "ClusterIdentifier": "music"\n}\n'
    )
    world.run("pause")
    assert world.changes() == ["redshift.PauseCluster"]
    assert (
        world.run("resume", "--dry-run").out
        == 'redshift.resume_cluster {\n  "ClusterIdentifier": "music"\n}\n'
    )
    assert world.changes() == []


def test_a_dry_run_of_status_prints_the_questions_and_asks_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)
    run = world.run("status", "--dry-run")
    assert run.out.splitlines()[0] == "redshift.describe_clusters {}"
    assert 'iam.list_roles {\n  "PathPrefix": "/sparkify/"\n}\n' in run.out
    assert (run.code, world.calls) == (0, [])


def test_the_price_is_shown_before_the_question_and_no_answer_is_no(world: World) -> None:
    run = world.run("create", "--my-ip", MY_IP)
    price = run.err.index("about $1.09 per hour")
    assert price < run.err.index("Create cluster music of 2 x ra3.large? [y/N]")
    assert run.code == 2
    assert "say --yes where nobody can" in run.err
    assert world.changes() == []


@pytest.mark.parametrize(("answer", "code", "there"), [("n\n", 1, EMPTY), ("y\n", 0, PROVISIONED)])
def test_the_answer_decides_whether_anything_is_created(
    world: World, answer: str, code: int, there: dict[str, list[str]]
) -> None:
    assert world.run("create", "--my-ip", MY_IP, answer=answer).code == code
    assert world.contents() == there


@pytest.mark.parametrize(
    ("answer", "code", "there"), [("", 2, PROVISIONED), ("n\n", 1, PROVISIONED), ("y\n", 0, EMPTY)]
)
def test_delete_asks_too_and_says_that_the_data_is_lost(
    world: World, answer: str, code: int, there: dict[str, list[str]]
) -> None:
    world.create()
    run = world.run("delete", answer=answer)
    assert (run.code, world.contents()) == (code, there)
    assert "Delete all of this? Its data is lost. [y/N]" in run.err


def test_a_node_type_without_a_known_price_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_NODE_TYPE", "ra9.huge")
    run = world.create()
    assert "the price of ra9.huge is not known here: see https://aws.amazon.com/redshift/pricing/" in run.err


def test_the_callers_address_is_asked_for_where_it_is_not_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(url: str, **_: Any) -> io.BytesIO:
        assert url == "https://checkip.amazonaws.com"
        return io.BytesIO(b"198.51.100.4\n")

    monkeypatch.setattr("urllib.request.urlopen", answer)
    world.run("create", "--yes")
    assert world.open_to() == ["198.51.100.4/32:5439"]


@pytest.mark.parametrize("answered", [b"<html>no</html>", b"", b"::1"])
def test_an_answer_that_is_no_address_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch, answered: bytes
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(answered))
    run = world.run("create", "--yes")
    assert (run.code, world.calls) == (1, [])
    assert "say it with --my-ip ADDRESS" in run.err


def test_an_address_that_cannot_be_asked_for_names_the_option(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    run = world.run("create", "--yes")
    assert (run.code, world.calls) == (1, [])
    assert "https://checkip.amazonaws.com can't be reached" in run.err
    assert "say it with --my-ip ADDRESS" in run.err


@pytest.mark.parametrize("given", ["0.0.0.0/0", "203.0.113.0/24", "everyone", "::1"])
def test_only_one_address_can_be_let_in(world: World, given: str) -> None:
    run = world.run("create", "--yes", "--my-ip", given)
    assert (run.code, world.calls) == (2, [])


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CLUSTER_TYPE", "huge", "cluster_type: there is no such type"),
        ("NUM_NODES", "1", "num_nodes is 1 for the cluster type multi-node"),
        ("NUM_NODES", "two", "SPARKIFY_NUM_NODES is not a whole number"),
        ("BASE_RPU", "12", "base_rpu is none of those there are"),
        ("NODE_TYPE", "large", "node_type is not a type of node"),
        ("CLUSTER_IDENTIFIER", "my_cluster", "cluster_identifier is not such a name"),
        ("DB_PASSWORD", "secret", "is not one that Redshift takes"),
        ("TAGS", "team", "key=value"),
        ("TAGS", "project=x", "this project's own"),
        ("PUBLICLY_ACCESSIBLE", "perhaps", "SPARKIFY_PUBLICLY_ACCESSIBLE is not true or false"),
        ("AWS_ACCESS_KEY_ID", "AKIA", "only one is set"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named_before_anything_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"SPARKIFY_{variable}", value)
    run = world.create()
    assert (run.code, world.calls) == (2, [])
    assert said in run.err


def test_delete_works_with_settings_that_create_would_refuse(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "data")
    monkeypatch.setenv("SPARKIFY_LOG_DATA", "data")
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "weak")
    assert (world.delete().code, world.contents()) == (0, EMPTY)


def test_identifiers_of_public_pipelines_are_understood(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_CLUSTER_IDENTIFIER", "dwhCluster")
    world.create()
    assert world.contents()["cluster"] == ["dwhcluster"]


@pytest.mark.parametrize("command", ["create", "status", "pause", "resume", "delete"])
def test_without_credentials_each_command_says_how_to_get_them(
    world: World, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    forget_credentials(monkeypatch)
    options = {"create": ["--yes", "--my-ip", MY_IP], "delete": ["--yes"]}
    run = world.run(command, *options.get(command, []))
    assert run.code == 2
    assert run.err.splitlines()[0] == "usage error: no AWS credentials"
    assert "aws sso login" in run.err


def test_a_dry_run_of_delete_needs_credentials_to_see_what_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)
    run = world.run("delete", "--dry-run")
    assert (run.code, run.out) == (2, "")
    assert "no AWS credentials, to see what is there" in run.err


def test_without_a_region_the_setting_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    run = world.create()
    assert run.code == 2
    assert "usage error: no AWS region\n  hint: set [AWS] REGION in dwh.cfg" in run.err


def test_a_region_without_a_default_vpc_says_how_to_make_one(world: World) -> None:
    ec2 = world.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    run = world.create()
    assert run.code == 1
    assert "aws ec2 create-default-vpc" in run.err


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("ExpiredToken", "", "the AWS credentials have expired"),
        ("ExpiredTokenException", "", "the AWS credentials have expired"),
        ("InvalidClientTokenId", "", "AWS does not accept the credentials"),
        ("AuthFailure", "", "AWS does not accept the credentials"),
        ("AccessDenied", "", "access denied"),
        ("AccessDeniedException", "", "access denied"),
        ("UnauthorizedOperation", "No. Encoded authorization failure message: 4rT9", "access denied: No."),
        ("ClusterQuotaExceeded", "", "a quota of the account is used up"),
        ("NumberOfNodesQuotaExceeded", "", "a quota of the account is used up"),
        ("LimitExceeded", "", "a quota of the account is used up"),
        ("SecurityGroupLimitExceeded", "", "a quota of the account is used up"),
        ("InsufficientClusterCapacity", "", "no such nodes free at the moment"),
        ("InvalidParameterValue", "Invalid node type: dc2.large", "does not offer this node type here"),
        ("Throttling", "", "AWS asks to slow down"),
        ("RequestLimitExceeded", "", "AWS asks to slow down"),
        ("InvalidClusterState", "", "not possible in its present state"),
        ("SomethingNew", "two\nlines", "SomethingNew: two lines"),
    ],
)
def test_what_aws_refuses_is_one_line_with_its_remedy(
    world: World, code: str, message: str, said: str
) -> None:
    world.fault = refuse(code, message, "CreateCluster")
    run = world.create()
    assert run.code == 1
    error, remedy = run.err.splitlines()[-2:]
    assert error.startswith("error: redshift create_cluster: ")
    assert said in error
    assert remedy.startswith("  hint: ")
    assert "Encoded" not in run.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EndpointConnectionError(endpoint_url="https://x"), "AWS can't be reached"),
        (TokenRetrievalError(provider="sso", error_msg="expired"), "the AWS credentials can't be had"),
        (ParamValidationError(report="…"), "a value is not of the kind that AWS takes"),
    ],
)
def test_what_botocore_refuses_is_one_line_with_its_remedy(world: World, error: Exception, said: str) -> None:
    def fault(*_: Any) -> None:
        raise error

    world.fault = fault
    run = world.run("status")
    assert said in run.err.splitlines()[0]
    assert run.err.splitlines()[1].startswith("  hint: ")


def test_without_boto3_the_extra_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    run = world.run("status")
    assert run.code == 2
    assert "make redshift" in run.err


@pytest.mark.parametrize("script", ["create_cluster.py", "delete_cluster.py"])
def test_the_known_scripts_run_the_commands(script: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / script), "--help"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"{script.partition('_')[0].title()} the " in run.stdout


@pytest.mark.usefixtures("world")
def test_a_traceback_of_an_error_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    import traceback

    from sparkify.cluster.aws import connect
    from sparkify.config.loading import load_settings

    password = "Marked-Password-1"  # noqa: S105
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", password)
    aws = connect(load_settings())
    with pytest.raises(SparkifyError) as refusal:
        # botocore quotes values in its refusals.
        aws.ask("redshift", "create_cluster", MasterUserPassword=[password])
    told = "".join(traceback.format_exception(refusal.value))
    assert "a value is not of the kind that AWS takes" in told
    assert password not in told
    assert password not in repr(load_settings())
