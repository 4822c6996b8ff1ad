"""Where output goes, as people write it: a folder, or S3."""

import re

from sparkify import credentials
from sparkify.errors import UsageError


def is_on_s3(out: str) -> bool:
    """Whether output is to go to S3, and not into a folder.

    Raises:
        UsageError: the address is of another kind, or has credentials in it.
    """
    credentials.require_none(out, "OUT")
    if not out:
        raise UsageError("OUT is empty", "name a folder, or s3://bucket/prefix")
    if re.match(r"s3://", out, re.IGNORECASE):
        return True
    if re.match(r"s3:|\w+://", out, re.IGNORECASE):
        raise UsageError(f"{out}: can't be written to", "name a folder, or s3://bucket/prefix")
    return False
