"""What a run did: what people are told of it, and what the warehouse remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sparkify.load import history
from sparkify.load.accounts import EventAccount
from sparkify.load.audits import AuditResult, Finding
from sparkify.load.history import Outcome
from sparkify.load.staging import SourceSummary
from sparkify.sources.objects import Source
from sparkify.sql import STAR_TABLES
from sparkify.warehouse.contract import Session
from sparkify.warehouse.tables import count_rows


@dataclass
class Summary:
    """What a run did.

    Attributes:
        run_id: its number.
        outcome: whether it loaded anything.
        started: when it began.
        sources: by source, its files and their records.
        tables: by star table, its rows and how many more they are than before.
        account: where the events went that it has loaded; None when there was nothing to do.
        matched: songplays whose song the catalogue has.
        rejects: the first rejects, as (file, line, reason).
        audits: what the audits found.
        warnings: what people should look at.
        notes: what else they should know.
    """

    run_id: int = 0
    outcome: Outcome = "nothing new"
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    sources: dict[Source, SourceSummary] = field(default_factory=dict)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    account: EventAccount | None = None
    matched: int = 0
    rejects: list[tuple[str, int, str]] = field(default_factory=list)
    audits: list[AuditResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """What the audits warn of."""
        return [each.finding for each in self.audits if each.finding]

    @property
    def concerns(self) -> list[str]:
        """All warnings: first what the audits say, which is little, and last those of single files."""
        return [*map(str, self.findings), *self.warnings]

    @property
    def said(self) -> list[tuple[str, str]]:
        """All warnings and notes, as (severity, text)."""
        return [("warning", text) for text in self.concerns] + [("note", text) for text in self.notes]

    def count_tables(self, warehouse: Session, before: Mapping[str, int]) -> None:
        """Take down how many rows the star schema has, beside how many it had, and the matched plays."""
        after = count_rows(warehouse.query, STAR_TABLES)
        self.tables = {table: (rows, rows - before.get(table, 0)) for table, rows in after.items()}
        ((self.matched,),) = warehouse.query("SELECT COUNT(song_id) FROM songplays")

    def record(
        self,
        warehouse: Session,
        *,
        files: int = 0,
        is_full: bool = False,
        event_keys: str | None = None,
        song_location: str = "",
        log_location: str = "",
    ) -> None:
        """Write the run into the warehouse, with all that it says; see ``history.Run``."""
        counts = self.sources.values()
        run = history.Run(
            self.run_id,
            self.started,
            self.outcome,
            is_full=is_full,
            files=files,
            records=sum(count.records for count in counts),
            loaded=sum(count.loaded for count in counts),
            rejected=sum(count.rejected for count in counts),
            event_keys=event_keys,
            song_location=song_location,
            log_location=log_location,
        )
        history.record(warehouse, run, self.said, self.audits)
