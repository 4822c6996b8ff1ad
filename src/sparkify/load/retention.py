"""What is forbidden once old events have been pruned from staging_events, because it would need them.

Before the day since which all events are kept, nobody can tell a new play from one that is delivered again,
nor what a file has brought. So files with events from before that day are neither added, nor replaced, nor
taken out, and the star schema can't be derived from what is staged. Loading everything from scratch can do
all that, and brings the pruned events back.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sparkify.errors import BadFileError, SourceError, UnusableFilesError, WarehouseError
from sparkify.load.horizon import TOLERANCE
from sparkify.printing.wording import plural
from sparkify.sources.objects import LoadedFiles, LoadFile, SourcePlan, first_few
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Session

REMEDY = "load everything again, with all source files in place: sparkify etl --full"
"""For all that is forbidden."""


def kept_since(warehouse: Session) -> date | None:
    """The day since which all events are kept; None if nothing was pruned."""
    ((day,),) = warehouse.query("SELECT day FROM events_kept_since")
    return day  # type: ignore[no-any-return]


def brought_back(warehouse: Session) -> list[str]:
    """What to say where everything is loaded from scratch."""
    if not (day := kept_since(warehouse)):
        return []
    return [f"events from before {day} had been pruned; those that their files still have are staged again"]


def require_plausible_clock(warehouse: Session, now: datetime) -> None:
    """Make sure that pruned events are not from the future: then users would be judged without them.

    Args:
        warehouse: where.
        now: when the run began.

    Raises:
        WarehouseError: they are.
    """
    day = kept_since(warehouse)
    if day and (now + TOLERANCE).date() < day:
        raise WarehouseError(
            f"{warehouse.location}: events from before {day} have been pruned, and by this machine's clock it"
            f" is {now:%Y-%m-%d %H:%M} UTC; nothing was changed",
            "set the clock",
        )


def with_old_events(warehouse: Session, file_ids: Iterable[int]) -> set[int]:
    """Those of some files that hold events from before the day since which all events are kept."""
    ids = set(file_ids)
    if not ids or not kept_since(warehouse):
        return set()
    return ids & {file_id for (file_id,) in warehouse.query(read_sql("ledger/pruned"))}


def require_replaceable(warehouse: Session, plan: SourcePlan, loaded: LoadedFiles) -> None:
    """Make sure that the changed log files of a plan can be replaced.

    Args:
        warehouse: where.
        plan: of the log files.
        loaded: what the ledger has.

    Raises:
        UnusableFilesError: some can't.
    """
    if old := with_old_events(warehouse, plan.removed):
        uris = sorted(uri for (_, uri), file in loaded.items() if file.file_id in old)
        problem = (
            f"has changed since it was loaded, or is to be loaded again, and of its events those from before"
            f" {kept_since(warehouse)} have been pruned, so that they can't be replaced"
        )
        hint = f"put the file back as it was loaded, modification time included (cp -p), or {REMEDY}"
        raise UnusableFilesError([BadFileError(uri, problem, hint) for uri in uris], {})


def require_recent(warehouse: Session, added: list[LoadFile]) -> None:
    """Make sure that log files which have just been staged bring no events of the time that was pruned.

    Args:
        warehouse: where.
        added: the files.

    Raises:
        UnusableFilesError: some do.
        SourceError: some do, and which ones is not known.
    """
    late = warehouse.query(read_sql("ledger/late_events"))
    if not late:
        return
    uris = {file.file_id: file.source.uri for file in added}
    bad = [
        BadFileError(
            uris[file_id],
            f"{plural(count, 'event')} of it {'is' if count == 1 else 'are'} from before {day}, and the"
            " events of that time have been pruned, so that plays delivered again can't be told from new"
            " ones",
            f"take these events out of the file, or {REMEDY}",
        )
        for file_id, day, count in sorted(late, key=lambda row: row[0] or 0)
        if file_id is not None
    ]
    if bad:
        raise UnusableFilesError(bad, {})
    ((_, day, count),) = late
    named = first_few(sorted(uris.values()))
    raise SourceError(
        f"{plural(count, 'event')} from before {day} came with {named}, which COPY has loaded from where they"
        " are, and the events of that time have been pruned; nothing was changed",
        f"raise [S3] BUNDLE_BELOW_MB to learn which file has them, or {REMEDY}",
    )


def require_removable(warehouse: Session, uris: Mapping[int, str]) -> None:
    """Make sure that log files can be taken out.

    Args:
        warehouse: where.
        uris: of the files, by file_id.

    Raises:
        WarehouseError: some can't.
    """
    if old := with_old_events(warehouse, uris):
        named = first_few(sorted(uris[each] for each in old))
        raise WarehouseError(
            f"{warehouse.location}: {named} can't be taken out, because events from before"
            f" {kept_since(warehouse)} have been pruned; nothing was changed",
            "remove the file from the source, and load the others again, with all of them in place: sparkify"
            " etl --full --drop-missing",
        )


def require_whole(warehouse: Session) -> None:
    """Make sure that the star schema can be derived from what is staged.

    Raises:
        WarehouseError: events have been pruned.
    """
    if day := kept_since(warehouse):
        raise WarehouseError(
            f"{warehouse.location}: was loaded by an older version of sparkify, and can't be upgraded from"
            f" what is staged, because events from before {day} have been pruned; nothing was changed",
            REMEDY,
        )
