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
from sparkify.cluster.policy import access_for, role_policy
from sparkify.cluster.pricing import USD_PER_NODE_HOUR
from sparkify.config.loading import load_settings
from tests.support.aws_account import ACCOUNT, CONFIG, MY_IP, REGION, Call, World

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


def asked(call: Call, tags: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, dict[str, str]]]:
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
    if call.service == "iam" and "RoleName" in told:
        resource = f"arn:aws:iam::{ACCOUNT}:role/sparkify/{told['RoleName']}"
        context["iam:PermissionsBoundary"] = told.get("PermissionsBoundary") or tags["boundary"].get(
            "arn", ""
        )
        tags["boundary"]["arn"] = context["iam:PermissionsBoundary"]
    elif call.is_change and "Create" not in call.operation:
        context |= {f"aws:ResourceTag/{key}": value for key, value in OURS.items()}
    if call.operation == "CreateSecurityGroup":
        yield f"ec2:{call.operation}", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{told['VpcId']}", {}
        resource = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/*"
    yield f"{call.service}:{call.operation}", resource, context
    for role in told.get("IamRoles", told.get("iamRoles", [])):
        yield "iam:PassRole", role, {"iam:PassedToService": f"{call.service}.amazonaws.com"}


@pytest.mark.parametrize("kind", ["multi-node", "serverless"])
def test_every_call_that_is_made_is_in_the_documented_permissions(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_PERMISSIONS_BOUNDARY", ROLE_WITHIN["iam:PermissionsBoundary"])
    world.config.write_text(CONFIG.format(type=kind))
    world.create()
    world.run("create", "--yes", "--my-ip", MY_IP.replace("7", "8"))
    for command in ("status", "pause", "resume"):
        world.run(command)
    world.delete()
    assert len({call.operation for call in world.calls}) > 15
    state: dict[str, dict[str, str]] = {"boundary": {}}
    actions = [action for call in world.calls for action in asked(call, state)]
    assert [action for action in actions if not allows(CALLERS, *action)] == []
    assert "iam:PassRole" in {action for action, _, _ in actions}


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
    settings = load_settings(environment={}, **places)
    policy = role_policy(access_for(settings.loading, settings.redshift), "aws", ACCOUNT)
    for statement in policy["Statement"]:
        for action in statement["Action"]:
            for resource in statement["Resource"]:
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
