"""Where credentials may be sent to.

A dwh.cfg that was found in the working directory may have come with somebody's data. Its own secrets go
wherever it says; those from elsewhere go to Amazon, to this machine, and to what the user has named.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.errors import UsageError

_AMAZONS_DATABASES = re.compile(r"[\w.-]+\.redshift(-serverless)?\.amazonaws\.com(\.cn)?", re.ASCII)
# Anchored part by part: load balancers of anybody have names below amazonaws.com, too.
_AMAZONS_S3 = re.compile(
    r"([\w.-]+\.)?s3(-fips)?([.-]dualstack)?([.-][a-z]{2}(-[a-z]+)+-\d)?(\.vpce)?\.amazonaws\.com(\.cn)?",
    re.ASCII,
)


def require_good_host(redshift: RedshiftOptions, aws: AwsOptions, *, is_by_iam: bool) -> None:
    """Refuse to log in at a host that a file names which nobody has named, with credentials from elsewhere.

    Args:
        redshift: the host, the password, and where they were said.
        aws: the keys, and where they were said.
        is_by_iam: whether the login is through IAM, and not with a password.

    Raises:
        UsageError: naming the host.
    """
    host = redshift.host.lower().rstrip(".")
    if "host" not in redshift.found or is_this_machine(host) or _AMAZONS_DATABASES.fullmatch(host):
        return
    if _has_keys_of_its_own(aws) if is_by_iam else "db_password" in redshift.found:
        return
    what = "AWS credentials" if is_by_iam else "a password"
    raise UsageError(
        f"dwh.cfg: [CLUSTER] HOST: {what} set elsewhere would be sent to {redshift.host}, which is not"
        " an Amazon Redshift address",
        "if you trust that host, use --config dwh.cfg or set SPARKIFY_HOST",
    )


def require_good_endpoint(aws: AwsOptions) -> None:
    """Refuse to send credentials to another S3 server unless the user has named it, and over TLS.

    Raises:
        UsageError: naming the server.
    """
    try:
        address = urlsplit(aws.s3_endpoint)
        host = (address.hostname or "").lower().rstrip(".")
    except ValueError:
        raise UsageError("[S3] ENDPOINT is not a server address", "use the form https://host:9000") from None
    if not aws.s3_endpoint or aws.s3_anonymous or is_this_machine(host):
        return
    is_known = "s3_endpoint" not in aws.found or _AMAZONS_S3.fullmatch(host)
    if not is_known and not _has_keys_of_its_own(aws):
        raise UsageError(
            f"dwh.cfg: [S3] ENDPOINT: AWS credentials set elsewhere would be sent to {host}, which is not"
            " an Amazon S3 address",
            "if you trust that server, use --config dwh.cfg or set SPARKIFY_S3_ENDPOINT; without"
            " credentials: [S3] ANONYMOUS = true",
        )
    if address.scheme.lower() == "http" and not aws.s3_allow_http:
        raise UsageError(
            f"[S3] ENDPOINT: credentials would be sent to {host} over unencrypted http",
            "use https://, or, if you trust the network, set [S3] ALLOW_HTTP = true",
        )


def _has_keys_of_its_own(aws: AwsOptions) -> bool:
    """Whether the keys that AWS is asked with are all of the file that was found."""
    used = {"aws_access_key_id", "aws_secret_access_key"} | (
        {"aws_session_token"} if aws.aws_session_token else set()
    )
    return used <= aws.found


def is_this_machine(host: str) -> bool:
    """Whether a host is the one that this process runs on."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
