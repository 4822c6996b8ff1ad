"""S3 for the stand-in: a server on loopback, and what COPY and UNLOAD do with objects."""

import re
import secrets
import subprocess
import sysconfig
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from obstore.exceptions import BaseError
from obstore.store import S3Store

_ADDRESS = re.compile(rb"http://127\.0\.0\.1:[0-9]+")
_AT_ONCE = 32


class S3Server:
    """``rclone serve s3`` over a folder: its folders are the buckets, and the secret is checked.

    Args:
        folder: where objects are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.access_key = "STANDIN" + secrets.token_hex(6).upper()
        self.secret_key = secrets.token_urlsafe(24)
        self.endpoint = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it on a free port; RuntimeError if it does not come up."""
        program = Path(sysconfig.get_path("scripts")) / "rclone"
        command = [
            str(program), "serve", "s3", str(self.folder), "--addr", "127.0.0.1:0", "--config", "",
            "--auth-key", f"{self.access_key},{self.secret_key}", "--log-level", "NOTICE",
            # Removing empty folders, it can lose an object that is just being put there.
            "--no-cleanup",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.endpoint = self._read_address(self._process.stderr)
        # It tells of every folder that it can't remove, and stands still for good when nobody listens.
        threading.Thread(target=deque, args=(self._process.stderr, 0), daemon=True).start()

    @staticmethod
    def _read_address(stderr: IO[bytes] | None) -> str:
        seen = b""
        for line in stderr or ():
            seen += line
            found = _ADDRESS.search(line)
            if found:
                return found[0].decode()
        raise RuntimeError(f"the S3 server did not start: {seen.decode(errors='replace')}")

    def make_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        (self.folder / name).mkdir(exist_ok=True)

    def stop(self) -> None:
        """Stop it."""
        if self._process:
            # Told to end, it would wait for clients that keep their connections.
            self._process.kill()
            self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()


class S3Problem(Exception):  # noqa: N818
    """What Redshift reports of S3: an S3ServiceException's text."""


def split_uri(uri: str) -> tuple[str, str]:
    """The bucket and the key of an s3:// URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class S3Client:
    """Objects by their s3:// URIs.

    Args:
        server: the server to talk to.
        region: the region that all of its buckets are in.
    """

    def __init__(self, server: S3Server, region: str) -> None:
        self._server = server
        self.region = region
        self._stores: dict[str, S3Store] = {}

    def _store(self, bucket: str) -> S3Store:
        if not (self._server.folder / bucket).is_dir():
            raise S3Problem(
                "S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket"
            )
        if bucket not in self._stores:
            self._stores[bucket] = S3Store(
                bucket,
                endpoint=self._server.endpoint,
                access_key_id=self._server.access_key,
                secret_access_key=self._server.secret_key,
                region=self.region,
                client_options={"allow_http": True},
            )
        return self._stores[bucket]

    def list(self, uri: str) -> list[tuple[str, int]]:
        """URI and size of each object whose key begins with the URI's: a plain prefix, wherever it ends."""
        bucket, prefix = split_uri(uri)
        folder = prefix.rpartition("/")[0]
        found = [
            (meta["path"], meta["size"])
            for chunk in self._store(bucket).list(folder or None)
            for meta in chunk
            if meta["path"].startswith(prefix)
        ]
        return [(f"s3://{bucket}/{key}", size) for key, size in sorted(found)]

    def get(self, uri: str) -> bytes:
        """An object's content.

        Raises:
            S3Problem: it can't be read.
        """
        return self.get_with_etag(uri)[0]

    def get_with_etag(self, uri: str) -> tuple[bytes, str]:
        """An object's content, and its ETag without quotes.

        Raises:
            S3Problem: it can't be read.
        """
        bucket, key = split_uri(uri)
        try:
            got = self._store(bucket).get(key)
            return bytes(got.bytes()), (got.meta["e_tag"] or "").strip('"')
        except FileNotFoundError:
            raise S3Problem(
                "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey"
            ) from None
        except BaseError as error:
            raise S3Problem(f"S3ServiceException:{error}") from error

    def exists(self, uri: str) -> bool:
        """Whether there is such an object."""
        bucket, key = split_uri(uri)
        try:
            self._store(bucket).head(key)
        except FileNotFoundError:
            return False
        return True

    def get_many(self, uris: Sequence[str]) -> Iterator[tuple[str, tuple[bytes, str]]]:
        """Objects with their content and ETag, in the given order, read some at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for start in range(0, len(uris), 4 * _AT_ONCE):
                some = uris[start : start + 4 * _AT_ONCE]
                yield from zip(some, pool.map(self.get_with_etag, some), strict=True)

    def put(self, uri: str, content: bytes) -> None:
        """Write an object."""
        bucket, key = split_uri(uri)
        self._store(bucket).put(key, content)

    def delete(self, uris: Sequence[str]) -> None:
        """Delete objects."""
        for uri in uris:
            bucket, key = split_uri(uri)
            self._store(bucket).delete(key)


__all__ = ["S3Client", "S3Problem", "S3Server", "split_uri"]
