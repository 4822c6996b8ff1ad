"""Which statements of people Amazon Redshift is asked: those that read, by what a parser makes of them.

In a read-only transaction UNLOAD runs as well, and so do functions that stop others. What the parser does not
understand is refused, and so is a text that another lexer might cut into other words.
"""

import logging
import re
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from sparkify.errors import UsageError

# It warns of statements of which it knows the first word only.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_HINT = "write a SELECT; into a file with: --csv > FILE, or sparkify export"


class _Words(Redshift):
    """Words of every statement: sqlglot takes what follows EXPLAIN as one string."""

    class Tokenizer(Redshift.Tokenizer):
        """Knows no such statements."""

        COMMANDS: ClassVar[set[TokenType]] = set()


_BETWEEN_WORDS = re.compile(r"(?:[ \t\r\n]|--[^\r\n]*|/\*(?:(?!/\*|\*/).)*\*/)*", re.DOTALL)
"""Blanks and comments without comments in them, which some servers nest and others do not."""

# Strings end elsewhere for those to whom \ or $…$ means something else.
_TWO_WAYS = (
    (re.compile(r"(?<!\\)(\\\\)*\\['\"]"), "a backslash before a quote", "double the quote: 'it''s'"),
    (re.compile(r"\$\w*\$"), "$$ or $word$", "write strings in single quotes"),
)

_EFFECTS = re.compile(
    r"""
    pg_(?!(backend_pid|last_\w+|get_\w+|is_in_recovery|typeof|size_pretty|sleep|column_size
        |\w+_is_visible|\w+_size|(char|client)_\w+|encoding_to_char|postmaster_start_time)$)\w+
    | lo_\w+ | lo(read|write|creat) | \w*dblink\w* | crosstab\w* | \w+_to_xml\w* | ts_stat | aws_\w+
    | (next|set)val | set_config | change_(query|session|user)_priority | reboot_cluster | txid_\w+
    """,
    re.VERBOSE,
)
"""Functions that change, stop or send something, or that run SQL from a text."""


def require_reading(sql: str) -> int:
    """Make sure that a text only reads; gives how many statements are in it.

    Raises:
        UsageError: it does more, or that can't be told.
    """
    try:
        words = _Words().tokenize(sql)
        _require_one_meaning(sql, [(word.start, word.end + 1) for word in words])
        words = [word for word in words if word.token_type is not TokenType.SEMICOLON]
        first = words[0].text.upper() if words else ""
        if first == "EXPLAIN" and len(words) > 1:
            rest = words[2] if words[1].text.upper() == "VERBOSE" and len(words) > 2 else words[1]
            sql = sql[rest.start :]
        trees = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
        for tree in trees:
            _require_query(tree, first, is_alone=len(trees) == 1)
    except (SqlglotError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else _first_line(error)
        raise UsageError(
            f"only reading is possible here, and whether this only reads can't be told: {what}",
            "correct the statement, or write it more plainly; other clients of Redshift run all there is",
        ) from None
    return len(trees)


def _first_line(error: Exception) -> str:
    # Its own text underlines by escapes of terminals, and repeats the statement.
    errors = getattr(error, "errors", None)
    if errors:
        what = str(errors[0]["description"]).partition(" but got <")[0]
        return f"{what} (line {errors[0]['line']}, column {errors[0]['col']})"
    return "it does not end, or is no SQL"


def _require_one_meaning(sql: str, places: list[tuple[int, int]]) -> None:
    """Refuse a text that servers may take for other words than the parser does."""
    for pattern, what, hint in _TWO_WAYS:
        if pattern.search(sql):
            raise UsageError(f"the SQL has {what}, which can mean two things on Redshift", hint)
    end = 0
    for start, after in [*places, (len(sql), len(sql))]:
        if not _BETWEEN_WORDS.fullmatch(sql, end, start):
            raise UsageError(
                "the SQL has a comment within a comment, one without an end, or an odd blank, which can mean"
                " two things on Redshift",
                "take it out",
            )
        end = after


def _require_query(tree: exp.Expr, first: str, *, is_alone: bool) -> None:
    """Refuse a statement that is no query, or has parts that do more than read."""
    kind = ""
    if isinstance(tree, exp.Command) and tree.name.upper() == "SHOW" and first == "SHOW":
        return
    if not isinstance(tree, exp.Query):
        is_told = is_alone and first.isalpha() and first != "EXPLAIN"
        kind = tree.name.upper() if isinstance(tree, exp.Command) else first if is_told else tree.key.upper()
    elif part := tree.find(exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock):
        kind = {"Into": "SELECT INTO", "Lock": "SELECT FOR UPDATE"}.get(part.key.title(), part.key.upper())
    if kind:
        raise UsageError(f"only reading is possible here, and this is a statement of the kind {kind}", _HINT)
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        if not re.fullmatch(r"\w+", name) or _EFFECTS.fullmatch(name.lower()):
            raise UsageError(
                f"only reading is possible here, and the function {name.lower()} does more",
                "call it from another client of Redshift",
            )
