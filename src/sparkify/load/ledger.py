"""The ledger: which object was loaded by which run, and what became of its records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sparkify.errors import SourceError, WarehouseError
from sparkify.load import gone
from sparkify.load.file_names import meant_by
from sparkify.load.limits import FileCount
from sparkify.load.retries import LeftOut
from sparkify.printing.wording import counted
from sparkify.reading.staged import Staged
from sparkify.sources.objects import (
    NOUNS,
    LoadedFile,
    LoadedFiles,
    LoadFile,
    Source,
    SourceObject,
    SourcePlan,
    Store,
    first_few,
)
from sparkify.warehouse.contract import Loading, Row, Session

_NO_VERSION = ""
"""Of no file: each has a time or an ETag."""


def loaded_files(query: Callable[[str], list[Row]]) -> LoadedFiles:
    """What the ledger has.

    Args:
        query: runs a statement in the warehouse.
    """
    rows = query(
        "SELECT ledger.source, ledger.uri, ledger.file_id, ledger.size, ledger.version, ledger.records,"
        " ledger.loaded,"
        " CASE ledger.source WHEN 'song_data' THEN runs.song_location ELSE runs.log_location END AS location,"
        " ledger.gone_at, ledger.left_out FROM ledger LEFT JOIN runs ON ledger.run_id = runs.run_id"
    )
    return {(source, uri): LoadedFile(*values) for source, uri, *values in rows}


def as_if_changed(
    loaded: LoadedFiles, listed: Mapping[Source, tuple[Store, list[SourceObject]]], names: Sequence[str]
) -> LoadedFiles:
    """The ledger as if some of the listed files had changed since they were loaded, so that they are again.

    Args:
        loaded: what the ledger has.
        listed: by source, where its files are and which are there.
        names: which files are meant.

    Raises:
        UsageError: a name means no listed file.
    """
    uris = {item.uri for _, objects in listed.values() for item in objects}
    hint = "look at the files of the sources; rows of files that are no longer there can't be loaded again"
    meant = meant_by(names, uris, "file of the sources", hint)
    return {
        (source, uri): replace(file, version=_NO_VERSION) if uri in meant else file
        for (source, uri), file in loaded.items()
    }


def plan(
    loaded: LoadedFiles,
    listed: Mapping[Source, tuple[Store, list[SourceObject]]],
    left_out: LeftOut | None = None,
) -> dict[Source, SourcePlan]:
    """Compare what was listed with what has been loaded.

    Args:
        loaded: what the ledger has; nothing if all is to be loaded from scratch.
        listed: by source, where its files are and which are there.
        left_out: files that the run goes on without; what was loaded of them before stays.
    """
    left_out = left_out or LeftOut()
    next_id = max((file.file_id for file in loaded.values()), default=0) + 1
    plans: dict[Source, SourcePlan] = {}
    for source, (store, objects) in listed.items():
        plans[source] = todo = SourcePlan(store)
        # By name, so that an object that is listed twice is loaded once.
        for item in {item.uri: item for item in objects}.values():
            before = loaded.get((source, item.uri))
            if before is not None and (before.size, before.version) == (item.size, item.version):
                todo.back += [before.file_id] if before.gone_at else []
                if before.left_out:
                    todo.left_out[item.uri] = before.left_out
                else:
                    todo.known += 1
                continue
            if item.uri in left_out:
                if before is not None and not before.left_out:
                    todo.known += 1
                elif item.uri in left_out.bad:
                    todo.skipped.append(LoadFile(next_id, item))
                    todo.left_out[item.uri] = left_out.bad[item.uri]
                    next_id += 1
                continue
            if before is not None:
                todo.removed.append(before.file_id)
                if before.loaded and item.size < before.size:
                    todo.smaller.append(item.uri)
            todo.added.append(LoadFile(next_id, item))
            next_id += 1
        _require_readable(todo, objects, left_out)
        _require_loadable(todo, is_first=not any(of == source for of, _ in loaded))
        todo.gone = gone.after_listing(loaded, source, store, {item.uri for item in objects})
    return plans


def _require_readable(todo: SourcePlan, objects: list[SourceObject], left_out: LeftOut) -> None:
    """Make sure that not all of a source is listed, and can't be read: no run may be content with nothing."""
    unreadable = sum(item.uri in left_out.unreadable for item in objects)
    if unreadable and not (todo.added or todo.known):
        raise SourceError(
            f"{todo.store.location}: none of its {unreadable:,} files can be read as listed",
            "check that the storage still has them and that you may read them",
        )


def _require_loadable(todo: SourcePlan, *, is_first: bool) -> None:
    """Make sure that a first load goes on without some of a source's files, not without all of them."""
    if is_first and todo.skipped and not todo.added:
        uri = todo.skipped[0].source.uri
        raise SourceError(
            f"{todo.store.location}: none of its files can be loaded; {uri}: {todo.left_out[uri]}",
            "check that this is the right folder",
        )


def source_notes(source: str, todo: SourcePlan) -> list[str]:
    """What people should know of a source: files that are not read, left out, or gone."""
    notes = todo.store.unread.notes(source)
    new = {file.source.uri for file in todo.skipped}
    if old := {uri: why for uri, why in todo.left_out.items() if uri not in new}:
        notes.append(left_out_note(source, old))
    if todo.gone:
        notes.append(f"{gone.note(source, todo.gone)}; reported once; sparkify status shows the total")
    return notes


def left_out_note(source: str, files: Mapping[str, str]) -> str:
    """What to say of files that an earlier run has left out.

    Args:
        source: whose.
        files: by URI, why nothing of it could be loaded.
    """
    named = first_few([f"{uri} ({why})" for uri, why in sorted(files.items())])
    return f"{source}: {counted(len(files), 'file is', 'files are')} left out until changed: {named}"


def must_rebuild(warehouse: Loading, plans: Mapping[Source, SourcePlan]) -> bool:
    """Whether a plan can't be carried out on top of what is loaded, only from empty tables."""
    if not any(plan.added for plan in plans.values()):
        return False
    if warehouse.loads_whole_sources:
        return any(plan.known or plan.removed for plan in plans.values())
    return any(has_unattributed_rows(warehouse, source, plan.removed) for source, plan in plans.items())


def has_unattributed_rows(warehouse: Session, source: Source, file_ids: Sequence[int]) -> bool:
    """Whether rows of these files are loaded that can't be removed, because they have no file_id."""
    if not file_ids:
        return False
    ids = ", ".join(map(str, file_ids))
    return bool(
        warehouse.query(
            f"SELECT file_id FROM ledger WHERE file_id IN ({ids}) AND loaded > 0 AND file_id NOT IN"
            f" (SELECT file_id FROM staging_{NOUNS[source]} WHERE file_id IN ({ids})) LIMIT 1"
        )
    )


def reconcile(
    warehouse: Loading, source: Source, added: list[LoadFile], staged: Staged
) -> dict[int, FileCount]:
    """Count what became of each file's records, and make sure that none is lost.

    Args:
        warehouse: where the files have been staged.
        source: the source they belong to.
        added: the files.
        staged: how many records each has, counted when it was cut.

    Raises:
        WarehouseError: loaded + rejected is not the number of records. That would be a bug.
    """
    loaded = warehouse.count_loaded(source)
    rejected: dict[int, int] = dict(
        warehouse.query(
            "SELECT file_id, COUNT(*) FROM staging_rejects WHERE source = ? GROUP BY file_id", [source]
        )
    )
    counts = {}
    for file in added:
        count = FileCount(
            staged.records[file.file_id],
            loaded.get(file.file_id, 0),
            rejected.get(file.file_id, 0),
            staged.sizes.get(file.file_id, 0),
            staged.damaged.get(file.file_id, 0),
        )
        if count.loaded + count.rejected != count.records:
            raise WarehouseError(
                f"{file.source.uri}: {count.records} records, but {count.loaded} loaded and"
                f" {count.rejected} rejected; nothing was changed",
                "this is a bug in sparkify: please report it with the file",
            )
        counts[file.file_id] = count
    return counts


def record_files(
    warehouse: Session,
    plans: Mapping[Source, SourcePlan],
    counts: dict[int, FileCount],
    run_id: int,
) -> int:
    """Write the files of a run into the ledger.

    Args:
        warehouse: where.
        plans: what the run did.
        counts: by file_id, what became of its records.
        run_id: the number of the run.

    Returns:
        How many files.
    """
    files = []
    for source, todo in plans.items():
        forget(warehouse, todo.removed)
        for file in [*todo.added, *todo.skipped]:
            count = counts.get(file.file_id, FileCount())
            files.append(
                (
                    file.file_id,
                    source,
                    file.source.uri,
                    file.source.size,
                    file.source.version,
                    run_id,
                    count.records,
                    count.loaded,
                    count.rejected,
                    None,
                    plans[source].left_out.get(file.source.uri),
                )
            )
    warehouse.insert("ledger", files)
    return len(files)


def forget(warehouse: Session, file_ids: Sequence[int]) -> None:
    """Take files out of the ledger."""
    for start in range(0, len(file_ids), 1000):
        ids = ", ".join(map(str, file_ids[start : start + 1000]))
        warehouse.query(f"DELETE FROM ledger WHERE file_id IN ({ids})")


def read_by_other_keys(warehouse: Session, event_keys: str) -> int:
    """How many log files are loaded by other keys than those that count now.

    Args:
        warehouse: where.
        event_keys: the digest of the keys that count now.
    """
    ((count,),) = warehouse.query(
        "SELECT COUNT(*) FROM ledger INNER JOIN runs ON ledger.run_id = runs.run_id"
        " WHERE ledger.source = 'log_data' AND runs.event_keys <> ?",
        [event_keys],
    )
    return int(count)
