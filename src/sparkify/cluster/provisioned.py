"""A cluster of nodes: find, make, pause, resume, remove."""

from typing import Any

from sparkify.cluster import pricing
from sparkify.cluster.aws import Aws, tag_dict, tag_list
from sparkify.cluster.plan import Plan
from sparkify.cluster.resources import SNAPSHOT_NOTE, Endpoint, Resource, owner
from sparkify.errors import ClusterError

_GONE = ("ClusterNotFound",)
_ABSENT = "not there"
# States that a cluster does not leave by itself (Redshift Management Guide, "Cluster status").
_FAILED = (
    "hardware-failure",
    "incompatible-hsm",
    "incompatible-network",
    "incompatible-parameters",
    "incompatible-restore",
)
_LEAVING = ("deleting", "final-snapshot")
_ROLE_SETTLING_MINUTES = 3
# A cluster that is being made or changed can't be deleted before that is done.
_SETTLING_MINUTES = 20


def find_all(aws: Aws, identifier: str) -> list[Resource]:
    """All clusters of this project in this region, and the manual snapshots of these and this identifier."""
    found = []
    for cluster in aws.ask_all("redshift", "describe_clusters", "Clusters"):
        if name := owner(tag_dict(cluster.get("Tags")), aws.region):
            state = cluster["ClusterStatus"]
            is_free = state == "paused" or state in _LEAVING
            price = 0.0 if is_free else pricing.usd_per_hour(cluster["NodeType"], cluster["NumberOfNodes"])
            note = f"{cluster['NumberOfNodes']} x {cluster['NodeType']}"
            if address := cluster.get("Endpoint", {}).get("Address"):
                note += f", {address}"
            found.append(Resource("cluster", cluster["ClusterIdentifier"], name, state, price, note))
    names = {identifier, *(resource.name for resource in found)}
    snapshots = aws.ask_all("redshift", "describe_cluster_snapshots", "Snapshots", SnapshotType="manual")
    found += [
        Resource(
            "snapshot", it["SnapshotIdentifier"], it["ClusterIdentifier"], it["Status"], None, SNAPSHOT_NOTE
        )
        for it in snapshots
        if it["ClusterIdentifier"] in names and it["SnapshotType"] == "manual"
    ]
    return found


def get(aws: Aws, name: str) -> dict[str, Any] | None:
    """A cluster as AWS describes it, if it is there."""
    answer = aws.ask("redshift", "describe_clusters", _GONE, ClusterIdentifier=name)
    return dict(answer["Clusters"][0]) if answer and answer["Clusters"] else None


def _state(aws: Aws, name: str) -> str:
    cluster = get(aws, name)
    return str(cluster["ClusterStatus"]) if cluster else _ABSENT


def _get_own(aws: Aws, plan: Plan) -> dict[str, Any] | None:
    cluster = get(aws, plan.name)
    if cluster and owner(tag_dict(cluster.get("Tags")), aws.region) != plan.name:
        raise ClusterError(
            f"cluster {plan.name} is there already and is not this project's",
            "choose another identifier with DWH_CLUSTER_IDENTIFIER",
        )
    return cluster


def check(aws: Aws, plan: Plan) -> None:
    """See that the identifier is not taken by something else, before anything is created.

    Raises:
        ClusterError: it is.
    """
    _get_own(aws, plan)


def ensure(aws: Aws, plan: Plan, role_arn: str, group_id: str) -> Endpoint | None:
    """Make the cluster, wait for it, and give its address; None in a dry run that has nothing to look at."""
    what = f"cluster {plan.name}"
    cluster = _get_own(aws, plan)
    if cluster and cluster["ClusterStatus"] in _LEAVING:
        aws.wait(what, lambda: _state(aws, plan.name), _ABSENT)
        cluster = None
    if cluster is None:
        _create(aws, plan, role_arn, group_id)
    else:
        _tell_differences(aws, plan, cluster)
    if cluster is None or cluster["ClusterStatus"] != "paused":
        aws.wait(what, lambda: _state(aws, plan.name), "available", _FAILED)
    cluster = _get_own(aws, plan)
    if cluster is None:
        return None
    if cluster["ClusterStatus"] == "paused":
        aws.waiter.say(f"{what}: is paused; start it with: sparkify cluster resume")
    else:
        _attach(aws, plan, cluster, role_arn, group_id)
    if secret := cluster.get("MasterPasswordSecretArn"):
        aws.waiter.say(f"{what}: AWS keeps the password of {plan.db_user} in Secrets Manager: {secret}")
    endpoint = cluster.get("Endpoint", {})
    return Endpoint(endpoint["Address"], endpoint["Port"]) if endpoint.get("Address") else None


def _create(aws: Aws, plan: Plan, role_arn: str, group_id: str) -> None:
    size: dict[str, Any] = {"ClusterType": "single-node"}
    if plan.nodes > 1:
        size = {"ClusterType": "multi-node", "NumberOfNodes": plan.nodes}
    password: dict[str, Any] = {"ManageMasterPassword": True}
    if plan.password:
        password = {"MasterUserPassword": plan.password}
    aws.change(
        "redshift",
        "create_cluster",
        f"cluster {plan.name}: asked for",
        already=("ClusterAlreadyExists",),
        too_early=None if plan.foreign_role_arn else _is_role_unknown,
        patience=_ROLE_SETTLING_MINUTES,
        ClusterIdentifier=plan.name,
        NodeType=plan.node_type,
        **size,
        DBName=plan.db_name,
        Port=plan.port,
        MasterUsername=plan.db_user,
        **password,
        Encrypted=True,
        PubliclyAccessible=plan.public,
        VpcSecurityGroupIds=[group_id],
        IamRoles=[role_arn],
        DefaultIamRoleArn=role_arn,
        Tags=tag_list(plan.tags),
    )


def _is_role_unknown(error: ClusterError) -> bool:
    # Said of a role made a moment ago: "The IAM role … is not valid. The IAM role must delegate access to an
    # Amazon Redshift account."
    return error.code == "InvalidParameterValue" and "IAM role" in error.message


def _tell_differences(aws: Aws, plan: Plan, cluster: dict[str, Any]) -> None:
    for name, is_there, wanted in (
        ("node_type", cluster["NodeType"], plan.node_type),
        ("num_nodes", cluster["NumberOfNodes"], plan.nodes),
        ("publicly_accessible", cluster["PubliclyAccessible"], plan.public),
        ("db_name", cluster["DBName"], plan.db_name),
        ("db_user", cluster["MasterUsername"], plan.db_user),
    ):
        if is_there != wanted:
            aws.waiter.say(
                f"warning: cluster {plan.name} is there with {name} {is_there}, not {wanted}; it is left so"
            )


def _attach(aws: Aws, plan: Plan, cluster: dict[str, Any], role_arn: str, group_id: str) -> None:
    """Give a cluster that was there already the role and the group, where it has lost them."""
    if role_arn not in (role["IamRoleArn"] for role in cluster.get("IamRoles", ())):
        aws.change(
            "redshift",
            "modify_cluster_iam_roles",
            f"cluster {plan.name}: given role {plan.role_name}",
            ClusterIdentifier=plan.name,
            AddIamRoles=[role_arn],
            DefaultIamRoleArn=role_arn,
        )
        aws.wait(f"cluster {plan.name}", lambda: _state(aws, plan.name), "available", _FAILED)
    groups = [group["VpcSecurityGroupId"] for group in cluster.get("VpcSecurityGroups", ())]
    if group_id not in groups:
        aws.change(
            "redshift",
            "modify_cluster",
            f"cluster {plan.name}: given security group {group_id}",
            ClusterIdentifier=plan.name,
            VpcSecurityGroupIds=[group_id],
        )
        aws.wait(f"cluster {plan.name}", lambda: _state(aws, plan.name), "available", _FAILED)


def pause(aws: Aws, name: str) -> None:
    """Stop paying for nodes; what is stored stays."""
    if _state(aws, name) not in ("paused", "pausing"):
        aws.change("redshift", "pause_cluster", f"cluster {name}: asked to pause", ClusterIdentifier=name)
    aws.wait(f"cluster {name}", lambda: _state(aws, name), "paused", _FAILED)


def resume(aws: Aws, name: str) -> None:
    """Start a paused cluster again."""
    if _state(aws, name) not in ("available", "resuming"):
        aws.change("redshift", "resume_cluster", f"cluster {name}: asked to resume", ClusterIdentifier=name)
    aws.wait(f"cluster {name}", lambda: _state(aws, name), "available", _FAILED)


def delete(aws: Aws, name: str, final_snapshot: str | None) -> None:
    """Remove a cluster, and wait until it is gone.

    Args:
        aws: the way there.
        name: its identifier.
        final_snapshot: the name of a snapshot to keep of it; without one its data is lost.
    """
    if _state(aws, name) not in (*_LEAVING, _ABSENT):
        keep: dict[str, Any] = {"SkipFinalClusterSnapshot": True}
        if final_snapshot:
            keep = {"SkipFinalClusterSnapshot": False, "FinalClusterSnapshotIdentifier": final_snapshot}
        aws.change(
            "redshift",
            "delete_cluster",
            f"cluster {name}: asked to delete",
            already=_GONE,
            too_early=lambda error: error.code == "InvalidClusterState",
            patience=_SETTLING_MINUTES,
            ClusterIdentifier=name,
            **keep,
        )
    aws.wait(f"cluster {name}", lambda: _state(aws, name), _ABSENT)
