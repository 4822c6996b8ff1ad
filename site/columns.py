"""Writes docs/tables.md: every table and column with its meaning and its origin, and a graph of the latter.

    python site/columns.py

All of it is read off the SQL; a test checks that the page is current. The graph is Mermaid's, which GitHub
draws. The site shows it as SVG, drawn here: Mermaid's own script would have to be loaded from elsewhere.
"""

import re
from pathlib import Path

from lineage import FILES, ROWS, Column, Sources, sources

from sparkify.sql import (
    HISTORY_TABLES,
    LEVEL_TABLES,
    STAGING_TABLES,
    STAR_TABLES,
    STATE_TABLES,
    create_table,
    read_sql,
)

PAGE = Path(__file__).parents[1] / "docs/tables.md"
SECTIONS = {
    "The star schema": STAR_TABLES,
    "The history of levels": LEVEL_TABLES,
    "Staging": STAGING_TABLES,
    "What runs remember": tuple(table for table in STATE_TABLES if table != "runs"),
    "What runs report": ("runs", *HISTORY_TABLES),
}
_COLUMN = re.compile(r"    (\w+) ([A-Z][A-Z0-9() ]*?),?(?: -- (.*))?$", re.MULTILINE)
_INTRO = """\
<!-- Made by site/columns.py from the SQL: change that, and run it again. -->

# Tables and columns

Every table and column, what it means, and where its values come from: the columns that the SQL computes them
from, and for staging tables the keys of records of `log_data` and `song_data`. Columns that only decide which
rows there are (in joins and filters) are not listed. Where nothing is listed, the run writes the values.
Types are those of DuckDB. [Tables and rules](rules.md) has the rules in words.

```mermaid
{graph}
```
"""


def page() -> str:
    """The page, as it is to be committed."""
    found = sources()
    text = _INTRO.format(graph=mermaid(edges(found)))
    for title, tables in SECTIONS.items():
        text += f"\n## {title}\n"
        for table in tables:
            text += _section(table, found)
        if tables == STAR_TABLES:
            text += _view(found)
    return text


def _section(table: str, found: Sources) -> str:
    sql = create_table(table, "duckdb")
    is_derived = any(found[table].values())
    rows = [
        f"| `{name}` | {kind} | {comment} |" + (f" {_told(found[table][name])} |" if is_derived else "")
        for name, kind, comment in _COLUMN.findall(sql)
    ]
    columns = ("column", "type", "meaning", "comes from") if is_derived else ("column", "type", "meaning")
    return _headed(table, sql, columns, rows)


def _view(found: Sources) -> str:
    rows = [f"| `{name}` | {_told(leaves)} |" for name, leaves in found["heard_plays"].items()]
    return _headed("heard_plays", read_sql("views/heard_plays"), ("column", "comes from"), rows)


def _headed(name: str, sql: str, columns: tuple[str, ...], rows: list[str]) -> str:
    """A section: the grain, which is the comment at the head of the SQL, and the columns."""
    comment = re.findall(r"\A(?:-- .+\n)+", sql)[0]
    grain = " ".join(line.lstrip("- ") for line in comment.splitlines()).partition(": ")[2]
    grain = re.sub(r"\*", r"\\*", grain[:1].upper() + grain[1:])
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    return f"\n### {name}\n\n{grain}\n\n{head}" + "\n".join(rows) + "\n"


def _told(leaves: set[Column]) -> str:
    return ", ".join(
        f"`{table}.{column}`" if column != ROWS else f"the rows of `{table}`"
        for table, column in _columns(leaves)
    )


def _columns(leaves: set[Column]) -> list[Column]:
    """The columns, or, where there are none, the tables whose rows are counted or numbered."""
    return sorted({leaf for leaf in leaves if leaf[1] != ROWS} or leaves)


def edges(found: Sources) -> list[Column]:
    """Which table's values come from which: pairs of from and to, in the order of the page."""
    return list(
        dict.fromkeys(
            (leaf[0], table)
            for table, columns in found.items()
            for leaves in columns.values()
            for leaf in _columns(leaves)
        )
    )


def mermaid(pairs: list[Column]) -> str:
    """The graph, as Mermaid writes it."""
    files = [f"    {source}[/{source}/]" for source, _ in FILES.values()]
    return "\n".join(["flowchart TD", *files, *(f"    {start} --> {end}" for start, end in pairs)])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
