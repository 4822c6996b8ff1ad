"""What a warehouse holds, for people and for programs."""

import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text

from sparkify.answers.questions import require_tables
from sparkify.cli.history import RUN_COLUMNS, list_runs, run_fields
from sparkify.errors import StaleError, UsageError
from sparkify.load import accounts, gone
from sparkify.load.accounts import EventAccount
from sparkify.load.ledger import left_out_note, loaded_files
from sparkify.printing.console import Console
from sparkify.printing.output import print_rows
from sparkify.printing.tables import Look
from sparkify.printing.terminal import printable
from sparkify.sql import LEVEL_TABLES, STAR_TABLES, read_sql
from sparkify.warehouse.contract import Schema
from sparkify.warehouse.tables import count_rows

_SHOWN_RUNS = 10
_WHOLE = Look(is_prose=True)
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([mhd])")
_DIGITS = 8
_DAYS_FROM_HOURS = 72
_HEADERS = {"started": "started (UTC)", "finished": "finished (UTC)", "is_full": "full"}
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def status_of(warehouse: Schema) -> dict[str, Any]:
    """What a warehouse holds: tables, loaded files, events, and the last runs.

    Raises:
        WarehouseError: it has no tables, or they are of a newer version, or of one too old.
    """
    lacking = require_tables(warehouse, (*STAR_TABLES, "staging_events", "ledger", "runs", "event_horizon"))
    sources = warehouse.query(
        "SELECT source, COUNT(*), CAST(SUM(size) AS BIGINT), CAST(SUM(records) AS BIGINT),"
        " CAST(SUM(loaded) AS BIGINT), CAST(SUM(rejected) AS BIGINT)"
        " FROM ledger WHERE left_out IS NULL GROUP BY source ORDER BY source DESC"
    )
    names = ("files", "bytes", "records", "loaded", "rejected")
    loaded = loaded_files(warehouse.query)
    missing = sorted(gone.by_source(loaded).items(), reverse=True)
    ((newest,),) = warehouse.query(read_sql("report/newest_event"))
    pruned = accounts.Pruned() if "pruned_events" in lacking else accounts.of_pruned(warehouse)
    left_out: dict[str, dict[str, str]] = {}
    for (source, uri), file in sorted(loaded.items(), reverse=True):
        if file.left_out:
            left_out.setdefault(source, {})[uri] = file.left_out
    return {
        "tables": count_rows(
            warehouse.query, [name for name in (*STAR_TABLES, *LEVEL_TABLES) if name not in lacking]
        ),
        "sources": {source: dict(zip(names, counts, strict=True)) for source, *counts in sources},
        "events": asdict(accounts.of_warehouse(warehouse, pruned)),
        "pruned": {"events": pruned.events, "before": pruned.before} if pruned.before else None,
        "newest_event": newest,
        "left_out": [
            {"source": source, "file": uri, "reason": reason}
            for source, files in left_out.items()
            for uri, reason in files.items()
        ],
        "gone": {
            source: {"files": len(files), "records": sum(file.records for file in files.values())}
            for source, files in missing
        },
        "notes": [left_out_note(source, files) for source, files in left_out.items()]
        + [gone.note(source, files) for source, files in missing]
        + ([f"log_data: {pruned.sentence()}"] if pruned.before else []),
        "runs": [run_fields(row) for row in list_runs(warehouse, _SHOWN_RUNS)],
    }


def print_status(status: dict[str, Any], console: Console) -> None:
    """Print the tables, the loaded files and the last runs of a warehouse."""
    print_rows(["table", "rows"], list(status["tables"].items()), "table", _WHOLE)
    sys.stdout.write("\n")
    sources = [(source, *counts.values()) for source, counts in status["sources"].items()]
    print_rows(["source", "files", "bytes", "records", "loaded", "rejected"], sources, "table", _WHOLE)
    sys.stdout.write("\n")
    print_rows(["log_data", "events"], EventAccount(**status["events"]).rows(), "table", _WHOLE)
    sys.stdout.write("\n")
    names = [name for name in RUN_COLUMNS if name not in ("warnings", "reason")]
    runs = [tuple(run[name] for name in names) for run in status["runs"]]
    print_rows([_HEADERS.get(name, name) for name in names], runs, "table", _WHOLE)
    for note in status["notes"]:
        console.print(Text(printable(f"note: {note}"), "yellow"))


def age_of(text: str) -> timedelta:
    """An age as people write it: a number and ``m``, ``h`` or ``d``.

    Raises:
        UsageError: it is none.
    """
    age = _AGE.fullmatch(text.strip())
    if not age or len(age[1]) > _DIGITS:
        raise UsageError("--max-age is not an age", "write a number and a unit: 90m, 26h or 2d")
    return timedelta(**{_UNITS[age[2]]: float(age[1])})


def require_fresh(location: str, newest: datetime | None, allowed: timedelta) -> None:
    """Make sure that the newest event is not too old.

    Args:
        location: the warehouse, for messages.
        newest: when it happened; None if there is none.
        allowed: how old it may be.

    Raises:
        StaleError: it is older, or there is none.
    """
    hint = "check whether new log files arrive; the last runs are listed by: sparkify runs"
    if newest is None:
        raise StaleError(f"{location}: holds no event", hint)
    age = datetime.now(UTC).replace(tzinfo=None) - newest
    if age > allowed:
        raise StaleError(
            f"{location}: the newest event is {_in_words(age)} old ({newest:%Y-%m-%d %H:%M:%S} UTC);"
            f" at most {_in_words(allowed)} are allowed",
            hint,
        )


def _in_words(age: timedelta) -> str:
    hours = age / timedelta(hours=1)
    return f"{hours:,.1f} hours" if hours < _DAYS_FROM_HOURS else f"{hours / 24:,.1f} days"
