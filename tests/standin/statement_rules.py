"""What Amazon Redshift refuses in single statements: DELETE, INSERT, MERGE, CREATE, ALTER, LOCK and others.

Sources are the statements' own pages in the Database Developer Guide.
"""

from collections.abc import Callable

from .refused import Refused, syntax_error
from .tokens import Tokens

# Objects that CREATE knows.
_CREATABLE = frozenset(
    """
    table temp temporary local view materialized schema database or user group role
    """.split()  # noqa: SIM905 - a list that can be read
)


def _delete(tokens: Tokens) -> None:
    start = 2 if tokens[1].word == "from" else 1
    if tokens[start].word == "only":
        raise syntax_error(tokens, start, "ONLY")
    after = tokens.after_name(start)
    if after < len(tokens) and tokens[after].word not in ("using", "where"):
        raise syntax_error(tokens, after, "an alias for DELETE's table", "DELETE")


def _insert(tokens: Tokens) -> None:
    after = tokens.after_name(2)
    if tokens[after].word == "as" or tokens.find("overriding") > 0:
        raise syntax_error(tokens, after, "an alias or OVERRIDING in INSERT", "INSERT")


def _merge(tokens: Tokens) -> None:
    """MERGE's page: both WHENs, no conditions on them, no target alias, a table as source."""
    target_end = tokens.after_name(2)
    if tokens[target_end].word != "using":
        raise syntax_error(tokens, target_end, "an alias for MERGE's target", "MERGE")
    if tokens[target_end + 1].word == "(":
        raise syntax_error(tokens, target_end + 1, "a query as MERGE's source", "MERGE")
    if tokens.find("remove", "duplicates") > 0:
        raise Refused("MERGE ... REMOVE DUPLICATES is not built into the stand-in", "0A000")
    matched = tokens.find("when", "matched")
    unmatched = tokens.find("when", "not", "matched")
    for place, skip in ((matched, 2), (unmatched, 3)):
        if place < 0:
            raise syntax_error(tokens, len(tokens) - 1, "MERGE without both WHEN clauses", "MERGE")
        if tokens[place + skip].word != "then":
            raise syntax_error(tokens, place + skip, "conditions on WHEN", "MERGE")
    for word in ("matched", "when"):
        if sum(token.word == word for token in tokens) > 2:
            raise syntax_error(tokens, len(tokens) - 1, "more than one WHEN of a kind", "MERGE")


def _create(tokens: Tokens) -> None:
    kind = tokens[1].word
    if kind == "or":
        kind = tokens[3].word
        if kind not in ("view", "procedure"):
            raise syntax_error(tokens, 3, f"CREATE OR REPLACE {kind.upper()}")
    elif kind not in _CREATABLE:
        raise syntax_error(tokens, 1, f"CREATE {kind.upper()}")
    if tokens[2].word == "recursive" or tokens.find("unlogged") == 1:
        raise syntax_error(tokens, 2, "recursive views, unlogged tables")
    for words, what in (
        (("check", "("), "CHECK constraints"),
        (("exclude", "using"), "EXCLUDE constraints"),
        (("inherits", "("), "table inheritance"),
        (("partition", "of"), "table partitioning"),
        (("deferrable",), "constraint triggers"),
        (("tablespace",), "tablespaces"),
        (("stored",), "generated columns"),
    ):
        place = tokens.find(*words)
        if place > 0 and tokens[1].word not in ("view", "or"):
            raise syntax_error(tokens, place, what, "CREATE TABLE")


def _alter(tokens: Tokens) -> None:
    """ALTER TABLE's page: one action at a time; a column's type changes for VARCHAR only."""
    if tokens[1].word != "table":
        return
    after = tokens.after_name(2)
    action, then = tokens[after].word, tokens[after + 1].word
    if action == "append":
        raise Refused("ALTER TABLE APPEND is not built into the stand-in", "0A000")
    if action == "alter":
        _alter_column(tokens, after)
    depth = 0
    for index in range(after, len(tokens)):
        depth += (tokens[index].word == "(") - (tokens[index].word == ")")
        if depth == 0 and tokens[index].word == ",":
            raise syntax_error(tokens, index, "several actions in one ALTER TABLE", "ALTER TABLE")
    if action in ("enable", "disable", "inherit", "validate", "cluster") or (
        action == "add" and then == "check"
    ):
        raise syntax_error(tokens, after, "this ALTER TABLE", "ALTER TABLE")
    if action in ("add", "drop") and tokens.find("if", start=after) > 0:
        raise syntax_error(
            tokens, tokens.find("if", start=after), "IF [NOT] EXISTS for columns", "ALTER TABLE"
        )


def _alter_column(tokens: Tokens, after: int) -> None:
    then = tokens[after + 1].word
    place = after + 3 if then == "column" else after + 2
    if then in ("diststyle", "distkey", "sortkey", "compound", "encode") or tokens[place].word == "encode":
        return
    if tokens[place].word != "type":
        raise syntax_error(tokens, place, "ALTER COLUMN other than TYPE and ENCODE", "ALTER TABLE")
    if tokens[place + 1].word not in ("varchar", "character", "nvarchar"):
        raise Refused(
            "ALTER COLUMN TYPE is only supported for VARCHAR columns",
            "0A000",
            "ALTER TABLE: ALTER COLUMN TYPE.",
        )


def _lock(tokens: Tokens) -> None:
    for word in ("mode", "nowait", "in"):
        place = tokens.find(word)
        if place > 0:
            raise syntax_error(tokens, place, "lock modes", "LOCK")


def _rollback(tokens: Tokens) -> None:
    if tokens.find("to") > 0:
        raise syntax_error(tokens, tokens.find("to"), "savepoints")


def _drop(tokens: Tokens) -> None:
    if tokens[1].word in ("index", "sequence", "trigger", "rule", "type", "domain", "extension", "aggregate"):
        raise syntax_error(tokens, 1, f"DROP {tokens[1].value.upper()}")


def _truncate(tokens: Tokens) -> None:
    start = 2 if tokens[1].word == "table" else 1
    after = tokens.after_name(start)
    if after < len(tokens):
        raise syntax_error(tokens, after, "TRUNCATE of several tables, or with options", "TRUNCATE")


BY_STATEMENT: dict[str, Callable[[Tokens], None]] = {
    "delete": _delete,
    "insert": _insert,
    "merge": _merge,
    "create": _create,
    "alter": _alter,
    "lock": _lock,
    "rollback": _rollback,
    "drop": _drop,
    "truncate": _truncate,
}
