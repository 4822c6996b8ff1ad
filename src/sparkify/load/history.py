"""The history of runs: each is a row, with what it said and what its audits found, also if it failed."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sparkify import __version__
from sparkify.errors import AuditError, BusyError, SparkifyError, WarehouseError
from sparkify.load.audits import AuditResult
from sparkify.printing.terminal import shortened
from sparkify.system import interrupts
from sparkify.warehouse.contract import Schema, Session

Outcome = Literal["loaded", "unloaded", "pruned", "nothing new", "failed"]

_LONGEST_NOTE = 16_000
"""Characters: 65,535 bytes fit into a text of Redshift's, and a character has four at most."""


@dataclass
class Run:
    """A run, as the table of runs has it.

    Attributes:
        run_id: its number.
        started: when.
        outcome: how it ended.
        is_full: whether it began with empty tables.
        files: that it loaded or left out.
        records: of these files.
        loaded: of these records.
        rejected: of these records.
        event_keys: the digest of the keys by which it has read the log files.
        song_location: the place that it searched for songs.
        log_location: the place that it searched for logs.
    """

    run_id: int
    started: datetime
    outcome: Outcome
    is_full: bool = False
    files: int = 0
    records: int = 0
    loaded: int = 0
    rejected: int = 0
    event_keys: str | None = None
    song_location: str = ""
    log_location: str = ""


def next_run_id(warehouse: Session) -> int:
    """The number of a run that begins now, as the one writer."""
    ((last,),) = warehouse.query("SELECT COALESCE(MAX(run_id), 0) FROM runs")
    return int(last) + 1


def record(
    warehouse: Session, run: Run, notes: Sequence[tuple[str, str]], audits: Sequence[AuditResult]
) -> None:
    """Write a run into the warehouse.

    Args:
        warehouse: where, within a transaction.
        run: the run.
        notes: what it said, as (severity, text).
        audits: what its audits found.
    """
    warehouse.insert(
        "runs",
        [
            (
                run.run_id,
                run.started.replace(tzinfo=None),
                datetime.now(UTC).replace(tzinfo=None),
                warehouse.engine,
                __version__,
                run.is_full,
                run.files,
                run.records,
                run.loaded,
                run.rejected,
                run.event_keys,
                run.song_location,
                run.log_location,
                run.outcome,
            )
        ],
    )
    warehouse.insert(
        "run_notes",
        [
            (run.run_id, number, severity, shortened(text, _LONGEST_NOTE))
            for number, (severity, text) in enumerate(notes, 1)
        ],
    )
    warehouse.insert(
        "audit_results",
        [
            (run.run_id, each.audit.name, each.audit.severity, each.rows_found, each.seconds)
            for each in audits
        ],
    )


def record_failure(
    warehouse: Schema, error: BaseException, started: datetime, song_location: str, log_location: str
) -> None:
    """Write a run into the warehouse that has changed nothing else, with what made it fail.

    Nothing is written where there are no tables yet, where somebody else is writing, or where the database
    can't be written: the error says it all.

    Args:
        warehouse: where; no transaction is under way.
        error: what made it fail; gets the number of the run, if it is one of this project's errors.
        started: when the run began.
        song_location: the place that it searched for songs.
        log_location: the place that it searched for logs.
    """
    if isinstance(error, BusyError):
        return
    with contextlib.suppress(WarehouseError):
        if not warehouse.has_tables():
            return
        with warehouse.transaction():
            run = Run(
                next_run_id(warehouse),
                started,
                "failed",
                song_location=song_location,
                log_location=log_location,
            )
            audits = error.results if isinstance(error, AuditError) else ()
            record(warehouse, run, [("error", _reason(error))], audits)
        if isinstance(error, SparkifyError):
            error.run_id = run.run_id


def _reason(error: BaseException) -> str:
    if isinstance(error, SparkifyError):
        return error.message
    if isinstance(error, interrupts.Stopped):
        return interrupts.message(error.number)
    return f"unexpected {type(error).__name__}: {error}"
