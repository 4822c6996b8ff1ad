"""Files that are loaded and not there any more, though they stay loaded.

A file is missed where it was found: in the place that was searched then, as people had named it. For where
that leads may change, if it is a link to the latest of several folders or lies behind one.

Logs are archived away all the time. So each run says which files it is the first to miss, and the ledger
remembers since when. Where everything is loaded from scratch, what they gave would go: people have to agree.
"""

import os
from collections.abc import Collection, Container, Mapping
from datetime import datetime

from sparkify.config.location import is_on_s3
from sparkify.errors import WarehouseError
from sparkify.printing.wording import plural
from sparkify.sources.objects import (
    GoneFiles,
    LoadedFile,
    LoadedFiles,
    Source,
    SourcePlan,
    Store,
    first_few,
)
from sparkify.warehouse.contract import Session

_IDS_AT_ONCE = 1000


def after_listing(loaded: LoadedFiles, source: str, store: Store, listed: Collection[str]) -> GoneFiles:
    """The files of a source that a search is the first to miss.

    That is what a search of the same place once found, and what would lie in it. Files of other places are
    not looked for, unless the whole place is gone: it may have been moved.

    Args:
        loaded: what the ledger has.
        source: whose files.
        store: the place that was searched.
        listed: the URIs that were found.
    """
    prefix = store.prefix()
    own = {
        uri: file
        for (owner, uri), file in loaded.items()
        if owner == source and not file.gone_at and not file.left_out
    }
    places = {file.location for file in own.values() if file.location}
    missed_places = {place for place in places if place == store.location or _is_gone(place)}
    return _sorted(
        {
            uri: file
            for uri, file in own.items()
            if uri not in listed
            and (file.location in missed_places or (prefix is not None and uri.startswith(prefix)))
        }
    )


def by_source(loaded: LoadedFiles) -> dict[str, GoneFiles]:
    """By source, the files that are not there any more: local ones as it is now, others as runs found it."""
    places = {file.location for file in loaded.values() if file.location}
    leads_to = {place: os.path.realpath(place) for place in places if not is_on_s3(place)}
    gone: dict[str, GoneFiles] = {}
    for (source, uri), file in loaded.items():
        root = leads_to.get(file.location or "")
        is_elsewhere = root is not None and uri != root and not uri.startswith(root.rstrip("/") + "/")
        if file.left_out:
            continue
        if (file.gone_at is not None) if is_on_s3(uri) else (is_elsewhere or _is_gone(uri)):
            gone.setdefault(source, {})[uri] = file
    return {source: _sorted(files) for source, files in gone.items()}


def note(source: str, files: GoneFiles) -> str:
    """What to say of files that are not there any more."""
    return (
        f"{source}: {_missing(files)}; {'its' if len(files) == 1 else 'their'} rows are kept: {_held(files)}"
    )


def remember(warehouse: Session, plans: Mapping[Source, SourcePlan], now: datetime) -> None:
    """Write down which files a run has missed, and which are back."""
    for plan in plans.values():
        _set_gone_at(warehouse, [file.file_id for file in plan.gone.values()], now.replace(tzinfo=None))
        _set_gone_at(warehouse, plan.back, None)


def find_lost(loaded: LoadedFiles, plans: Mapping[Source, SourcePlan]) -> None:
    """Put into plans that load everything from scratch which files of the ledger are not loaded again."""
    for source, plan in plans.items():
        added = {file.source.uri for file in plan.added}
        lost = {
            uri: file
            for (owner, uri), file in loaded.items()
            if owner == source and uri not in added and not file.left_out
        }
        plan.lost = _sorted(lost)


def lost_notes(
    plans: Mapping[Source, SourcePlan], verb: str, left_out: Container[str] = frozenset()
) -> list[str]:
    """What to say of files that are lost where everything is loaded from scratch.

    Args:
        plans: what is loaded.
        verb: whether their records ``would go`` or ``have gone``.
        left_out: URIs of files that are there, and that the run goes on without.
    """
    return [
        f"{source}: {_missing(plan.lost, left_out)}, and {_held(plan.lost)} {verb}"
        for source, plan in plans.items()
        if plan.lost
    ]


def require_none_lost(
    location: str, plans: Mapping[Source, SourcePlan], left_out: Container[str], *, is_asked_for: bool
) -> None:
    """Make sure that a load of everything from scratch loses nothing.

    Args:
        location: the warehouse, for the message.
        plans: what is to be loaded.
        left_out: URIs of files that are there, and that the run goes on without.
        is_asked_for: whether people want everything to be loaded, or there is no other way.

    Raises:
        WarehouseError: it would.
    """
    lost = {uri: file for plan in plans.values() for uri, file in plan.lost.items()}
    if not lost:
        return
    if is_asked_for:
        reason = "--full would lose them"
        way_out = "omit --full to keep them"
    else:
        reason = "what has changed can only be loaded together with everything else, and they would be lost"
        way_out = "restore the files; with a work prefix ([S3] WORK_PREFIX) new files are only added"
    raise WarehouseError(
        f"{location}: {_missing(lost, left_out)}, with {_held(lost)}; {reason}, so nothing was changed",
        f"{way_out}, or drop their rows with: sparkify etl --full --drop-missing",
    )


def _missing(files: GoneFiles, left_out: Container[str] = frozenset()) -> str:
    also = any(uri in left_out for uri in files)
    if len(files) == 1:
        return f"1 loaded file no longer exists at the source{' or is left out' * also}"
    return f"{len(files):,} loaded files no longer exist at the source{' or are left out' * also}"


def _held(files: GoneFiles) -> str:
    records = sum(file.records for file in files.values())
    return f"{plural(records, 'record')} ({first_few(list(files))})"


def _set_gone_at(warehouse: Session, file_ids: list[int], when: datetime | None) -> None:
    for start in range(0, len(file_ids), _IDS_AT_ONCE):
        ids = ", ".join(map(str, file_ids[start : start + _IDS_AT_ONCE]))
        warehouse.query(f"UPDATE ledger SET gone_at = ? WHERE file_id IN ({ids})", [when])


def _sorted(files: dict[str, LoadedFile]) -> GoneFiles:
    return dict(sorted(files.items()))


def _is_gone(path: str) -> bool:
    return not is_on_s3(path) and not os.path.exists(path)  # noqa: PTH110 (there may be many)
