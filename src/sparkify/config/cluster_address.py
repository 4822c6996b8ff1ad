"""The address of a cluster, as people copy it: a host, ``host:5439/dev``, a JDBC or a database URL."""

import re

from sparkify.config import credentials
from sparkify.errors import UsageError

_SCHEME = re.compile(r"(?:jdbc:)?(?:redshift|postgres(?:ql)?|https?)(?P<driver>[+:]\w+)?://", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(?P<port>\d+))?")
_SECRET_OPTION = re.compile(r"(user|uid|password|pwd|accesskeyid|\w*secret\w*|\w*token)=", re.IGNORECASE)

_HINT = "write the host alone or host:5439/dev; DB_PORT and DB_NAME can be set separately"


def address_parts(text: str, origin: str) -> tuple[dict[str, str], str]:
    """What an address says, by the names of Settings.

    Args:
        text: the address.
        origin: where it was said, for messages.

    Returns:
        host, and db_port, db_name and login where they are part of it; and what is to be said about it.

    Raises:
        UsageError: it is none, or has credentials in it. The message does not repeat it.
    """
    credentials.require_none(text, origin, credentials.OF_DATABASES)
    address, separator, options = text.strip(), "", ""
    if found := re.search(r"[?;]", address):
        address, separator, options = address[: found.start()], found[0], address[found.end() :]
    if "@" in address or _SECRET_OPTION.search(options):
        raise UsageError(f"{origin}: the address contains a user name or a secret", credentials.OF_DATABASES)
    is_iam = False
    if scheme := _SCHEME.match(address):
        is_iam = scheme["driver"] in (":iam", ":IAM")
        address = address[scheme.end() :]
    place, _, database = address.rstrip("/").partition("/")
    found = _HOST_AND_PORT.fullmatch(place)
    if not found or "/" in database:
        hint = _HINT
        if is_iam:
            hint = "write the host; or leave HOST empty, with DWH_CLUSTER_IDENTIFIER, REGION and LOGIN = iam"
        raise UsageError(f"{origin} is not a cluster address", hint)
    parts = {"host": found["host"].strip("[]")}
    if found["port"]:
        parts["db_port"] = found["port"]
    if database:
        parts["db_name"] = database
    if is_iam:
        parts["login"] = "iam"
    # Without their names: one may be a secret that something went wrong with.
    note = f"{origin}: the options behind {separator} are not used" if "=" in options else ""
    return parts, note
