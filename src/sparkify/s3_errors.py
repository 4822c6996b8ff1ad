"""What users are told of an S3 request that failed: the object, the reason and the remedy, in one line each.

The client's own errors quote the request, its history of retries and the server's whole page.
"""

import re

from obstore.exceptions import InvalidPathError, PermissionDeniedError, UnauthenticatedError

_BAD_CREDENTIALS = {
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "ExpiredToken",
    "TokenRefreshRequired",
}
"""Codes of S3's error responses that go with status 403 or 400 (Amazon S3 API reference, Error responses)."""

_RUN_AGAIN = "check endpoint and region, and run again; what was there before is untouched"


def explanation(uri: str, error: Exception, *, is_written: bool = False) -> tuple[str, str]:
    """The message and the hint for an error of the client's.

    Args:
        uri: what was asked for.
        error: what came instead.
        is_written: whether what is there is to be written, and not only read.
    """
    text = str(error).split("Debug source:")[0]
    return _refusal(uri, error, text, is_written) or _failure(uri, text, is_written)


def _refusal(uri: str, error: Exception, text: str, is_written: bool) -> tuple[str, str] | None:
    """What no second try would change."""
    code = _found(r"<Code>(\w+)</Code>", text)
    status = _found(r"status code: (\d{3})", text)
    if isinstance(error, UnauthenticatedError) or status == "401" or code in _BAD_CREDENTIALS:
        return f"{uri}: the credentials were not accepted", "check that they are right and have not expired"
    if isinstance(error, PermissionDeniedError) or status == "403":
        return (
            f"{uri}: access denied",
            "the credentials need s3:ListBucket on the bucket and s3:GetObject"
            f"{', s3:PutObject and s3:DeleteObject' if is_written else ''} on its objects",
        )
    if isinstance(error, FileNotFoundError) or status == "404":
        what = "bucket" if code == "NoSuchBucket" else "bucket or object"
        return f"{uri}: no such {what}", "check the URI and the endpoint"
    if "incorrectly configured region" in text or code == "AuthorizationHeaderMalformed":
        return f"{uri}: the bucket is in another region", "name it with SPARKIFY_AWS_REGION or [AWS] REGION"
    if isinstance(error, InvalidPathError):
        key = _found(r'Path "(.*?)"(?: contained|:)', text)
        return (
            f"{uri}: can't be listed because of the key {key!r} below it",
            "rename that object: empty path segments, . and .. and control characters can't be asked for",
        )
    return None


def _failure(uri: str, text: str, is_written: bool) -> tuple[str, str]:
    """What may be better another time."""
    if re.search(r"169\.254\.169\.254|credential|Missing (AccessKeyId|SecretAccessKey)", text, re.IGNORECASE):
        return (
            f"{uri}: no AWS credentials were found",
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with SPARKIFY_AWS_PROFILE"
            f"{'' if is_written else '; for a public bucket say SPARKIFY_S3_ANONYMOUS=true'}",
        )
    retries = _found(r"after (\d+) retries", text)
    again = f", {retries} more tries included" if retries else ""
    if status := _found(r"status code: (\d{3}(?: [A-Z][A-Za-z ]+)?)", text):
        return f"{uri}: the server answered {status}{again}", _RUN_AGAIN
    if "response body" in text:
        return f"{uri}: the answer breaks off or comes too slowly, each time", _RUN_AGAIN
    if "error sending request" in text:
        return f"{uri}: the server can't be reached, or does not answer{again}", _RUN_AGAIN
    reason = " ".join(text.partition("<")[0].split())
    return f"{uri}: {reason[:300]}", _RUN_AGAIN


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    return match[1].strip() if match else ""
