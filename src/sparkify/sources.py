"""Where the source files are: lists them and reads their bytes.

Owns what counts as data (``*.json`` and ``*.json.gz``; no name below the root that begins with ``.`` or
``_``) and what identifies a version of an object (its size with its modification time or ETag).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sparkify.errors import SourceError

DATA_SUFFIXES = (".json", ".json.gz")


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One source file as it was listed.

    Attributes:
        uri: absolute path or s3:// URI; the object's name in the ledger.
        size: bytes.
        version: changes whenever the content does: modification time in ns, or ETag.
    """

    uri: str
    size: int
    version: str


@dataclass(frozen=True, slots=True)
class LoadFile:
    """A source object with the number under which a run loads it."""

    file_id: int
    source: SourceObject


def local_path(location: str) -> Path:
    """The folder or file that a configured location names; ``file://`` URIs are understood.

    Raises:
        SourceError: the location is a URI of a kind that can't be read.
    """
    if "://" not in location:
        return Path(location).expanduser()
    parts = urlsplit(location)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    raise SourceError(
        f"{location}: sources of the kind {parts.scheme}:// can't be read",
        "name a local folder",
    )


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _walk(folder: str) -> Iterator[SourceObject]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if _is_hidden(entry.name):
            continue
        if entry.is_dir():
            yield from _walk(entry.path)
        elif entry.name.endswith(DATA_SUFFIXES):
            status = entry.stat()
            yield SourceObject(entry.path, status.st_size, str(status.st_mtime_ns))


def list_objects(location: str) -> list[SourceObject]:
    """The data files at a location, in the order of their names.

    Args:
        location: a folder, searched with all below it, or a single file.

    Raises:
        SourceError: there is no such folder, it can't be listed, or no data is in it.
    """
    path = local_path(location)
    try:
        root = path.resolve()
        if root.is_file():
            status = root.stat()
            return [SourceObject(str(root), status.st_size, str(status.st_mtime_ns))]
        objects = list(_walk(str(root)))
    except FileNotFoundError as error:
        raise SourceError(
            f"{error.filename or location}: no such file or folder",
            "check the path, or make sample data with: sparkify simulate data",
        ) from None
    except OSError as error:
        raise SourceError(
            f"{error.filename or location}: can't be listed: {error.strerror}", "check its permissions"
        ) from None
    if not objects:
        raise SourceError(
            f"{location}: no *.json or *.json.gz file in this folder or below it",
            "check the path; names that begin with . or _ are not read",
        )
    return objects


def read_chunks(source: SourceObject, chunk_bytes: int) -> Iterator[bytes]:
    """The object's bytes, in pieces of at most ``chunk_bytes``.

    Raises:
        SourceError: it can't be read, or is not the version that was listed.
    """
    try:
        # Unbuffered: whole chunks are asked for, and most song files are smaller than a buffer.
        with open(source.uri, "rb", buffering=0) as file:  # noqa: PTH123 (called once per tiny file)
            status = os.fstat(file.fileno())
            if status.st_size != source.size or str(status.st_mtime_ns) != source.version:
                raise SourceError(
                    f"{source.uri}: changed while it was being loaded",
                    "run again; nothing was changed in the warehouse",
                )
            remaining = source.size
            while remaining and (chunk := file.read(min(chunk_bytes, remaining))):
                remaining -= len(chunk)
                yield chunk
    except OSError as error:
        raise SourceError(
            f"{source.uri}: can't be read: {error.strerror}", "check the file and its permissions"
        ) from None
    if remaining:
        raise SourceError(f"{source.uri}: became shorter while it was being read", "run again")
