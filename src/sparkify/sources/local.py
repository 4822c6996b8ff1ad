"""Source files on this machine: folders, single files, and file:// URIs."""

import codecs
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from sparkify.config.places import PATTERN_HINT, is_pattern, local_path
from sparkify.errors import SourceChangedError, SourceError, SourceMissingError
from sparkify.sources.objects import LoadFile, SourceObject, is_data_file, is_hidden
from sparkify.sources.unread import Unread, is_no_data

_NO_LINES = (b"\x1f\x8b", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How files begin in which a byte 10 does not end a line."""


MAX_TEXT_BYTES = 2**20
"""How large a file may be that is read as one text: JSONPaths files have less than a thousandth of it."""


class LocalSource:
    """A folder, searched with all below it, or a single file.

    Args:
        location: where it is. The place itself may be a link, or lie behind one.
        follow_links: whether links in the folder may lead out of it.

    Raises:
        SourceError: the location is on another machine.
    """

    def __init__(self, location: str, *, follow_links: bool = False) -> None:
        self._location = location
        self._follow_links = follow_links
        self._path = local_path(location)
        self.location = _absolute(self._path)
        self.unread = Unread()
        self.others: list[str] = []
        self.grown: list[str] = []

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names."""
        try:
            root = self._path.resolve()
            if root.is_file():
                return [_described(str(root), root.stat())]
            self.unread = Unread()
            objects = list(_walk(str(root), self.unread, self._bounds()))
        except FileNotFoundError as error:
            raise SourceError(
                f"{error.filename or self._location}: no such file or folder",
                PATTERN_HINT
                if is_pattern(self._location)
                else "check the path, or generate sample data with: sparkify simulate data",
            ) from None
        except OSError as error:
            place = str(error.filename or self._location)
            if len(place) > 1000:  # of folders nested too deeply for the system
                place = f"{place[:200]} … {place[-200:]}"
            raise SourceError(
                f"{place}: can't be listed: {error.strerror}", "check the path and its permissions"
            ) from None
        if not objects:
            raise self.unread.no_data(self._location)
        return objects

    def list_exactly(self) -> list[SourceObject]:
        """The same: files are read under the names that they are listed by."""
        return self.list_objects()

    def beginning(self, source: SourceObject, size: int) -> bytes:
        """The first bytes of a file."""
        return next(_read_chunks(source, size, [], self._bounds()), b"")

    def prefix(self) -> str | None:
        """What the paths of all its files begin with."""
        return str(self._path.resolve()).rstrip("/") + "/" if self._path.is_dir() else None

    def _bounds(self) -> str:
        """The path, without links, that all files lie in or are; empty if they may lie anywhere."""
        return "" if self._follow_links else str(self._path.resolve())

    def read(self, files: Iterable[LoadFile], chunk_bytes: int) -> Iterator[tuple[LoadFile, Iterator[bytes]]]:
        """Each file with its bytes."""
        bounds = self._bounds()
        for file in files:
            yield file, _read_chunks(file.source, chunk_bytes, self.grown, bounds)

    def read_text(self) -> str:
        """The text of the file."""
        try:
            with open(self._path, "rb", opener=_open_at_once) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise SourceError(f"{self._location}: not a regular file", "name a file")
                data = file.read(MAX_TEXT_BYTES + 1)
            require_short(self._location, len(data))
            return data.decode("utf-8-sig")
        except FileNotFoundError as error:
            raise SourceMissingError(
                f"{self._location}: can't be read: {error.strerror}", "check its path"
            ) from None
        except OSError as error:
            raise SourceError(
                f"{self._location}: can't be read: {error.strerror}", "check its path and permissions"
            ) from None
        except UnicodeDecodeError:
            raise SourceError(f"{self._location}: not UTF-8 text", "check the file") from None


def require_short(location: str, size: int) -> None:
    """Refuse a file that is too large to be read as one text.

    Raises:
        SourceError: it is.
    """
    if size > MAX_TEXT_BYTES:
        raise SourceError(
            f"{location}: larger than 1 MB, too large for a JSONPaths file", "name another file"
        )


def _absolute(path: Path) -> str:
    """A path without its links resolved, from where the shell says that it is: it knows by which links."""
    here = os.environ.get("PWD", "")
    try:
        is_here = Path(here).is_absolute() and Path(here).samefile(Path.cwd())
    except OSError:
        is_here = False
    return str((Path(here) if is_here else Path.cwd()) / path)


def _described(path: str, status: os.stat_result) -> SourceObject:
    return SourceObject(path, status.st_size, str(status.st_mtime_ns))


def _walk(root: str, unread: Unread, bounds: str) -> Iterator[SourceObject]:
    # Not by recursion: folders may be nested more deeply than Python's calls.
    waiting = [_sorted_entries(root)]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
        elif is_hidden(entry.name):
            unread.add_hidden(entry)
        elif entry.is_dir():
            if entry.is_symlink():
                _require_no_loop(entry.path)
                _require_inside(entry.path, bounds)
            waiting.append(_sorted_entries(entry.path))
        elif is_data_file(entry.name):
            yield _data_file(entry, bounds)
        elif not is_no_data(entry.name):
            unread.add(entry.path)


def _data_file(entry: "os.DirEntry[str]", bounds: str) -> SourceObject:
    status = _status(entry)
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
        raise SourceError(f"{entry.path}: not a regular file", "remove it from the folder")
    if entry.is_symlink():
        _require_inside(entry.path, bounds)
    try:
        entry.path.encode()
    except UnicodeEncodeError:
        name = os.fsencode(entry.path).decode(errors="backslashreplace")
        raise SourceError(f"{name}: its name is not UTF-8, so it can't be recorded", "rename it") from None
    return _described(entry.path, status)


def _status(entry: "os.DirEntry[str]") -> os.stat_result:
    try:
        return entry.stat()
    except FileNotFoundError:
        if not entry.is_symlink():
            raise SourceChangedError(entry.path) from None
        target = os.readlink(entry.path)  # noqa: PTH115 (its text as it is)
        raise SourceError(
            f"{entry.path}: symbolic link is broken: {target} does not exist",
            "remove the link, or bring back its target",
        ) from None


def _sorted_entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))


def _require_no_loop(link: str) -> None:
    target = Path(link).stat()
    if any(os.path.samestat(target, folder.stat()) for folder in Path(link).parents):
        raise SourceError(
            f"{link}: symbolic link to a folder that contains it, which would be read forever",
            "remove the link",
        )


def _require_inside(link: str, bounds: str) -> None:
    """Refuse a link that leads out of the folder: it would load whatever the user who loads may read."""
    target = os.path.realpath(link)
    if not _is_inside(target, bounds):
        raise SourceError(
            f"{link}: symbolic link to {target}, outside the folder being loaded",
            "copy the data itself there, or, if only you can write there, allow such links with"
            " --follow-links",
        )


def _is_inside(path: str, bounds: str) -> bool:
    return not bounds or path == bounds or path.startswith(bounds.rstrip("/") + "/")


def _read_chunks(source: SourceObject, chunk_bytes: int, grown: list[str], bounds: str) -> Iterator[bytes]:
    """The bytes of a file as it was listed.

    A log that has grown since is read up to the last whole line of that; its listed version is the one that
    goes into the ledger, so that the next run finds it changed.
    """
    first = held = b""
    try:
        # Not by a file object, which asks the system for more than this: thousands of small files feel that.
        descriptor = _open_at_once(source.uri, os.O_RDONLY)
        try:
            # What it was when it was listed somebody may have replaced since.
            if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _is_inside(
                _opened_path(descriptor, source.uri), bounds
            ):
                raise SourceChangedError(source.uri)
            remaining = source.size
            while remaining and (chunk := os.read(descriptor, min(chunk_bytes, remaining))):
                remaining -= len(chunk)
                first = first or chunk[:2]
                if remaining:
                    yield chunk
                else:
                    held = chunk
            now = _described(source.uri, os.fstat(descriptor))
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise SourceChangedError(source.uri) from None
    except OSError as error:
        raise SourceError(
            f"{source.uri}: can't be read: {error.strerror}", "check the file and its permissions"
        ) from None
    if now == source:
        yield held
        return
    whole = held.rfind(b"\n") + 1
    if remaining or now.size <= source.size or not whole or first in _NO_LINES:
        raise SourceChangedError(source.uri)
    grown.append(source.uri)
    yield held[:whole]


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for anybody, as a pipe that has come into its place would."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _opened_path(descriptor: int, path: str) -> str:
    """Where a file really lies that has been opened by a path."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 (one call, for thousands of files)
    except OSError:  # not on Linux
        return os.path.realpath(path)
