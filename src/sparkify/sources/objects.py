"""Where the source files are: one small interface over local folders and S3.

Owns what counts as data (``*.json`` and ``*.json.gz``; no name below the root that begins with ``.`` or
``_``), and what identifies a version of an object (its size with its modification time or ETag).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sparkify.sources.unread import JSONPATHS_NAME, Unread

Source = Literal["song_data", "log_data"]
"""The two sources, as the settings that name their places."""

NOUNS: dict[Source, str] = {"song_data": "songs", "log_data": "events"}
"""What the records of a source are, as the names of the tables say it."""

DATA_SUFFIXES = (".json", ".json.gz")

_SHOWN_FILES = 3


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


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file as the ledger has it.

    Attributes:
        file_id: the number under which it was loaded.
        size: its bytes then.
        version: what told its content from others then.
        records: how many it had.
        loaded: how many of them were good.
        location: the store's that found it; None if that is not known.
        gone_at: since when a run has missed it; None if the last one that looked has found it.
        left_out: why nothing of it could be loaded; None if it is loaded.
    """

    file_id: int
    size: int
    version: str
    records: int
    loaded: int
    location: str | None
    gone_at: datetime | None
    left_out: str | None = None


LoadedFiles = Mapping[tuple[str, str], LoadedFile]
"""What is loaded, by source and URI."""

GoneFiles = dict[str, LoadedFile]
"""Loaded files that are not there any more, by URI and in its order."""


class Store(Protocol):
    """A place with source files.

    Attributes:
        location: where it is, as it was given: absolute, with links as they stand.
        unread: files in it that are not read, once it has been listed.
        others: objects in it that are no source files, once it has been listed; only where that matters.
        grown: files that had grown when they were read: up to the last whole line of what was listed.
    """

    location: str
    unread: Unread
    others: list[str]
    grown: list[str]

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names.

        Raises:
            SourceError: the place is not there, can't be listed, or has no data in it.
        """
        ...

    def list_exactly(self) -> list[SourceObject]:
        """The data files, without those that can't be read under the names that they are listed by."""
        ...

    def beginning(self, source: SourceObject, size: int) -> bytes:
        """The first bytes of an object; none where the store can't read a part.

        Raises:
            SourceError: it can't be read.
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
        skipped: new files of which nothing can be loaded, to be remembered until they change.
        left_out: by URI, why files are not loaded that are listed: those, and what earlier runs have skipped.
        smaller: URIs of changed files that have fewer bytes than when they were loaded.
        gone: files that are loaded, and are not there any more since an earlier run.
        back: file_ids of files that an earlier run has missed, and that are there again.
        lost: files whose records go, where everything is loaded from scratch: they are not there any more.
    """

    store: Store
    added: list[LoadFile] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    known: int = 0
    skipped: list[LoadFile] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    smaller: list[str] = field(default_factory=list)
    gone: GoneFiles = field(default_factory=dict)
    back: list[int] = field(default_factory=list)
    lost: GoneFiles = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes to load."""
        return sum(file.source.size for file in self.added)


def is_data(relative_path: str) -> bool:
    """Whether an object is source data, by its path below the place that is searched."""
    parts = relative_path.split("/")
    return is_data_file(parts[-1]) and not any(map(is_hidden, parts))


def is_data_file(name: str) -> bool:
    """Whether a file that is not hidden is source data, by its name."""
    return name.endswith(DATA_SUFFIXES) and name != JSONPATHS_NAME


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over."""
    return name.startswith((".", "_"))


def first_few(names: Sequence[str]) -> str:
    """The first of some names, as many as a message should hold, and whether there are more."""
    return ", ".join(names[:_SHOWN_FILES]) + (", …" if len(names) > _SHOWN_FILES else "")
