"""The security group, open to the caller's own address only."""

import ipaddress
import urllib.error
import urllib.request
from typing import Any

from sparkify.cluster.aws import Aws, tag_dict, tag_list
from sparkify.cluster.plan import CLUSTER_TAG, PROJECT_TAG, Plan
from sparkify.cluster.resources import Resource, owner
from sparkify.errors import ClusterError, UsageError

CHECK_IP_URL = "https://checkip.amazonaws.com"
"""Answers with the address that a request comes from. Kept by AWS."""

UNKNOWN_ADDRESS = "<your address>"
_REMEDY = "say it with --my-ip ADDRESS"
# What a deleted cluster held is freed only after some minutes, above all by Serverless.
_FREEING_MINUTES = 15
# A new group takes some seconds to be known everywhere.
_SETTLING_MINUTES = 1


def own_address(given: str | None) -> str:
    """The IPv4 address from which the cluster is to be reached.

    Args:
        given: what the user says; else it is asked for at CHECK_IP_URL.

    Raises:
        UsageError: what was given is no such address.
        ClusterError: the address can't be asked for.
    """
    if given is not None:
        try:
            address = ipaddress.IPv4Address(given.removesuffix("/32"))
        except ValueError:
            raise UsageError(
                f"--my-ip: {given!r} is not a single IPv4 address", "e.g. --my-ip 203.0.113.7"
            ) from None
    else:
        try:
            with urllib.request.urlopen(CHECK_IP_URL, timeout=10) as answer:
                text = answer.read(100).decode("ascii", "replace").strip()
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise ClusterError(
                f"{CHECK_IP_URL} can't be reached to learn this machine's address: {reason}", _REMEDY
            ) from None
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            raise ClusterError(f"{CHECK_IP_URL} answered {text!r}, not an IPv4 address", _REMEDY) from None
    if address.is_unspecified:
        raise UsageError("0.0.0.0 is no one's address", _REMEDY)
    return str(address)


def _groups(aws: Aws, *mark: str) -> list[dict[str, Any]]:
    filters = [{"Name": f"tag:{PROJECT_TAG[0]}", "Values": [PROJECT_TAG[1]]}]
    if mark:
        filters.append({"Name": f"tag:{CLUSTER_TAG}", "Values": list(mark)})
    return aws.ask_all("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)


def find_all(aws: Aws) -> list[Resource]:
    """All security groups of this project's clusters in this region."""
    return [
        Resource("security group", group["GroupId"], cluster, note=_describe_rules(group))
        for group in _groups(aws)
        if (cluster := owner(tag_dict(group.get("Tags")), aws.region))
    ]


def _describe_rules(group: dict[str, Any]) -> str:
    sources = [
        f"{source} to port {rule.get('FromPort', 'any')}"
        for rule in group["IpPermissions"]
        for source in (
            *(entry["CidrIp"] for entry in rule.get("IpRanges", ())),
            *(entry["CidrIpv6"] for entry in rule.get("Ipv6Ranges", ())),
            *(entry["GroupId"] for entry in rule.get("UserIdGroupPairs", ())),
            *(entry["PrefixListId"] for entry in rule.get("PrefixListIds", ())),
        )
    ]
    return f"open from {', '.join(sources)}" if sources else "open to nobody"


def ensure(aws: Aws, plan: Plan, address: str) -> str:
    """Make the group in the default VPC, open to one address, and give its id.

    Raises:
        ClusterError: the region has no default VPC.
    """
    groups = _groups(aws, plan.mark)
    if not groups:
        group_id = aws.change(
            "ec2",
            "create_security_group",
            f"security group {plan.group_name}: created",
            already=("InvalidGroup.Duplicate",),
            GroupName=plan.group_name,
            Description=f"Sparkify Warehouse: Redshift cluster {plan.mark}",
            VpcId=_default_vpc(aws),
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tag_list(plan.tags)}],
        ).get("GroupId")
        if group_id is None and not aws.is_dry_run:
            groups = _groups(aws, plan.mark)
            if not groups:
                raise ClusterError(
                    f"security group {plan.group_name} is there already and is not this project's",
                    "delete or rename it, or choose another cluster identifier",
                )
    group_id = groups[0]["GroupId"] if groups else group_id or "<security group>"
    rules = groups[0]["IpPermissions"] if groups else []
    _open(aws, group_id, rules, plan.port, f"{address}/32")
    return str(group_id)


def _default_vpc(aws: Aws) -> str:
    if aws.is_offline:
        return "<default VPC>"
    vpcs = aws.ask_all("ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])
    if not vpcs:
        raise ClusterError(
            f"region {aws.region} has no default VPC", "make one with: aws ec2 create-default-vpc"
        )
    return str(vpcs[0]["VpcId"])


def _open(aws: Aws, group_id: str, rules: list[dict[str, Any]], port: int, source: str) -> None:
    """Open one port to one source, then close all others: a change of address must not lock the user out."""
    wanted = ("tcp", port, port)
    is_open = False
    others: list[dict[str, Any]] = []
    for rule in rules:
        ports = (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"))
        head: dict[str, Any] = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
        for kind in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds"):
            for entry in rule.get(kind, ()):
                if ports == wanted and entry.get("CidrIp") == source:
                    is_open = True
                else:
                    others.append({**head, kind: [entry]})
    if not is_open:
        aws.change(
            "ec2",
            "authorize_security_group_ingress",
            f"security group {group_id}: port {port} opened to {source}",
            too_early=lambda error: error.code == "InvalidGroup.NotFound",
            patience=_SETTLING_MINUTES,
            already=("InvalidPermission.Duplicate",),
            GroupId=group_id,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port,
                    "IpRanges": [{"CidrIp": source, "Description": "who created the cluster"}],
                }
            ],
        )
    if others:
        aws.change(
            "ec2",
            "revoke_security_group_ingress",
            f"security group {group_id}: closed to all others",
            already=("InvalidPermission.NotFound",),
            GroupId=group_id,
            IpPermissions=others,
        )


def delete(aws: Aws, group_id: str) -> None:
    """Remove a group, as soon as nothing uses it any more."""
    aws.change(
        "ec2",
        "delete_security_group",
        f"security group {group_id}: deleted",
        already=("InvalidGroup.NotFound",),
        too_early=lambda error: error.code == "DependencyViolation",
        patience=_FREEING_MINUTES,
        GroupId=group_id,
    )
