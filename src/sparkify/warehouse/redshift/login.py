"""How to get into Amazon Redshift: with a password, or with temporary credentials from IAM. Always over TLS.

Owns the translation of the driver's errors into a clear line without secrets.
"""

import re
import socket
from typing import TYPE_CHECKING, Any

from sparkify.config import destinations
from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.errors import ConflictError, StatementError, UsageError, WarehouseError
from sparkify.sources.s3_errors import code_explanation
from sparkify.sql import WHICH_TABLES
from sparkify.system.extras import how_to_install

if TYPE_CHECKING:
    from redshift_connector.core import Connection

DEFAULT_USER = "awsuser"
"""Whom AWS calls the first user of a cluster, and ``sparkify cluster create`` too."""

_CONNECT_SECONDS = 10

# What is said to whom, by what the server's message has in it.
_REMEDIES = (
    (r"password authentication failed", "check [CLUSTER] DB_USER, and the password in SPARKIFY_DB_PASSWORD"),
    (r"database .* does not exist", "check [CLUSTER] DB_NAME"),
    (
        r"not authorized to (get credentials of|assume) (IAM )?role|Missing authorization"
        r"|IAM role .*not (valid|associated)",
        "attach the role to the cluster or workgroup and name it in [IAM_ROLE] ARN, or make it the default",
    ),
    (
        r"Access ?Denied|Status 403",
        "the role that Redshift uses needs s3:ListBucket and s3:GetObject on the source, the JSONPaths file"
        " and the work prefix, and s3:PutObject where it exports to; the one that sparkify cluster create"
        " makes may write below [S3] EXPORT_PREFIX and WORK_PREFIX only",
    ),
    (r"NoSuchBucket|bucket does not exist", "check the bucket's name"),
    (r"NoSuchKey|prefix .* does not exist", "the object is gone; run again"),
    (
        r"PermanentRedirect|Status 301|specified endpoint",
        "the bucket is in another region than [AWS] REGION: say which in [S3] REGION, or export to one in it",
    ),
    (
        r"permission denied|must be owner|not authorized",
        "the database user needs the right to do this; through IAM, each user and role of AWS is a database"
        " user of its own, and tables belong to whoever created them",
    ),
    (r"cannot drop .* because other objects depend", "drop the views of your own on it first"),
    (r"[Dd]isk [Ff]ull", "free some disk space on the cluster; the warehouse is unchanged"),
)
# What is said to whom at the login, before the message, by what SQLSTATE and message have in them. Only what
# comes from this machine has no SQLSTATE.
_AT_LOGIN = (
    (
        "refuses SSL",
        "the server speaks no TLS, and nothing was sent to it: ",
        "check [CLUSTER] HOST and DB_PORT: Redshift always does",
    ),
    (
        "^ .*(certificate|hostname|SSL)",
        "its TLS certificate was not accepted: ",
        "name the cluster by the address that its certificate is for; SSL_CERT_FILE can name another"
        " authority",
    ),
    (
        "[Uu]nable to locate credentials|NoCredentials|profile",
        "no AWS credentials: ",
        "log in with the AWS command line tool, or name [AWS] PROFILE",
    ),
    (
        "AccessDenied",
        "",
        "your AWS identity needs redshift:GetClusterCredentials and redshift:DescribeClusters, or"
        " redshift-serverless:GetCredentials and redshift-serverless:GetWorkgroup",
    ),
    (
        "ClusterNotFound|ResourceNotFound",
        "",
        "check DWH_CLUSTER_IDENTIFIER or DWH_WORKGROUP, and [AWS] REGION",
    ),
)
# What is said to those who have written the statement themselves.
_USERS_REMEDIES = (
    (r"relation .* does not exist", WHICH_TABLES),
    (
        r"read-only",
        "queries may only read; before patch 204, Redshift reads external tables and stale materialized views"
        " in other transactions only",
    ),
)
# As COPY and UNLOAD quote S3: "S3ServiceException:…,Status 403,Error AccessDenied,Rid …".
_S3_CODE = re.compile(r"S3ServiceException.*?,\s*Error ([\w.-]+)", re.DOTALL)
_CONFLICT = re.compile(r"(ERROR:? *)?(1023|1018)(:.*| DETAIL.*)?|.*[Ss]erializable isolation violation.*")
_QUERY_CANCELED = "57014"  # what statement_timeout raises (PostgreSQL error codes)


class CanceledError(StatementError):
    """A statement took longer than it was given."""


def log_in(redshift: RedshiftOptions, aws: AwsOptions) -> "Connection":
    """Connect to Redshift.

    With a password where there is one; else through IAM: a Serverless workgroup where cluster_type is
    serverless or a workgroup is named, a provisioned cluster by its identifier otherwise.

    Raises:
        UsageError: the driver is not installed, a setting is missing, or the credentials must not go there.
        WarehouseError: it can't be reached, or doesn't let us in.
    """
    try:
        import redshift_connector
    except ImportError:
        raise UsageError(
            "database redshift: the driver is not installed",
            how_to_install("redshift"),
        ) from None
    options = login_options(redshift, aws)
    destinations.require_good_host(redshift, aws, is_by_iam="iam" in options)
    if redshift.host:
        reach(redshift.host, redshift.db_port)
    try:
        connection = redshift_connector.connect(**options)
    except Exception as error:  # the driver lets those of AWS, sockets and TLS through
        raise _login_error(error, redshift, aws) from None
    connection.autocommit = True  # begin and commit are said where they belong
    return connection


def is_serverless(redshift: RedshiftOptions) -> bool:
    """Whether the warehouse is a Serverless workgroup."""
    return (
        redshift.cluster_type == "serverless"
        or bool(redshift.workgroup)
        or ".redshift-serverless." in redshift.host
    )


def login_options(redshift: RedshiftOptions, aws: AwsOptions) -> dict[str, Any]:
    """What the driver is to be told.

    Raises:
        UsageError: a setting is missing.
    """
    options: dict[str, Any] = {
        "database": redshift.db_name or "dev",
        "ssl": True,
        "sslmode": "verify-full",
        "application_name": "sparkify",
        # Statements differ with every run; keeping them prepared would only fill the server's memory.
        "max_prepared_statements": 0,
        # A COPY sends nothing for minutes, and firewalls forget a silent connection after five or so.
        "tcp_keepalive_idle": 60,
        "tcp_keepalive_interval": 30,
        "tcp_keepalive_count": 5,
    }
    if redshift.host:
        options |= {"host": redshift.host, "port": redshift.db_port}
    if redshift.login == "password" or (redshift.login != "iam" and redshift.db_password):
        for name, value, remedy in (
            ("HOST", redshift.host, "sparkify cluster create writes it there, and status shows it"),
            ("DB_PASSWORD", redshift.db_password, "set SPARKIFY_DB_PASSWORD, or LOGIN = iam"),
        ):
            if not value:
                raise UsageError(f"database redshift: [CLUSTER] {name} is missing", remedy)
        return options | {"user": redshift.db_user or DEFAULT_USER, "password": redshift.db_password}
    options["iam"] = True
    if region := aws.aws_region or _usual_region(aws):
        options["region"] = region
    elif not redshift.host:
        raise UsageError(
            "database redshift: no AWS region", "set [AWS] REGION in dwh.cfg, or AWS_DEFAULT_REGION"
        )
    if aws.aws_access_key_id:
        options |= {
            "access_key_id": aws.aws_access_key_id,
            "secret_access_key": aws.aws_secret_access_key,
            "session_token": aws.aws_session_token or None,
        }
    elif aws.aws_profile:
        options["profile"] = aws.aws_profile
    if is_serverless(redshift):
        return options | {
            "is_serverless": True,
            "serverless_work_group": redshift.workgroup or redshift.cluster_identifier,
        }
    return options | {
        "cluster_identifier": redshift.cluster_identifier,
        "db_user": redshift.db_user or DEFAULT_USER,
    }


def _usual_region(aws: AwsOptions) -> str:
    """The region that AWS's own configuration names; the driver doesn't look there."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.Session(profile_name=aws.aws_profile or None).region_name or ""
    except BotoCoreError:
        return ""  # what is wrong with the profile shows when it is used


def reach(host: str, port: int) -> str:
    """Find out quickly whether anyone is there; the driver would wait for minutes.

    Returns:
        The address that the name leads to.

    Raises:
        WarehouseError: there is no such name, or nobody answers there.
    """
    # Its own timeout would stay on for every statement, and end a long COPY.
    try:
        with socket.create_connection((host, port), _CONNECT_SECONDS) as connection:
            return str(connection.getpeername()[0])
    except socket.gaierror:
        raise WarehouseError(f"{host}: no such host", "check [CLUSTER] HOST") from None
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise WarehouseError(
            f"{host}:{port}: can't be reached: {reason}",
            "check that the cluster is running and not paused, [CLUSTER] DB_PORT, and that its security group"
            " lets this machine in",
        ) from None


def message_of(error: BaseException) -> tuple[str, str]:
    """The SQLSTATE and the text of an error of the driver, in one line."""
    first = error.args[0] if error.args else ""
    if isinstance(first, dict):
        # The detail has the useful half, such as what S3 answered; Redshift draws lines around it.
        texts = (" ".join(re.sub("-{5,}", " ", str(first.get(part, ""))).split()) for part in "MD")
        return str(first.get("C", "")), ": ".join(filter(None, texts))
    if isinstance(first, BaseException):
        return message_of(first)
    reasons = [str(part) for part in error.args if isinstance(part, BaseException)]
    return "", " ".join([*str(first or error).split(), *reasons])


def scrub(text: str, redshift: RedshiftOptions, aws: AwsOptions) -> str:
    """The text without any secret of the configuration, should one have got into it."""
    for secret in (redshift.db_password, aws.aws_secret_access_key, aws.aws_session_token):
        if secret:
            text = text.replace(secret, "***")
    # What stands there may be a key in the wrong line.
    return text.replace(f"({aws.aws_profile}) ", "") if aws.aws_profile else text


def explain(
    error: BaseException, location: str, redshift: RedshiftOptions, aws: AwsOptions
) -> WarehouseError:
    """What to tell of an error of the driver."""
    code, message = message_of(error)
    if isinstance(error, OSError):  # of the socket; its first argument is a number
        message = error.strerror or str(error)
    message = scrub(message, redshift, aws)
    if code == _QUERY_CANCELED or re.search("cancell?ed on user's request|statement timeout", message):
        return CanceledError(f"{location}: {message}")
    if code == "40001" or _CONFLICT.fullmatch(message):
        return ConflictError(
            f"{location}: someone else wrote to the same tables meanwhile (error 1023); nothing was changed",
            "run again, and let nobody but sparkify write to them",
        )
    refused = _S3_CODE.search(message)
    if refused and (told := code_explanation(refused[1], message, who="the role that Redshift uses")):
        return WarehouseError(f"{location}: {message}", told[1])
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, message, re.IGNORECASE):
            return WarehouseError(f"{location}: {message}", remedy)
    if isinstance(error, OSError) or (
        not code and re.search("BrokenPipe|connection is closed|communication error|socket", message)
    ):
        return WarehouseError(
            f"{location}: the connection was lost: {message}",
            "run again; what was not committed is gone, and nothing is loaded twice",
        )
    hints = (remedy for pattern, remedy in _USERS_REMEDIES if re.search(pattern, message, re.IGNORECASE))
    first = error.args[0] if error.args else None
    answer: dict[str, object] = first if isinstance(first, dict) else {}
    place = str(answer.get("P", ""))
    return StatementError(
        f"{location}: {message}",
        next(hints, ""),
        details=scrub(str(answer.get("H", "")), redshift, aws),
        position=int(place) if place.isdecimal() else 0,
    )


def _login_error(error: Exception, redshift: RedshiftOptions, aws: AwsOptions) -> WarehouseError:
    where = redshift.host or redshift.workgroup or redshift.cluster_identifier
    if isinstance(error, KeyError):  # the driver takes an address for granted
        return WarehouseError(
            f"{where}: has no address", "it is being made or resumed: sparkify cluster status tells"
        )
    code, message = message_of(error)
    message = scrub(message, redshift, aws)
    for pattern, said, hint in _AT_LOGIN:
        if re.search(pattern, f"{code} {message}"):
            return WarehouseError(f"{where}: {said}{message}", hint)
    found = explain(error, where, redshift, aws)
    if isinstance(found, StatementError):
        found = WarehouseError(found.message, "check [CLUSTER] and [AWS] in dwh.cfg")
    return found
