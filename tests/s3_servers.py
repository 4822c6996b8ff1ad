"""Real S3 servers for tests, over loopback: ``rclone serve s3`` and moto's."""

import contextlib
import logging
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import obstore
from obstore.store import S3Store

from sparkify.config import Settings
from tests.standin.s3 import S3Server


@dataclass(frozen=True)
class Bucket:
    """An empty bucket on a server.

    Attributes:
        endpoint: the server's address.
        name: the bucket's.
        access_key: of someone who may do everything.
        secret_key: likewise.
    """

    endpoint: str
    name: str
    access_key: str
    secret_key: str

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"s3://{self.name}"

    @property
    def store(self) -> S3Store:
        """To write to it and delete from it."""
        return S3Store(
            self.name,
            endpoint=self.endpoint,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            region="us-east-1",
            client_options={"allow_http": True},
        )

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        obstore.put(self.store, key, data)

    def put_folder(self, folder: Path, prefix: str = "") -> None:
        """Write all files of a folder, under their relative paths."""
        store = self.store
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                obstore.put(store, prefix + path.relative_to(folder).as_posix(), path.read_bytes())

    def settings(self, settings: Settings) -> Settings:
        """Settings that load song_data/ and log_data/ of this bucket, and give up soon."""
        return replace(
            settings,
            song_data=f"{self.uri}/song_data",
            log_data=f"{self.uri}/log_data",
            s3_endpoint=self.endpoint,
            aws_region="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            s3_timeout=1,
            s3_retries=2,
        )


class Rclone:
    """``rclone serve s3`` over a folder: checks the secret, ignores If-Match."""

    def __init__(self, server: S3Server) -> None:
        self._server = server

    def bucket(self, name: str) -> Bucket:
        """Make a bucket."""
        self._server.make_bucket(name)
        return Bucket(self._server.endpoint, name, self._server.access_key, self._server.secret_key)


class Moto:
    """moto's server: honours If-Match, accepts any secret."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def bucket(self, name: str) -> Bucket:
        """Make a bucket."""
        request = urllib.request.Request(f"{self._endpoint}/{name}", method="PUT")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310 (loopback)
        return Bucket(self._endpoint, name, "any-access-key", "any-secret-key")


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[Rclone]:
    """Run rclone's server."""
    server = S3Server(folder)
    server.start()
    try:
        yield Rclone(server)
    finally:
        server.stop()


@contextlib.contextmanager
def moto() -> Iterator[Moto]:
    """Run moto's server, in a thread."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Moto(f"http://{host}:{port}")
    finally:
        server.stop()
