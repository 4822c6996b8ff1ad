"""A folder on S3 that is written to: everything below one prefix, by names relative to it.

Reading sources is ``s3``'s. Writing is never anonymous, and never more at a time than ``[S3] REQUESTS``.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import obstore
from obstore.store import S3Store

from sparkify.config.location import S3Location, s3_location
from sparkify.config.settings import AwsOptions
from sparkify.errors import UsageError
from sparkify.sources.s3_client import connect, explained
from sparkify.sources.s3_listing import ask_again, list_all

_PART_BYTES = 5 * 2**20
"""Of a large file, by one request; the smallest part that S3 takes. All parts share the way there, and each
must arrive within ``[S3] TIMEOUT``."""

_FILES_AT_ONCE, _PARTS_AT_ONCE = 4, 2
_KEYS_AT_ONCE = 1000
"""As many as one request may delete (Amazon S3 API reference, DeleteObjects)."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Entry:
    """An object as listed: its bytes, its version (empty where the server has none), and since when."""

    size: int
    e_tag: str
    modified: datetime


class S3Folder:
    """The objects below ``s3://bucket/prefix/``.

    Args:
        uri: where; with or without the last slash.
        aws: endpoint, region, credentials, and the limits on requests.

    Raises:
        UsageError: no bucket is named, or a prefix that S3 can't be requested.
        SourceError: the settings are none that S3 can be asked with.
    """

    def __init__(self, uri: str, aws: AwsOptions) -> None:
        place = s3_location(uri)
        if not place or not place.bucket:
            raise UsageError(f"{uri}: no bucket", "write it as s3://bucket/prefix")
        key = place.key.rstrip("/")
        if key and (not key.isprintable() or {"", ".", ".."} & set(key.split("/"))):
            raise UsageError(
                f"{uri}: can't be requested", "leave out empty path segments, . and .. and control characters"
            )
        self._key = f"{key}/" if key else ""
        self.uri = str(S3Location(place.bucket, self._key))
        """With the last slash."""
        self._aws = aws
        with explained(self.uri, is_written=True):
            # A public source is read without credentials; nobody may write so.
            self._store: S3Store = connect(place.bucket, replace(aws, s3_anonymous=False))

    def entries(self) -> dict[str, Entry]:
        """Everything that is there, by name, but for empty objects: consoles make those for folders."""
        with explained(self.uri, is_written=True):
            found = list_all(self._store, self._key, self._aws.s3_retries)
        return {
            item["path"].removeprefix(self._key): Entry(
                item["size"], (item["e_tag"] or "").strip('"'), item["last_modified"]
            )
            for item in found
            if item["size"]
        }

    def get(self, name: str) -> bytes | None:
        """An object's content; None if there is none."""
        with explained(self.uri + name, is_written=True):
            try:
                return bytes(obstore.get(self._store, self._key + name).bytes())
            except FileNotFoundError:
                return None

    def put(self, name: str, content: bytes) -> None:
        """Write an object."""
        with explained(self.uri + name, is_written=True):
            obstore.put(self._store, self._key + name, content)

    def upload(self, folder: Path) -> None:
        """Write all files of a local folder, under their relative names."""
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        _each(lambda name: self.upload_file(name, folder / name), names, self._files_at_once)

    def upload_file(self, name: str, path: Path) -> None:
        """Write a local file, whatever its size."""
        parts = self._aws.s3_requests // self._files_at_once
        with explained(self.uri + name, is_written=True):
            obstore.put(
                self._store,
                self._key + name,
                path,
                chunk_size=_PART_BYTES,
                max_concurrency=max(1, min(_PARTS_AT_ONCE, parts)),
            )

    @property
    def _files_at_once(self) -> int:
        return min(_FILES_AT_ONCE, self._aws.s3_requests)

    def download(self, folder: Path) -> None:
        """Write everything that is there into a local folder, under the same names."""
        for name in self.entries():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with explained(self.uri + name), path.open("wb") as file:
                for chunk in obstore.get(self._store, self._key + name):
                    file.write(chunk)

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects."""
        keys = [self._key + name for name in sorted(names)]
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            with explained(self.uri, is_written=True):
                ask_again(
                    partial(obstore.delete, self._store, some),
                    self._aws.s3_retries,
                    ("error sending request", "response body"),
                )


def _each(act: Callable[[Item], None], items: Iterable[Item], at_once: int) -> None:
    """Do something with each item, some at a time, until the first failure."""
    pool = ThreadPoolExecutor(at_once, "s3")
    try:
        for done in as_completed([pool.submit(act, item) for item in items]):
            done.result()
    except Exception:
        # Those under way are waited for: what is to be removed after a failure must have arrived.
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
