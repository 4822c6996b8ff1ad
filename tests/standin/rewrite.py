"""Redshift's SQL turned into what PostgreSQL understands: functions and syntax outside of CREATE and ALTER.

Statements have passed ``refusals`` by then. Each step takes text and gives text.
"""

import sqlglot
from sqlglot import exp, transforms

from . import ddl
from .refused import syntax_error
from .tokens import Edits, Tokens, tokenize

# Functions whose first argument may be a bare word (DATEADD, DATEDIFF, DATE_PART function …).
_DATEPART_FUNCTIONS = frozenset(
    {"dateadd", "date_add", "datediff", "date_diff", "date_part", "pgdate_part", "date_trunc"}
)

_RENAMED_FUNCTIONS = {
    "nvl": "coalesce",
    "date_add": "dateadd",
    "date_diff": "datediff",
    "pgdate_part": "date_part",
}
_RENAMED_TYPES = {"nvarchar": "varchar", "nchar": "char"}

# Parameters that Amazon Redshift has and PostgreSQL lacks (Configuration reference, SET).
REDSHIFT_PARAMETERS = frozenset(
    """
    analyze_threshold_percent auto_analyze cast_super_null_on_error default_geometry_encoding
    describe_field_name_in_uppercase downcase_delimited_identifier enable_case_sensitive_identifier
    enable_numeric_rounding enable_result_cache_for_session enable_vacuum_boost
    error_on_nondeterministic_update json_serialization_enable max_concurrency_scaling_clusters
    max_cursor_result_set_size mv_enable_aqmv_for_session navigate_super_null_on_error
    parse_super_null_on_error query_group spectrum_enable_pseudo_columns use_fips_ssl
    wlm_query_slot_count
    """.split()  # noqa: SIM905 - a list that can be read
)


def rewrite(source: str) -> str:
    """One statement that passed the refusals, for PostgreSQL.

    Raises:
        Refused: a part of it makes no sense on Amazon Redshift.
    """
    tokens = _only(source)
    if tokens.find("qualify") > 0:
        tokens = _only(_without_qualify(source))
    tokens = _only(_general(tokens))
    return ddl.rewrite(tokens)


def _only(source: str) -> Tokens:
    return tokenize(source)[0]


def _without_qualify(source: str) -> str:
    """QUALIFY as a condition around a subquery (QUALIFY clause)."""
    tree = sqlglot.parse_one(source, read="redshift")
    changed = tree.transform(
        lambda node: transforms.eliminate_qualify(node) if isinstance(node, exp.Select) else node
    )
    return changed.sql(dialect="redshift")


def _general(tokens: Tokens) -> str:
    edits = Edits(tokens)
    for index, token in enumerate(tokens):
        if token.kind == "name":
            # Names are case-insensitive, quoted or not, and fold to lower case (Names and identifiers).
            edits.replace(index, index, '"' + token.value.lower().replace('"', '""') + '"')
        elif token.kind == "word":
            _rewrite_word(tokens, index, edits)
    return edits.apply()


def _rewrite_word(tokens: Tokens, index: int, edits: Edits) -> None:
    word, called = tokens[index].word, tokens[index + 1].word == "("
    if tokens[index - 1].word == ".":
        return
    if called:
        _rewrite_call(tokens, index, edits)
    elif word in _RENAMED_TYPES:
        edits.replace(index, index, _RENAMED_TYPES[word])
    elif word == "sysdate":
        edits.replace(index, index, "pg_catalog.rs_sysdate()")
    elif word == "minus" and tokens[index + 1].word == "select":
        edits.replace(index, index, "EXCEPT")
    elif word == "approximate" and tokens[index + 1].word == "count":
        edits.replace(index, index, "")
    elif (
        word == "top"
        and tokens[index - 1].word in ("select", "distinct")
        and tokens[index + 1].kind == "number"
    ):
        _rewrite_top(tokens, index, edits)
    elif word == "max" and tokens[index - 1].word == "(" and tokens[index + 1].word == ")":
        edits.replace(index, index, "65535")


def _rewrite_call(tokens: Tokens, index: int, edits: Edits) -> None:
    """A name before a parenthesis: a function, or a type with its length."""
    word = tokens[index].word
    renamed = _RENAMED_FUNCTIONS.get(word) or _RENAMED_TYPES.get(word)
    if renamed:
        edits.replace(index, index, renamed)
    if word in _DATEPART_FUNCTIONS:
        part = tokens[index + 2]
        if part.kind == "word" and tokens[index + 3].word == ",":
            edits.replace(index + 2, index + 2, f"'{part.word}'")
    elif word == "minus":
        edits.replace(index, index, "EXCEPT")
    elif word == "listagg":
        _rewrite_listagg(tokens, index, edits)
    elif word == "median":
        end = tokens.closing(index + 1)
        edits.replace(index, index + 1, "percentile_cont(0.5) WITHIN GROUP (ORDER BY ")
        edits.replace(end, end, ")")


def _rewrite_listagg(tokens: Tokens, index: int, edits: Edits) -> None:
    end = tokens.closing(index + 1)
    if tokens.words(end + 1, "within", "group", "("):
        last = tokens.closing(end + 3)
        edits.replace(end, last, f" {tokens.text(end + 4, last)})")


def _rewrite_top(tokens: Tokens, index: int, edits: Edits) -> None:
    """SELECT TOP n is a LIMIT at the end of that query (SELECT list)."""
    depth = 0
    for end in range(index, len(tokens)):
        depth += (tokens[end].word == "(") - (tokens[end].word == ")")
        if depth < 0:
            edits.insert(end, f" LIMIT {tokens[index + 1].value}")
            break
        if depth == 0 and tokens[end].word in ("union", "limit", "except", "intersect"):
            raise syntax_error(tokens, end, "TOP with LIMIT or in a set operation (stand-in)", "SELECT list")
    else:
        edits.append(f" LIMIT {tokens[index + 1].value}")
    edits.replace(index, index + 1, "")
