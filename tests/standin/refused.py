"""Refusing: the error that a statement gets which Amazon Redshift would not take."""

from .tokens import Tokens

_UNSUPPORTED = "Amazon Redshift and PostgreSQL: unsupported PostgreSQL features"

# Types of PostgreSQL that tables and casts can't name (unsupported PostgreSQL data types).
UNSUPPORTED_TYPES = frozenset(
    """
    json jsonb uuid bytea xml money inet cidr macaddr bit point line lseg box path polygon circle
    tsvector tsquery int4range int8range numrange tsrange tstzrange daterange hstore citext enum
    """.split()  # noqa: SIM905 - a list that can be read
)


class Refused(Exception):  # noqa: N818 - says what happened, not what is wrong with the stand-in
    """A statement that Amazon Redshift would not take.

    Args:
        message: the error's text.
        code: its SQLSTATE.
        detail: what is not there, and where that is documented.
        hint: what to do.
    """

    def __init__(self, message: str, code: str = "42601", detail: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.fields = {"S": "ERROR", "C": code, "M": message}
        if detail:
            self.fields["D"] = detail
        if hint:
            self.fields["H"] = hint


def syntax_error(tokens: Tokens, index: int, what: str, page: str = _UNSUPPORTED) -> Refused:
    """The error that names a token, with what it stands for in the detail."""
    return Refused(
        f'syntax error at or near "{tokens[index].value}"', detail=f"{what}: not in Amazon Redshift ({page})."
    )


def unsupported_type(name: str) -> Refused:
    """The error for a type that Amazon Redshift lacks."""
    return Refused(f'type "{name}" does not exist', "42704", "Unsupported PostgreSQL data types.")
