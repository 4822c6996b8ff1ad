"""What other engines read of an export to Iceberg; run by a Python that has them: READER FOLDER TABLE …

Prints a JSON object: by table, its columns and its rows, times as ISO 8601.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Rows = tuple[list[str], list[tuple[Any, ...]]]


@contextmanager
def duckdb(folder: Path) -> Iterator[Callable[[str], Rows]]:
    """DuckDB, with its extensions from wheels: nothing is downloaded."""
    import duckdb
    import duckdb_extension_avro
    import duckdb_extension_iceberg

    settings = {f"auto{what}_known_extensions": "false" for what in ("install", "load")}
    with duckdb.connect(config={"allow_unsigned_extensions": "true", **settings}) as connection:
        for package in (duckdb_extension_avro, duckdb_extension_iceberg):
            (file,) = Path(package.__file__).parent.rglob("*.duckdb_extension")
            connection.load_extension(str(file))

        def read(table: str) -> Rows:
            newest = max((folder / table / "metadata").glob("*.metadata.json"))
            found = connection.execute("SELECT * FROM iceberg_scan(?)", [str(newest)])
            return [column[0] for column in found.description or ()], found.fetchall()

        yield read


@contextmanager
def sail(folder: Path) -> Iterator[Callable[[str], Rows]]:
    """Sail, which speaks Spark's protocol, asked by Spark's own client."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    def read(table: str) -> Rows:
        found = spark.read.format("iceberg").load(str(folder / table))
        return found.columns, [tuple(row) for row in found.collect()]

    try:
        yield read
    finally:
        spark.stop()
        server.stop()


if __name__ == "__main__":
    reader, place, *tables = sys.argv[1:]
    with {"duckdb": duckdb, "sail": sail}[reader](Path(place)) as read:
        found = {table: read(table) for table in tables}
    json.dump(found, sys.stdout, default=lambda value: value.isoformat())
