"""The DuckDB engine: a warehouse in one file, in this process."""

import contextlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from sparkify.config.location import is_on_s3
from sparkify.config.settings import AwsOptions, DuckDBOptions
from sparkify.errors import WarehouseError
from sparkify.reading.staged import Staged
from sparkify.sources.objects import NOUNS, Source
from sparkify.sql import REBUILT_TABLES, TABLES, create_table, read_sql
from sparkify.warehouse import tables
from sparkify.warehouse.contract import LoadJob
from sparkify.warehouse.duckdb.errors import file_error
from sparkify.warehouse.duckdb.marker import read_marker
from sparkify.warehouse.duckdb.session import DuckDBSession
from sparkify.warehouse.schema import OwnTables


class DuckDBWarehouse(DuckDBSession, OwnTables):
    """A warehouse in a DuckDB file.

    Args:
        database: the file.
        options: what DuckDB may use.
        aws: how to write to S3.
        read_only: whether nothing is written to it.
        writes_to: the folder or ``s3://`` place below which ``write_parquet`` may write; by default none.

    Raises:
        WarehouseError: the file is no DuckDB database, can't be made, or another process has it open.
    """

    loads_whole_sources = False
    _others_remedy = "name another file with --database, or rename what does not belong to this project"

    def __init__(
        self,
        database: str,
        options: DuckDBOptions,
        aws: AwsOptions,
        *,
        read_only: bool = False,
        writes_to: str = "",
    ) -> None:
        # What goes to S3 is written here before.
        self._aside = _temporary_folder() if is_on_s3(writes_to) else None
        folder = Path(self._aside.name if self._aside else writes_to).resolve() if writes_to else None
        super().__init__(database, options, read_only=read_only, writes_to=folder)
        self._aws = aws

    def _relations(self) -> tables.Relations:
        rows = self.query(
            "SELECT LOWER(table_name), TRUE FROM duckdb_tables()"
            " WHERE database_name = CURRENT_DATABASE() AND schema_name = CURRENT_SCHEMA() UNION ALL"
            " SELECT LOWER(view_name), FALSE FROM duckdb_views()"
            " WHERE database_name = CURRENT_DATABASE() AND schema_name = CURRENT_SCHEMA()"
        )
        found = {name: tables.Relation(is_table) for name, is_table in rows}
        ours = [name for name in (*TABLES, *tables.OLD_NAMES) if name in found and found[name].is_table]
        # duckdb_columns() would look at all relations of the system's own, too.
        columns: dict[str, list[str]] = {name: [] for name in ours}
        if ours:
            schema = self._schema().replace("'", "''")
            for name, column, _ in sorted(
                self.query(
                    " UNION ALL ".join(
                        f"SELECT '{name}', LOWER(name), cid FROM pragma_table_info('{schema}.{name}')"
                        for name in ours
                    )
                ),
                key=lambda row: int(row[2]),
            ):
                columns[name].append(column)
        found |= {name: tables.Relation(True, tuple(own)) for name, own in columns.items()}
        if "published_copy" in found and not self._is_reader:
            self._require_no_copy()
        return found

    def _require_no_copy(self) -> None:
        copy = read_marker(self.connection)
        if copy and copy.path == os.path.realpath(
            self.location
        ):  # elsewhere it is a backup that was restored
            raise WarehouseError(
                f"{self.location}: the published copy of {copy.warehouse}, and only for reading",
                f"name the warehouse itself with --database {shlex.quote(copy.warehouse)}",
            )

    def empty_tables(self) -> None:
        """Leave all tables of this project empty, but for the table of runs."""
        for table in REBUILT_TABLES:  # quicker than deleting, and what was there is freed at once
            self.run(f"DROP TABLE {table}")
            self.run(create_table(table, self.engine))

    def prepared(self, job: LoadJob) -> contextlib.AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing: files are read straight into the database, whose one writer this is anyway."""
        return contextlib.nullcontext()

    def stage(self, job: LoadJob) -> Staged:
        """Load the records of files, and take out those of files that have been replaced."""
        if not job.files:
            job.begin("stage")
            self.unstage(job.source, job.removed)
            return Staged()
        # These bring PyArrow, which only loading needs.
        from sparkify.warehouse.duckdb.staging import stage_files
        from sparkify.warehouse.reading import reader_of

        reader = reader_of(job)
        # File ids only grow, so that what is new is found by one comparison, and by whole row groups.
        first = min(file.file_id for file in job.files)
        self._replace(job.source, job.removed, f"file_id >= {first}")
        return stage_files(self, job, reader)

    def unstage(self, source: Source, file_ids: Sequence[int]) -> None:
        """Take out the records and rejects of files."""
        self._replace(source, file_ids, "false")

    def _replace(self, source: Source, removed: Sequence[int], is_new: str) -> None:
        """Take out what files have given, and name that and what is new."""
        self._name_batch(NOUNS[source], removed, is_new)
        if removed:
            for table in (f"staging_{NOUNS[source]}", "staging_rejects"):
                self.query(f"DELETE FROM {table} WHERE list_contains(?, file_id)", [list(removed)])

    def _name_batch(self, noun: str, removed: Sequence[int], is_new: str) -> None:
        self.run(
            f"CREATE OR REPLACE TEMP TABLE removed_{noun} AS"
            f" SELECT * FROM staging_{noun} WHERE list_contains([{', '.join(map(str, removed))}], file_id)"
        )
        columns = "*, rowid AS event_id" if noun == "events" else "*"
        self.run(
            f"CREATE OR REPLACE TEMP VIEW batch_{noun} AS"
            f" SELECT {columns} FROM {self._schema()}.staging_{noun} WHERE {is_new}"
        )

    def _schema(self) -> str:
        """Where the tables are, for statements that must not take temporary relations for them."""
        ((database,),) = self.query("SELECT current_database()")
        return '"{}".main'.format(str(database).replace('"', '""'))

    def restage(self) -> None:
        """Leave the relations that ``stage`` leaves, as if this run had added all that is staged."""
        self._name_batch("songs", [], "true")
        self._name_batch("events", [], "true")

    def forget_batch(self) -> None:
        """Do nothing: the next ``stage`` replaces what the last one has left."""

    def insert_songplays(self, select: str) -> None:
        """Append new plays to songplays and play_matches, numbered."""
        self.run(f"CREATE OR REPLACE TEMP VIEW new_plays AS {select}")
        self.run(read_sql("insert_songplays", self.engine))

    def count_loaded(self, source: Source) -> dict[int, int]:
        """How many rows each file has that was staged last."""
        return dict(self.query(f"SELECT file_id, COUNT(*) FROM batch_{NOUNS[source]} GROUP BY file_id"))

    @contextlib.contextmanager
    def audit_scope(self) -> Iterator[None]:
        """Let audits see only the time that this run touched, and the users of that time.

        Temporary relations of the same names stand before the tables meanwhile, so that the audits' SQL stays
        what people can paste. Plays, times, events and users outside of that time are as an earlier run's
        audits left them, and looking at all of them again would make a day's run cost what the whole history
        costs.
        """
        ((first, last),) = self.query(
            "SELECT MIN(moment), MAX(moment) FROM ("
            " SELECT ts AS moment FROM batch_events UNION ALL SELECT ts FROM removed_events"
            " UNION ALL SELECT start_time FROM touched_plays"
            " UNION ALL SELECT start_time FROM rematched_plays)"
        )
        tables = self._schema()
        begin, end = (
            f"TIMESTAMP '{moment}'" if moment else "CAST(NULL AS TIMESTAMP)" for moment in (first, last)
        )
        self.run(f"CREATE TEMP VIEW audit_window AS SELECT {begin} AS first_moment, {end} AS last_moment")
        for table, column in (("songplays", "start_time"), ("time", "start_time"), ("staging_events", "ts")):
            self.run(
                f"CREATE TEMP VIEW {table} AS"
                f" SELECT * FROM {tables}.{table} WHERE {column} BETWEEN {begin} AND {end}"
            )
        # Those of the plays, and those of no play that lie between them.
        self.run(
            "CREATE TEMP VIEW play_matches AS SELECT matches.* FROM"
            f" {tables}.play_matches AS matches LEFT JOIN {tables}.songplays AS plays USING (songplay_id)"
            f" WHERE (plays.start_time IS NULL OR plays.start_time BETWEEN {begin} AND {end})"
            " AND songplay_id BETWEEN (SELECT MIN(songplay_id) FROM songplays)"
            " AND (SELECT MAX(songplay_id) FROM songplays)"
        )
        for table in ("users", "user_latest_event", "user_levels"):
            self.run(
                f"CREATE TEMP TABLE {table} AS SELECT * FROM {tables}.{table} WHERE user_id IN"
                " (SELECT user_id FROM staging_events UNION SELECT user_id FROM songplays"
                " UNION SELECT user_id FROM touched_users"
                " UNION SELECT user_id FROM touched_levels)"
            )
        yield
        # After an exception the rollback takes them away.
        for view in ("audit_window", "play_matches", "songplays", "time", "staging_events"):
            self.run(f"DROP VIEW temp.{view}")
        for table in ("users", "user_latest_event", "user_levels"):
            self.run(f"DROP TABLE temp.{table}")

    def write_parquet(
        self, select: str, folder: str, partition_by: Sequence[str] = (), *, keep: bool = False
    ) -> None:
        """Write the rows of a SELECT as Parquet files into a folder that is not there yet."""
        if is_on_s3(folder):
            self._upload_parquet(select, folder, partition_by, keep=keep)
            return
        options = ["FORMAT parquet", "COMPRESSION zstd"]
        if partition_by:
            options.append(f"PARTITION_BY ({', '.join(partition_by)}), WRITE_PARTITION_COLUMNS {keep}")
        else:
            Path(folder).mkdir()
        target = folder if partition_by else f"{folder}/data_0.parquet"
        statement = "COPY ({}) TO '{}' ({})".format(select, target.replace("'", "''"), ", ".join(options))
        with self.explained():
            try:
                self.connection.execute(statement)
            except duckdb.Error as error:
                cause = file_error(error)
                if cause is None or not str(cause.filename).startswith(folder):
                    raise
                raise cause from None
        Path(folder).mkdir(exist_ok=True)  # of no rows there are no partitions

    def _upload_parquet(self, select: str, uri: str, partition_by: Sequence[str], *, keep: bool) -> None:
        from sparkify.sources.s3_folder import S3Folder

        if self._aside is None:
            raise ValueError("the warehouse was not opened for writing to S3")
        table = Path(self._aside.name).resolve() / "table"
        try:
            self.write_parquet(select, str(table), partition_by, keep=keep)
            S3Folder(uri, self._aws).upload(table)
            shutil.rmtree(table)
        except OSError as error:
            raise _no_room_aside(error) from None

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        super().close()
        if self._aside:
            self._aside.cleanup()


def _temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    try:
        return tempfile.TemporaryDirectory(prefix="sparkify-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_room_aside(error) from None


def _no_room_aside(error: OSError) -> WarehouseError:
    return WarehouseError(
        f"{tempfile.gettempdir()}: can't be written: {error.strerror}",
        "the files are written there before they are uploaded; TMPDIR can name another place",
    )
