"""Where a simulation is written: a folder, or S3; anything with ``prepare``, ``put`` and ``open`` will do."""

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from sparkify.errors import SparkifyError, UsageError
from sparkify.sources.unfinished import MANIFEST, UNFINISHED
from sparkify.system.disk import FULL


class OutputError(SparkifyError):
    """Simulated data can't be written: no permission, no space, or the store refused it."""


class Sink(Protocol):
    """A place to write named objects to; names are relative and have slashes."""

    def prepare(self, asked: bytes) -> bool:
        """Make sure that the place is there and empty, and note in it that the simulation is not finished.

        Args:
            asked: what is simulated, for the note.

        Returns:
            Whether the same simulation has been interrupted here, and is written once more.

        Raises:
            UsageError: something else is there.
            OutputError: it can't be written to.
        """
        ...

    def finish(self) -> None:
        """Take the note away, once all has been written."""

    def put(self, name: str, data: bytes) -> None:
        """Write a small object at once."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a large object bit by bit; it is complete when the context ends without an exception."""


class Folder:
    """Writes below a local folder. Overwrites nothing but what the same simulation has left unfinished."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: set[str] = set()
        self._note = ExitStack()
        self._is_again = False

    def prepare(self, asked: bytes) -> bool:
        """Create the folder; one that holds anything but the same simulation, unfinished, is refused."""
        with self._explained(UNFINISHED):
            if self.path.exists() and not self.path.is_dir():
                raise UsageError(f"{self.path} is a file, not a folder", "name another folder")
            self.path.mkdir(parents=True, exist_ok=True)
            self._require_free()
            note = self._note.enter_context(os.fdopen(_open_note(self.path / UNFINISHED), "a+b"))
            _require_alone(note, self.path)
            self._require_free()  # another process may have finished meanwhile
            note.seek(0)
            before = note.read()
            if not before:  # just made
                note.write(asked)
                note.flush()
            elif before != asked:
                raise other_simulation(str(self.path))
            self._is_again = bool(before)
            return self._is_again

    def _require_free(self) -> None:
        names = set(os.listdir(self.path))  # noqa: PTH208 (names are all that matters)
        if names and (UNFINISHED not in names or MANIFEST in names):
            raise UsageError(f"{self.path} is not empty", "name a new folder, or remove this one first")

    def finish(self) -> None:
        """Take the note away."""
        with self._explained(UNFINISHED):
            (self.path / UNFINISHED).unlink()
        self._note.close()

    def put(self, name: str, data: bytes) -> None:
        """Write a small file at once."""
        with self._explained(name):
            is_new = os.O_TRUNC | os.O_NOFOLLOW if self._is_again else os.O_EXCL
            target = os.open(self._file(name), os.O_WRONLY | os.O_CREAT | is_new, 0o666)
            try:
                while data:
                    data = data[os.write(target, data) :]
            finally:
                os.close(target)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Write a large file bit by bit; until it is complete it has another name, which nobody reads."""
        with self._explained(name):
            path = Path(self._file(name))
            part = path.with_name(f".{path.name}.part")
            if self._is_again:
                part.unlink(missing_ok=True)
            with part.open("xb", buffering=1 << 20) as target:
                yield target
            part.replace(path)

    def _file(self, name: str) -> str:
        folder = name.rpartition("/")[0]
        if folder not in self._made:
            (self.path / folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return f"{self.path}/{name}"

    @contextmanager
    def _explained(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            hint = "choose a folder that you may write to"
            if error.errno in FULL:
                hint = "free some space, then finish with the same command"
            raise OutputError(
                f"can't write to {self.path / name}: {error.strerror or error}", hint
            ) from error


def _open_note(path: Path) -> int:
    """Open the note, or make it; not where somebody's link leads."""
    no_link = getattr(os, "O_NOFOLLOW", 0)  # not on Windows
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | no_link, 0o666)


def _require_alone(note: BinaryIO, path: Path) -> None:
    """Make sure that no other process is simulating into the same folder, as long as the file is open."""
    with contextlib.suppress(ImportError):  # not on Windows
        import fcntl

        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{path}: another process is simulating into it", "wait until it has finished"
            ) from None
        except OSError:
            return  # a file system without locks


def other_simulation(place: str) -> UsageError:
    """What to say of a place where another simulation was not finished."""
    return UsageError(
        f"{place} holds an unfinished simulation of other settings, which are in {UNFINISHED} there",
        "finish that one with its own options, name another place, or remove this one first",
    )


def note_of(simulator: str, settings: dict[str, object]) -> bytes:
    """What stands in a place until all is written."""
    return json.dumps({"simulator": simulator, "settings": settings}, indent=1).encode()
