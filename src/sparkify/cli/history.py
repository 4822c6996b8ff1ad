"""What earlier runs did, for people and for programs."""

import os
import sys
from typing import Any

from sparkify import __version__
from sparkify.cli.results import place_of
from sparkify.errors import UsageError
from sparkify.printing.output import Form, print_object, print_rows
from sparkify.printing.tables import Look
from sparkify.sql import read_sql, relation
from sparkify.warehouse.contract import Row, Session

RUN_COLUMNS = (
    "run",
    "started",
    "finished",
    "outcome",
    "engine",
    "version",
    "is_full",
    "files",
    "records",
    "loaded",
    "rejected",
    "warnings",
    "reason",
)
_LISTED = ("run", "started", "outcome", "files", "records", "rejected", "warnings", "reason")
_FILE_COLUMNS = {
    "source": "source",
    "file": "uri",
    "bytes": "size",
    "records": "records",
    "loaded": "loaded",
    "rejected": "rejected",
    "left_out": "left_out",
}
_AUDIT_COLUMNS = {name: name for name in ("audit", "severity", "rows_found", "seconds")}
_NOTE_COLUMNS = {name: name for name in ("severity", "note")}
_SHOWN_ROWS = 20


def list_runs(warehouse: Session, limit: int) -> list[Row]:
    """The last runs, newest first, in the order of RUN_COLUMNS."""
    return warehouse.query(f"{_runs()} ORDER BY run_id DESC LIMIT {limit:d}")


def run_fields(row: Row) -> dict[str, Any]:
    """One of these runs, by the names of its columns."""
    return dict(zip(RUN_COLUMNS, row, strict=True))


def print_runs(warehouse: Session, limit: int, form: Form, look: Look) -> None:
    """Print the last runs, newest first."""
    runs = [run_fields(row) for row in list_runs(warehouse, limit)]
    if form != "table":
        print_rows(RUN_COLUMNS, [tuple(run.values()) for run in runs], form)
        return
    for run in runs:  # a row is a line
        run["started"] = f"{run['started']:%Y-%m-%d %H:%M:%S}"
        run["reason"] = run["reason"] and run["reason"].split("\n")[0]
    names = {name: "started (UTC)" if name == "started" else name for name in _LISTED}
    print_rows(list(names.values()), [tuple(run[name] for name in names) for run in runs], "table", look)


def run_of(warehouse: Session, run_id: int) -> dict[str, Any]:
    """A run, with its files, what its audits found, and what it said.

    Raises:
        UsageError: there is no such run.
    """
    runs = warehouse.query(f"{_runs()} WHERE run_id = ?", [run_id])
    if not runs:
        raise UsageError(f"{warehouse.location}: has no run {run_id}", "list its runs with: sparkify runs")

    def rows(columns: dict[str, str], table: str, order: str) -> list[dict[str, Any]]:
        found = warehouse.query(
            f"SELECT {', '.join(columns.values())} FROM {table} WHERE run_id = ? ORDER BY {order}", [run_id]
        )
        return [dict(zip(columns, row, strict=True)) for row in found]

    return {
        "run": run_fields(runs[0]),
        "files": rows(_FILE_COLUMNS, "ledger", "source, file_id"),
        "audits": rows(_AUDIT_COLUMNS, "audit_results", "audit"),
        "notes": rows(_NOTE_COLUMNS, "run_notes", "note_number"),
    }


def print_run(warehouse: Session, run_id: int, form: Form, look: Look) -> None:
    """Print what a run did.

    Raises:
        UsageError: there is no such run, or it can't be printed in that form.
    """
    if form not in ("table", "json"):
        raise UsageError("a single run is several tables, and no CSV", "choose --json, or leave RUN out")
    run = run_of(warehouse, run_id)
    if form == "json":
        head = {"command": "runs", "version": __version__} | place_of(warehouse)
        print_object(head | {"exit_code": 0, "reason": None} | run)
        return
    about = [
        (name, f"{value:,}" if type(value) is int else value)
        for name, value in run["run"].items()
        if name != "run" and value is not None
    ]
    print_rows(["run", str(run_id)], about, "table", look)
    run["files"] = _for_people(run["files"])
    for name in ("files", "audits", "notes"):
        rows = run[name]
        if name == "audits":
            rows = [row for row in rows if row["rows_found"]]
            passed = len(run[name]) - len(rows)
            sys.stdout.write(f"\naudits: {passed:,} passed, {len(rows):,} found something\n")
        if rows:
            sys.stdout.write("\n" * (name != "audits"))
            print_rows(list(rows[0]), [tuple(row.values()) for row in rows[:_SHOWN_ROWS]], "table", look)
        if len(rows) > _SHOWN_ROWS:
            sys.stdout.write(f"… and {len(rows) - _SHOWN_ROWS:,} more {name}; all of them: --json\n")


def _for_people(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Files, without what all names of a source begin with, and why they were left out only if some were."""
    if not any(file["left_out"] for file in files):
        files = [{name: value for name, value in file.items() if name != "left_out"} for file in files]
    shared = {
        # Cut at a slash below; commonpath would take s3:// for a path.
        source: os.path.commonprefix([file["file"] for file in files if file["source"] == source])  # noqa: RUF071
        for source in {file["source"] for file in files}
    }
    begin = {source: prefix.rfind("/") + 1 for source, prefix in shared.items()}
    return [
        file
        | {"file": f"…/{file['file'][begin[file['source']] :]}" if begin[file["source"]] else file["file"]}
        for file in files
    ]


def _runs() -> str:
    return f"SELECT * FROM {relation(read_sql('report/run_history'), 'history')}"
