"""The keys that dwh.cfg may have: this project's own, and those under which public pipelines keep the same.

Of the names for a setting the first is the usual one: it is written where the file has none.
"""

import difflib
from collections.abc import Iterable, Mapping

_WAREHOUSE = ("CLUSTER", "DWH", "CLUSTER_PRO", "DB", "REDSHIFT")
_ROLE = ("IAM_ROLE", "IAM")
_ACCESS = ("AWS", "IAM_USER", "IAM")

_NAMES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("host", _WAREHOUSE, "HOST DWH_ENDPOINT DWH_HOST DB_HOST ENDPOINT"),
    ("db_name", _WAREHOUSE, "DB_NAME DWH_DB DWH_DB_NAME DBNAME DB"),
    ("db_user", _WAREHOUSE, "DB_USER DWH_DB_USER DWH_USER USER"),
    ("db_password", _WAREHOUSE, "DB_PASSWORD DWH_DB_PASSWORD DWH_PASSWORD PASSWORD PWD"),
    ("db_port", _WAREHOUSE, "DB_PORT DWH_PORT DWH_DB_PORT PORT"),
    ("login", _WAREHOUSE, "LOGIN"),
    ("cluster_type", ("DWH", *_WAREHOUSE), "DWH_CLUSTER_TYPE CLUSTER_TYPE DB_CLUSTER_TYPE"),
    ("num_nodes", ("DWH", *_WAREHOUSE), "DWH_NUM_NODES NUM_NODES DB_NUM_NODES NODES"),
    ("node_type", ("DWH", *_WAREHOUSE), "DWH_NODE_TYPE NODE_TYPE DB_NODE_TYPE"),
    (
        "cluster_identifier",
        ("DWH", *_WAREHOUSE),
        "DWH_CLUSTER_IDENTIFIER CLUSTER_IDENTIFIER DB_CLUSTER_IDENTIFIER CLUSTER_ID DB_IDENTIFIER IDENTIFIER",
    ),
    ("workgroup", ("DWH", *_WAREHOUSE), "DWH_WORKGROUP DWH_WORKGROUP_NAME"),
    ("namespace", ("DWH", *_WAREHOUSE), "DWH_NAMESPACE DWH_NAMESPACE_NAME"),
    ("base_rpu", ("DWH", *_WAREHOUSE), "DWH_BASE_RPU"),
    ("publicly_accessible", ("DWH", *_WAREHOUSE), "DWH_PUBLICLY_ACCESSIBLE"),
    ("tags", ("DWH", *_WAREHOUSE), "DWH_TAGS"),
    ("cluster_timeout_minutes", ("DWH", *_WAREHOUSE), "DWH_TIMEOUT_MINUTES"),
    ("iam_role_arn", _ROLE, "ARN DWH_ARN ROLE_ARN DWH_ROLE_ARN IAM_ROLE_ARN DWH_IAM_ROLE_ARN"),
    ("iam_role_arn", _WAREHOUSE, "DWH_ROLE_ARN ROLE_ARN IAM_ROLE_ARN DWH_IAM_ROLE_ARN"),
    ("iam_role_name", _ROLE, "DWH_IAM_ROLE_NAME IAM_ROLE_NAME ROLE_NAME DWH_ROLE_NAME DWH_IAM_ROLE NAME"),
    ("iam_role_name", _WAREHOUSE, "DWH_IAM_ROLE_NAME IAM_ROLE_NAME"),
    ("permissions_boundary", (*_ROLE, *_WAREHOUSE), "DWH_PERMISSIONS_BOUNDARY PERMISSIONS_BOUNDARY"),
    ("source_account", (*_ROLE, *_WAREHOUSE), "DWH_SOURCE_ACCOUNT SOURCE_ACCOUNT"),
    ("aws_access_key_id", _ACCESS, "ACCESS_KEY KEY AWS_KEY ACCESS_KEY_ID AWS_ACCESS_KEY AWS_ACCESS_KEY_ID"),
    (
        "aws_secret_access_key",
        _ACCESS,
        "SECRET_KEY SECRET AWS_SECRET SECRET_ACCESS_KEY AWS_SECRET_KEY AWS_SECRET_ACCESS_KEY",
    ),
    ("aws_session_token", _ACCESS, "SESSION_TOKEN TOKEN AWS_SESSION_TOKEN"),
    ("aws_region", ("AWS", "REGION"), "ACCESS_REGION REGION AWS_REGION REGION_NAME AWS_REGION_NAME"),
    ("aws_region", _WAREHOUSE, "DWH_REGION DWH_REGION_NAME REGION REGION_NAME AWS_REGION"),
    ("aws_profile", ("AWS",), "PROFILE AWS_PROFILE PROFILE_NAME"),
    ("log_data", ("S3",), "LOG_DATA"),
    ("log_jsonpath", ("S3",), "LOG_JSONPATH LOG_JSON_PATH"),
    ("song_data", ("S3",), "SONG_DATA"),
    ("work_prefix", ("S3",), "WORK_PREFIX"),
    ("bundle_below_mb", ("S3",), "BUNDLE_BELOW_MB"),
    ("export_prefix", ("S3",), "EXPORT_PREFIX"),
    ("s3_region", ("S3",), "REGION S3_REGION AWS_REGION"),
    ("s3_endpoint", ("S3",), "ENDPOINT S3_ENDPOINT"),
    ("s3_anonymous", ("S3",), "ANONYMOUS"),
    ("s3_allow_http", ("S3",), "ALLOW_HTTP"),
    ("s3_requests", ("S3",), "REQUESTS"),
    ("s3_timeout", ("S3",), "TIMEOUT"),
    ("s3_retries", ("S3",), "RETRIES"),
    ("database", ("WAREHOUSE",), "DATABASE"),
    ("max_reject_share", ("WAREHOUSE",), "MAX_REJECT_SHARE"),
    ("max_rejects", ("WAREHOUSE",), "MAX_REJECTS"),
    ("max_unpacked_ratio", ("WAREHOUSE",), "MAX_UNPACKED_RATIO"),
    ("follow_links", ("WAREHOUSE",), "FOLLOW_LINKS"),
    ("max_age_hours", ("WAREHOUSE",), "MAX_AGE_HOURS"),
    ("memory_limit", ("WAREHOUSE",), "MEMORY_LIMIT"),
    ("temp_limit", ("WAREHOUSE",), "TEMP_LIMIT"),
    ("publish", ("WAREHOUSE",), "PUBLISH"),
)

KEYS: Mapping[str, Mapping[str, str]] = {
    section: {key: name for name, sections, keys in _NAMES if section in sections for key in keys.split()}
    for _, among, _ in _NAMES
    for section in among
}
"""By section and key, the setting."""

_POLICY = "the role that cluster create makes gets a policy of its own, for the configured places only"
_NETWORK = "cluster create makes a security group of its own, open to one address"
_UNUSED = {
    ("IAM_ROLE", "POLICY_ARN"): _POLICY,
    ("IAM_ROLE", "POLICY_NAME"): _POLICY,
    ("IAM_ROLE", "DESCRIPTION"): "the role has a description of its own",
    ("IAM", "POLICY_ARN"): _POLICY,
    ("DWH", "POLICY_ARN"): _POLICY,
    ("DWH", "DWH_POLICY_ARN"): _POLICY,
}
UNUSED_SECTIONS = {"SECURITY_GROUP": _NETWORK, "INBOUND_RULE": _NETWORK}

_ALIKE = 0.8
"""How alike names must be for one to be a misspelling of the other, as difflib counts: SONG_DTA is 0.94."""


def file_keys(name: str) -> list[tuple[str, str]]:
    """The (section, key) pairs under which dwh.cfg may hold a setting, the usual one first."""
    pairs = (
        (section, key)
        for setting, sections, keys in _NAMES
        if setting == name
        for section in sections
        for key in keys.split()
    )
    return list(dict.fromkeys(pairs))


def why_unused(section: str, key: str) -> str:
    """Why a key that others have, in capitals, means nothing here; empty where it is not known at all."""
    return _UNUSED.get((section, key)) or UNUSED_SECTIONS.get(section, "")


def meant_key(section: str, key: str) -> str:
    """The end of a message about an unknown key, in capitals: the one that was probably meant, if any."""
    meant = section if section in KEYS else next(iter(_close(section, KEYS)), None)
    if meant and (found := [key] if key in KEYS[meant] else _close(key, KEYS[meant])):
        return f"; did you mean [{meant}] {found[0]}?"
    # In the wrong section. A plain word like NAME or TOKEN may be a key of anything.
    if "_" in key:
        for other, keys in KEYS.items():
            if key in keys:
                return f"; did you mean [{other}] {key}?"
    return ""


def meant_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that another is a misspelling of, if any."""
    return next(iter(_close(name, known)), None)


def _close(name: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
