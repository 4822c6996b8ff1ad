"""Files that were loaded and have lost records since: nothing leaves the warehouse without a word."""

from collections.abc import Mapping

from sparkify.errors import SourceError
from sparkify.load.limits import FileCount
from sparkify.printing.wording import counted, plural
from sparkify.sources.objects import NOUNS, LoadedFile, LoadedFiles, Source, SourcePlan, first_few
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Session


def check(
    warehouse: Session,
    plans: Mapping[Source, SourcePlan],
    counts: Mapping[int, FileCount],
    loaded: LoadedFiles,
    *,
    may_be_empty: bool,
) -> list[str]:
    """Compare what changed files hold now with what they held when they were loaded.

    Args:
        warehouse: where the files have been staged, and the rows of their earlier versions removed.
        plans: what was loaded.
        counts: by file_id, what became of the records of each file.
        loaded: the ledger as it was before.
        may_be_empty: whether files that had records may have none now.

    Returns:
        What to warn of.

    Raises:
        SourceError: files that had records have none now.
    """
    warnings, emptied = [], []
    for source, todo in plans.items():
        missing: dict[int, int] = {}
        if todo.removed:
            missing = dict(warehouse.query(read_sql(f"ledger/missing_{NOUNS[source]}")))
        shrunk, is_fewer = [], False
        for file in todo.added:
            before = loaded.get((source, file.source.uri))
            if before is None:
                continue
            now = counts[file.file_id]
            if before.loaded and not now.records:
                emptied.append(f"{file.source.uri} (held {plural(before.records, 'record')})")
            if change := _change(before, now, missing.get(before.file_id, 0)):
                shrunk.append(f"{file.source.uri} ({change})")
                is_fewer |= now.records < before.records or now.loaded < before.loaded
        if shrunk:
            what = "lost records since being loaded" if is_fewer else "other records than when loaded"
            files = counted(len(shrunk), "file has", "files have")
            # Where everything is loaded anew, the rows of before are not there to compare.
            left = f"; {_left(sum(missing.values()))}" if todo.removed else ""
            warnings.append(f"{source}: {files} {what}: {first_few(shrunk)}{left}")
    if emptied and not may_be_empty:
        files = counted(len(emptied), "file that was loaded is", "loaded files are")
        raise SourceError(
            f"{files} empty now: {first_few(emptied)}; nothing was changed",
            "restore the records, or accept that they leave the warehouse with: sparkify etl --allow-shrunk",
        )
    return warnings


def _change(before: LoadedFile, now: FileCount, missing: int) -> str:
    """How many records a file held and holds, if it has lost any."""
    if now.records >= before.records and now.loaded < before.loaded:
        return f"{before.loaded:,} of its records were good, {now.loaded:,} are"
    if now.records < before.records:
        return f"held {plural(before.records, 'record')}, holds {now.records:,}"
    if missing:
        gone = f"of which {counted(missing, 'is', 'are')} gone"
        return f"held {plural(before.records, 'record')}, {gone}; holds {now.records:,}"
    return ""


def _left(missing: int) -> str:
    if not missing:
        return "all that was loaded is still in the warehouse"
    return f"{counted(missing, 'record is', 'records are')} no longer in the warehouse"
