"""Where the cluster stands, and the one address that may reach it."""

import ipaddress
import urllib.error
import urllib.request
from itertools import chain
from typing import Any

from sparkify.cluster.aws import Aws
from sparkify.errors import ClusterError, UsageError

CHECK_IP_URL = "https://checkip.amazonaws.com"
"""Answers with the address that a request comes from. Kept by AWS."""

UNKNOWN_ADDRESS = "192.0.2.1"
"""Of the documentation's network (RFC 5737): what a rehearsal takes for the address of this machine."""

_HINT = "say it with --my-ip ADDRESS"
_FEW_ADDRESSES = 16


def own_address(given: str | None) -> str:
    """The IPv4 address from which the cluster is to be reached.

    Args:
        given: what the user says; else it is asked for at CHECK_IP_URL.

    Raises:
        UsageError: what was given is no such address.
        ClusterError: the address can't be asked for.
    """
    text = given.removesuffix("/32") if given is not None else _ask()
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        if given is None:
            raise ClusterError(f"{CHECK_IP_URL} answered {text!r}, not an IPv4 address", _HINT) from None
        raise UsageError(
            f"--my-ip: {given!r} is not a single IPv4 address", "e.g. --my-ip 203.0.113.7"
        ) from None
    if address.is_unspecified:
        raise UsageError("0.0.0.0 is no one's address", _HINT)
    return str(address)


def _ask() -> str:
    try:
        with urllib.request.urlopen(CHECK_IP_URL, timeout=10) as answer:
            return str(answer.read(100).decode("ascii", "replace").strip())
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise ClusterError(
            f"{CHECK_IP_URL} can't be reached to learn this machine's address: {reason}", _HINT
        ) from None


def default_network(aws: Aws, *, is_serverless: bool) -> tuple[dict[str, str], list[str]]:
    """The template's parameters for the default VPC with its subnets, and what is to be said about it.

    Raises:
        ClusterError: there is none, or it has too few availability zones for Serverless.
    """
    filters = [{"Name": "is-default", "Values": ["true"]}]
    vpcs = aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters)
    if not vpcs:
        raise ClusterError(
            f"region {aws.region} has no default VPC", "make one with: aws ec2 create-default-vpc"
        )
    vpc = vpcs[0]["VpcId"]
    subnets = aws.pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    zones = {subnet["AvailabilityZone"] for subnet in subnets}
    # Redshift Management Guide, "Considerations when using Amazon Redshift Serverless": us-west-1 has two.
    fewest = (2 if aws.region == "us-west-1" else 3) if is_serverless else 1
    if len(zones) < fewest or (is_serverless and len(subnets) < 3):
        raise ClusterError(
            f"the default VPC {vpc} has {len(subnets)} subnets in {len(zones)} availability zones; "
            + (f"Serverless needs 3 in {fewest}" if is_serverless else "the cluster needs one"),
            "add one to another zone with: aws ec2 create-default-subnet --availability-zone ZONE",
        )
    tight = [it["SubnetId"] for it in subnets if it["AvailableIpAddressCount"] < _FEW_ADDRESSES]
    notes = [f"warning: few addresses are free in {', '.join(tight)}: AWS may refuse"] if tight else []
    return {"Vpc": vpc, "Subnets": ",".join(sorted(it["SubnetId"] for it in subnets))}, notes


def describe_rules(group: dict[str, Any]) -> str:
    """Who may reach what a security group guards."""
    kinds = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    sources = [
        f"{entry[key]} to port {rule.get('FromPort', 'any')}"
        for rule in group["IpPermissions"]
        for entry in chain.from_iterable(rule.get(kind, ()) for kind in kinds)
        for key in ("CidrIp", "CidrIpv6", "GroupId", "PrefixListId")
        if key in entry
    ]
    return f"open from {', '.join(sources)}" if sources else "open to nobody"
