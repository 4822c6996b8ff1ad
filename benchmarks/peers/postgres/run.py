"""Copies the lines, then SQL.

Usage: python run.py DATA OUT
"""

import sys
from pathlib import Path

from server import connect

data, out = map(Path, sys.argv[1:])
connection = connect(out)


def copy_lines(table, folder):
    # Bytes that no JSON has, so that each line is one value.
    with connection.cursor().copy(
        f"COPY {table} FROM STDIN (FORMAT csv, DELIMITER e'\\x01', QUOTE e'\\x02', ESCAPE e'\\x02')"
    ) as copy:
        for path in (data / folder).rglob("*.json"):
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
            copy.write(b"\n")


connection.execute(
    "CREATE UNLOGGED TABLE event_lines (line json); CREATE UNLOGGED TABLE song_lines (line json)"
)
copy_lines("event_lines", "log_data")
copy_lines("song_lines", "song_data")
connection.execute(Path(__file__).with_name("star.sql").read_text())
connection.commit()
connection.close()
