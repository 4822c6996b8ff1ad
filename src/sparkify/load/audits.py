"""Audits: SELECTs of bad rows, run before a new star schema is committed.

Each file in sql/audits is one audit. Its first line says how grave it is and what must be true:
``-- fail: …`` stops the run and leaves the old warehouse as it was, ``-- warn: …`` only speaks. One that says
``-- warn of what was loaded: …`` looks at staging_events or judged_days alone; a run warns of what it has
loaded itself, and not once more of what earlier runs have. ``-- warn of age: …`` depends on the time instead,
and is part of a run only where MAX_AGE_HOURS says how old the newest event may be.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sparkify.errors import AuditError
from sparkify.load.horizon import TOLERANCE
from sparkify.printing.terminal import shortened
from sparkify.sql import names_in, read_sql, relation
from sparkify.warehouse.contract import Row, Session

_SHOWN_ROWS = 3
_OF_LOAD = "warn of what was loaded"
_OF_AGE = "warn of age"
_SEVERITIES = ("fail", "warn", _OF_LOAD, _OF_AGE)


@dataclass(frozen=True)
class Audit:
    """One audit file.

    Attributes:
        name: the file's name.
        fails: whether bad rows stop the run.
        claim: what must be true.
        sql: the SELECT of bad rows.
        is_of_load: whether in a run it looks at the events of that run only.
        is_of_age: whether it looks at how old the newest event is.
    """

    name: str
    fails: bool
    claim: str
    sql: str
    is_of_load: bool = False
    is_of_age: bool = False

    @property
    def severity(self) -> str:
        """``fail`` or ``warn``."""
        return "fail" if self.fails else "warn"


@dataclass(frozen=True)
class Finding:
    """An audit that found bad rows, with the first of them."""

    audit: Audit
    columns: list[str]
    rows: list[Row]

    def __str__(self) -> str:
        rows = "; ".join(
            ", ".join(f"{column} {_shown(value)}" for column, value in zip(self.columns, row, strict=True))
            for row in self.rows[:_SHOWN_ROWS]
        )
        more = "; …" if len(self.rows) > _SHOWN_ROWS else ""
        return f"{self.audit.name}: expected that {self.audit.claim}; found: {rows}{more}"


def _shown(value: object) -> str:
    """A value as people can tell it from others: in quotes if it is blank or begins or ends so."""
    text = "NULL" if value is None else shortened(str(value))
    is_plain = not isinstance(value, str) or (text == text.strip() and text not in ("", "NULL"))
    return text if is_plain else f"'{text}'"


@dataclass(frozen=True)
class AuditResult:
    """What an audit found in a run.

    Attributes:
        audit: the audit.
        rows_found: how many bad rows; 0 if it passed.
        seconds: how long it took.
        finding: the first of the bad rows, if there are any.
    """

    audit: Audit
    rows_found: int
    seconds: float
    finding: Finding | None


def load_audits() -> list[Audit]:
    """All audits, by name."""
    audits = []
    for name in names_in("audits"):
        sql = read_sql(f"audits/{name}")
        severity, _, claim = sql.splitlines()[0].removeprefix("-- ").partition(": ")
        if severity not in _SEVERITIES:
            first = " or ".join(f"-- {each}:" for each in _SEVERITIES)
            raise ValueError(f"audits/{name}.sql: its first line must begin with {first}")
        audits.append(Audit(name, severity == "fail", claim, sql, severity == _OF_LOAD, severity == _OF_AGE))
    return audits


def run_audits(warehouse: Session, *, in_run: bool = False) -> list[AuditResult]:
    """Run all audits.

    Args:
        warehouse: where.
        in_run: whether a run is under way, and ``batch_events`` is there.

    Raises:
        AuditError: one that fails found bad rows.
    """
    results = [_run(warehouse, audit, in_run=in_run) for audit in load_audits() if not audit.is_of_age]
    failed = [each.finding for each in results if each.finding and each.audit.fails]
    if failed:
        raise AuditError(
            "the new star schema failed an audit, and the old one was kept\n  "
            + "\n  ".join(str(finding) for finding in failed),
            "look at the rows named above; if the source files are right, this is a bug in sparkify",
            results,
        )
    return results


def run_age_audits(warehouse: Session, now: datetime, max_age_hours: float) -> list[AuditResult]:
    """Run the audits that look at how old the newest event is, in a run that is not recorded yet.

    Args:
        warehouse: where.
        now: when the run began, UTC.
        max_age_hours: how old it may be; 0 for any age, of which nothing is said.
    """
    oldest_allowed = oldest_allowed_of(now, max_age_hours)
    if not oldest_allowed:
        return []
    return [
        _run(warehouse, audit, oldest_allowed=oldest_allowed, horizon=now + TOLERANCE)
        for audit in load_audits()
        if audit.is_of_age
    ]


def oldest_allowed_of(now: datetime, max_age_hours: float) -> datetime | None:
    """Since when the newest event must have happened; None if it may be of any age.

    Args:
        now: UTC.
        max_age_hours: how old it may be; 0 for any age.
    """
    return now - timedelta(hours=max_age_hours) if max_age_hours else None


def begin_of(
    audit: Audit,
    *,
    in_run: bool = False,
    oldest_allowed: datetime | None = None,
    horizon: datetime | None = None,
) -> str:
    """What stands before an audit so that it sees what it is to look at."""
    instead = {}
    if in_run and audit.is_of_load:
        of_run = {
            "staging_events": "SELECT * FROM batch_events",
            "judged_days": "SELECT day FROM touched_days",
        }
        instead = {name: sql for name, sql in of_run.items() if name in audit.sql}
    if oldest_allowed and audit.is_of_age:
        moment = oldest_allowed.replace(tzinfo=None)
        instead["oldest_allowed"] = f"SELECT TIMESTAMP '{moment}' AS moment"
    if horizon:  # the view of that name has the one of the last run that is recorded, if there is one
        instead["event_horizon"] = f"SELECT TIMESTAMP '{horizon.replace(tzinfo=None)}' AS horizon"
    # What a WITH names stands before the table of that name, in all that is nested in the statement.
    return f"WITH {', '.join(f'{name} AS ({sql})' for name, sql in instead.items())} " if instead else ""


def find_bad_rows(warehouse: Session, audit: Audit, begin: str = "") -> Finding | None:
    """Run an audit; None if all is well.

    Args:
        warehouse: where.
        audit: which.
        begin: what ``begin_of`` puts before it.
    """
    columns, rows = warehouse.select(
        f"{begin}SELECT * FROM {relation(audit.sql, 'bad')} LIMIT {_SHOWN_ROWS + 1}"
    )
    return Finding(audit, columns, rows) if rows else None


def _run(
    warehouse: Session,
    audit: Audit,
    *,
    in_run: bool = False,
    oldest_allowed: datetime | None = None,
    horizon: datetime | None = None,
) -> AuditResult:
    clock = time.perf_counter()
    begin = begin_of(audit, in_run=in_run, oldest_allowed=oldest_allowed, horizon=horizon)
    finding = find_bad_rows(warehouse, audit, begin)
    count = len(finding.rows) if finding else 0
    if count > _SHOWN_ROWS:  # only then: who has to count all rows can't stop at the first
        ((count,),) = warehouse.query(f"{begin}SELECT COUNT(*) FROM {relation(audit.sql, 'bad')}")
    return AuditResult(audit, int(count), time.perf_counter() - clock, finding)
