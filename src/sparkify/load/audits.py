"""Audits: SELECTs of bad rows, run before a new star schema is committed.

Each file in sql/audits is one audit. Its first line says how grave it is and what must be true:
``-- fail: …`` stops the run and leaves the old warehouse as it was, ``-- warn: …`` only speaks. One that says
``-- warn of what was loaded: …`` looks at staging_events alone; a run warns of what it has loaded itself, and
not once more of what earlier runs have.
"""

from dataclasses import dataclass

from sparkify.errors import AuditError
from sparkify.printing.terminal import shortened
from sparkify.sql import names_in, read_sql
from sparkify.warehouse.contract import Row, Session

_SHOWN_ROWS = 3
_OF_LOAD = "warn of what was loaded"


@dataclass(frozen=True)
class Audit:
    """One audit file.

    Attributes:
        name: the file's name.
        fails: whether bad rows stop the run.
        claim: what must be true.
        sql: the SELECT of bad rows.
        is_of_load: whether in a run it looks at the events of that run only.
    """

    name: str
    fails: bool
    claim: str
    sql: str
    is_of_load: bool = False


@dataclass(frozen=True)
class Finding:
    """An audit that found bad rows, with the first of them."""

    audit: Audit
    columns: list[str]
    rows: list[Row]

    def __str__(self) -> str:
        rows = "; ".join(
            ", ".join(
                f"{column} {shortened(str(value))}" for column, value in zip(self.columns, row, strict=True)
            )
            for row in self.rows[:_SHOWN_ROWS]
        )
        more = "; …" if len(self.rows) > _SHOWN_ROWS else ""
        return f"{self.audit.name}: expected that {self.audit.claim}; found: {rows}{more}"


def load_audits() -> list[Audit]:
    """All audits, by name."""
    audits = []
    for name in names_in("audits"):
        sql = read_sql(f"audits/{name}")
        severity, _, claim = sql.splitlines()[0].removeprefix("-- ").partition(": ")
        if severity not in ("fail", "warn", _OF_LOAD):
            raise ValueError(f"audits/{name}.sql: its first line must begin with -- fail: or -- warn:")
        audits.append(Audit(name, severity == "fail", claim, sql, severity == _OF_LOAD))
    return audits


def run_audits(warehouse: Session, *, in_run: bool = False) -> list[Finding]:
    """Run all audits.

    Args:
        warehouse: where.
        in_run: whether a run is under way, and ``batch_events`` is there.

    Returns:
        What those found that warn.

    Raises:
        AuditError: one that fails found bad rows.
    """
    findings = []
    for audit in load_audits():
        # What a WITH names stands before the table of that name, in all that is nested in the statement.
        begin = "WITH staging_events AS (SELECT * FROM batch_events) " * (in_run and audit.is_of_load)
        sql = audit.sql.strip().removesuffix(";")
        bad_rows = f"{begin}SELECT * FROM (\n{sql}\n) AS bad LIMIT {_SHOWN_ROWS + 1}"
        columns, rows = warehouse.select(bad_rows)
        if rows:
            findings.append(Finding(audit, columns, rows))
    failed = [finding for finding in findings if finding.audit.fails]
    if failed:
        raise AuditError(
            "the new star schema failed an audit, and the old one was kept\n  "
            + "\n  ".join(str(finding) for finding in failed),
            "look at the rows named above; if the source files are right, this is a bug in sparkify",
        )
    return findings
