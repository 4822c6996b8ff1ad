"""Where a simulation is written: a folder, or S3; anything with ``prepare``, ``put`` and ``open`` will do."""

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from sparkify.errors import SparkifyError, UsageError
from sparkify.places import is_on_s3, output_place

if TYPE_CHECKING:
    from sparkify.config import Settings


class OutputError(SparkifyError):
    """Simulated data can't be written: no permission, no space, or the store refused it."""


class Sink(Protocol):
    """A place to write named objects to; names are relative and have slashes."""

    def prepare(self) -> None:
        """Make sure that the place is there and empty; raise UsageError or OutputError otherwise."""

    def put(self, name: str, data: bytes) -> None:
        """Write a small object at once."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a large object bit by bit; it is complete when the context ends without an exception."""


class Folder:
    """Writes below a local folder. Deletes and overwrites nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: set[str] = set()

    def prepare(self) -> None:
        """Create the folder; one that holds anything is refused."""
        with self._explained():
            if self.path.exists() and not self.path.is_dir():
                raise UsageError(f"{self.path} is a file, not a folder", "name another folder")
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                raise UsageError(f"{self.path} is not empty", "name a new folder, or remove this one first")

    def put(self, name: str, data: bytes) -> None:
        """Write a small file at once."""
        with self._explained(name):
            target = os.open(self._file(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                while data:
                    data = data[os.write(target, data) :]
            finally:
                os.close(target)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Write a large file bit by bit."""
        with self._explained(name), Path(self._file(name)).open("xb", buffering=1 << 20) as target:
            yield target

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
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                hint = "make room or simulate less; what was written so far is incomplete, remove it"
            raise OutputError(
                f"can't write to {self.path / name}: {error.strerror or error}", hint
            ) from error


def sink_for(out: str, settings: "Settings | None" = None) -> Sink:
    """The sink for what a user calls OUT.

    Args:
        out: a folder, or ``s3://bucket/prefix``.
        settings: how to reach S3; by default what the environment and dwh.cfg say.

    Raises:
        UsageError: it is an address of a kind that can't be written to, or has credentials in it.
    """
    out = output_place(out)
    if is_on_s3(out):
        from sparkify.config import load_settings
        from sparkify.simulate.s3_sink import S3Prefix

        return S3Prefix(out, settings or load_settings())
    return Folder(Path(out))
