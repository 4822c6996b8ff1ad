"""The SQL by the names of the public exercise: lists of statements, read from src/sparkify/sql.

    python sql_queries.py        # which file each statement is in

The pipeline itself doesn't use these lists: it stages, deduplicates and audits between the statements, so
``python etl.py`` is the way to run them.
"""

import sys
from pathlib import Path

SQL = Path(__file__).resolve().parent / "src/sparkify/sql"
_TABLES = ("staging_events", "staging_songs", "songplays", "users", "songs", "artists", "time")
_STAR = _TABLES[2:]

CREATE = [SQL / f"tables/{table}.sql" for table in _TABLES]
COPY = [SQL / "redshift/copy_events.sql", SQL / "redshift/copy_songs.sql"]
INSERT = [SQL / f"star/{table}.sql" for table in _STAR]


def _read(paths: list[Path]) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in paths]


drop_table_queries = [f"DROP TABLE IF EXISTS {table};" for table in _TABLES]
create_table_queries = _read(CREATE)
copy_table_queries = _read(COPY)
insert_table_queries = _read(INSERT)

if __name__ == "__main__":
    for name, paths in (("create_table", CREATE), ("copy_table", COPY), ("insert_table", INSERT)):
        for path in paths:
            sys.stdout.write(f"{name}_queries: {path.relative_to(SQL.parents[2])}\n")
