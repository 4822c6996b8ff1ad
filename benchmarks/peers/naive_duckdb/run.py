"""Globs over all files, then SQL.

Usage: python run.py DATA OUT
"""

import sys
from pathlib import Path

import duckdb

data, out = map(Path, sys.argv[1:])
database = out / "warehouse.duckdb"
database.unlink(missing_ok=True)
db = duckdb.connect(str(database))
db.execute("CREATE TABLE staging_events AS SELECT * FROM read_json_auto(?)", [f"{data}/log_data/**/*.json"])
db.execute("CREATE TABLE staging_songs AS SELECT * FROM read_json_auto(?)", [f"{data}/song_data/**/*.json"])
db.execute(Path(__file__).with_name("star.sql").read_text())
db.close()
