"""The Amazon Redshift engine: a warehouse on a cluster or a Serverless workgroup."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from sparkify.config.location import is_on_s3
from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.reading.staged import Staged
from sparkify.sources.objects import Source
from sparkify.sql import REBUILT_TABLES, TABLES, VIEWS, read_sql
from sparkify.warehouse import tables
from sparkify.warehouse.contract import LoadJob
from sparkify.warehouse.redshift.copy import check_role
from sparkify.warehouse.redshift.session import CATALOG, RedshiftSession
from sparkify.warehouse.redshift.staging import Stager
from sparkify.warehouse.redshift.unload import unload, unload_to_folder
from sparkify.warehouse.schema import OwnTables


class RedshiftWarehouse(RedshiftSession, OwnTables):
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

    def __init__(
        self,
        redshift: RedshiftOptions,
        aws: AwsOptions,
        *,
        memory_limit: str,
        read_only: bool = False,
        writes_to: str = "",
    ) -> None:
        check_role(redshift.iam_role_arn)
        super().__init__(redshift, aws, read_only=read_only, unloads=bool(writes_to))
        # Without a work prefix COPY loads a source by its prefix, whatever is below it.
        self.loads_whole_sources = not redshift.work_prefix
        self._stager = Stager(self, redshift, aws, memory_limit)

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
            self.execute(f"DELETE FROM {table}")

    def prepared(self, job: LoadJob) -> contextlib.AbstractContextManager[None]:
        """Read, judge and upload what is bundled, and remove it in the end."""
        return self._stager.prepared(job)

    def stage(self, job: LoadJob) -> Staged:
        """Load the records of files, and take out those of files that have been replaced."""
        return self._stager.stage(job)

    def unstage(self, source: Source, file_ids: Sequence[int]) -> None:
        """Take out the records and rejects of files."""
        self._stager.unstage(source, file_ids)

    def count_loaded(self, source: Source) -> dict[int, int]:
        """How many records of each file the last ``stage`` has loaded."""
        return self._stager.count_loaded(source)

    def restage(self) -> None:
        """Leave the relations that ``stage`` leaves, as if this run had added all that is staged."""
        self._stager.restage()

    def forget_batch(self) -> None:
        """Drop what the last ``stage`` of each source has left."""
        self._stager.forget_batch()

    def insert_songplays(self, select: str) -> None:
        """Append new plays to songplays and play_matches; IDENTITY numbers them."""
        self.run(f"CREATE TEMP TABLE new_plays AS\n{select}")
        self.run(read_sql("insert_songplays", self.engine))
        self.run("DROP TABLE new_plays")

    def audit_scope(self) -> contextlib.AbstractContextManager[None]:
        """Let audits see everything: a cluster has the strength for it."""
        return contextlib.nullcontext()

    def write_parquet(
        self, select: str, folder: str, partition_by: Sequence[str] = (), *, keep: bool = False
    ) -> None:
        """Write the rows of a SELECT as Parquet files into a folder that is not there yet."""
        if is_on_s3(folder):
            unload(self.execute, self._redshift, self._aws, select, folder, partition_by, keep=keep)
        else:
            unload_to_folder(
                self.execute, self._redshift, self._aws, select, Path(folder), partition_by, keep=keep
            )
