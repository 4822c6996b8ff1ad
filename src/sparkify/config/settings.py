"""The settings of a command: names, types, defaults. A secret is never part of their printed form."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """What a command works with.

    Attributes:
        database: a DuckDB file, or ``redshift``.
        song_data: folder or URI with the song files.
        log_data: folder or URI with the log files.
        log_jsonpath: the JSONPaths file of the logs; by default ``log_json_path.json`` beside log_data, and
            the usual keys where there is none.
        max_reject_share: share of a source's records that may be bad in a run, 0 to 1, before the run fails.
        follow_links: whether links in a source's folder may lead out of it.
        max_rejects: how many bad records a source may have, whatever their share; more end the reading.
        max_unpacked_ratio: how many bytes of text a byte of a gzip file may hold.
        temp_limit: how much DuckDB may put beside the database; by default nine tenths of what is free there.
        memory_limit: what DuckDB may keep in memory, e.g. ``1GB``.
        login: how to log in to Redshift: ``password``, or ``iam``, which is the default without a password.
        workgroup: Serverless workgroup; by default the cluster identifier.
        work_prefix: folder on S3 for manifests and bundled parts, which Redshift loads from.
        bundle_below_mb: source files smaller than this are bundled before Redshift loads them.
        s3_region: where the buckets of the source files are, if not in aws_region.
        aws_session_token: what goes with temporary keys.
        aws_profile: a profile of ~/.aws/config, where no keys are given.
        s3_endpoint: the address of another S3 server than AWS's.
        s3_anonymous: read public buckets without credentials.
        s3_allow_http: whether credentials may go to s3_endpoint without TLS.
        s3_requests: how many requests to S3 may be under way at a time.
        s3_timeout: seconds one request may take.
        s3_retries: how often a request is tried again after a transient fault.
        export_prefix: folder on S3 to which Redshift may unload.
        cluster_type: ``multi-node``, ``single-node`` (``provisioned``: by num_nodes) or ``serverless``.
        namespace: Serverless namespace; by default the cluster identifier.
        base_rpu: what a Serverless workgroup computes with, in Redshift processing units.
        publicly_accessible: whether the cluster gets an address outside of its VPC.
        permissions_boundary: ARN of a policy that bounds the role of the cluster.
        source_account: number of the account whose buckets the cluster may load from; any where it is empty.
        tags: tags of one's own for all that is created, as ``key=value, key=value``.
        cluster_timeout_minutes: how long to wait for the cluster to reach a state.
        warnings: what is to be said about the configuration.
        found: the settings that a file says which was found in the working directory, and not named.
    """

    database: str = "sparkify.duckdb"
    song_data: str = "data/song_data"
    log_data: str = "data/log_data"
    log_jsonpath: str = ""
    max_reject_share: float = 0.01
    max_rejects: int = 1_000_000
    max_unpacked_ratio: int = 200
    follow_links: bool = False
    memory_limit: str = "1GB"
    temp_limit: str = ""
    host: str = ""
    db_name: str = ""
    db_user: str = ""
    db_password: str = field(default="", repr=False)
    db_port: int = 5439
    login: str = ""
    workgroup: str = ""
    work_prefix: str = ""
    bundle_below_mb: int = 10
    cluster_type: str = "multi-node"
    num_nodes: int = 2
    node_type: str = "ra3.large"
    cluster_identifier: str = "sparkify"
    iam_role_arn: str = ""
    iam_role_name: str = "sparkify-redshift"
    permissions_boundary: str = ""
    source_account: str = ""
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
    export_prefix: str = ""
    namespace: str = ""
    base_rpu: int = 8
    publicly_accessible: bool = False
    tags: str = ""
    cluster_timeout_minutes: int = 60
    warnings: tuple[str, ...] = ()
    found: frozenset[str] = frozenset()
