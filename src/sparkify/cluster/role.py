"""The IAM role that COPY and UNLOAD work with."""

import json
from typing import Any

from sparkify.cluster.aws import Aws, tag_dict, tag_list
from sparkify.cluster.plan import CLUSTER_TAG, Plan
from sparkify.cluster.policy import role_policy, trust_policy
from sparkify.cluster.resources import Resource, owner
from sparkify.errors import ClusterError

PATH = "/sparkify/"
"""IAM can't list roles by their tags; below a path of their own they can be found."""

POLICY_NAME = "sparkify-s3"
_GONE = ("NoSuchEntity",)
# A new role takes some seconds to be known everywhere.
_SETTLING_MINUTES = 1


def find_all(aws: Aws) -> list[Resource]:
    """All roles of this project's clusters in this region."""
    found = []
    for role in aws.ask_all("iam", "list_roles", "Roles", PathPrefix=PATH):
        answer = aws.ask("iam", "list_role_tags", _GONE, RoleName=role["RoleName"]) or {}
        if cluster := owner(tag_dict(answer.get("Tags")), aws.region):
            found.append(Resource("role", role["RoleName"], cluster, note=role["Arn"]))
    return found


def ensure(aws: Aws, plan: Plan) -> str:
    """Make the role as it must be, and give its ARN.

    Raises:
        ClusterError: a role of that name is there and belongs to something else.
    """
    if plan.foreign_role_arn:
        aws.waiter.say(f"role {plan.foreign_role_arn}: taken as it is, from the configuration")
        return plan.foreign_role_arn
    account = aws.account()
    trust = trust_policy(
        partition=aws.partition,
        region=aws.region,
        account=account,
        name=plan.workgroup if plan.serverless else plan.name,
        serverless=plan.serverless,
    )
    role = _get(aws, plan)
    arn = role["Arn"] if role else f"arn:{aws.partition}:iam::{account}:role{PATH}{plan.role_name}"
    boundary: dict[str, Any] = (
        {"PermissionsBoundary": plan.permissions_boundary} if plan.permissions_boundary else {}
    )
    if role is None:
        answer = aws.change(
            "iam",
            "create_role",
            f"role {plan.role_name}: created",
            already=("EntityAlreadyExists",),
            Path=PATH,
            RoleName=plan.role_name,
            AssumeRolePolicyDocument=json.dumps(trust),
            Description=f"Sparkify Warehouse: lets Redshift cluster {plan.mark} load from S3",
            Tags=tag_list(plan.tags),
            **boundary,
        )
        if not aws.is_dry_run:
            # When the answer got lost and the call was sent again, the role is there and the answer is not.
            role = answer.get("Role") or _get(aws, plan) or {}
            arn = role["Arn"]
    else:
        _put_right(aws, plan, role, trust, boundary)
    policy = role_policy(plan.access, aws.partition, account, plan.source_account)
    there = role and aws.ask("iam", "get_role_policy", _GONE, RoleName=plan.role_name, PolicyName=POLICY_NAME)
    if not there or there["PolicyDocument"] != policy:
        aws.change(
            "iam",
            "put_role_policy",
            f"role {plan.role_name}: given its policy",
            too_early=lambda error: error.code in _GONE,
            patience=_SETTLING_MINUTES,
            RoleName=plan.role_name,
            PolicyName=POLICY_NAME,
            PolicyDocument=json.dumps(policy),
        )
    return str(arn)


def _put_right(
    aws: Aws, plan: Plan, role: dict[str, Any], trust: dict[str, Any], boundary: dict[str, Any]
) -> None:
    """Change what a role of ours has otherwise; a boundary is never taken away."""
    there = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    if boundary and there != plan.permissions_boundary:
        aws.change(
            "iam",
            "put_role_permissions_boundary",
            f"role {plan.role_name}: given its permissions boundary",
            RoleName=plan.role_name,
            **boundary,
        )
    if role["AssumeRolePolicyDocument"] != trust:
        aws.change(
            "iam",
            "update_assume_role_policy",
            f"role {plan.role_name}: changed who may assume it",
            RoleName=plan.role_name,
            PolicyDocument=json.dumps(trust),
        )


def _get(aws: Aws, plan: Plan) -> dict[str, Any] | None:
    answer = aws.ask("iam", "get_role", _GONE, RoleName=plan.role_name)
    if answer is None:
        return None
    role: dict[str, Any] = answer["Role"]
    tags = tag_dict(role.get("Tags"))
    if owner(tags, aws.region) != plan.name:
        whose = f"belongs to cluster {tags[CLUSTER_TAG]}" if CLUSTER_TAG in tags else "is not this project's"
        raise ClusterError(
            f"role {plan.role_name} is there already and {whose}",
            "name another with DWH_IAM_ROLE_NAME, or use that one as it is: set its ARN as [IAM_ROLE] ARN, "
            "and another DWH_IAM_ROLE_NAME",
        )
    return role


def delete(aws: Aws, name: str) -> None:
    """Remove a role with its policies."""
    for policy in aws.ask_all("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        aws.change(
            "iam",
            "detach_role_policy",
            f"role {name}: policy {policy['PolicyName']} detached",
            already=_GONE,
            RoleName=name,
            PolicyArn=policy["PolicyArn"],
        )
    for policy_name in aws.ask_all("iam", "list_role_policies", "PolicyNames", RoleName=name):
        aws.change(
            "iam",
            "delete_role_policy",
            f"role {name}: policy {policy_name} deleted",
            already=_GONE,
            RoleName=name,
            PolicyName=policy_name,
        )
    aws.change("iam", "delete_role", f"role {name}: deleted", already=_GONE, RoleName=name)
