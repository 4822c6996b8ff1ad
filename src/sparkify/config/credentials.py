"""Finds credentials where none belong: in what messages, the ledger and reports repeat."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from sparkify.errors import UsageError

_MAY_LOOK_LIKE_SOME = (
    "db_password",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "tags",
)
"""The settings that are credentials, or are shown to nobody."""

OF_PLACES = (
    "remove it: credentials belong in AWS's own configuration, in the environment or below [AWS]; signed"
    " addresses can't be read, name the bucket as s3://bucket/prefix"
)
OF_DATABASES = (
    "remove it: they belong in [CLUSTER] DB_USER and in the environment variable SPARKIFY_DB_PASSWORD"
)

_USER = re.compile(
    r"""
    ^[\w+.-]+:/{1,2}[^/]*@            # user@ or user:secret@; pathlib makes one slash of two
    | ^[^/]+:[^/]*@                   # user:secret@host
    | ://[^/@]*:(?!\d+(/|$)).*@       # a secret with slashes; behind a colon alone is the number of a port
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PARAMETER = re.compile(
    r"""
    [?&;\#]\s*(
        (x-(amz|goog|oss|cos|obs|ms)-|q-)[\w-]*   # Amazon, Google, Alibaba, Tencent, Huawei, Microsoft
        | [\w.-]*(signature|credential|secret|passw|token|session|api_?key|access_?key|accessid|apikey)[\w.-]*
        | (\w*-)?(pwd|sig|sas|key|jwt|hmac|auth|authorization|policy|code|user|uid)
        | key-pair-id | hdn\w+
    )=
    """,
    re.VERBOSE | re.IGNORECASE,
)
# As AWS makes them: an access key's id, and a secret key.
_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9/+]{40}")


def require_none_in(settings: Mapping[str, tuple[str, str]]) -> None:
    """Refuse settings that have credentials in them and are none.

    Args:
        settings: by name, the text and where it was said.

    Raises:
        UsageError: one has some.
    """
    for name, (text, origin) in settings.items():
        if name == "db_user":  # IAM's may be IAM:someone@example.com
            require_no_key(text, origin)
        elif name not in _MAY_LOOK_LIKE_SOME:
            require_none(text, origin, OF_DATABASES if name in ("host", "database") else OF_PLACES)


def require_none(location: str, origin: str, remedy: str = OF_PLACES) -> None:
    """Refuse an address with credentials in it, without repeating them.

    Args:
        location: a URI, a host or a path.
        origin: where it was said, for the message.
        remedy: where they belong.

    Raises:
        UsageError: it has some.
    """
    require_no_key(location, origin)
    for spelling in (location, unquote(location)):
        if _USER.search(spelling) or _PARAMETER.search(spelling):
            raise UsageError(f"{origin}: the address contains a user name or a secret", remedy)


def require_no_key(text: str, origin: str) -> None:
    """Refuse what looks like a key of AWS, without repeating it.

    Raises:
        UsageError: it does.
    """
    if _KEY.fullmatch(text.strip()):
        raise UsageError(
            f"{origin}: this looks like an AWS key",
            "keys belong in AWS's own configuration, in the environment or below [AWS]; if it is a path,"
            " write ./ before it",
        )
