"""What computes: a cluster of nodes, or a Serverless workgroup with its namespace, as AWS tells of it now."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparkify.cluster import stack
from sparkify.cluster.aws import Aws
from sparkify.cluster.plan import Plan
from sparkify.cluster.waiting import Waiter
from sparkify.errors import ClusterError

# What create leaves as it is: another value would move data, or lose it.
_KEPT = (
    *("Kind", "NodeType", "Nodes", "BaseCapacity", "Public", "Port", "DbName", "DbUser"),
    *("Workgroup", "Namespace", "Vpc", "Subnets"),
)


@dataclass(frozen=True)
class Compute:
    """What computes.

    Attributes:
        title: what it is, with its name.
        state: AWS's word for it, in lower case.
        roles: how far each of its roles is: in-sync, or adding.
        default_role: the ARN of the one that IAM_ROLE DEFAULT means, where AWS tells it.
        secret: the ARN of the password in Secrets Manager; empty where it is the user's own.
        values: what the template calls its size.
    """

    title: str
    state: str
    roles: dict[str, str]
    default_role: str
    secret: str
    values: dict[str, str]


def look(aws: Aws, parameters: Mapping[str, str]) -> Compute | None:
    """What computes, by the parameters of its template; None where it is not there."""
    if parameters["Kind"] == "serverless":
        return _workgroup(aws, parameters["Workgroup"], parameters["Namespace"])
    name = parameters["Name"]
    answer = aws.call("redshift", "describe_clusters", "ClusterNotFound", ClusterIdentifier=name)
    if not answer or not answer["Clusters"]:
        return None
    cluster = answer["Clusters"][0]
    return Compute(
        f"cluster {name}",
        cluster["ClusterStatus"],
        {role["IamRoleArn"]: role.get("ApplyStatus", "") for role in cluster.get("IamRoles", ())},
        cluster.get("DefaultIamRoleArn", ""),
        cluster.get("MasterPasswordSecretArn", ""),
        {
            "NodeType": cluster["NodeType"],
            "Nodes": str(cluster["NumberOfNodes"]),
            "Public": str(cluster["PubliclyAccessible"]).lower(),
        },
    )


def _workgroup(aws: Aws, name: str, namespace: str) -> Compute | None:
    gone = "ResourceNotFoundException"
    group = aws.call("redshift-serverless", "get_workgroup", gone, workgroupName=name).get("workgroup", {})
    space = aws.call("redshift-serverless", "get_namespace", gone, namespaceName=namespace).get(
        "namespace", {}
    )
    if not group and not space:
        return None
    # "IamRole(applyStatus=in-sync, iamRoleArn=arn:…)"
    roles = [
        re.search(r"applyStatus=([\w-]+).*iamRoleArn=([^,)]+)", role) for role in space.get("iamRoles", ())
    ]
    return Compute(
        f"workgroup {name}" if group else f"namespace {namespace}",
        (group or space)["status"].lower(),
        {role[2]: role[1] for role in roles if role},
        space.get("defaultIamRoleArn", ""),
        space.get("adminPasswordSecretArn", ""),
        {
            name: str(group[key]).lower()
            for name, key in (("BaseCapacity", "baseCapacity"), ("Public", "publiclyAccessible"))
            if key in group
        },
    )


def kept(
    aws: Aws, plan: Plan, there: Mapping[str, Any], wanted: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The parameters with which a stack is corrected, and a warning for each that is left as it is.

    Raises:
        ClusterError: the stack has a cluster of the other kind.
    """
    present = stack.values(there, "Parameters")
    if present["Kind"] != wanted["Kind"]:
        raise ClusterError(
            f"{plan.name} is there already and is {present['Kind']}, not {wanted['Kind']}",
            "delete it first, or choose another identifier with DWH_CLUSTER_IDENTIFIER",
        )
    outputs = stack.values(there, "Outputs")
    own = outputs.get("Role", "")
    live = look(aws, present)
    more = [arn for arn in (live.roles if live else {}) if arn not in (own, wanted.get("RoleArn"))]
    present |= live.values if live else {}
    parameters = {**wanted, **{name: present[name] for name in _KEPT if name in present}}
    parameters["MoreRoles"] = "".join(f",{arn}" for arn in more)  # that the user has given it
    mine = f"s3://{wanted.get('WorkBucket')}/{wanted.get('WorkPrefix')}"
    # What create has written to dwh.cfg is the stack's own, and no role or bucket of the user's.
    if outputs.get("WorkPrefix") == mine:
        del parameters["WorkBucket"], parameters["WorkPrefix"]
    if not present.get("RoleArn") and own == wanted.get("RoleArn"):
        del parameters["RoleArn"]
    told = _KEPT[1:3] if wanted["Kind"] == "provisioned" else ("BaseCapacity", "Workgroup", "Namespace")
    return parameters, [
        f"warning: {plan.name} is there with {stack.words(name)} {parameters[name]}, not {wanted[name]}; "
        "it is left so"
        for name in (*told, *_KEPT[4:8])
        if name in wanted and parameters[name] != wanted[name]
    ]


def ready(aws: Aws, waiter: Waiter, parameters: Mapping[str, str], role_arn: str) -> Compute | None:
    """Wait until what computes may use its role, which is its default from now on."""
    seen: list[Compute] = []

    def state() -> str:
        seen[:] = filter(None, [look(aws, parameters)])
        return seen[0].roles.get(role_arn, "missing") if seen else "missing"

    if not (now := look(aws, parameters)) or now.state == "paused":
        return now
    if parameters["Kind"] == "provisioned" and now.default_role != role_arn:
        # CloudFormation has no property for it.
        aws.call(
            "redshift",
            "modify_cluster_iam_roles",
            ClusterIdentifier=parameters["Name"],
            DefaultIamRoleArn=role_arn,
        )
    waiter.until(f"role of {now.title}", state, lambda it: it == "in-sync")
    return seen[0]
