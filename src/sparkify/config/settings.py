"""The settings of a command: names, types, defaults. A secret is never part of their printed form.

Each class is what one room may be given; only the command line and the factories see all of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

SERVERS = frozenset({"redshift"})
"""What ``database`` may say where it is not a DuckDB file."""


def _fixed(default: int) -> int:
    """A field that is no setting: nobody sets it but tests."""
    made: int = field(default=default, metadata={"is_setting": False})
    return made


@dataclass(frozen=True)
class LoadOptions:
    """What is loaded, and what may be wrong with it.

    Attributes:
        song_data: folder or URI with the song files.
        log_data: folder or URI with the log files.
        log_jsonpath: the JSONPaths file of the logs; by default ``log_json_path.json`` beside log_data, and
            the usual keys where there is none.
        max_reject_share: share of a source's records that may be bad in a run, 0 to 1, before the run fails.
        max_rejects: how many bad records a source may have, whatever their share; more end the reading.
        max_unpacked_ratio: how many bytes of text a byte of a gzip file may hold.
        follow_links: whether links in a source's folder may lead out of it.
        max_age_hours: how old the newest event may be before a run and check warn of it; 0 for any age.
        chunk_bytes: how much is read and cut at a time.
    """

    song_data: str = "data/song_data"
    log_data: str = "data/log_data"
    log_jsonpath: str = ""
    max_reject_share: float = 0.01
    max_rejects: int = 1_000_000
    max_unpacked_ratio: int = 200
    follow_links: bool = False
    max_age_hours: float = 0
    chunk_bytes: int = _fixed(4 * 2**20)  # few steps per byte, and small beside the memory limit


@dataclass(frozen=True)
class AwsOptions:
    """How to reach AWS, and S3 servers above all.

    Attributes:
        aws_session_token: what goes with temporary keys.
        aws_profile: a profile of ~/.aws/config, where no keys are given.
        s3_region: where the buckets of the source files are, if not in aws_region.
        s3_endpoint: the address of another S3 server than AWS's.
        s3_anonymous: read public buckets without credentials.
        s3_allow_http: whether credentials may go to s3_endpoint without TLS.
        s3_requests: how many requests to S3 may be under way at a time.
        s3_timeout: seconds one request may take.
        s3_retries: how often a request is tried again after a transient fault.
        part_bytes: how much of an object one request asks for; large ones are read in several parts.
        window_bytes: how much may be asked for ahead of what has been taken.
        found: those of these that a file says which was found in the working directory, and not named.
    """

    aws_access_key_id: str = field(default="", repr=False)
    aws_secret_access_key: str = field(default="", repr=False)
    aws_session_token: str = field(default="", repr=False)
    aws_region: str = ""
    aws_profile: str = ""
    s3_region: str = ""
    s3_endpoint: str = ""
    s3_anonymous: bool = False
    s3_allow_http: bool = False
    s3_requests: int = 32
    s3_timeout: int = 30
    s3_retries: int = 5
    part_bytes: int = _fixed(8 * 2**20)
    window_bytes: int = _fixed(64 * 2**20)
    found: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DuckDBOptions:
    """What DuckDB may use.

    Attributes:
        memory_limit: what it may keep in memory, e.g. ``1GB``.
        temp_limit: how much it may put beside the database; by default nine tenths of what is free there.
        publish: a file to which each command that writes publishes a copy for readers; empty for none.
    """

    memory_limit: str = "1GB"
    temp_limit: str = ""
    publish: str = ""


@dataclass(frozen=True)
class RedshiftOptions:
    """Where Redshift is, how to get in, and how it gets at files.

    Attributes:
        login: how to log in: ``password``, or ``iam``, which is the default without a password.
        cluster_type: ``multi-node``, ``single-node`` (``provisioned``: by num_nodes) or ``serverless``.
        workgroup: Serverless workgroup; by default the cluster identifier.
        work_prefix: folder on S3 for manifests and bundled parts, which Redshift loads from.
        bundle_below_mb: source files smaller than this are bundled before Redshift loads them.
        export_prefix: folder on S3 to which Redshift may unload.
        smallest_part_bytes: below this, bundled parts get fewer rather than smaller.
        found: those of these that a file says which was found in the working directory, and not named.
    """

    host: str = ""
    db_name: str = ""
    db_user: str = ""
    db_password: str = field(default="", repr=False)
    db_port: int = 5439
    login: str = ""
    cluster_type: str = "multi-node"
    cluster_identifier: str = "sparkify"
    workgroup: str = ""
    iam_role_arn: str = ""
    work_prefix: str = ""
    bundle_below_mb: int = 10
    export_prefix: str = ""
    smallest_part_bytes: int = _fixed(4 * 2**20)
    found: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ClusterOptions:
    """What ``sparkify cluster`` creates, beside what RedshiftOptions say of it.

    Attributes:
        namespace: Serverless namespace; by default the cluster identifier.
        base_rpu: what a Serverless workgroup computes with, in Redshift processing units.
        publicly_accessible: whether the cluster gets an address outside of its VPC.
        permissions_boundary: ARN of a policy that bounds the role of the cluster.
        source_account: number of the account whose buckets the cluster may load from; any where it is empty.
        tags: tags of one's own for all that is created, as ``key=value, key=value``.
        cluster_timeout_minutes: how long to wait for the cluster to reach a state.
    """

    num_nodes: int = 2
    node_type: str = "ra3.large"
    iam_role_name: str = "sparkify-redshift"
    permissions_boundary: str = ""
    source_account: str = ""
    namespace: str = ""
    base_rpu: int = 8
    publicly_accessible: bool = False
    tags: str = ""
    cluster_timeout_minutes: int = 60


@dataclass(frozen=True)
class Settings:
    """All that a command may be told.

    Attributes:
        database: a DuckDB file, or ``redshift``.
        warnings: what is to be said about the configuration.
    """

    database: str = "sparkify.duckdb"
    loading: LoadOptions = LoadOptions()
    aws: AwsOptions = AwsOptions()
    duckdb: DuckDBOptions = DuckDBOptions()
    redshift: RedshiftOptions = RedshiftOptions()
    cluster: ClusterOptions = ClusterOptions()
    warnings: tuple[str, ...] = ()


_GROUPS: Mapping[str, Any] = {
    "loading": LoadOptions,
    "aws": AwsOptions,
    "duckdb": DuckDBOptions,
    "redshift": RedshiftOptions,
    "cluster": ClusterOptions,
}

TYPES: Mapping[str, Any] = {"database": str} | {
    each.name: each.type
    for group in _GROUPS.values()
    for each in fields(group)
    if each.name != "found" and each.metadata.get("is_setting", True)
}
"""By name, the types of all settings; no name stands in two groups."""


def compose(
    values: Mapping[str, Any], *, found: Collection[str] = (), warnings: Sequence[str] = ()
) -> Settings:
    """Settings from values by name, whichever group they belong to; the others have their defaults.

    Args:
        values: by name.
        found: the names of those that a file says which was found, and not named.
        warnings: what is to be said about the configuration.
    """
    groups: dict[str, Any] = {}
    unknown = values.keys() - {"database"}
    for name, group in _GROUPS.items():
        own = {each.name for each in fields(group)}
        unknown -= own
        said = {key: value for key, value in values.items() if key in own}
        groups[name] = group(**said, **({"found": frozenset(found) & own} if "found" in own else {}))
    if unknown:
        raise TypeError(f"no such settings: {', '.join(sorted(unknown))}")
    database = {"database": values["database"]} if "database" in values else {}
    return Settings(**database, **groups, warnings=tuple(warnings))


def values_of(settings: Settings) -> dict[str, Any]:
    """The value of each setting by name, whichever group it belongs to."""
    values = {"database": settings.database}
    for group in _GROUPS:
        values |= vars(getattr(settings, group))
    del values["found"]
    return values
