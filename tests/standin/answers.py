"""Errors as clients get them: PostgreSQL's in Redshift's words where those are known."""

import hashlib
import re
from collections.abc import Mapping

from .wire import error_response

_KEPT_FIELDS = "SCMDHP"
_DENIED = re.compile(r"permission denied for (?:function|aggregate|window function|procedure|routine) (\S+)")


def translated(fields: Mapping[str, str]) -> dict[str, str]:
    """PostgreSQL's error as Redshift words it, where that is known."""
    kept = {code: text for code, text in fields.items() if code in _KEPT_FIELDS}
    code, message = fields.get("C", ""), fields.get("M", "")
    denied = _DENIED.fullmatch(message)
    if code == "42501" and denied:
        kept.update(
            C="42883", M=f"function {denied[1]} does not exist",
            H="No function of that name is documented for Amazon Redshift.",
        )  # fmt: skip
    elif code == "42501" and message.startswith("permission denied for view "):
        kept.update(M=message.replace("for view", "for relation", 1))
    elif code == "21000" and message.startswith("MERGE command"):
        kept.update(C="XX000", M="Found multiple matches to update the same tuple.")
    elif code == "40001":
        kept.update(C="XX000", M="1023", D="Serializable isolation violation on table in Redshift")
    elif code == "428C9":
        kept.update(C="42601", M="cannot set an identity column to a value")
    return kept


def fatal(code: str, message: str) -> bytes:
    """An ErrorResponse that ends the session."""
    return error_response({"S": "FATAL", "C": code, "M": message})


def literal(text: str) -> str:
    """A string for PostgreSQL, whatever it holds."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "") + "'"


def md5(data: bytes) -> str:
    """The digest that password authentication is made of."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
