"""What a user sees: dry runs word for word, the price before the question, and errors with their remedy."""

import io
import re
import subprocess
import sys
import urllib.error
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    EndpointConnectionError,
    ParamValidationError,
    TokenRetrievalError,
)

from sparkify.cluster.stack import TEMPLATE
from sparkify.errors import SparkifyError
from tests.support.aws_account import BUCKET, CONFIG, EMPTY, MY_IP, PROVISIONED, World, refuse

ROOT = Path(__file__).resolve().parents[2]


def forget_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


PLACES = """\
  SongBucket: songs-and-logs
  SongPrefix: song_data/
  LogBucket: songs-and-logs
  LogPrefix: log_data/
  JsonPathsBucket: songs-and-logs
  JsonPathsKey: log_json_path.json
"""
WRITES = "write dwh.cfg: [CLUSTER] HOST, [IAM_ROLE] ARN, [S3] WORK_PREFIX\n"

OFFLINE = f"""\
stack music-redshift from {TEMPLATE}
  Name: music
  Kind: provisioned
  NodeType: ra3.large
  Nodes: 2
  DbName: dwh
  DbUser: dwhuser
  Port: 5439
  Public: false
  RoleName: sparkify-redshift
{PLACES}  CallerAddress: 203.0.113.7
{WRITES}"""

PROVISIONED_CHANGES = """\
create the bucket (AWS::S3::Bucket)
create the security group (AWS::EC2::SecurityGroup)
create the subnet group (AWS::Redshift::ClusterSubnetGroup)
create the parameter group (AWS::Redshift::ClusterParameterGroup)
create the role (AWS::IAM::Role)
create the bucket policy (AWS::S3::BucketPolicy)
create the cluster (AWS::Redshift::Cluster)
"""


def test_a_dry_run_of_create_says_in_words_what_would_be_made_and_leaves_nothing(world: World) -> None:
    run = world.run("create", "--dry-run", "--my-ip", MY_IP)
    head, changes, rest = run.out.partition(PROVISIONED_CHANGES)
    assert (run.code, head, bool(changes)) == (0, f"stack music-redshift from {TEMPLATE}\n", True)
    for line in ("  Nodes: 2\n", "  CallerAddress: 203.0.113.7\n", PLACES, WRITES):
        assert line in rest
    assert "about $1.09 per hour" in run.err
    assert (world.contents(), world.config.read_text()) == (EMPTY, CONFIG.format(type="multi-node"))
    assert world.cloudformation.change_sets == {}
    # AWS works out what would change in a stack without resources; that goes again, too.
    assert world.changes() == ["cloudformation.DeleteStack"]


def test_a_dry_run_of_create_without_credentials_says_what_aws_would_be_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_credentials(monkeypatch)
    run = world.run("create", "--dry-run", "--my-ip", MY_IP)
    assert (run.code, run.out) == (0, OFFLINE)
    assert "no AWS credentials: this is what AWS would be told to make a new stack of" in run.err
    assert (world.calls, world.config.read_text()) == ([], CONFIG.format(type="multi-node"))


def test_a_dry_run_shows_no_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "Correct0Horse")
    run = world.run("create", "--dry-run")
    assert "  DbPassword: ***\n" in run.out
    assert "Correct0Horse" not in run.out + run.err


def test_a_dry_run_of_create_says_what_would_be_made_for_serverless(world: World) -> None:
    run = world.run("create", "--dry-run", "--type", "serverless", "--my-ip", MY_IP)
    assert "create the serverless namespace (AWS::RedshiftServerless::Namespace)\n" in run.out
    assert "create the serverless workgroup (AWS::RedshiftServerless::Workgroup)\n" in run.out
    assert "AWS::Redshift::" not in run.out


def test_a_dry_run_asks_nobody_for_the_callers_address(world: World) -> None:
    assert "  CallerAddress: 192.0.2.1\n" in world.run("create", "--dry-run").out


def test_a_dry_run_shows_only_what_differs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    world.changes()
    run = world.run("create", "--dry-run", "--my-ip", MY_IP)
    assert run.out.splitlines()[1] == "change nothing"
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    run = world.run("create", "--dry-run", "--my-ip", "198.51.100.9")
    assert run.out.splitlines()[1:3] == [
        "change the security group (AWS::EC2::SecurityGroup): SecurityGroupIngress",
        "change the role (AWS::IAM::Role): Policies",
    ]
    assert (world.changes(), world.open_to()) == ([], [f"{MY_IP}/32:5439"])


@pytest.mark.thorough
def test_a_dry_run_over_a_failed_or_busy_stack_says_so(world: World) -> None:
    world.cloudformation.refused["Role"] = "no"
    world.create()
    world.cloudformation.refused.clear()
    world.create()
    world.cloudformation.stacks[-1].status = "ROLLBACK_COMPLETE"
    run = world.run("create", "--dry-run")
    assert "is ROLLBACK_COMPLETE: wait for its end, or delete it, and make it anew\n" in run.out


def test_a_dry_run_of_delete_says_what_would_go_and_removes_nothing(world: World) -> None:
    world.create()
    config = world.config.read_text()
    world.changes()
    run = world.run("delete", "--dry-run")
    group = world.group_id()
    assert run.out.splitlines() == [
        "delete cluster music available",
        "delete stack music-redshift CREATE_COMPLETE",
        f"delete bucket {BUCKET}",
        f"delete security group {group}",
        "delete role sparkify-redshift",
    ]
    assert (world.changes(), world.contents(), world.config.read_text()) == ([], PROVISIONED, config)


def test_dry_runs_of_pause_and_resume_say_what_they_would_do(world: World) -> None:
    world.create()
    world.changes()
    assert world.run("pause", "--dry-run").out == "pause cluster music\n"
    world.run("pause")
    assert world.changes() == ["redshift.PauseCluster"]
    assert world.run("pause", "--dry-run").out == "cluster music is paused\n"
    assert world.run("resume", "--dry-run").out == "resume cluster music\n"
    assert world.changes() == []


def test_a_dry_run_of_status_changes_as_little_as_status(world: World) -> None:
    world.create()
    world.changes()
    assert world.run("status", "--dry-run").out == world.run("status").out
    assert world.changes() == []


def test_the_price_is_shown_before_the_question_and_no_answer_is_no(world: World) -> None:
    run = world.run("create", "--my-ip", MY_IP)
    price = run.err.index("about $1.09 per hour")
    assert price < run.err.index("Create cluster music of 2 x ra3.large? [y/N]")
    assert run.code == 2
    assert "say --yes where nobody can" in run.err
    assert world.contents() == EMPTY


@pytest.mark.parametrize(("answer", "code", "there"), [("n\n", 1, EMPTY), ("y\n", 0, PROVISIONED)])
def test_the_answer_decides_whether_anything_is_created(
    world: World, answer: str, code: int, there: dict[str, list[str]]
) -> None:
    assert world.run("create", "--my-ip", MY_IP, answer=answer).code == code
    assert world.contents() == there


@pytest.mark.forms(1)
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
        ("NUM_NODES", "1", "num_nodes is 1 for the cluster type multi-node of ra3.large"),
        ("NUM_NODES", "two", "SPARKIFY_NUM_NODES is not a whole number"),
        ("BASE_RPU", "12", "base_rpu is not one that AWS takes"),
        ("NODE_TYPE", "large", "node_type is not one that AWS takes"),
        ("CLUSTER_IDENTIFIER", "my_cluster", "cluster_identifier is not such a name"),
        ("DB_PASSWORD", "secret", "db_password is not one that AWS takes"),
        ("DB_PORT", "5532", "it is 5431 to 5455, or 8191 to 8215"),
        ("DB_PORT", "5430", "it is 5431 to 5455, or 8191 to 8215"),
        ("DB_PORT", "8216", "it is 5431 to 5455, or 8191 to 8215"),
        ("PERMISSIONS_BOUNDARY", "sparkify-boundary", "it is the ARN of a policy"),
        ("SOURCE_ACCOUNT", "12345", "source_account is not one that AWS takes"),
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


@pytest.mark.forms(2)
@pytest.mark.parametrize("port", ["5431", "5455", "8191", "8215"])
def test_the_ports_that_aws_takes_are_taken(world: World, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("SPARKIFY_DB_PORT", port)
    assert (world.create().code, world.open_to()) == (0, [f"{MY_IP}/32:{port}"])


@pytest.mark.parametrize("node_type", ["ra3.4xlarge", "ra3.16xlarge"])
def test_a_single_node_of_a_type_that_has_none_is_refused_before_anything_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, node_type: str
) -> None:
    monkeypatch.setenv("SPARKIFY_NODE_TYPE", node_type)
    run = world.create("--type", "single-node")
    assert (run.code, world.calls) == (2, [])
    assert f"num_nodes is 1 for the cluster type single-node of {node_type}" in run.err
    assert world.create("--type", "multi-node").code == 0


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
    assert "no AWS credentials" in run.err


def test_without_a_region_the_setting_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    run = world.create()
    assert run.code == 2
    assert "usage error: no AWS region\n  hint: set [AWS] REGION in dwh.cfg" in run.err


def test_all_calls_are_made_with_the_configured_profile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.folder / "no-credentials").write_text(
        "\n".join(
            f"[{name}]\naws_access_key_id = {name}-key\naws_secret_access_key = secret"
            for name in ("default", "music")
        )
    )
    world.config.write_text(f"{world.config.read_text()}[AWS]\nPROFILE=music\n")
    signed = set[str]()

    def note(request: AWSPreparedRequest, **_: Any) -> None:
        signed.update(re.findall("Credential=([^/]+)/", str(request.headers["Authorization"])))

    def session(**arguments: Any) -> Any:
        made = world.session(**arguments)
        made.events.register_first("before-send", note)
        return made

    monkeypatch.setattr(boto3, "Session", session)
    for verb, answer in (("create", world.create), ("delete", world.delete)):
        assert answer().code == 0, verb
        assert signed == {"music-key"}, verb
        signed.clear()
    assert world.contents() == EMPTY


def test_a_region_without_a_default_vpc_says_how_to_make_one(world: World) -> None:
    ec2 = world.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    run = world.create()
    assert run.code == 1
    assert "aws ec2 create-default-vpc" in run.err


@pytest.mark.forms(6)
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
        ("Throttling", "", "AWS asks to slow down"),
        ("RequestLimitExceeded", "", "AWS asks to slow down"),
        ("InvalidClusterState", "", "not possible in its present state"),
        ("SomethingNew", "two\nlines", "SomethingNew: two lines"),
    ],
)
def test_what_aws_refuses_is_one_line_with_its_remedy(
    world: World, code: str, message: str, said: str
) -> None:
    world.fault = refuse(code, message, "CreateChangeSet")
    run = world.create()
    assert run.code == 1
    error, remedy = run.err.splitlines()[-2:]
    assert error.startswith("error: cloudformation create_change_set: ")
    assert said in error
    assert remedy.startswith("  hint: ")
    assert "Encoded" not in run.err


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("Invalid node type: dc2.large", "set node_type (DWH_NODE_TYPE) to one of ra3.large"),
        ("The request exceeds your quota of nodes", "a smaller num_nodes may fit"),
        ("Not enough capacity", "try again later, or take another node_type or region"),
        ("User is not authorized to perform redshift:CreateCluster", "docs/cluster.md lists"),
        ("Something new", "correct what AWS names, and run it again"),
    ],
)
def test_what_a_stack_fails_of_is_one_line_with_its_remedy(world: World, reason: str, hint: str) -> None:
    world.cloudformation.refused["Cluster"] = reason
    run = world.create()
    error, remedy = run.err.splitlines()[-2:]
    assert (run.code, error) == (
        1,
        f"error: stack music-redshift failed; AWS has removed what it had made: cluster: {reason}",
    )
    assert hint in remedy
    assert world.contents() == EMPTY


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

    from sparkify.cluster.aws import Aws
    from sparkify.config.loading import load_settings

    password = "Marked-Password-1"  # noqa: S105
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", password)
    aws = Aws(load_settings())
    with pytest.raises(SparkifyError) as refusal:
        # botocore quotes values in its refusals.
        aws.call("redshift", "create_cluster", MasterUserPassword=[password])
    told = "".join(traceback.format_exception(refusal.value))
    assert "a value is not of the kind that AWS takes" in told
    assert password not in told
    assert password not in repr(load_settings())
