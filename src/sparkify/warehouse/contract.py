"""What is asked of a database, in parts: a session, its tables, loading into them, unloading from them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sparkify.config.settings import LoadOptions
from sparkify.reading.staged import Staged
from sparkify.sources.objects import LoadFile, Source, Store
from sparkify.warehouse.copies import PublishedCopy

Row = tuple[Any, ...]
Advance = Callable[[int, int], None]
"""Called with (files finished, bytes read) since the last call."""

OnRecords = Callable[[list[str]], None]
"""Called with the texts of some records, now and then: so chosen that no pattern in the data keeps time with
it, for where every second record is different, both kinds must be seen."""


@dataclass(frozen=True)
class LoadJob:
    """The files of a source that a run loads.

    Attributes:
        source: which of the two sources.
        store: where its files are.
        files: the files to load.
        removed: file_ids whose rows are to be removed first.
        options: the places of the sources, and the limits on what may be wrong.
        paths: for each column of the staging table, the keys that lead to its value.
        begin: told a step that begins, ``stage`` (the files are read here) or ``copy`` (the database reads
            them, or what was made of them); the result is told how far the reading is.
        on_records: shown the texts of some records, where they come through this process.
    """

    source: Source
    store: Store
    files: list[LoadFile]
    removed: list[int]
    options: LoadOptions
    paths: list[list[str | int]]
    begin: Callable[[str], Advance]
    on_records: OnRecords

    @property
    def size(self) -> int:
        """The bytes of the files."""
        return sum(file.source.size for file in self.files)

    def of(self, files: list[LoadFile]) -> "LoadJob":
        """The same with some of the files."""
        return replace(self, files=files)


class Session(Protocol):
    """A connection to a warehouse, and the statements that it runs."""

    engine: str
    location: str
    read_copy: PublishedCopy | None
    """The copy that is read in place of the warehouse, if it may be older."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement with ``?`` for its parameters, and return its rows."""
        ...

    def select(self, sql: str) -> tuple[list[str], list[Row]]:
        """Run a statement, and return the names of its columns and its rows."""
        ...

    def stream(self, sql: str) -> tuple[list[str], Iterator[Row]]:
        """Run a user's SELECT; its rows come while they are taken, where the engine can do that.

        Nothing else can be asked of this warehouse meanwhile.
        """
        ...

    def run(self, script: str) -> None:
        """Run all statements of a SQL file."""
        ...

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table of this project, in the order of its columns."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all that is read meanwhile be of one state of the warehouse.

        Keep it short: on Redshift Serverless an open transaction costs money by the second.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: commits at the end, rolls back on an exception."""
        ...

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        ...


class Schema(Session, Protocol):
    """The tables of this project in a warehouse."""

    def catalogue_asked_once(self) -> AbstractContextManager[None]:
        """Ask only once which tables there are, until this session makes, drops or upgrades some.

        For steps that follow each other: what other sessions do meanwhile is not seen. It is seen by the
        comparison of the last run, which every run makes in its transaction.
        """
        ...

    def has_tables(self) -> bool:
        """Whether the tables of this project are there.

        Raises:
            WarehouseError: some only, those of an older version, or others under their names.
        """
        ...

    def lacking(self) -> list[str]:
        """The tables and views that a warehouse of an older version lacks, or of which it lacks columns.

        Where there are no tables of this project, it lacks all.

        Raises:
            WarehouseError: some tables are missing for another reason, or there are others under their names.
        """
        ...

    def own_tables(self) -> list[str]:
        """The tables of this project that are there.

        Raises:
            WarehouseError: something that is not of this project has one of their names.
        """
        ...

    def upgrade_tables(self) -> tuple[bool, Collection[str]]:
        """Bring the tables of an older version up to date, if that is what is there; nothing is lost.

        Returns:
            Whether they are, and the tables that must be derived from all that is staged.
        """
        ...

    def is_older(self) -> bool:
        """Whether the tables are those of an older version, which ``upgrade_tables`` brings up to date."""
        ...

    def create_tables(self) -> None:
        """Drop all tables of this project, and create them empty.

        Raises:
            WarehouseError: something that is not of this project has one of their names.
        """
        ...

    def empty_tables(self) -> None:
        """Leave all tables of this project empty, but for the table of runs: it goes on."""
        ...


class Loading(Session, Protocol):
    """How records and plays get into the tables.

    Attributes:
        loads_whole_sources: whether ``stage`` can only load all files of a source, and not some of them.
    """

    loads_whole_sources: bool

    def prepared(self, job: LoadJob) -> AbstractContextManager[None]:
        """Do for ``stage`` what takes long and needs no transaction, and tidy up in the end.

        Entered before the transaction of a run, and left after it. Redshift Serverless bills open
        transactions by the second, so files are read, judged and uploaded here; DuckDB reads them in
        ``stage``.

        Raises:
            SparkifyError: some files can't be loaded, or far too many records are bad.
        """
        ...

    def stage(self, job: LoadJob) -> Staged:
        """Load the records of files, which are ``prepared``, and take out those of files that were replaced.

        Leaves the relations ``batch_songs`` and ``removed_songs`` (or ``_events``): the rows added and
        removed. ``batch_events`` has one column more, ``event_id``, for ``insert_songplays``.

        Raises:
            UnusableFilesError: some files can't be loaded.
        """
        ...

    def unstage(self, source: Source, file_ids: Sequence[int]) -> None:
        """Take out the records and rejects of files, and leave the relations that ``stage`` leaves."""
        ...

    def restage(self) -> None:
        """Leave the relations that ``stage`` leaves, as if this run had added all that is staged."""
        ...

    def count_loaded(self, source: Source) -> dict[int, int]:
        """How many records of each file the last ``stage`` has loaded, as the database has it."""
        ...

    def forget_batch(self) -> None:
        """Drop what the last ``stage`` of each source has left, where the next one could not replace it."""
        ...

    def insert_songplays(self, select: str) -> None:
        """Append new plays to songplays and play_matches, each with a songplay_id of its own.

        Args:
            select: event_id, all columns of songplays but songplay_id, in the order of the table, and
                match_id.
        """
        ...

    def audit_scope(self) -> AbstractContextManager[None]:
        """Let audits see only the time and the users that this run touched, where that saves work.

        Between transform and commit, with ``batch_events``, ``touched_plays``, ``rematched_plays`` and
        ``touched_users`` in place.
        """
        ...


class Unloading(Session, Protocol):
    """How rows get out of a warehouse into files."""

    def write_parquet(
        self, select: str, folder: str, partition_by: Sequence[str] = (), *, keep: bool = False
    ) -> None:
        """Write the rows of a SELECT as Parquet files into a folder that is not there yet.

        The warehouse must have been opened with ``writes_to`` for it. Within a ``snapshot``, a local folder
        may have its files only at the end of that.

        Args:
            select: the rows, in the order in which they are to stand in the files.
            folder: where to; a local one or ``s3://bucket/prefix``.
            partition_by: columns that become folders named ``column=value`` and leave the files; NULL is
                ``__HIVE_DEFAULT_PARTITION__``.
            keep: whether these columns stay in the files.
        """
        ...


class Warehouse(Schema, Loading, Unloading, Protocol):
    """All that an engine can do; functions ask for the least of it that they need."""
