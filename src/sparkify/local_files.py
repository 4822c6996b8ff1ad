"""Source files on this machine: folders, single files, and file:// URIs."""

import codecs
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from sparkify.errors import SourceChangedError, SourceError, SourceMissingError
from sparkify.places import PATTERN_HINT, is_pattern, local_path
from sparkify.sources import LoadFile, SourceObject, is_data_file, is_hidden
from sparkify.unread import Unread, is_no_data

_NO_LINES = (b"\x1f\x8b", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How files begin in which a byte 10 does not end a line."""


class LocalSource:
    """A folder, searched with all below it, or a single file.

    Raises:
        SourceError: the location is on another machine.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._path = local_path(location)
        self.location = _absolute(self._path)
        self.unread = Unread()
        self.grown: list[str] = []

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names."""
        try:
            root = self._path.resolve()
            if root.is_file():
                return [_described(str(root), root.stat())]
            self.unread = Unread()
            objects = list(_walk(str(root), self.unread))
        except FileNotFoundError as error:
            raise SourceError(
                f"{error.filename or self._location}: no such file or folder",
                PATTERN_HINT
                if is_pattern(self._location)
                else "check the path, or make sample data with: sparkify simulate data",
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

    def prefix(self) -> str | None:
        """What the paths of all its files begin with."""
        return str(self._path.resolve()).rstrip("/") + "/" if self._path.is_dir() else None

    def read(self, files: Iterable[LoadFile], chunk_bytes: int) -> Iterator[tuple[LoadFile, Iterator[bytes]]]:
        """Each file with its bytes."""
        for file in files:
            yield file, _read_chunks(file.source, chunk_bytes, self.grown)

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


def _walk(root: str, unread: Unread) -> Iterator[SourceObject]:
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
            waiting.append(_sorted_entries(entry.path))
        elif is_data_file(entry.name):
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
        elif not is_no_data(entry.name):
            unread.add(entry.path)


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


def _read_chunks(source: SourceObject, chunk_bytes: int, grown: list[str]) -> Iterator[bytes]:
    """The bytes of a file as it was listed.

    A log that has grown since is read up to the last whole line of that; its listed version is the one that
    goes into the ledger, so that the next run finds it changed.
    """
    first = held = b""
    try:
        # Unbuffered: whole chunks are asked for, and most song files are smaller than a buffer.
        with open(source.uri, "rb", buffering=0, opener=_open_at_once) as file:
            remaining = source.size
            while remaining and (chunk := file.read(min(chunk_bytes, remaining))):
                remaining -= len(chunk)
                first = first or chunk[:2]
                if remaining:
                    yield chunk
                else:
                    held = chunk
            now = _described(source.uri, os.fstat(file.fileno()))
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
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
