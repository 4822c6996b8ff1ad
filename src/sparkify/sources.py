"""Where the source files are: one small interface over local folders and S3.

Owns what counts as data (``*.json`` and ``*.json.gz``; no name below the root that begins with ``.`` or
``_``), what only looks like it, and what identifies a version of an object (its size with its modification
time or ETag).
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from sparkify.config import Settings
from sparkify.errors import SourceChangedError, SourceError, SourceMissingError

DATA_SUFFIXES = (".json", ".json.gz")

_LIKE_DATA = re.compile(
    r"\.(json|jsonl|jsonlines|ndjson)(\.(gz|gzip|z|zst|zstd|bz2|xz|lzma|lz4|sz|snappy|br|zip))?\Z",
    re.IGNORECASE,
)


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


class Store(Protocol):
    """A place with source files.

    Attributes:
        unread: files in it that look like data and are not read, once it has been listed.
    """

    unread: list[str]

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names.

        Raises:
            SourceError: the place is not there, can't be listed, or has no data in it.
        """
        ...

    def prefix(self) -> str | None:
        """What the URIs of all its objects begin with, and no others; None where it is a single object."""
        ...

    def read(self, files: Iterable[LoadFile], chunk_bytes: int) -> Iterator[tuple[LoadFile, Iterator[bytes]]]:
        """Each file with its bytes, in pieces of at most about ``chunk_bytes``, in the order given.

        A file's pieces must be taken before the next file is.

        Raises:
            SourceError: a file can't be read.
            SourceChangedError: a file is not the version that was listed.
        """
        ...

    def read_text(self) -> str:
        """The text of the place itself, where it is a single file in UTF-8.

        Raises:
            SourceMissingError: it is not there.
            SourceError: it can't be read.
        """
        ...


@dataclass
class SourcePlan:
    """What a run does about one source.

    Attributes:
        store: where the files are.
        added: files to load, new ones and changed ones, each under a file_id of its own.
        removed: file_ids of the versions that changed files were loaded as before.
        known: how many of the listed files are loaded already.
        gone: URIs of files that are loaded, and are not there any more.
    """

    store: Store
    added: list[LoadFile] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    known: int = 0
    gone: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes to load."""
        return sum(file.source.size for file in self.added)


def open_source(location: str, settings: Settings) -> Store:
    """The store behind a configured location: a folder, a file, a file:// or an s3:// URI.

    Raises:
        SourceError: the location is of a kind that can't be read.
    """
    scheme = urlsplit(location).scheme if "://" in location else "file"
    if scheme == "s3":
        from sparkify.s3 import S3Source

        return S3Source(location, settings)
    if scheme == "file":
        return LocalSource(location)
    raise SourceError(
        f"{location}: sources of the kind {scheme}:// can't be read", "name a local folder or an s3:// URI"
    )


def beside(location: str, name: str) -> str | None:
    """The location of a file in the folder that holds another location; None where no folder does."""
    if urlsplit(location).scheme == "s3" and "://" in location:
        folder, _, last = location.rstrip("/").rpartition("/")
        return f"{folder}/{name}" if last and folder != "s3:/" else None
    return str(Path(os.path.abspath(_local_path(location))).with_name(name))  # noqa: PTH100 (links stay)


def is_data(relative_path: str) -> bool:
    """Whether an object is source data, by its path below the place that is searched."""
    return relative_path.endswith(DATA_SUFFIXES) and not _is_hidden(relative_path)


def looks_like_data(relative_path: str) -> bool:
    """Whether an object that is no source data may have been meant as such, by its path likewise."""
    return _LIKE_DATA.search(relative_path) is not None and not _is_hidden(relative_path)


def _is_hidden(relative_path: str) -> bool:
    return any(part.startswith((".", "_")) for part in relative_path.split("/"))


def unread_note(source: str, unread: Sequence[str]) -> str:
    """What to say of files that look like data and are not read."""
    return f"{source}: {_unread_text(unread)}; {_UNREAD_REMEDY}"


_UNREAD_REMEDY = "what is read is named *.json, or *.json.gz and compressed with gzip"


def _unread_text(unread: Sequence[str]) -> str:
    files = "1 file looks" if len(unread) == 1 else f"{len(unread):,} files look"
    verb = "is" if len(unread) == 1 else "are"
    more = ", …" if len(unread) > 1 else ""
    return f"{files} like data and {verb} not read ({unread[0]}{more})"


def no_data(location: str, unread: Sequence[str] = ()) -> SourceError:
    """What to say of a place without data."""
    message = f"{location}: no *.json or *.json.gz file in this folder or below it"
    if unread:
        return SourceError(f"{message}; {_unread_text(unread)}", _UNREAD_REMEDY)
    return SourceError(message, "check the path; names that begin with . or _ are not read")


def _local_path(location: str) -> Path:
    if "://" not in location:
        try:
            return Path(location).expanduser()
        except RuntimeError:
            raise SourceError(f"{location}: there is no such user", "write the path out") from None
    parts = urlsplit(location)
    if parts.netloc.lower() not in ("", "localhost"):
        raise SourceError(
            f"{location}: names the host {parts.netloc!r}, and only files of this machine can be read",
            f"a path on this machine has three slashes: file:///{parts.netloc}{parts.path}",
        )
    return Path(unquote(parts.path))


class LocalSource:
    """A folder, searched with all below it, or a single file.

    Raises:
        SourceError: the location is on another machine.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._path = _local_path(location)
        self.unread: list[str] = []

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names."""
        try:
            root = self._path.resolve()
            if root.is_file():
                return [_described(str(root), root.stat())]
            self.unread = []
            objects = list(_walk(str(root), self.unread))
        except FileNotFoundError as error:
            raise SourceError(
                f"{error.filename or self._location}: no such file or folder",
                "check the path, or make sample data with: sparkify simulate data",
            ) from None
        except OSError as error:
            place = str(error.filename or self._location)
            if len(place) > 1000:  # of folders nested too deeply for the system
                place = f"{place[:200]} … {place[-200:]}"
            raise SourceError(
                f"{place}: can't be listed: {error.strerror}", "check the path and its permissions"
            ) from None
        if not objects:
            raise no_data(self._location, self.unread)
        return objects

    def prefix(self) -> str | None:
        """What the paths of all its files begin with."""
        return str(self._path.resolve()).rstrip("/") + "/" if self._path.is_dir() else None

    def read(self, files: Iterable[LoadFile], chunk_bytes: int) -> Iterator[tuple[LoadFile, Iterator[bytes]]]:
        """Each file with its bytes."""
        for file in files:
            yield file, _read_chunks(file.source, chunk_bytes)

    def check_unchanged(self, files: Iterable[LoadFile]) -> None:
        """Make sure that files are still the versions that were listed.

        Raises:
            SourceChangedError: one is not.
        """
        for file in files:
            try:
                is_same = _described(file.source.uri, Path(file.source.uri).stat()) == file.source
            except OSError:
                is_same = False
            if not is_same:
                raise SourceChangedError(file.source.uri)

    def read_text(self) -> str:
        """The text of the file."""
        try:
            return self._path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise SourceMissingError(
                f"{self._location}: can't be read: {error.strerror}", "check its path"
            ) from None
        except OSError as error:
            raise SourceError(
                f"{self._location}: can't be read: {error.strerror}", "check its path and permissions"
            ) from None
        except UnicodeDecodeError:
            raise SourceError(f"{self._location}: not a text in UTF-8", "check the file") from None


def _described(path: str, status: os.stat_result) -> SourceObject:
    return SourceObject(path, status.st_size, str(status.st_mtime_ns))


def _walk(root: str, unread: list[str]) -> Iterator[SourceObject]:
    # Not by recursion: folders may be nested more deeply than Python's calls.
    waiting = [_sorted_entries(root)]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
        elif entry.name.startswith((".", "_")):
            continue
        elif entry.is_dir():
            if entry.is_symlink():
                _require_no_loop(entry.path)
            waiting.append(_sorted_entries(entry.path))
        elif entry.name.endswith(DATA_SUFFIXES):
            status = _status(entry)
            if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
                raise SourceError(f"{entry.path}: not a regular file", "take it out of the folder")
            try:
                entry.path.encode()
            except UnicodeEncodeError:
                raise SourceError(
                    f"{entry.path!r}: its name is not UTF-8, and so can't be remembered", "rename it"
                ) from None
            yield _described(entry.path, status)
        elif looks_like_data(entry.name):
            unread.append(entry.path)


def _status(entry: "os.DirEntry[str]") -> os.stat_result:
    try:
        return entry.stat()
    except FileNotFoundError:
        if not entry.is_symlink():
            raise SourceChangedError(entry.path) from None
        target = os.readlink(entry.path)  # noqa: PTH115 (its text as it is)
        raise SourceError(
            f"{entry.path}: a link to {target}, where nothing is", "remove the link, or bring back its target"
        ) from None


def _sorted_entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))


def _require_no_loop(link: str) -> None:
    target = Path(link).stat()
    if any(os.path.samestat(target, folder.stat()) for folder in Path(link).parents):
        raise SourceError(
            f"{link}: a link to a folder that it lies in, which would be read without end", "remove the link"
        )


def _read_chunks(source: SourceObject, chunk_bytes: int) -> Iterator[bytes]:
    try:
        # Unbuffered: whole chunks are asked for, and most song files are smaller than a buffer.
        with open(source.uri, "rb", buffering=0) as file:  # noqa: PTH123 (called once per tiny file)
            if _described(source.uri, os.fstat(file.fileno())) != source:
                raise SourceChangedError(source.uri)
            remaining = source.size
            while remaining and (chunk := file.read(min(chunk_bytes, remaining))):
                remaining -= len(chunk)
                yield chunk
    except FileNotFoundError:
        raise SourceChangedError(source.uri) from None
    except OSError as error:
        raise SourceError(
            f"{source.uri}: can't be read: {error.strerror}", "check the file and its permissions"
        ) from None
    if remaining:
        raise SourceChangedError(source.uri)
