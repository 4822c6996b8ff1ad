"""The Amazon Redshift engine: a warehouse on a cluster or a Serverless workgroup."""

import contextlib

from sparkify.sql import REBUILT_TABLES, TABLES, VIEWS, read_sql
from sparkify.warehouse import tables
from sparkify.warehouse.redshift.session import CATALOG
from sparkify.warehouse.redshift.staging import RedshiftStaging
from sparkify.warehouse.redshift.unload import RedshiftUnloading
from sparkify.warehouse.schema import OwnTables


class RedshiftWarehouse(RedshiftStaging, RedshiftUnloading, OwnTables):
    """A warehouse on Amazon Redshift.

    Args:
        redshift: where it is and how to get in, the role it reads S3 with, and the work prefix.
        aws: how to reach S3, and to log in through IAM.
        memory_limit: what may be kept in memory here while records are judged, e.g. ``1GB``.
        read_only: whether statements may only read.
        writes_to: where ``write_parquet`` may write; by default nowhere.

    Raises:
        UsageError: a setting is missing or can't be meant.
        WarehouseError: it can't be reached, or doesn't let us in.
    """

    _others_remedy = (
        "name another database in [CLUSTER] DB_NAME, or rename what does not belong to this project"
    )

    def _relations(self) -> tables.Relations:
        names = ", ".join(f"'{name}'" for name in (*TABLES, *tables.OLD_NAMES, *VIEWS))
        rows = self.query(
            f"SELECT c.relname, c.relkind, a.attname FROM {CATALOG}"
            " LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            f" WHERE n.nspname = CURRENT_SCHEMA() AND c.relname IN ({names}) ORDER BY c.relname, a.attnum"
        )
        columns: dict[tuple[str, str], list[str]] = {}
        for name, kind, column in rows:
            columns.setdefault((name, kind), []).append(column)
        return {name: tables.Relation(kind == "r", tuple(own)) for (name, kind), own in columns.items()}

    def create_tables(self) -> None:
        """Drop all tables of this project, and create them empty.

        Raises:
            WarehouseError: something else has one of their names, or someone is reading them.
        """
        if there := self.own_tables():
            self.lock_soon(*there)
        super().create_tables()

    def empty_tables(self) -> None:
        """Leave all tables of this project empty, but for the table of runs."""
        # By DELETE: TRUNCATE would commit, and DROP would take along grants and other people's views, and
        # keep readers waiting until the end of the run.
        for table in REBUILT_TABLES:
            self.query(f"DELETE FROM {table}")

    def insert_songplays(self, select: str) -> None:
        """Append new plays to songplays and play_matches; IDENTITY numbers them."""
        self.run(f"CREATE TEMP TABLE new_plays AS\n{select}")
        self.run(read_sql("insert_songplays", self.engine))
        self.run("DROP TABLE new_plays")

    def audit_scope(self) -> contextlib.AbstractContextManager[None]:
        """Let audits see everything: a cluster has the strength for it."""
        return contextlib.nullcontext()
