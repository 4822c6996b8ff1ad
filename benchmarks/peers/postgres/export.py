"""Writes the five tables as CSV, so that they can be compared.

Usage: python export.py OUT
"""

import sys
from pathlib import Path

from server import connect

out = Path(sys.argv[1])
folder = out / "tables"
folder.mkdir(exist_ok=True)
connection = connect(out)
for table in ("songplays", "users", "songs", "artists", "time"):
    query = f"COPY {table} TO STDOUT (FORMAT csv, HEADER)"
    with (folder / f"{table}.csv").open("wb") as file, connection.cursor().copy(query) as copy:
        for chunk in copy:
            file.write(chunk)
connection.close()
