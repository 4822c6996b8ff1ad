"""What is asked for: the stack's parameters, from the settings, checked before anything is sent."""

import re
from dataclasses import dataclass, field

from sparkify.cluster import places, pricing
from sparkify.config.settings import ClusterOptions, RedshiftOptions, Settings
from sparkify.errors import UsageError

PROJECT_TAG = ("project", "sparkify-warehouse")
CLUSTER_TAG = "sparkify-cluster"
"""Its value is region/identifier: IAM roles know no region, and two regions may hold clusters of one name."""

_TYPES = ("multi-node", "single-node", "provisioned", "serverless")
# The fewest nodes of a type (Redshift Management Guide, "Clusters and nodes"); all others begin with one.
_FEWEST_NODES = {"ra3.4xlarge": 2, "ra3.16xlarge": 2}
_NAME_HINT = "it has {} to 63 lower-case letters, digits and single hyphens, a letter first"


@dataclass(frozen=True)
class Target:
    """Which cluster is meant: its identifier, where it is, and what a Serverless one consists of."""

    name: str
    region: str
    workgroup: str
    namespace: str

    @property
    def stack(self) -> str:
        """The stack's name."""
        return f"{self.name}-redshift"


@dataclass(frozen=True)
class Plan(Target):
    """A cluster as it is to be.

    Attributes:
        parameters: of the template; those of the network are not known before AWS is asked.
        own_tags: the user's tags.
    """

    parameters: dict[str, str] = field(repr=False)
    own_tags: dict[str, str]

    @property
    def is_serverless(self) -> bool:
        """Whether it is a workgroup instead of nodes."""
        return self.parameters["Kind"] == "serverless"

    @property
    def tags(self) -> dict[str, str]:
        """What the stack, and with it every resource, is tagged with."""
        return {**self.own_tags, PROJECT_TAG[0]: PROJECT_TAG[1], CLUSTER_TAG: f"{self.region}/{self.name}"}

    @property
    def title(self) -> str:
        """The cluster's size in a few words."""
        if self.is_serverless:
            return f"Serverless workgroup {self.workgroup} with {self.parameters['BaseCapacity']} RPU"
        return f"cluster {self.name} of {self.parameters['Nodes']} x {self.parameters['NodeType']}"

    @property
    def price(self) -> str:
        """What it costs, in a phrase."""
        if self.is_serverless:
            return pricing.describe_serverless(int(self.parameters["BaseCapacity"]))
        return pricing.describe_nodes(self.parameters["NodeType"], int(self.parameters["Nodes"]))


def make_target(settings: Settings, region: str) -> Target:
    """Which cluster the settings mean.

    Raises:
        UsageError: a name can't be one.
    """
    asked, redshift = settings.cluster, settings.redshift
    # Public pipelines write dwhCluster; AWS keeps identifiers in lower case.
    name = redshift.cluster_identifier.lower()
    target = Target(name, region, redshift.workgroup or name, asked.namespace or name)
    _check_name("cluster_identifier", name, shortest=1)
    if redshift.cluster_type == "serverless":
        _check_name("workgroup", target.workgroup, shortest=3)
        _check_name("namespace", target.namespace, shortest=3)
    return target


def make_plan(settings: Settings, region: str) -> Plan:
    """The cluster that the settings ask for.

    Raises:
        UsageError: a setting can't be meant so; the message names it.
    """
    asked, redshift = settings.cluster, settings.redshift
    target = make_target(settings, region)
    nodes = 1 if redshift.cluster_type == "single-node" else asked.num_nodes
    _check(asked, redshift, nodes)
    is_foreign = redshift.iam_role_arn.rpartition("/")[2] != asked.iam_role_name
    if redshift.cluster_type == "serverless":
        size = {"Kind": "serverless", "Workgroup": target.workgroup, "Namespace": target.namespace}
        size["BaseCapacity"] = str(asked.base_rpu)
    else:
        size = {"Kind": "provisioned", "NodeType": asked.node_type, "Nodes": str(nodes)}
    parameters = {
        "Name": target.name,
        **size,
        "DbName": redshift.db_name,
        "DbUser": redshift.db_user,
        "DbPassword": redshift.db_password,
        "Port": str(redshift.db_port),
        "Public": str(asked.publicly_accessible).lower(),
        "RoleName": asked.iam_role_name,
        "RoleArn": redshift.iam_role_arn if is_foreign else "",
        "PermissionsBoundary": asked.permissions_boundary,
        "SourceAccount": asked.source_account,
        **places.access(settings.loading, redshift),
    }
    own_tags = _parse_tags(asked.tags)
    # What is not said has the template's default.
    said = {name: value for name, value in parameters.items() if value}
    return Plan(target.name, region, target.workgroup, target.namespace, said, own_tags)


def _check(asked: ClusterOptions, redshift: RedshiftOptions, nodes: int) -> None:
    if redshift.cluster_type not in _TYPES:
        raise UsageError("cluster_type: there is no such type", f"it is one of {', '.join(_TYPES)}")
    fewest = max(_FEWEST_NODES.get(asked.node_type, 1), 1 + (redshift.cluster_type == "multi-node"))
    if redshift.cluster_type != "serverless" and nodes < fewest:
        raise UsageError(
            f"num_nodes is {nodes} for the cluster type {redshift.cluster_type} of {asked.node_type}",
            f"it has {fewest} or more; cluster_type single-node, of another node_type, has one",
        )
    # Base capacities: 4 RPU, or 8 to 1024 in steps of 8 (Redshift Management Guide, "Serverless compute").
    rpu, port, password = asked.base_rpu, redshift.db_port, redshift.db_password
    patterns = (  # the last is said of a password without the value, which must never be in a message
        (rpu == 4 or (rpu % 8 == 0 and 8 <= rpu <= 1024), "base_rpu", "it is 4, or a multiple of 8 to 1024"),
        # CreateCluster and CreateWorkgroup: these for all node types that are sold.
        (5431 <= port <= 5455 or 8191 <= port <= 8215, "db_port", "it is 5431 to 5455, or 8191 to 8215"),
        (re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+", asked.node_type), "node_type", "it looks like ra3.large"),
        (
            re.fullmatch(r"(arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+)?", asked.permissions_boundary),
            "permissions_boundary",
            "it is the ARN of a policy, such as arn:aws:iam::123456789012:policy/sparkify-boundary",
        ),
        (re.fullmatch(r"(\d{12})?", asked.source_account), "source_account", "it has 12 digits"),
        (
            not password
            or re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?!.*[/@\"'\\])[!-~]{8,64}", password),
            "db_password",
            "8 to 64 ASCII characters with an upper-case and a lower-case letter and a digit, without blanks "
            "and / @ \" ' \\; or leave it out, and AWS makes one and keeps it in Secrets Manager",
        ),
    )
    for is_good, name, hint in patterns:
        if not is_good:
            raise UsageError(f"{name} is not one that AWS takes", hint)


def _check_name(setting: str, value: str, *, shortest: int) -> None:
    # CreateCluster: lower-case letters, digits, hyphens; a letter first, no hyphen last nor two in a row.
    if not (re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value) and shortest <= len(value) <= 63):
        raise UsageError(f"{setting} is not such a name", _NAME_HINT.format(shortest))


def _parse_tags(text: str) -> dict[str, str]:
    tags = {}
    for pair in filter(str.strip, text.split(",")):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not key or not equals:
            raise UsageError("tags is not a list of tags", "it is a list of the form key=value, key=value")
        if key in (PROJECT_TAG[0], CLUSTER_TAG):
            raise UsageError(f"tags names {key}", "that tag is this project's own: choose another key")
        tags[key] = value
    return tags
