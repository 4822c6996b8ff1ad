"""What Amazon Redshift does not have, refused: SQL that would fail there must fail here.

Functions are not this module's concern (the catalogue takes the undocumented ones away), only syntax. Sources
are the pages of the Database Developer Guide named at the rules; tests name them again.
"""

from collections.abc import Callable

from .refused import UNSUPPORTED_TYPES, Refused, syntax_error, unsupported_type
from .statement_rules import BY_STATEMENT
from .tokens import Tokens

# First words of statements that exist.
_STATEMENTS = frozenset(
    """
    abort alter analyse analyze begin call cancel close comment commit copy create deallocate declare
    delete drop end execute explain fetch grant insert lock merge prepare reset revoke rollback select
    set show start truncate unload update vacuum with
    """.split()  # noqa: SIM905 - a list that can be read
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

# Window functions that need an explicit frame as soon as they have an ORDER BY (Window functions).
_FRAMED = frozenset(
    """
    avg count max min sum stddev stddev_samp stddev_pop variance var_samp var_pop first_value last_value
    nth_value
    """.split()  # noqa: SIM905 - a list that can be read
)


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
    special = BY_STATEMENT.get(first)
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


_RULES: tuple[Callable[[Tokens], None], ...] = (
    _phrases,
    _values_as_table,
    _subscripts,
    _type_names,
    _windows,
    _with,
)
