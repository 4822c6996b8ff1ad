"""What Amazon Redshift does not have, refused: SQL that would fail there must fail here.

Functions are not this module's concern (the catalogue takes the undocumented ones away), only syntax. Sources
are the pages of the Database Developer Guide named at the rules; tests name them again.
"""

from collections.abc import Callable

from .tokens import Tokens


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


_UNSUPPORTED = "Amazon Redshift and PostgreSQL: unsupported PostgreSQL features"

# First words of statements that exist.
_STATEMENTS = frozenset(
    [
        "abort",
        "alter",
        "analyse",
        "analyze",
        "begin",
        "call",
        "cancel",
        "close",
        "comment",
        "commit",
        "copy",
        "create",
        "deallocate",
        "declare",
        "delete",
        "drop",
        "end",
        "execute",
        "explain",
        "fetch",
        "grant",
        "insert",
        "lock",
        "merge",
        "prepare",
        "reset",
        "revoke",
        "rollback",
        "select",
        "set",
        "show",
        "start",
        "truncate",
        "unload",
        "update",
        "vacuum",
        "with",
    ]
)

# Objects that CREATE knows.
_CREATABLE = frozenset(
    [
        "table",
        "temp",
        "temporary",
        "local",
        "view",
        "materialized",
        "schema",
        "database",
        "or",
        "user",
        "group",
        "role",
    ]
)

# Sequences of words that no statement of Redshift contains, and what they are called.
_PHRASES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("on", "conflict"), "ON CONFLICT"),
    (("on", "duplicate"), "ON DUPLICATE KEY"),
    (("distinct", "on", "("), "DISTINCT ON"),
    ((")", "filter", "("), "FILTER (WHERE ...) on aggregates"),
    (("is", "distinct", "from"), "IS DISTINCT FROM"),
    (("is", "not", "distinct"), "IS NOT DISTINCT FROM"),
    (("array", "["), "ARRAY[...]"),
    (("[", "]"), "array types"),
    (("as", "materialized"), "WITH ... AS MATERIALIZED"),
    (("not", "materialized"), "WITH ... AS NOT MATERIALIZED"),
    (("for", "update"), "SELECT ... FOR UPDATE"),
    (("for", "share"), "SELECT ... FOR SHARE"),
    (("on", "commit"), "ON COMMIT"),
    (("with", "ordinality"), "WITH ORDINALITY"),
    (("nulls", "not", "distinct"), "UNIQUE NULLS NOT DISTINCT"),
    (("except", "all"), "EXCEPT ALL"),
    (("intersect", "all"), "INTERSECT ALL"),
    (("fetch", "first"), "FETCH FIRST (use LIMIT or TOP)"),
    (("with", "ties"), "WITH TIES"),
    (("create", "or", "replace", "table"), "CREATE OR REPLACE TABLE"),
    (("when", "not", "matched", "by"), "WHEN NOT MATCHED BY"),
    (("do", "nothing"), "DO NOTHING"),
    (("range", "between"), "RANGE frames (only ROWS is there)"),
    (("range", "unbounded"), "RANGE frames (only ROWS is there)"),
    (("groups", "between"), "GROUPS frames (only ROWS is there)"),
)

# Words that are syntax wherever they stand unquoted and not as a part of a name.
_WORDS = {
    "lateral": "LATERAL",
    "returning": "RETURNING",
    "tablesample": "TABLESAMPLE",
    "savepoint": "savepoints",
    "serial": "SERIAL (use IDENTITY)",
    "bigserial": "SERIAL (use IDENTITY)",
    "smallserial": "SERIAL (use IDENTITY)",
    "current_time": "CURRENT_TIME (leader node only; use GETDATE() or SYSDATE)",
    "current_timestamp": "CURRENT_TIMESTAMP (leader node only; use GETDATE() or SYSDATE)",
    "localtime": "LOCALTIME (leader node only; use GETDATE() or SYSDATE)",
    "localtimestamp": "LOCALTIMESTAMP (leader node only; use GETDATE() or SYSDATE)",
}

# Types of PostgreSQL that tables and casts can't name (unsupported PostgreSQL data types).
UNSUPPORTED_TYPES = frozenset(
    [
        "json",
        "jsonb",
        "uuid",
        "bytea",
        "xml",
        "money",
        "inet",
        "cidr",
        "macaddr",
        "bit",
        "point",
        "line",
        "lseg",
        "box",
        "path",
        "polygon",
        "circle",
        "tsvector",
        "tsquery",
        "int4range",
        "int8range",
        "numrange",
        "tsrange",
        "tstzrange",
        "daterange",
        "hstore",
        "citext",
        "enum",
        "oid",
    ]
)

# Window functions that need an explicit frame as soon as they have an ORDER BY (Window functions).
_FRAMED = frozenset(
    [
        "avg",
        "count",
        "max",
        "min",
        "sum",
        "stddev",
        "stddev_samp",
        "stddev_pop",
        "variance",
        "var_samp",
        "var_pop",
        "first_value",
        "last_value",
        "nth_value",
    ]
)


def syntax_error(tokens: Tokens, index: int, what: str, page: str = _UNSUPPORTED) -> Refused:
    """The error that names a token, with what it stands for in the detail."""
    return Refused(
        f'syntax error at or near "{tokens[index].value}"', detail=f"{what}: not in Amazon Redshift ({page})."
    )


def unsupported_type(name: str) -> Refused:
    """The error for a type that Amazon Redshift lacks."""
    return Refused(f'type "{name}" does not exist', "42704", "Unsupported PostgreSQL data types.")


def check(tokens: Tokens) -> None:
    """Raise for what Amazon Redshift would not take.

    Raises:
        Refused: the first thing found.
    """
    first = tokens[0].word
    if first not in _STATEMENTS and first != "(":
        raise syntax_error(tokens, 0, f"{tokens[0].value.upper()} as a statement")
    for rule in _RULES:
        rule(tokens)
    special = _BY_STATEMENT.get(first)
    if special:
        special(tokens)


def _phrases(tokens: Tokens) -> None:
    for index, token in enumerate(tokens):
        if token.kind != "word":
            continue
        for phrase, what in _PHRASES:
            if token.word == phrase[0] and tokens.words(index, *phrase):
                raise syntax_error(tokens, index + len(phrase) - 1, what)
        if (
            token.word in _WORDS
            and tokens[index - 1].word not in (".", "as")
            and tokens[index + 1].word != "."
        ):
            raise syntax_error(tokens, index, _WORDS[token.word])


def _values_as_table(tokens: Tokens) -> None:
    for index, token in enumerate(tokens):
        if token.word == "values" and (
            index == 0 or tokens[index - 1].word in ("(", "as", "union", "all", "in")
        ):
            raise syntax_error(tokens, index, "VALUES as a table")


def _subscripts(tokens: Tokens) -> None:
    for index, token in enumerate(tokens):
        if token.word == "[":
            raise syntax_error(tokens, index, "arrays")


def _type_names(tokens: Tokens) -> None:
    for index, token in enumerate(tokens):
        if token.word in UNSUPPORTED_TYPES and (tokens[index - 1].word == "::" or _is_cast(tokens, index)):
            raise unsupported_type(token.word)


def _is_cast(tokens: Tokens, index: int) -> bool:
    """Whether the word is the type of CAST(... AS type)."""
    if tokens[index - 1].word != "as" or tokens[index + 1].word != ")":
        return False
    opening = _opening(tokens, index + 1)
    return tokens[opening - 1].word in ("cast", "try_cast")


def _opening(tokens: Tokens, closing: int) -> int:
    """The place of the parenthesis that the one at ``closing`` closes."""
    depth = 0
    for index in range(closing, -1, -1):
        depth += (tokens[index].word == ")") - (tokens[index].word == "(")
        if depth == 0:
            return index
    return 0


def _windows(tokens: Tokens) -> None:
    for index, token in enumerate(tokens):
        if token.word == "window" and tokens[index + 1].is_name and tokens.words(index + 2, "as", "("):
            raise syntax_error(tokens, index, "the WINDOW clause", "Window functions: syntax summary")
        if token.word != "over" or tokens[index - 1].word not in (")", "nulls"):
            continue
        if tokens[index + 1].word != "(":
            raise syntax_error(tokens, index + 1, "named windows", "Window functions: syntax summary")
        end = tokens.closing(index + 1)
        words = [tokens[n].word for n in range(index + 2, end)]
        if words[:1] and tokens[index + 2].is_name and words[0] not in ("partition", "order", "rows"):
            raise syntax_error(tokens, index + 2, "named windows", "Window functions: syntax summary")
        if "exclude" in words:
            raise syntax_error(tokens, index + 2 + words.index("exclude"), "EXCLUDE in a frame")
        if "order" in words and "rows" not in words and _function_before(tokens, index) in _FRAMED:
            raise Refused(
                "Aggregate window functions with an ORDER BY clause require a frame clause",
                "42601",
                "Window functions: an explicit frame clause is required with ORDER BY.",
            )


def _function_before(tokens: Tokens, over: int) -> str:
    """The name of the function that an OVER belongs to."""
    index = over - 1
    while index > 0 and tokens[index].word != ")":
        index -= 1
    return tokens[_opening(tokens, index) - 1].word


def _with(tokens: Tokens) -> None:
    """WITH stands before SELECT, UPDATE and DELETE; in an INSERT it stands before the query (WITH clause)."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.word == "(") - (token.word == ")")
        before = tokens[index - 1].word
        if token.word in ("insert", "merge") and depth == 0 and before == ")":
            raise syntax_error(tokens, index, f"WITH before {token.word.upper()}", "WITH clause")
        if token.word in ("insert", "update", "delete", "merge") and before == "(":
            raise syntax_error(tokens, index, "data-modifying WITH", "WITH clause")


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


_RULES: tuple[Callable[[Tokens], None], ...] = (
    _phrases,
    _values_as_table,
    _subscripts,
    _type_names,
    _windows,
    _with,
)
_BY_STATEMENT: dict[str, Callable[[Tokens], None]] = {
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
