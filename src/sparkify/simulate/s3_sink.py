"""Simulated data on S3, for those whose bucket is to be tried with data of any size."""

import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError, UsageError
from sparkify.simulate.sinks import OutputError, other_simulation
from sparkify.sources.s3_folder import S3Folder
from sparkify.sources.unfinished import MANIFEST, UNFINISHED


class S3Prefix:
    """Writes below a prefix on S3: small objects many at a time, large ones by way of a temporary file.

    Args:
        uri: ``s3://bucket/prefix``.
        aws: how to reach S3, and how many requests there may be at a time.

    Raises:
        UsageError: no bucket is named.
        SourceError: the settings are none that S3 can be asked with.
    """

    def __init__(self, uri: str, aws: AwsOptions) -> None:
        self._folder = S3Folder(uri, aws)
        self._most = 2 * aws.s3_requests
        self._pool = ThreadPoolExecutor(aws.s3_requests, "s3")
        self._under_way: deque[Future[None]] = deque()

    def prepare(self, asked: bytes) -> bool:
        """Make sure that nothing is there yet but the same simulation, unfinished."""
        found = self._folder.entries()
        if found and (UNFINISHED not in found or MANIFEST in found):
            raise UsageError(
                f"{self._folder.uri} is not empty: it contains {min(found)}",
                "name another prefix, or remove what is there first",
            )
        if found and self._folder.get(UNFINISHED) != asked:
            raise other_simulation(self._folder.uri)
        self._folder.put(UNFINISHED, asked)
        return bool(found)

    def finish(self) -> None:
        """Take the note away."""
        # Who may write here may not always delete; that all is there, the manifest says.
        with suppress(SourceError):
            self._folder.delete([UNFINISHED])

    def put(self, name: str, data: bytes) -> None:
        """Write a small object; what goes wrong with it may be raised by a later call."""
        self._under_way.append(self._pool.submit(self._folder.put, name, bytes(data)))
        self._wait(self._most)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Write a large object; it arrives when the context ends, and after all that were put before."""
        try:
            with tempfile.TemporaryDirectory(prefix="sparkify-") as aside:
                path = Path(aside) / "object"
                with path.open("wb", buffering=1 << 20) as target:
                    yield target
                self._wait(0)
                self._folder.upload_file(name, path)
        except OSError as error:
            raise OutputError(
                f"can't write to {tempfile.gettempdir()}: {error.strerror or error}",
                "large files are written there before they are uploaded; TMPDIR can name another place",
            ) from error

    def _wait(self, most: int) -> None:
        """Until no more objects than this are under way."""
        try:
            while len(self._under_way) > most:
                self._under_way.popleft().result()
        except BaseException:
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise
