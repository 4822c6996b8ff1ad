"""Finds credentials where none belong: in addresses, which messages, the ledger and the report repeat."""

import re
from collections.abc import Mapping

from sparkify.errors import UsageError

_ADDRESSES = (
    "database",
    "song_data",
    "log_data",
    "log_jsonpath",
    "host",
    "work_prefix",
    "export_prefix",
    "s3_endpoint",
)
"""The settings that are addresses."""

# user:secret@ or key@ before the host, also where pathlib has made one slash of two; or a signed URL of S3.
_CREDENTIALS = re.compile(
    r"^[\w+.-]+:/{1,2}[^/]*@|^[^/]+:[^/]*@|[?&]X-Amz-(Signature|Credential|Security-Token)=", re.IGNORECASE
)


def require_none_in(settings: Mapping[str, tuple[str, str]]) -> None:
    """Refuse settings that are addresses with credentials in them.

    Args:
        settings: by name, the text and where it was said.

    Raises:
        UsageError: one has some.
    """
    for name in _ADDRESSES:
        if name in settings:
            require_none(*settings[name])


def require_none(location: str, origin: str) -> None:
    """Refuse an address with credentials in it, without repeating them.

    Args:
        location: a URI, a host or a path.
        origin: where it was said, for the message.

    Raises:
        UsageError: it has some.
    """
    if _CREDENTIALS.search(location):
        raise UsageError(
            f"{origin}: there is a user name or a secret in the address",
            "take it out: credentials belong to AWS's own configuration, to the environment or below [AWS]",
        )
