"""A Serverless workgroup and its namespace: find, make, remove. boto3 has no waiters for them."""

from typing import Any

from sparkify.cluster import pricing
from sparkify.cluster.aws import Aws, tag_dict
from sparkify.cluster.plan import Plan
from sparkify.cluster.resources import SNAPSHOT_NOTE, Endpoint, Resource, owner
from sparkify.errors import ClusterError

_SERVICE = "redshift-serverless"
_GONE = ("ResourceNotFoundException",)
_ABSENT = "not there"
_ROLE_SETTLING_MINUTES = 3
# What is being made or changed can't be deleted before that is done.
_SETTLING_MINUTES = 20


def find_all(aws: Aws, cluster: str, namespace: str) -> list[Resource]:
    """All workgroups and namespaces of this project in this region, and snapshots of these and this one."""
    found = []
    for group in aws.ask_all(_SERVICE, "list_workgroups", "workgroups"):
        if name := owner(_tags(aws, group["workgroupArn"]), aws.region):
            price = pricing.serverless_usd_per_hour(group["baseCapacity"])
            note = f"{group['baseCapacity']} RPU: ${price:.2f} per hour while queries run"
            if address := group.get("endpoint", {}).get("address"):
                note += f", {address}"
            found.append(Resource("workgroup", group["workgroupName"], name, group["status"], 0.0, note))
    spaces = [
        Resource("namespace", it["namespaceName"], name, it["status"], None, "costs its storage")
        for it in aws.ask_all(_SERVICE, "list_namespaces", "namespaces")
        if (name := owner(_tags(aws, it["namespaceArn"]), aws.region))
    ]
    clusters = {namespace: cluster, **{space.name: space.cluster for space in spaces}}
    snapshots = [
        Resource("snapshot", it["snapshotName"], clusters[space], it["status"], None, SNAPSHOT_NOTE)
        for it in aws.ask_all(_SERVICE, "list_snapshots", "snapshots")
        if (space := it.get("namespaceName")) in clusters
    ]
    return found + spaces + snapshots


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    answer = aws.ask(_SERVICE, "list_tags_for_resource", _GONE, resourceArn=arn)
    return tag_dict(answer and answer["tags"])


def _get(aws: Aws, kind: str, name: str) -> dict[str, Any] | None:
    answer = aws.ask(_SERVICE, f"get_{kind}", _GONE, **{f"{kind}Name": name})
    return dict(answer[kind]) if answer else None


def _get_own(aws: Aws, plan: Plan, kind: str, name: str) -> dict[str, Any] | None:
    found = _get(aws, kind, name)
    if found and owner(_tags(aws, found[f"{kind}Arn"]), aws.region) != plan.name:
        raise ClusterError(
            f"{kind} {name} is there already and is not this project's",
            f"choose another with DWH_{kind.upper()}",
        )
    return found


def _wait(aws: Aws, kind: str, name: str, wanted: str) -> None:
    def state() -> str:
        found = _get(aws, kind, name)
        return str(found["status"]) if found else _ABSENT

    aws.wait(f"{kind} {name}", state, wanted)


def check(aws: Aws, plan: Plan) -> None:
    """See that the names are not taken by something else, before anything is created.

    Raises:
        ClusterError: one is.
    """
    _get_own(aws, plan, "namespace", plan.namespace)
    _get_own(aws, plan, "workgroup", plan.workgroup)


def ensure(aws: Aws, plan: Plan, role_arn: str, group_id: str) -> Endpoint | None:
    """Make namespace and workgroup, wait for them, and give the address; None in a dry run from nothing."""
    namespace = _settled(aws, plan, "namespace", plan.namespace)
    if namespace is None:
        _create_namespace(aws, plan, role_arn)
        _wait(aws, "namespace", plan.namespace, "AVAILABLE")
        namespace = _get_own(aws, plan, "namespace", plan.namespace)
    # The list comes as strings "IamRole(applyStatus=in-sync, iamRoleArn=arn:…)".
    elif not any(role_arn in role for role in namespace.get("iamRoles", ())):
        aws.change(
            _SERVICE,
            "update_namespace",
            f"namespace {plan.namespace}: given role {plan.role_name}",
            namespaceName=plan.namespace,
            iamRoles=[role_arn],
            defaultIamRoleArn=role_arn,
        )
        _wait(aws, "namespace", plan.namespace, "AVAILABLE")
    workgroup = _settled(aws, plan, "workgroup", plan.workgroup)
    if workgroup is None:
        _create_workgroup(aws, plan, group_id)
    else:
        _tell_differences(aws, plan, workgroup)
    if workgroup and group_id not in workgroup.get("securityGroupIds", ()):
        aws.change(
            _SERVICE,
            "update_workgroup",
            f"workgroup {plan.workgroup}: given security group {group_id}",
            workgroupName=plan.workgroup,
            securityGroupIds=[group_id],
        )
    _wait(aws, "workgroup", plan.workgroup, "AVAILABLE")
    workgroup = _get_own(aws, plan, "workgroup", plan.workgroup)
    if namespace and (secret := namespace.get("adminPasswordSecretArn")):
        aws.waiter.say(
            f"namespace {plan.namespace}: AWS keeps the password of {plan.db_user} in Secrets Manager: "
            f"{secret}"
        )
    endpoint = workgroup.get("endpoint", {}) if workgroup else {}
    return Endpoint(endpoint["address"], endpoint["port"]) if endpoint.get("address") else None


def _settled(aws: Aws, plan: Plan, kind: str, name: str) -> dict[str, Any] | None:
    """What is there, once it neither comes nor goes."""
    found = _get_own(aws, plan, kind, name)
    if found and found["status"] == "DELETING":
        _wait(aws, kind, name, _ABSENT)
        return None
    if found and found["status"] != "AVAILABLE":
        _wait(aws, kind, name, "AVAILABLE")
    return found


def _create_namespace(aws: Aws, plan: Plan, role_arn: str) -> None:
    password: dict[str, Any] = {"manageAdminPassword": True}
    if plan.password:
        password = {"adminUserPassword": plan.password}
    aws.change(
        _SERVICE,
        "create_namespace",
        f"namespace {plan.namespace}: asked for",
        too_early=None if plan.foreign_role_arn else _is_role_unknown,
        patience=_ROLE_SETTLING_MINUTES,
        namespaceName=plan.namespace,
        dbName=plan.db_name,
        adminUsername=plan.db_user,
        **password,
        iamRoles=[role_arn],
        defaultIamRoleArn=role_arn,
        tags=_tag_list(plan),
    )


def _is_role_unknown(error: ClusterError) -> bool:
    return error.code == "ValidationException" and "role" in error.message.lower()


def _create_workgroup(aws: Aws, plan: Plan, group_id: str) -> None:
    # Without subnets AWS takes those of the default VPC. Serverless is always encrypted.
    aws.change(
        _SERVICE,
        "create_workgroup",
        f"workgroup {plan.workgroup}: asked for",
        workgroupName=plan.workgroup,
        namespaceName=plan.namespace,
        baseCapacity=plan.base_rpu,
        port=plan.port,
        publiclyAccessible=plan.public,
        securityGroupIds=[group_id],
        tags=_tag_list(plan),
    )


def _tag_list(plan: Plan) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in plan.tags.items()]


def _tell_differences(aws: Aws, plan: Plan, workgroup: dict[str, Any]) -> None:
    for name, is_there, wanted in (
        ("base_rpu", workgroup["baseCapacity"], plan.base_rpu),
        ("publicly_accessible", workgroup["publiclyAccessible"], plan.public),
        ("namespace", workgroup["namespaceName"], plan.namespace),
    ):
        if is_there != wanted:
            aws.waiter.say(
                f"warning: workgroup {plan.workgroup} is there with {name} {is_there}, not {wanted}; "
                "it is left so"
            )


def _is_busy(error: ClusterError) -> bool:
    return error.code == "ConflictException"


def delete_workgroup(aws: Aws, name: str) -> None:
    """Remove a workgroup, and wait until it is gone."""
    found = _get(aws, "workgroup", name)
    if found and found["status"] != "DELETING":
        aws.change(
            _SERVICE,
            "delete_workgroup",
            f"workgroup {name}: asked to delete",
            already=_GONE,
            too_early=_is_busy,
            patience=_SETTLING_MINUTES,
            workgroupName=name,
        )
    _wait(aws, "workgroup", name, _ABSENT)


def delete_namespace(aws: Aws, name: str, final_snapshot: str | None) -> None:
    """Remove a namespace, and wait until it is gone.

    Args:
        aws: the way there.
        name: its name.
        final_snapshot: the name of a snapshot to keep of it; without one its data is lost.
    """
    found = _get(aws, "namespace", name)
    if found and found["status"] != "DELETING":
        keep = {"finalSnapshotName": final_snapshot} if final_snapshot else {}
        aws.change(
            _SERVICE,
            "delete_namespace",
            f"namespace {name}: asked to delete",
            already=_GONE,
            too_early=_is_busy,
            patience=_SETTLING_MINUTES,
            namespaceName=name,
            **keep,
        )
    _wait(aws, "namespace", name, _ABSENT)
