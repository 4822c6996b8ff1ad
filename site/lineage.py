"""Where every column comes from: read off the SQL that fills the tables, by sqlglot.

Temporary relations of a run are looked through: what is told of a column are columns that stay. Values count,
conditions don't: columns that only joins or filters look at decide which rows there are, not what they hold.
"""

from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage

from sparkify.load.transforms import TRANSFORMS
from sparkify.reading.keys import EVENT_KEYS, SONG_KEYS, filled_columns
from sparkify.sql import TABLES, columns_of, read_sql

Column = tuple[str, str]
Sources = dict[str, dict[str, set[Column]]]
"""By relation and column, the columns that its values come from."""

ROWS = "*"
"""Instead of a column: the rows themselves, which are counted or numbered."""

FILES = {"staging_events": ("log_data", EVENT_KEYS), "staging_songs": ("song_data", SONG_KEYS)}
"""What is staged from files: the source and the keys of its records, in the order of the columns."""

_BATCHES = {
    "batch_events": "staging_events",
    "removed_events": "staging_events",
    "batch_songs": "staging_songs",
    "removed_songs": "staging_songs",
}
"""What engines hand to the transforms: rows of these tables."""


def sources() -> Sources:
    """Where the columns of all tables, and of heard_plays, come from; nothing for what no SQL derives."""
    schema = {table: list(columns_of(table)) for table in TABLES}
    found: Sources = {table: {column: set() for column in columns} for table, columns in schema.items()}
    for table, (source, keys) in FILES.items():
        for column, key in zip(filled_columns(source), keys, strict=True):
            found[table][column].add((source, key))
    for batch, table in _BATCHES.items():
        schema[batch] = [*schema[table], "event_id"]
        rows = {(table, ROWS)}
        found[batch] = {column: {(table, column)} for column in schema[table]} | {
            "event_id": rows,
            ROWS: rows,
        }
    passing: Sources = {name: found.pop(name) for name in _BATCHES}
    for statement in _statements():
        for relation, column, leaves in _derived(statement, schema):
            told = {each for leaf in leaves for each in passing.get(leaf[0], {}).get(leaf[1], {leaf})}
            kept = {each for each in told if each[0] in found and each[0] != relation}
            into = found if relation in TABLES or relation == "heard_plays" else passing
            into.setdefault(relation, {}).setdefault(column, set()).update(kept)
    return found


def _statements() -> Iterator[exp.Expr]:
    """All that fills a table, in the order of a run, and the view of what was heard."""
    yield from _parsed("star/due_events")
    for transform in TRANSFORMS:
        statements = _parsed(f"star/{transform.name}")
        if transform.name == "song_matches":  # before it runs, Python repairs these texts
            (garbled,) = _parsed("garbled_text")
            texts = exp.select("text AS garbled", "text AS repaired").from_(garbled.subquery("texts"))
            yield exp.insert(texts, "encoding_repairs")
        if transform.name == "songplays":  # a query: each engine inserts its rows in its own way
            yield exp.Create(this=exp.to_table("new_plays"), kind="TABLE", expression=statements[0])
            statements = _parsed("insert_songplays")
        yield from statements
    yield from _parsed("views/heard_plays")


def _parsed(name: str) -> list[Any]:
    return [each for each in sqlglot.parse(read_sql(name, "duckdb"), dialect="duckdb") if each is not None]


def _derived(statement: exp.Expr, schema: dict[str, list[str]]) -> Iterator[tuple[str, str, set[Column]]]:
    """What a statement fills: relation, column, and the columns that its query takes the values from."""
    target = statement.this
    if isinstance(statement, exp.Update):
        values = [each.expression.as_(each.this.name) for each in statement.expressions]
        query: exp.Query = exp.select(*values)
        query.set("from_", statement.args["from_"])
    elif isinstance(statement, exp.Insert | exp.Create) and isinstance(statement.expression, exp.Query):
        query = statement.expression
    else:
        return
    relation = target.find(exp.Table).name
    leaves = _leaves(query, schema)
    if isinstance(target, exp.Schema):
        names = [each.name for each in target.expressions]
    elif isinstance(statement, exp.Insert) and not statement.args.get("by_name"):
        names = schema[relation]
    else:
        names = list(leaves)
    schema.setdefault(relation, names)
    if len(names) != len(leaves):
        raise ValueError(f"{relation} has the columns {names}, but a statement fills it with {[*leaves]}")
    for column, found in zip(names, leaves.values(), strict=True):
        yield relation, column, found


def _leaves(query: exp.Query, schema: dict[str, list[str]]) -> dict[str, set[Column]]:
    """By output of a query, the columns of tables that it is computed from; the tables' rows if from none."""
    known = {table: dict.fromkeys(columns, "text") for table, columns in schema.items()}
    inner = {each.alias for each in query.find_all(exp.CTE)}
    rows = {(each.name, ROWS) for each in query.find_all(exp.Table) if each.name not in inner}
    found = {}
    for output, root in lineage(None, query, known, dialect="duckdb").items():
        leaves = [node for node in root.walk() if isinstance(node.expression, exp.Table)]
        found[output] = {(node.expression.name, node.name.rpartition(".")[2]) for node in leaves} or rows
    return found
