"""Explains what AWS refuses: one line that names the call and the cause, and one with the remedy.

No secret gets into a message: what is known to be secret is cut out of AWS's own words.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sparkify.errors import ClusterError, SparkifyError, UsageError

if TYPE_CHECKING:
    from botocore import exceptions

CREDENTIALS_HINT = (
    "log in with the AWS command line (aws sso login, aws configure) or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
)

_EXPIRED = "get new ones, e.g. with: aws sso login"
_QUOTA = "delete what is not needed, or ask AWS for more under Service Quotas; a smaller num_nodes may fit"

# AWS's codes, as patterns, with what they mean and what to do. The first that fits is told.
_KNOWN = (
    (r"Expired.*|RequestExpired", "the AWS credentials have expired", _EXPIRED),
    (
        r"InvalidClientTokenId|UnrecognizedClient.*|InvalidAccessKeyId|AuthFailure|SignatureDoesNotMatch|"
        r"IncompleteSignature|MissingAuthenticationToken.*|InvalidToken.*",
        "AWS does not accept the credentials",
        f"check the keys and the clock of this machine; {CREDENTIALS_HINT}",
    ),
    (
        r"AccessDenied.*|UnauthorizedOperation|AuthorizationError|UnauthorizedAccess.*|OptInRequired",
        "access denied",
        "the credentials need the permissions that docs/cluster.md lists: ask the account's administrator",
    ),
    (
        r"Throttl.*|RequestLimitExceeded|TooManyRequests.*",
        "AWS asks to slow down",
        "run it again in a minute",
    ),
    (r".*Quota.*|.*LimitExceeded.*|.*Limit(Fault)?$", "a quota of the account is used up", _QUOTA),
    (
        r"Insufficient.*Capacity.*",
        "AWS has no such nodes free at the moment",
        "try again later, or take another node_type or region",
    ),
    (
        r"InvalidClusterState.*|Conflict.*|InvalidClusterSnapshotState.*",
        "not possible in its present state",
        "see it with: sparkify cluster status; run this again when it has settled",
    ),
)

_SAID = (
    (
        r"node ?type",
        "set node_type (DWH_NODE_TYPE) to one of ra3.large, ra3.xlplus, ra3.4xlarge, ra3.16xlarge, rg.large, "
        "rg.xlarge, rg.4xlarge, rg.12xlarge; dc2 nodes are no longer sold",
    ),
    (r"quota|limit", _QUOTA),
    (r"capacity", "try again later, or take another node_type or region"),
    (r"denied|not authorized", "the credentials need the permissions that docs/cluster.md lists"),
)


def explain(error: Exception, call: str, secrets: Iterable[str]) -> SparkifyError:
    """What is to be told when a call, named by service and operation, has failed; without the secrets."""
    from botocore import exceptions  # only who talks to AWS has it

    if isinstance(error, exceptions.ClientError):
        return _explain_refusal(error, call, secrets)
    said = _tidy(str(error), secrets)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return UsageError("no AWS credentials", CREDENTIALS_HINT)
    if isinstance(
        error,
        exceptions.TokenRetrievalError
        | exceptions.SSOError
        | exceptions.CredentialRetrievalError
        | exceptions.UnauthorizedSSOTokenError,
    ):
        return UsageError(f"the AWS credentials can't be had: {said}", _EXPIRED)
    if isinstance(error, exceptions.ProfileNotFound | exceptions.ConfigParseError):
        return UsageError(said, CREDENTIALS_HINT)
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return ClusterError(
            f"{call}: AWS can't be reached: {said}", "check the network and the region, then run it again"
        )
    if isinstance(error, exceptions.ParamValidationError):
        # Its text quotes the values.
        return UsageError(f"{call}: a value is not of the kind that AWS takes", "check the configuration")
    return ClusterError(f"{call}: {said}")


def _explain_refusal(error: "exceptions.ClientError", call: str, secrets: Iterable[str]) -> ClusterError:
    code = str(error.response.get("Error", {}).get("Code", "error"))
    said = _tidy(str(error.response.get("Error", {}).get("Message", "")), secrets)
    for pattern, meaning, remedy in _KNOWN:
        if re.fullmatch(pattern, code):
            return ClusterError(f"{call}: {meaning}: {said}", remedy, code)
    return ClusterError(f"{call}: {code}: {said}", hint_for(said), code)


def hint_for(said: str) -> str:
    """What to do about what AWS says where it has no code for it, as of a stack."""
    for pattern, hint in _SAID:
        if re.search(pattern, said, re.IGNORECASE):
            return hint
    return "correct what AWS names, and run it again"


def _tidy(said: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        said = said.replace(secret, "***")
    # EC2 appends an encoded blob to its refusals.
    said = re.sub(r"\s*Encoded authorization failure message:.*", "", said, flags=re.DOTALL)
    said = " ".join(said.split())
    return said if len(said) <= 400 else f"{said[:400]}…"
