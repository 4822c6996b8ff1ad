"""The result of a command as one JSON object, for programs: docs/json.md describes all of its fields."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sparkify import __version__
from sparkify.cli.process import exit_code_of
from sparkify.errors import SparkifyError
from sparkify.printing.output import print_object
from sparkify.system import interrupts

if TYPE_CHECKING:
    from sparkify.answers.check import Outcome
    from sparkify.cluster.found import Resource
    from sparkify.load.audits import AuditResult
    from sparkify.load.summary import Summary
    from sparkify.warehouse.contract import Session


@contextmanager
def result_of(command: str, *, is_wanted: bool, about: str = "database") -> Iterator[dict[str, Any]]:
    """Print what a command puts into the object when it ends, well or not; errors go on to who tells people.

    Args:
        command: its name.
        is_wanted: whether it is to be printed.
        about: the field that says what it is about; null until that is known.
    """
    result: dict[str, Any] = {
        "command": command,
        "version": __version__,
        about: None,
        "exit_code": 0,
        "reason": None,
    }
    try:
        yield result
    except BaseException as error:
        result["exit_code"], result["reason"] = exit_code_of(error), _reason(error)
        raise
    finally:
        if is_wanted:
            print_object(result)


def place_of(warehouse: "Session") -> dict[str, Any]:
    """Which warehouse is read; and which copy, if one is read that may be older."""
    copy = warehouse.read_copy
    read = {"path": copy.path, "run": copy.run_id, "published": copy.published_at} if copy else None
    return {"database": warehouse.location, "copy": read}


def _reason(error: BaseException) -> dict[str, Any]:
    if isinstance(error, SparkifyError):
        kind = type(error).__name__.removesuffix("Error")
        return {"kind": kind, "message": error.message, "hint": error.hint or None}
    if isinstance(error, interrupts.Stopped):
        return {"kind": "Stopped", "message": interrupts.message(error.number), "hint": None}
    return {"kind": "Unexpected", "message": f"unexpected {type(error).__name__}: {error}", "hint": None}


def run_result(summary: "Summary") -> dict[str, Any]:
    """What a run did that has not failed."""
    return {
        "run": summary.run_id,
        "outcome": summary.outcome,
        "sources": {source: asdict(counts) for source, counts in summary.sources.items()},
        "tables": {name: {"rows": rows, "new": new} for name, (rows, new) in summary.tables.items()},
        "events": asdict(summary.account) if summary.account else None,
        "matched_plays": summary.matched,
        "rejects": [{"file": file, "line": line, "reason": reason} for file, line, reason in summary.rejects],
        "warnings": summary.warnings,
        "notes": summary.notes,
        "audits": audit_results(summary.audits),
    }


def no_run_result() -> dict[str, Any]:
    """The same fields where there is nothing to say yet."""
    from sparkify.load.summary import Summary

    return run_result(Summary(outcome="failed")) | {"run": None, "matched_plays": None}


def audit_results(results: "Sequence[AuditResult]") -> list[dict[str, Any]]:
    """What audits found, with the first of the bad rows."""
    return [
        {
            "audit": each.audit.name,
            "severity": each.audit.severity,
            "claim": each.audit.claim,
            "rows_found": each.rows_found,
            "seconds": round(each.seconds, 3),
            "rows": [dict(zip(each.finding.columns, row, strict=True)) for row in each.finding.rows]
            if each.finding
            else [],
        }
        for each in results
    ]


def step_results(steps: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """The steps of a run, and how long each took."""
    return [{"step": name, "seconds": round(seconds, 3)} for name, seconds in steps]


def check_result(outcomes: "Sequence[Outcome]") -> dict[str, Any]:
    """What a check found."""

    def named(kind: str, *names: str) -> list[dict[str, Any]]:
        return [
            {"name": each.name} | {name: getattr(each, name) for name in names}
            for each in outcomes
            if each.kind == kind
        ]

    return {
        "questions": named("question", "result", "rows", "remark"),
        "audits": named("audit", "result", "remark"),
    }


def cluster_result(found: "Sequence[Resource]", warnings: Sequence[str]) -> dict[str, Any]:
    """What is on AWS, and what it costs."""
    prices = [each.usd_per_hour for each in found if each.usd_per_hour is not None]
    return {
        "resources": [asdict(each) for each in found],
        "usd_per_hour": round(sum(prices), 4),
        "warnings": [line.removeprefix("warning: ") for line in warnings],
    }
