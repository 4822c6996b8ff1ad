"""What the audits say of a warehouse as it is, and what they have found in its runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sparkify.answers.check import audit_all
from sparkify.answers.report.charts import number
from sparkify.answers.report.words import Record, plural, shown
from sparkify.load.audits import load_audits
from sparkify.warehouse.contract import Session


@dataclass(frozen=True)
class AuditNow:
    """An audit of the warehouse as it is.

    Attributes:
        result: passed, warned or failed.
        name: the audit's.
        text: what must be true, or what was found instead.
    """

    result: str
    name: str
    text: str


@dataclass
class Mark:
    """What an audit found in one run.

    Attributes:
        result: passed, warned or failed.
        tip: the run, its time, and how many rows were found.
    """

    result: str
    tip: str


@dataclass
class Found:
    """What one audit has found over time.

    Attributes:
        name: the audit's.
        runs: in how many runs it found something.
        last: the last of these runs, with its day.
        rows: how many rows it found then.
        marks: one for each run, oldest first.
    """

    name: str
    runs: int
    last: str
    rows: str
    marks: list[Mark]


@dataclass
class History:
    """What all audits have found over time.

    Attributes:
        said: a sentence.
        found: the audits that found something, latest first.
    """

    said: str = ""
    found: list[Found] = field(default_factory=list)


def audit_now(warehouse: Session) -> list[AuditNow]:
    """Run all audits on a warehouse as it is."""
    claims = {audit.name: audit.claim for audit in load_audits()}
    return [
        AuditNow(each.result, each.name, each.remark or claims[each.name]) for each in audit_all(warehouse)
    ]


def history_of(rows: Sequence[Record]) -> History:
    """What audits have found over time.

    Args:
        rows: of report/audit_history.
    """
    times = {row["run_id"]: shown(row["started_at"])[:16] for row in rows}
    if not times:
        return History("No run has been audited yet.")
    count = len(times)
    last = f"the last {plural(count, 'run')} with audits" if count > 1 else "the only run with audits"
    by_audit: dict[str, dict[int, Record]] = {}
    for row in rows:
        if row["audit"] is not None:
            by_audit.setdefault(row["audit"], {})[row["run_id"]] = row
    if not by_audit:
        return History(f"Nothing, in {last}.")
    found = [_found(name, times, by_run) for name, by_run in by_audit.items()]
    found.sort(key=lambda each: (-max(by_audit[each.name]), each.name))
    bad_runs = {run for by_run in by_audit.values() for run in by_run}
    share = f"{len(bad_runs)} of {last}" if count > 1 else last
    return History(f"{plural(len(found), 'audit')} found something in {share}.", found)


def _found(name: str, times: dict[int, str], by_run: dict[int, Record]) -> Found:
    def mark(run: int) -> Mark:
        row = by_run.get(run)
        what = plural(row["rows_found"], "row") if row else "nothing"
        return Mark(_result(row["severity"]) if row else "passed", f"Run {run}, {times[run]}: {what}")

    last = max(by_run)
    return Found(
        name,
        len(by_run),
        f"run {last}, {times[last][:10]}",
        number(by_run[last]["rows_found"]),
        [mark(run) for run in times],
    )


def _result(severity: str) -> str:
    return "failed" if severity == "fail" else "warned"
