"""What is there of this project, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass

from sparkify.cluster import network, pricing, stack
from sparkify.cluster.aws import Aws, tag_dict
from sparkify.cluster.plan import CLUSTER_TAG, PROJECT_TAG, Target
from sparkify.errors import ClusterError

_SERVERLESS = "redshift-serverless"
_KINDS = {"AWS::S3::Bucket": "bucket", "AWS::IAM::Role": "role", "AWS::EC2::SecurityGroup": "security group"}
DELETED = ("stack", "cluster", "workgroup", "namespace", *_KINDS.values(), "log group")
"""What ``delete`` removes; snapshots stay."""

_SNAPSHOT = "is kept until it is deleted by hand, and costs its storage"


@dataclass(frozen=True)
class Resource:
    """One thing on AWS that belongs to a cluster of this project.

    Attributes:
        kind: stack, cluster, workgroup, namespace, snapshot, security group, role, bucket or log group.
        name: its name, or id, as AWS wants it.
        cluster: the identifier of the cluster that it belongs to.
        state: AWS's word for it; empty for kinds without one.
        usd_per_hour: what it costs now; None where that is not known.
        note: what else there is to say, the address of a cluster for one.
    """

    kind: str
    name: str
    cluster: str
    state: str = ""
    usd_per_hour: float | None = 0.0
    note: str = ""


def find(aws: Aws, say: Callable[[str], None], target: Target) -> list[Resource]:
    """All that is on AWS of this project in the region: stacks with what they made, snapshots, logs.

    ``say`` is told what could not be looked at.
    """
    computing = _clusters(aws, target)
    try:
        computing += _serverless(aws, target)
    except ClusterError as error:
        # Who works with nodes only need not be allowed to look at Serverless.
        if "denied" not in error.message:
            raise
        say(f"warning: Serverless was not looked at: {error.message}")
    found = computing
    for it in aws.pages("cloudformation", "describe_stacks", "Stacks"):
        if stack.is_own(it) and (name := _owner(aws, it)):
            found.append(Resource("stack", it["StackName"], name, it["StackStatus"]))
            found += _parts(aws, it["StackId"], name)
    prefix = f"/aws/redshift/cluster/{target.name}/"
    groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
    return found + [Resource("log group", it["logGroupName"], target.name) for it in groups]


def _owner(aws: Aws, it: dict[str, list[dict[str, str]]]) -> str:
    """The identifier of the cluster in this region that something belongs to by its tags, if it does."""
    tags = tag_dict(it.get("Tags", it.get("tags")))
    place, _, name = tags.get(CLUSTER_TAG, "").partition("/")
    return name if tags.get(PROJECT_TAG[0]) == PROJECT_TAG[1] and place == aws.region else ""


def _parts(aws: Aws, stack_id: str, cluster: str) -> list[Resource]:
    parts = []
    for it in stack.resources(aws, stack_id):
        kind, identifier = _KINDS.get(it["ResourceType"], ""), it.get("PhysicalResourceId", "")
        if not kind or not identifier:
            continue
        note = ""
        if kind == "security group":
            groups = aws.call(
                "ec2", "describe_security_groups", "InvalidGroup.NotFound", GroupIds=[identifier]
            )
            note = "".join(network.describe_rules(group) for group in groups.get("SecurityGroups", ()))
        parts.append(Resource(kind, identifier, cluster, note=note))
    return parts


def _clusters(aws: Aws, target: Target) -> list[Resource]:
    found = []
    for it in aws.pages("redshift", "describe_clusters", "Clusters"):
        if name := _owner(aws, it):
            state, size = it["ClusterStatus"], (it["NodeType"], it["NumberOfNodes"])
            is_free = state in ("paused", "deleting", "final-snapshot")
            address = it.get("Endpoint", {}).get("Address", "")
            note = ", ".join(filter(None, (f"{size[1]} x {size[0]}", address)))
            price = 0.0 if is_free else pricing.usd_per_hour(*size)
            found.append(Resource("cluster", it["ClusterIdentifier"], name, state, price, note))
    names = {target.name, *(it.name for it in found)}
    snapshots = aws.pages("redshift", "describe_cluster_snapshots", "Snapshots", SnapshotType="manual")
    return found + [
        Resource("snapshot", it["SnapshotIdentifier"], it["ClusterIdentifier"], it["Status"], None, _SNAPSHOT)
        for it in snapshots
        if it["ClusterIdentifier"] in names and it["SnapshotType"] == "manual"
    ]


def _serverless(aws: Aws, target: Target) -> list[Resource]:
    found, clusters = [], {target.namespace: target.name}
    for kind in ("workgroup", "namespace"):
        for it in aws.pages(_SERVERLESS, f"list_{kind}s", f"{kind}s"):
            tags = aws.call(
                *(_SERVERLESS, "list_tags_for_resource", "ResourceNotFoundException"),
                resourceArn=it[f"{kind}Arn"],
            )
            if name := _owner(aws, tags):
                note, price = "costs its storage", None
                if kind == "workgroup":
                    hourly = pricing.USD_PER_RPU_HOUR * it["baseCapacity"]
                    note, price = f"{it['baseCapacity']} RPU: ${hourly:.2f} per hour {pricing.BILLED}", 0.0
                    note += f", {it['endpoint']['address']}" if it.get("endpoint") else ""
                else:
                    clusters[it["namespaceName"]] = name
                found.append(Resource(kind, it[f"{kind}Name"], name, it["status"], price, note))
    return found + [
        Resource("snapshot", it["snapshotName"], clusters[space], it["status"], None, _SNAPSHOT)
        for it in aws.pages(_SERVERLESS, "list_snapshots", "snapshots")
        if (space := it.get("namespaceName", "")) in clusters
    ]
