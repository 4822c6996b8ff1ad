"""Compares the five tables of two ways of making them, row by row, songplay_id apart.

    python benchmarks/tables.py export WAREHOUSE SCHEMA FOLDER    # a DuckDB file's tables as Parquet
    python benchmarks/tables.py compare FOLDER FOLDER             # says what differs; exit code 1 if anything
    python benchmarks/tables.py count OUT SCHEMA                  # how many records a way has loaded, as JSON

A folder holds per table TABLE.parquet (a file, or a folder of them) or TABLE.csv. It runs as a process of its
own: what it holds in memory must not count as that of the processes which the benchmark starts afterwards.
"""

import json
import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "songplays": {
        "start_time": "TIMESTAMP",
        "user_id": "BIGINT",
        "level": "VARCHAR",
        "song_id": "VARCHAR",
        "artist_id": "VARCHAR",
        "session_id": "BIGINT",
        "location": "VARCHAR",
        "user_agent": "VARCHAR",
    },
    "users": {
        "user_id": "BIGINT",
        "first_name": "VARCHAR",
        "last_name": "VARCHAR",
        "gender": "VARCHAR",
        "level": "VARCHAR",
    },
    "songs": {
        "song_id": "VARCHAR",
        "title": "VARCHAR",
        "artist_id": "VARCHAR",
        "year": "INTEGER",
        "duration": "DOUBLE",
    },
    "artists": {
        "artist_id": "VARCHAR",
        "name": "VARCHAR",
        "location": "VARCHAR",
        "latitude": "DOUBLE",
        "longitude": "DOUBLE",
    },
    "time": {
        "start_time": "TIMESTAMP",
        "hour": "INTEGER",
        "day": "INTEGER",
        "week": "INTEGER",
        "month": "INTEGER",
        "year": "INTEGER",
        "weekday": "INTEGER",
    },
}
"""The tables, without songplay_id, which everyone numbers in their own way."""


def export(warehouse: Path, schema: str, folder: Path) -> None:
    """Write the tables of a DuckDB file as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in COLUMNS:
            target = f"{folder}/{table}.parquet"
            connection.execute(f'COPY "{schema}"."{table}" TO ? (FORMAT parquet)', [target])


def differences(ours: Path, theirs: Path) -> list[str]:
    """What is different, a line per table; nothing if all rows are the same.

    Raises:
        FileNotFoundError: a table is missing.
    """
    found = []
    with duckdb.connect() as connection:
        for table in COLUMNS:
            left, right = _select(ours, table), _select(theirs, table)
            missing, extra = (
                connection.execute(f"FROM ({a} EXCEPT ALL {b})").fetchall()
                for a, b in ((left, right), (right, left))
            )
            if missing or extra:
                example = f"not there: {missing[0]}" if missing else f"too many: {extra[0]}"
                found.append(f"{table}: {len(missing)} rows not there, {len(extra)} too many; {example}")
    return found


def count(out: Path, schema: str) -> dict[str, int]:
    """How many records a way has ``loaded``, and how many it has ``rejected``, with a reason.

    Args:
        out: what it wrote to. The staging tables of warehouse.duckdb count; without that file, the plays
            and the songs in the folder of tables.
        schema: of the DuckDB file.
    """
    found = {"loaded": 0, "rejected": 0}
    if (out / "warehouse.duckdb").exists():
        with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as connection:
            for table in ("staging_events", "staging_songs", "staging_rejects"):
                try:
                    (number,) = connection.execute(f'SELECT COUNT(*) FROM "{schema}"."{table}"').fetchall()[0]
                except duckdb.CatalogException:
                    continue
                found["rejected" if table == "staging_rejects" else "loaded"] += number
        return found
    with duckdb.connect() as connection:
        for table in ("songplays", "songs"):
            try:
                found["loaded"] += len(connection.execute(_select(out / "tables", table)).fetchall())
            except FileNotFoundError:
                continue
    return found


def _select(folder: Path, table: str) -> str:
    columns = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in COLUMNS[table].items())
    parquet, csv = folder / f"{table}.parquet", folder / f"{table}.csv"
    if parquet.is_dir():
        source = f"read_parquet({_quoted(parquet / '*.parquet')})"
    elif parquet.exists():
        source = f"read_parquet({_quoted(parquet)})"
    elif csv.exists():
        # An empty text is "", NULL is nothing at all.
        source = f"read_csv({_quoted(csv)}, header = true, all_varchar = true, allow_quoted_nulls = false)"
    else:
        raise FileNotFoundError(f"no {table} in {folder}")
    return f"SELECT {columns} FROM {source}"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def main() -> None:
    match sys.argv[1:]:
        case ["export", warehouse, schema, folder]:
            export(Path(warehouse), schema, Path(folder))
        case ["compare", ours, theirs]:
            found = differences(Path(ours), Path(theirs))
            for line in found:
                print(line, file=sys.stderr)
            sys.exit(bool(found))
        case ["count", out, schema]:
            print(json.dumps(count(Path(out), schema)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
