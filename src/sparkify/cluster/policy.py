"""What the role may do: read the configured sources, write below the configured prefixes, and nothing else.

The least that COPY and UNLOAD need (Redshift Database Developer Guide, "IAM permissions for COPY, UNLOAD, and
CREATE LIBRARY"): COPY lists the bucket and gets the objects, the JSONPaths file and the manifest among them;
UNLOAD also puts objects, and deletes them with CLEANPATH.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sparkify.config.settings import LoadOptions, RedshiftOptions
from sparkify.errors import UsageError


@dataclass(frozen=True, order=True)
class Location:
    """A place on S3: one object, or all keys that begin with ``key`` where that is empty or ends in ``/``."""

    bucket: str
    key: str

    @property
    def pattern(self) -> str:
        """The keys as a policy names them."""
        return f"{self.key}*" if self.is_folder else self.key

    @property
    def is_folder(self) -> bool:
        """Whether it names many keys."""
        return not self.key or self.key.endswith("/")

    def holds(self, other: "Location") -> bool:
        """Whether the other place is this one or within it."""
        return self.bucket == other.bucket and (
            other.key.startswith(self.key) if self.is_folder else other == self
        )


@dataclass(frozen=True)
class Access:
    """What the role may read, and what it may write and read again."""

    reads: tuple[Location, ...]
    writes: tuple[Location, ...]


def access_for(loading: LoadOptions, redshift: RedshiftOptions) -> Access:
    """What the role needs for exactly the configured places.

    Raises:
        UsageError: nothing that Redshift could load is configured, or a place can't be granted safely.
    """
    logs = _parse("log_data", loading.log_data, folder=True)
    reads = [_parse("song_data", loading.song_data, folder=True), logs]
    if loading.log_jsonpath:
        reads.append(_parse("log_jsonpath", loading.log_jsonpath, folder=False))
    elif logs:
        beside = logs.key.rstrip("/").rpartition("/")
        reads.append(Location(logs.bucket, f"{beside[0]}{beside[1]}log_json_path.json"))
    sources = [place for place in reads if place]
    writes = []
    for name, uri in (("work_prefix", redshift.work_prefix), ("export_prefix", redshift.export_prefix)):
        if not uri:
            continue
        place = _parse(name, uri, folder=True)
        if place is None:
            raise UsageError(f"{name} is not on S3", "it is a folder s3://bucket/prefix/")
        if not place.key:
            raise UsageError(
                f"{name} is {uri!r}, a whole bucket", "the role may delete there: name a folder in the bucket"
            )
        if overlap := [source for source in sources if place.holds(source) or source.holds(place)]:
            raise UsageError(
                f"{name} {uri!r} overlaps the source s3://{overlap[0].bucket}/{overlap[0].key}",
                "the role may delete there, and exports would be loaded as data: name a folder of its own",
            )
        writes.append(place)
    if not sources and not redshift.work_prefix:
        raise UsageError(
            f"song_data ({loading.song_data}) and log_data ({loading.log_data}) are not on S3, from where "
            "Redshift loads",
            "set [S3] SONG_DATA and LOG_DATA to s3://bucket/folder/, or [S3] WORK_PREFIX to load through",
        )
    return Access(tuple(sorted(set(sources))), tuple(sorted(set(writes))))


def _parse(name: str, uri: str, *, folder: bool) -> Location | None:
    match = re.fullmatch(r"s3[an]?://([^/]*)/?(.*)", uri, re.DOTALL)
    if not match:
        return None
    bucket, key = match.groups()
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise UsageError(f"{name} is {uri!r}: {bucket!r} is not a bucket name", "it is s3://bucket/prefix/")
    # * and ? are wildcards in a policy and ${…} a variable: the role would get more than is configured.
    if re.search(r"[*?\x00-\x1f\x7f]|\$\{", key):
        raise UsageError(
            f"{name} is {uri!r}", "an address for the role has no *, ?, ${ or control characters"
        )
    if folder and key and not key.endswith("/"):
        key += "/"
    if not folder and not key:
        raise UsageError(f"{name} is {uri!r}, a bucket", "name the file in it")
    return Location(bucket, key)


def role_policy(access: Access, partition: str, account: str, source_account: str = "") -> dict[str, Any]:
    """The role's policy document.

    A bucket that has gone can be made again by others, who would be read from then, and unloaded to: where it
    is known whose a bucket is, no other account's will do. Public sources belong to somebody else.

    Args:
        access: what the role may read and write.
        partition: aws, aws-cn or aws-us-gov.
        account: whose the role is, and what it may write to; a template's reference will do.
        source_account: whose the sources are; empty if that is not to matter.
    """
    written = {place.bucket for place in access.writes}
    sources = _of(source_account)
    statements: list[dict[str, Any]] = []
    if access.reads:
        statements.append(
            {
                "Sid": "ReadObjects",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": _arns(access.reads, partition),
                **({"Condition": sources} if sources else {}),
            }
        )
    everything = sorted({*access.reads, *access.writes})
    for number, bucket in enumerate(sorted({place.bucket for place in everything}), 1):
        prefixes = [place.pattern for place in everything if place.bucket == bucket]
        owner = _of(account) if bucket in written else sources
        statements.append(
            {
                "Sid": f"ListBucket{number}",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [f"arn:{partition}:s3:::{bucket}"],
                "Condition": {"StringLike": {"s3:prefix": prefixes}, **owner},
            }
        )
    if access.writes:
        statements.append(
            {
                "Sid": "WriteObjects",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": _arns(access.writes, partition),
                "Condition": _of(account),
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _of(account: str) -> dict[str, Any]:
    return {"StringEquals": {"aws:ResourceAccount": account}} if account else {}


def _arns(places: Iterable[Location], partition: str) -> list[str]:
    return [f"arn:{partition}:s3:::{place.bucket}/{place.pattern}" for place in places]


def trust_policy(*, partition: str, region: str, account: str, name: str, serverless: bool) -> dict[str, Any]:
    """The document that says who may assume the role: Redshift for users of one cluster, and nobody else.

    Redshift assumes a role with the ARN of the database user as the external ID (Redshift Management Guide,
    "Restricting access to IAM roles"), and has no aws:SourceAccount for it that were documented.

    Args:
        partition: aws, aws-cn or aws-us-gov.
        region: where the cluster is.
        account: whose it is; a template's reference will do.
        name: the identifier of the cluster, or the workgroup's name.
        serverless: whether it is a workgroup.
    """
    services = ["redshift.amazonaws.com"]
    if serverless:
        services.append("redshift-serverless.amazonaws.com")
    users = f"arn:{partition}:redshift:{region}:{account}:dbuser:{name}/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": services},
                "Action": "sts:AssumeRole",
                "Condition": {"StringLike": {"sts:ExternalId": users}},
            },
        ],
    }
