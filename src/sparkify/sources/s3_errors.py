"""What users are told of an S3 request that failed: the object, the reason and the remedy, in one line each.

The client's own errors quote the request, its history of retries and the server's whole page. Where the
server names a code (Amazon S3 API reference, Error responses), that decides, and not the status.
"""

import re

from obstore.exceptions import InvalidPathError, PermissionDeniedError, UnauthenticatedError

NO_LISTING = "Got invalid list response"
"""What the client says of an answer to a listing that is none."""

_BAD_CREDENTIALS = {
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "ExpiredToken",
    "TokenRefreshRequired",
}
_OTHER_REGION = {
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "TemporaryRedirect",
    "Redirect",
    "IncorrectEndpoint",
    "IllegalLocationConstraintException",
}
_SKEWED = {"RequestTimeTooSkewed", "RequestExpired"}
_ARCHIVED = {"InvalidObjectState"}
_SUSPENDED = {"AccountProblem", "AllAccessDisabled", "InvalidPayer", "NotSignedUp", "ReportedAbuse"}

_RUN_AGAIN = "check endpoint and region, and run again; what was there before is untouched"


def explanation(uri: str, error: Exception, *, is_written: bool = False) -> tuple[str, str]:
    """The message and the hint for an error of the client's.

    Args:
        uri: what was asked for.
        error: what came instead.
        is_written: whether what is there is to be written, and not only read.
    """
    text = _text_of(error)
    message, hint = (
        code_explanation(_code_in(text), text, is_written=is_written)
        or _refusal(error, text, is_written)
        or _failure(text, is_written)
    )
    return f"{uri}: {message}", hint


def may_be_missing(error: Exception) -> bool:
    """Whether an error leaves open whether there is such an object: S3 tells only those who may list."""
    text = _text_of(error)
    code = _code_in(text)
    is_denied = isinstance(error, PermissionDeniedError) and code in ("", "AccessDenied")
    return isinstance(error, FileNotFoundError) or (is_denied and not _is_of_key(code, text))


def code_explanation(
    code: str, text: str, *, who: str = "the credentials", is_written: bool = False
) -> tuple[str, str] | None:
    """The message and the hint for a code of S3's that is about the object or the account; None for others.

    Args:
        code: the code; empty where there is none.
        text: what else the server says, which tells access to an object from access to its key.
        who: asks for the object.
        is_written: whether what is there is to be written, and not only read.
    """
    if code in _ARCHIVED:
        return (
            "is archived and must be restored before it can be read",
            "restore it (aws s3api restore-object), or move it out of the source's prefix",
        )
    if code in _SKEWED:
        return (
            "this machine's clock differs too much from the server's",
            "set the clock, for example with: timedatectl set-ntp true",
        )
    if _is_of_key(code, text):
        actions = "kms:Decrypt and kms:GenerateDataKey" if is_written else "kms:Decrypt"
        return (
            f"its encryption key can't be used ({code})",
            f"{who} must be allowed {actions} on that key of AWS KMS, and it must be enabled",
        )
    if code in _SUSPENDED:
        return (
            f"AWS has suspended the account or the bucket ({code})",
            "the account's owner must resolve this with AWS Support; other credentials won't help",
        )
    return None


def _is_of_key(code: str, text: str) -> bool:
    return code.startswith("KMS.") or (code == "AccessDenied" and "kms:" in text)


def _refusal(error: Exception, text: str, is_written: bool) -> tuple[str, str] | None:
    """What no second try would change."""
    code, status = _code_in(text), _found(r"status code: (\d{3})", text)
    if code == "NoSuchBucket":
        return "no such bucket", "check the URI and the endpoint"
    if code in _OTHER_REGION or "incorrectly configured region" in text:
        return (
            "the bucket is in another region",
            "set [S3] REGION (or SPARKIFY_S3_REGION) to the bucket's region",
        )
    if isinstance(error, UnauthenticatedError) or status == "401" or code in _BAD_CREDENTIALS:
        return "the credentials were not accepted", "check that they are right and have not expired"
    if isinstance(error, FileNotFoundError) or status == "404":
        return "no such bucket or object", "check the URI and the endpoint"
    if code not in ("", "AccessDenied") and status.startswith("4"):
        return (
            f"the server refused the request: {code} (status {status})",
            "Amazon's S3 API reference explains the code (Error responses); nothing was changed",
        )
    if isinstance(error, PermissionDeniedError) or status == "403" or code == "AccessDenied":
        return (
            "access denied",
            "the credentials need s3:ListBucket on the bucket and s3:GetObject"
            f"{', s3:PutObject and s3:DeleteObject' if is_written else ''} on its objects",
        )
    if isinstance(error, InvalidPathError):
        key = _found(r'Path "(.*?)"(?: contained|:)', text)
        return (
            f"can't be listed because of the key {key!r} below it",
            "rename that object: empty path segments, . and .. and control characters can't be requested",
        )
    return None


def _failure(text: str, is_written: bool) -> tuple[str, str]:
    """What may be better another time."""
    code = f" ({found})" if (found := _code_in(text)) else ""
    if NO_LISTING in text:
        return (
            f"the server does not respond like S3{code}",
            "check that [S3] ENDPOINT is an S3 server, not a proxy or a login page",
        )
    if re.search(r"169\.254\.169\.254|credential|Missing (AccessKeyId|SecretAccessKey)", text, re.IGNORECASE):
        return (
            "no AWS credentials were found",
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with SPARKIFY_AWS_PROFILE"
            f"{'' if is_written else '; for a public bucket, set SPARKIFY_S3_ANONYMOUS=true'}",
        )
    retries = _found(r"after (\d+) retries", text)
    again = f", {retries} more tries included" if retries else ""
    if status := _found(r"status code: (\d{3}(?: [A-Z][A-Za-z ]+)?)", text):
        return f"the server answered {status}{code}{again}", _RUN_AGAIN
    if "response body" in text:
        return "the response broke off or was too slow on every attempt", _RUN_AGAIN
    if "error sending request" in text:
        return f"the server can't be reached, or does not answer{again}", _RUN_AGAIN
    reason = " ".join(text.partition("<")[0].split())
    return reason[:300], _RUN_AGAIN


def _text_of(error: Exception) -> str:
    return str(error).split("Debug source:")[0]


def _code_in(text: str) -> str:
    return _found(r"<Code>\s*([\w.-]{1,100})\s*</Code>", text)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    return match[1].strip() if match else ""
