"""The tables of this project in a database: what is there, made, brought up to date; on any engine."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

from sparkify.sql import TABLES, VIEWS, create_table, read_sql
from sparkify.warehouse import tables
from sparkify.warehouse.contract import Session


class OwnTables(Session, Protocol):
    """What both engines do alike, given what relations there are under names of this project."""

    _others_remedy: ClassVar[str]
    """What to do where something is somebody else's."""

    _is_asked_once: bool = False
    _known: tables.Relations | None = None

    def _relations(self) -> tables.Relations: ...

    def _found(self) -> tables.Relations:
        if not self._is_asked_once:
            return self._relations()
        if self._known is None:
            self._known = self._relations()
        return self._known

    @contextmanager
    def catalogue_asked_once(self) -> Iterator[None]:
        """Ask only once which tables there are, until this session makes, drops or upgrades some."""
        self._is_asked_once, self._known = True, None
        try:
            yield
        finally:
            self._is_asked_once, self._known = False, None

    def has_tables(self) -> bool:
        """Whether the tables of this project are there."""
        found = self._found()
        return tables.are_there(self.location, found, self._version(found), self._others_remedy)

    def lacking(self) -> list[str]:
        """The tables and views that a warehouse of an older version lacks, or of which it lacks columns."""
        found = self._found()
        return tables.lacking(self.location, found, self._version(found), self._others_remedy)

    def own_tables(self) -> list[str]:
        """The tables of this project that are there."""
        found = self._found()
        self._version(found)
        return tables.own(self.location, found, self._others_remedy)

    def is_older(self) -> bool:
        """Whether the tables are those of an older version, which ``upgrade_tables`` brings up to date."""
        found = self._found()
        return bool(tables.statements_to_upgrade(found, self._version(found), self.engine))

    def upgrade_tables(self) -> tuple[bool, Collection[str]]:
        """Bring the tables of an older version up to date, if that is what is there."""
        found = self._found()
        version = self._version(found)
        statements = tables.statements_to_upgrade(found, version, self.engine)
        for statement in statements:
            self.query(statement)
        if statements:
            self._known = None
        return bool(statements), tables.to_be_derived(found, version) if statements else ()

    def _version(self, found: tables.Relations) -> int:
        return tables.version(self.location, found, self.query)

    def create_tables(self) -> None:
        """Drop all tables of this project, and create them empty."""
        there = self.own_tables()
        for view in reversed(VIEWS):  # some read from those before them
            self.query(f"DROP VIEW IF EXISTS {view}")
        for table in there:
            self.query(f"DROP TABLE {table}")
        for table in TABLES:
            self.query(create_table(table, self.engine))
        for view in VIEWS:
            self.query(read_sql(f"views/{view}"))
        self._known = None
