"""Files that are loaded and not there any more, though they stay loaded.

A file is missed where it was found: in the place that was searched then, as people had named it. For where
that leads may change, if it is a link to the latest of several folders or lies behind one.
"""

import os
from collections.abc import Collection

from sparkify.sources import LoadedFiles, Store, is_s3_uri


def after_listing(loaded: LoadedFiles, source: str, store: Store, listed: Collection[str]) -> list[str]:
    """The files of a source that a search has not found, sorted.

    That is what a search of the same place once found, and what would lie in it. Files of other places are
    not looked for, unless the whole place is gone: it may have been moved.

    Args:
        loaded: what the ledger has.
        source: whose files.
        store: the place that was searched.
        listed: the URIs that were found.
    """
    prefix = store.prefix()
    own = {uri: file for (owner, uri), file in loaded.items() if owner == source}
    places = {file.location for file in own.values() if file.location}
    missed_places = {place for place in places if place == store.location or _is_gone(place)}
    return sorted(
        uri
        for uri, file in own.items()
        if uri not in listed
        and (file.location in missed_places or (prefix is not None and uri.startswith(prefix)))
    )


def on_this_machine(loaded: LoadedFiles) -> dict[str, list[str]]:
    """By source, the local files that are not there any more, sorted; looking on S3 would take a listing."""
    places = {file.location for file in loaded.values() if file.location}
    leads_to = {place: os.path.realpath(place) for place in places if not is_s3_uri(place)}
    gone: dict[str, list[str]] = {}
    for (source, uri), file in loaded.items():
        if is_s3_uri(uri):
            continue
        root = leads_to.get(file.location or "")
        is_elsewhere = root is not None and uri != root and not uri.startswith(root.rstrip("/") + "/")
        if is_elsewhere or _is_gone(uri):
            gone.setdefault(source, []).append(uri)
    return {source: sorted(uris) for source, uris in gone.items()}


def _is_gone(path: str) -> bool:
    return not is_s3_uri(path) and not os.path.exists(path)  # noqa: PTH110 (there may be many)
