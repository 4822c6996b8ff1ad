"""What a cluster is made of, as AWS tells of it, and whose it is by its tags."""

from dataclasses import dataclass

from sparkify.cluster.plan import CLUSTER_TAG, PROJECT_TAG

SNAPSHOT_NOTE = "is kept until it is deleted by hand, and costs its storage"


@dataclass(frozen=True)
class Resource:
    """One thing on AWS that belongs to a cluster of this project.

    Attributes:
        kind: cluster, workgroup, namespace, snapshot, security group or role.
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


@dataclass(frozen=True)
class Endpoint:
    """Where a database answers."""

    host: str
    port: int


def owner(tags: dict[str, str], region: str) -> str | None:
    """The identifier of the cluster in this region that something belongs to by its tags, if it does."""
    place, _, name = tags.get(CLUSTER_TAG, "").partition("/")
    return name if tags.get(PROJECT_TAG[0]) == PROJECT_TAG[1] and place == region and name else None
