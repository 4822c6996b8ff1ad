"""docs/cluster.md says what is true."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from sparkify.cli.cluster import app
from sparkify.cluster.aws import tag_dict
from sparkify.cluster.pricing import USD_PER_NODE_HOUR
from sparkify.cluster.stack import TEMPLATE
from sparkify.config.loading import load_settings
from tests.cluster.test_policy import policy_for
from tests.support.aws_account import ACCOUNT, BUCKET, CONFIG, MY_IP, REGION, Call, World
from tests.support.templates import rendered

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cluster.md").read_text()


BOUNDARY, CALLERS = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
OURS = {"project": "sparkify-warehouse"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sparkify/sparkify-redshift"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
ROLE_WITHIN = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/sparkify-boundary"}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def allows(policy: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> bool:
    """What IAM decides, of the few things that these policies use."""
    return any(
        action in listed(statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        and all(
            context.get(key) in listed(values)
            for key, values in statement.get("Condition", {}).get("StringEquals", {}).items()
        )
        for statement in policy["Statement"]
    )


# What the models call otherwise than IAM does (AWS Service Authorization Reference).
NAMES = {
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "ListObjectVersions": "ListBucketVersions",
    "DeleteObjects": "DeleteObject",
}


def asked(  # noqa: C901 - one line for each service
    call: Call, boundary: str
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The actions that a call takes, with resource and context (AWS Service Authorization Reference)."""
    told = call.parameters
    given = told.get("Tags") or told.get("tags") or []
    for specification in told.get("TagSpecifications", []):
        given = specification["Tags"]
        yield (
            "ec2:CreateTags",
            f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1",
            {"ec2:CreateAction": call.operation},
        )
    context = {f"aws:RequestTag/{key}": value for key, value in tag_dict(given).items()}
    resource = f"arn:aws:{call.service}:{REGION}:{ACCOUNT}:any"
    if call.service == "iam":
        resource = f"arn:aws:iam::{ACCOUNT}:role/sparkify/{told['RoleName']}"
        context["iam:PermissionsBoundary"] = boundary
    elif call.service == "s3":
        resource = f"arn:aws:s3:::{told['Bucket']}"
    elif call.service == "cloudformation":
        resource = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/music-redshift/1"
    elif call.service == "logs" and call.is_change:
        resource = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{told['logGroupName']}"
    elif "Snapshot" in call.operation:
        resource = f"arn:aws:redshift:{REGION}:{ACCOUNT}:snapshot:music/last-words"
        if call.service == "redshift-serverless":
            resource = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:snapshot/last-words"
    elif call.is_change and "Create" not in call.operation:
        context |= {f"aws:ResourceTag/{key}": value for key, value in OURS.items()}
    if call.operation == "CreateSecurityGroup":
        yield f"ec2:{call.operation}", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{told['VpcId']}", {}
        resource = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/*"
    yield f"{call.service}:{NAMES.get(call.operation, call.operation)}", resource, context
    if not call.is_change or "Create" in call.operation:
        for role in told.get("IamRoles", told.get("iamRoles", [])):
            yield "iam:PassRole", role, {"iam:PassedToService": f"{call.service}.amazonaws.com"}


@pytest.mark.parametrize("kind", ["multi-node", "serverless"])
def test_every_call_that_is_made_is_in_the_documented_permissions(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    boundary = ROLE_WITHIN["iam:PermissionsBoundary"]
    monkeypatch.setenv("SPARKIFY_PERMISSIONS_BOUNDARY", boundary)
    world.config.write_text(CONFIG.format(type=kind))
    world.create()
    world.client("s3").put_object(Bucket=BUCKET, Key="work/part", Body=b"x")
    world.client("logs").create_log_group(logGroupName="/aws/redshift/cluster/music/userlog")
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    world.run("create", "--yes", "--my-ip", MY_IP.replace("7", "8"))
    for command in ("status", "pause", "resume"):
        world.run(command)
    world.delete("--final-snapshot", "last-words")
    assert len({call.operation for call in world.calls + world.by_stack}) > 35
    # CloudFormation works with the rights of who calls it.
    actions = [action for call in world.calls + world.by_stack for action in asked(call, boundary)]
    assert [action for action in actions if not allows(CALLERS, *action)] == []
    assert "iam:PassRole" in {action for action, _, _ in actions}


# What AWS's schemas name for the sake of properties that the template has not.
NOT_NEEDED = re.compile(
    r"kms:|cloudwatch:|s3tables:|initech:|secretsmanager:|iam:(AttachRolePolicy|UntagRole|CreateServiceLinkedRole|PassRole)|"
    r"ec2:(Describe\*|(Allocate|Associate)Address|AttachNetworkInterface|CreateNetworkInterface|CreateVpcEndpoint|"
    r"Modify\w+|CreateSecurityGroup|CreateTags|DescribeInstances|\w+SecurityGroupEgress)|"
    r"redshift(-serverless)?:(RestoreFrom\w+|PutResourcePolicy|DeleteResourcePolicy|ModifyClusterMaintenance|"
    r"DescribeSnapshotCopyGrant|DescribeClusterDbRevisions|CreateSnapshotCopyConfiguration|DeleteTags|UntagResource)|"
    r"s3:(ListTagsForResource|(Get|Put|Create|Delete)\w*(Abac|Analytics|CORS|Inventory|Metrics|Notification|Replication|Website|"
    r"Accelerate|ObjectAcl|BucketAcl|ObjectLock|Logging|Versioning|Tiering|MetadataTable)\w*)"
)


def test_what_aws_s_schemas_name_for_the_template_is_permitted() -> None:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    text = Path(str(TEMPLATE)).read_text()
    permitted = {action for statement in CALLERS["Statement"] for action in listed(statement["Action"])}
    missing = set()
    for kind in set(re.findall(r"Type: (AWS::\S+)", text)):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", kind).schema
        for name in ("create", "read", "delete"):
            needed = schema.get("handlers", {}).get(name, {}).get("permissions", [])
            missing |= {it for it in needed if not NOT_NEEDED.match(it)} - permitted
    assert missing == set()


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ROLE, {}),
        ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("iam:PutRolePolicy", ROLE, {}),
        ("iam:PutRolePolicy", ADMIN, ROLE_WITHIN),
        ("iam:AttachRolePolicy", ROLE, ROLE_WITHIN),
        ("iam:DeleteRolePermissionsBoundary", ROLE, ROLE_WITHIN),
        ("iam:PutRolePermissionsBoundary", ROLE, {}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", ADMIN, {"iam:PassedToService": "redshift.amazonaws.com"}),
        ("iam:UpdateAssumeRolePolicy", ADMIN, {}),
        ("redshift:CreateCluster", "any", {}),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:x:{ACCOUNT}:stack/payroll/1", {}),
        ("s3:DeleteObject", "arn:aws:s3:::payroll/2018.csv", {}),
        ("s3:DeleteBucket", "arn:aws:s3:::payroll", {}),
        ("logs:DeleteLogGroup", f"arn:aws:logs:x:{ACCOUNT}:log-group:/aws/lambda/payroll", {}),
        ("redshift:DeleteCluster", "any", {"aws:ResourceTag/project": "payroll"}),
        ("redshift-serverless:DeleteNamespace", "any", {}),
        ("ec2:RevokeSecurityGroupIngress", "any", {"aws:ResourceTag/project": "payroll"}),
        ("ec2:AuthorizeSecurityGroupIngress", "any", {}),
        ("ec2:CreateTags", "arn:aws:ec2:x:1:instance/i-1", {"ec2:CreateAction": "CreateSecurityGroup"}),
        ("ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1", {}),
    ],
)  # fmt: skip
def test_whoever_has_them_gets_no_further(action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(CALLERS, action, resource, context)


def test_the_documented_boundary_lets_the_role_do_what_its_policy_says() -> None:
    places = {
        name: f"s3://my-music-1/{name}" for name in ("song_data", "log_data", "work_prefix", "export_prefix")
    }
    for policy in (policy_for(**places), policy_for()):
        for statement in policy["Statement"]:
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    assert allows(BOUNDARY, action, resource.replace("*", "x"), {})
    assert not allows(BOUNDARY, "s3:GetObject", "arn:aws:s3:::payroll/2018.csv", {})


def test_every_command_is_documented_and_every_variable_named_there_exists() -> None:
    commands = getattr(get_command(app), "commands")  # noqa: B009 - a group's, which the type does not say
    for name in commands:
        assert f"sparkify cluster {name}" in PAGE
    for variable in set(re.findall(r"SPARKIFY_[A-Z_]+", PAGE)):
        settings = load_settings(environment={variable: "1"})
        assert not settings.warnings, variable


def test_the_prices_are_those_that_are_shown() -> None:
    for node_type, price in USD_PER_NODE_HOUR.items():
        assert f"| {node_type}, per node | ${price} |" in PAGE


def test_the_parameters_of_the_deployment_by_hand_exist() -> None:
    (command,) = re.findall(r"--parameter-overrides (.*?)\n\n", PAGE, re.DOTALL)
    names = re.findall(r"(\w+)=", command)
    rendered(
        {
            name: "provisioned" if name == "Kind" else "203.0.113.7" if "Address" in name else "x"
            for name in names
        }
    )
