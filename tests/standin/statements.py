"""What the proxy does with a statement: pass it on rewritten, run it itself, answer at once, or refuse it."""

from dataclasses import dataclass
from functools import lru_cache

from .commands import CopyCommand, UnloadCommand, parse_copy, parse_unload
from .refusals import check
from .refused import Refused
from .rewrite import REDSHIFT_PARAMETERS, rewrite
from .tokens import TokenError, Tokens, tokenize


@dataclass(frozen=True)
class Pass:
    """For PostgreSQL, as it is now."""

    sql: str


@dataclass(frozen=True)
class Copy:
    """For the proxy's COPY."""

    command: CopyCommand


@dataclass(frozen=True)
class Unload:
    """For the proxy's UNLOAD, with the query as PostgreSQL gets it."""

    command: UnloadCommand
    query: str


@dataclass(frozen=True)
class Truncate:
    """TRUNCATE, which commits."""

    sql: str


@dataclass(frozen=True)
class Answer:
    """A command tag and nothing else."""

    tag: str


Plan = Pass | Copy | Unload | Truncate | Answer


MAX_STATEMENT_BYTES = 16 * 2**20


def too_large() -> Refused:
    """The error for a statement that is too large; its wording is not documented."""
    return Refused(
        "Statement is too large",
        "54000",
        "The maximum size for a single SQL statement is 16 MB (SQL reference).",
    )


def plans(source: str) -> tuple[Plan, ...]:
    """What to do with each statement of a text.

    Raises:
        Refused: Amazon Redshift would not take it.
    """
    if len(source.encode()) > MAX_STATEMENT_BYTES:
        raise too_large()
    return _plans(source)


@lru_cache(maxsize=512)
def _plans(source: str) -> tuple[Plan, ...]:
    try:
        statements = tokenize(source)
    except TokenError as error:
        raise Refused("unterminated quoted string or comment", "42601", str(error).splitlines()[0]) from None
    return tuple(_plan(tokens) for tokens in statements)


def _plan(tokens: Tokens) -> Plan:
    first = tokens[0].word
    if first == "copy":
        return Copy(parse_copy(tokens))
    if first == "unload":
        return _unload(tokens)
    check(tokens)
    if first in ("set", "reset") and tokens[1].word in REDSHIFT_PARAMETERS:
        return Answer(first.upper())
    sql = rewrite(tokens.text(0, len(tokens)))
    return Truncate(sql) if first == "truncate" else Pass(sql)


def _unload(tokens: Tokens) -> Unload:
    command = parse_unload(tokens)
    inner = tokenize(command.query)
    if len(inner) != 1 or inner[0][0].word not in ("select", "with", "("):
        raise Refused("UNLOAD takes one SELECT", "42601", "UNLOAD: select-statement.")
    check(inner[0])
    depth = 0
    for token in inner[0]:
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0 and token.word == "limit":
            raise Refused("Limit clause is not supported", "0A000", "UNLOAD: no LIMIT in the outer SELECT.")
    return Unload(command, rewrite(inner[0].text(0, len(inner[0]))))
