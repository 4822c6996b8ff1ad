"""What is asked for: a cluster's properties, taken from the settings and checked before anything is sent."""

import re
from dataclasses import dataclass, field

from sparkify.cluster.policy import Access, access_for
from sparkify.config.settings import Settings
from sparkify.errors import UsageError

PROJECT_TAG = ("project", "sparkify-warehouse")
CLUSTER_TAG = "sparkify-cluster"
"""Its value is region/identifier: IAM roles know no region, and two regions may hold clusters of one name."""

_TAGGED_KEYS = (PROJECT_TAG[0], CLUSTER_TAG)


@dataclass(frozen=True)
class Target:
    """Which cluster is meant.

    Attributes:
        name: the cluster's identifier; workgroup and namespace are named so by default, too.
        region: where it is.
    """

    name: str
    region: str
    workgroup: str
    namespace: str

    @property
    def mark(self) -> str:
        """The value of the tag that tells this cluster's resources from others'."""
        return f"{self.region}/{self.name}"


@dataclass(frozen=True)
class Plan(Target):
    """A cluster as it is to be.

    Attributes:
        serverless: a Serverless workgroup and its namespace instead of nodes.
        nodes: how many; 1 is a single-node cluster.
        base_rpu: what a Serverless workgroup computes with.
        password: of the master user; empty where AWS is to make and keep it.
        role_name: of the role that COPY and UNLOAD work with.
        foreign_role_arn: a role that the user looks after, used as it is; empty for one of our own.
        permissions_boundary: the ARN of a policy that bounds what the role may do whatever its own says; or
            empty.
        access: what the role may read and write.
        source_account: the account whose buckets the sources must be in; empty if that is not to matter.
        own_tags: the user's tags.
    """

    serverless: bool
    node_type: str
    nodes: int
    base_rpu: int
    db_name: str
    db_user: str
    password: str = field(repr=False)
    port: int
    public: bool
    role_name: str
    foreign_role_arn: str
    permissions_boundary: str
    access: Access
    source_account: str
    own_tags: tuple[tuple[str, str], ...]

    @property
    def tags(self) -> dict[str, str]:
        """What every resource is tagged with."""
        return {**dict(self.own_tags), PROJECT_TAG[0]: PROJECT_TAG[1], CLUSTER_TAG: self.mark}

    @property
    def group_name(self) -> str:
        """The security group's name."""
        return f"{self.name}-redshift"

    @property
    def title(self) -> str:
        """The cluster's size in a few words."""
        if self.serverless:
            return f"Serverless workgroup {self.workgroup} with {self.base_rpu} RPU"
        return f"cluster {self.name} of {self.nodes} x {self.node_type}"


def make_target(settings: Settings, region: str) -> Target:
    """Which cluster the settings mean.

    Raises:
        UsageError: a name can't be one.
    """
    # Public pipelines write dwhCluster; AWS keeps identifiers in lower case.
    asked, redshift = settings.cluster, settings.redshift
    name = redshift.cluster_identifier.lower()
    workgroup, namespace = redshift.workgroup or name, asked.namespace or name
    _check_name("cluster_identifier", name, shortest=1)
    if redshift.cluster_type == "serverless":
        _check_name("workgroup", workgroup, shortest=3)
        _check_name("namespace", namespace, shortest=3)
    return Target(name, region, workgroup, namespace)


def make_plan(settings: Settings, region: str) -> Plan:
    """The cluster that the settings ask for.

    Raises:
        UsageError: a setting can't be meant so; the message names it.
    """
    asked, redshift = settings.cluster, settings.redshift
    target = make_target(settings, region)
    kinds = ("multi-node", "single-node", "provisioned", "serverless")
    if redshift.cluster_type not in kinds:
        raise UsageError("cluster_type: there is no such type", f"it is one of {', '.join(kinds)}")
    nodes = 1 if redshift.cluster_type == "single-node" else asked.num_nodes
    if nodes < 1 or (redshift.cluster_type == "multi-node" and nodes < 2):
        raise UsageError(
            f"num_nodes is {nodes} for the cluster type {redshift.cluster_type}",
            "a multi-node cluster has 2 or more; cluster_type single-node has one",
        )
    # Base capacities: 4 RPU, or 8 to 1024 in steps of 8 (Redshift Management Guide, "Serverless compute").
    if asked.base_rpu != 4 and (asked.base_rpu % 8 or not 8 <= asked.base_rpu <= 1024):
        raise UsageError("base_rpu is none of those there are", "it is 4, or a multiple of 8 up to 1024")
    if not re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+", asked.node_type):
        raise UsageError("node_type is not a type of node", "it looks like ra3.large")
    _check_password(redshift.db_password)
    is_foreign = redshift.iam_role_arn.rpartition("/")[2] != asked.iam_role_name
    return Plan(
        name=target.name,
        region=target.region,
        workgroup=target.workgroup,
        namespace=target.namespace,
        serverless=redshift.cluster_type == "serverless",
        node_type=asked.node_type,
        nodes=nodes,
        base_rpu=asked.base_rpu,
        # AWS's own defaults.
        db_name=redshift.db_name or "dev",
        db_user=redshift.db_user or "awsuser",
        password=redshift.db_password,
        port=redshift.db_port,
        public=asked.publicly_accessible,
        role_name=asked.iam_role_name,
        foreign_role_arn=redshift.iam_role_arn if is_foreign else "",
        permissions_boundary=_boundary(asked.permissions_boundary),
        access=access_for(settings.loading, redshift),
        source_account=_account(asked.source_account),
        own_tags=_parse_tags(asked.tags),
    )


def _check_name(setting: str, value: str, *, shortest: int) -> None:
    # CreateCluster: lower-case letters, digits, hyphens; a letter first, no hyphen last nor two in a row.
    is_good = re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value) and shortest <= len(value) <= 63
    if not is_good:
        raise UsageError(
            f"{setting} is not such a name",
            f"it has {shortest} to 63 lower-case letters, digits and single hyphens, a letter first",
        )


def _check_password(password: str) -> None:
    # CreateCluster, MasterUserPassword; the password itself must never be in a message.
    is_good = (
        8 <= len(password) <= 64
        and all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
        and re.fullmatch(r"[!-~]*", password)
        and not re.search(r"""[/@"'\\]""", password)
    )
    if password and not is_good:
        raise UsageError(
            "the password in db_password is not one that Redshift takes",
            "8 to 64 ASCII characters with an upper-case and a lower-case letter and a digit, without blanks "
            "and / @ \" ' \\; or leave it out, and AWS makes one and keeps it in Secrets Manager",
        )


def _boundary(arn: str) -> str:
    if arn and not re.fullmatch(r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", arn):
        raise UsageError(
            "permissions_boundary is not the ARN of a policy",
            "it looks like arn:aws:iam::123456789012:policy/sparkify-boundary",
        )
    return arn


def _account(number: str) -> str:
    if number and not re.fullmatch(r"\d{12}", number):
        raise UsageError("source_account is not the number of an account", "it has 12 digits")
    return number


def _parse_tags(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    tags = tuple((key.strip(), value.strip()) for key, _, value in pairs)
    for (key, _), (_, equals, _) in zip(tags, pairs, strict=True):
        if not key or not equals:
            raise UsageError("tags is not a list of tags", "it is a list of the form key=value, key=value")
        if key in _TAGGED_KEYS:
            raise UsageError(f"tags names {key}", "that tag is this project's own: choose another key")
    return tags
