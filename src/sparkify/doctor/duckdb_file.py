"""Whether a DuckDB warehouse can be read and written, and its copy be published."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from sparkify.config.rules import size_of
from sparkify.config.settings import Settings
from sparkify.doctor.findings import Findings
from sparkify.doctor.sources import Listed
from sparkify.errors import BusyError
from sparkify.printing.wording import plural, size_text
from sparkify.system.locks import lock_holder
from sparkify.system.memory import available_bytes
from sparkify.warehouse.duckdb.publishing import Publishing
from sparkify.warehouse.opening import connect

_DISK_SHARE = 0.25
"""What a load takes on the disk at its peak, as a share of the files' text: docs/scale.md."""

_GZIP_RATIO = 10
"""How many bytes of text a byte of compressed logs usually holds: docs/scale.md."""

_LEAST_FREE = 32 * 2**20
"""What any run may take on the disk, in bytes, also one that loads little."""


def examine_duckdb(settings: Settings, listed: Listed, findings: Findings) -> None:
    """Look at the file, who has it open, its copy, the disk and the memory."""
    with findings.check("warehouse"):
        _examine_file(settings, findings)
    if settings.duckdb.publish:
        with findings.check("publish"):
            _examine_copy(settings, findings)
    _examine_disk(settings, listed, findings)
    _examine_memory(settings, findings)


def _examine_file(settings: Settings, findings: Findings) -> None:
    database = settings.database
    path, folder = Path(database), Path(database).absolute().parent
    if not os.path.lexists(path):
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            findings.ok("warehouse", f"{database}: does not exist yet; etl creates it")
        else:
            problem = "is not writable" if folder.is_dir() else "does not exist"
            findings.fail(
                "warehouse", f"{database}: the folder {folder} {problem}", "create it, or change its rights"
            )
        return
    holder = lock_holder(path)
    if holder:
        process, name = holder
        by = f"process {process}" + (f" ({name})" if name else "")
        hint = "wait with: sparkify etl --wait SECONDS; if readers hold it often, set [WAREHOUSE] PUBLISH"
        findings.warn("in use", f"{database}: {by} has it open, so nothing can be loaded now", hint)
    else:
        findings.ok("in use", f"{database}: nobody else has it open")
    try:
        with_tables = _holds_tables(settings)
    except BusyError as busy:
        findings.warn("warehouse", busy.message, busy.hint)
        return
    said = f"{database}: {size_text(path.stat().st_size)}, {with_tables}"
    if os.access(path, os.W_OK) and os.access(folder, os.W_OK | os.X_OK):
        findings.ok("warehouse", said)
    else:
        hint = "to load into it, change the rights of the file and its folder"
        findings.warn("warehouse", f"{said}; it can be read, but not written", hint)


def _holds_tables(settings: Settings) -> str:
    # The file itself: of its copy, which is read otherwise, nothing can be told about it.
    itself = replace(settings, duckdb=replace(settings.duckdb, publish=""))
    warehouse = connect(itself, read_only=True, tell=lambda _: None)
    try:
        if not warehouse.has_tables():
            return "without tables; etl creates them"
        ((runs,),) = warehouse.query("SELECT COUNT(*) FROM runs")
        return f"loaded by {plural(runs, 'run')}"
    finally:
        warehouse.close()


def _examine_copy(settings: Settings, findings: Findings) -> None:
    refused: list[str] = []
    publishing = Publishing(settings.database, settings.duckdb, lambda _: None, refused.append)
    publishing.check_place()
    if refused:
        findings.warn("publish", refused[0])
        return
    there = Path(settings.duckdb.publish).exists()
    findings.ok("publish", f"{settings.duckdb.publish}: {'can be replaced' if there else 'can be written'}")


def _examine_disk(settings: Settings, listed: Listed, findings: Findings) -> None:
    path = Path(settings.database).absolute()
    if not path.parent.is_dir():
        return
    free, there = shutil.disk_usage(path.parent).free, path.stat().st_size if path.exists() else 0
    text = sum(
        file.size * (_GZIP_RATIO if file.uri.endswith(".gz") else 1)
        for files in listed.values()
        for file in files
    )
    needed = max(_LEAST_FREE, int(text * _DISK_SHARE) - there)
    said = f"{path.parent}: {size_text(free)} are free"
    if free < needed:
        hint = "free some space, or name a file on another disk with [WAREHOUSE] DATABASE"
        findings.warn("disk", f"{said}; a run may take {size_text(needed)}", hint)
    else:
        findings.ok("disk", said)


def _examine_memory(settings: Settings, findings: Findings) -> None:
    available, limit = available_bytes(), settings.duckdb.memory_limit
    if available is None:
        return
    said = f"{size_text(available)} available, {limit} for DuckDB"
    if available < size_of(limit):
        findings.warn("memory", said, "lower [WAREHOUSE] MEMORY_LIMIT, or end other programs")
    else:
        findings.ok("memory", said)
