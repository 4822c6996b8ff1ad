"""Real S3 servers for tests, over loopback: ``rclone serve s3`` and moto's."""

import contextlib
import json
import logging
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import obstore
from obstore.store import S3Store

from sparkify.config.settings import Settings
from tests.standin.s3 import S3Server
from tests.support.builders import HANGS
from tests.support.settings import changed


@dataclass(frozen=True)
class Bucket:
    """An empty bucket on a server.

    Attributes:
        endpoint: the server's address.
        name: the bucket's.
        access_key: of someone who may do everything.
        secret_key: likewise.
        proxy: an address in front of the server, for the pipeline to read through.
    """

    endpoint: str
    name: str
    access_key: str
    secret_key: str
    proxy: str = ""

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
        """Settings that load song_data/ and log_data/ of this bucket, and wait for each answer."""
        return changed(
            settings,
            song_data=f"{self.uri}/song_data",
            log_data=f"{self.uri}/log_data",
            s3_endpoint=self.proxy or self.endpoint,
            aws_region="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            s3_timeout=HANGS,
            s3_retries=2,
        )


class Server:
    """A running S3 server.

    Args:
        endpoint: its address.
        access_key: of someone who may do everything.
        secret_key: likewise.
    """

    def __init__(self, endpoint: str, access_key: str, secret_key: str) -> None:
        self._bucket = Bucket(endpoint, "", access_key, secret_key)
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
        )

    def bucket(self, name: str) -> Bucket:
        """Make a bucket."""
        self._client.create_bucket(Bucket=name)
        return replace(self._bucket, name=name)

    def put_raw(self, bucket: Bucket, key: str, data: bytes = b"{}") -> None:
        """Write an object whose key the client of this project can't name."""
        self._client.put_object(Bucket=bucket.name, Key=key, Body=data)

    def publish(self, bucket: Bucket) -> None:
        """Let everyone list and read a bucket."""
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:ListBucket", "s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/*"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client.put_bucket_policy(Bucket=bucket.name, Policy=policy)


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[Server]:
    """``rclone serve s3`` over a folder: checks the secret, ignores If-Match, quotes no ETag in listings."""
    server = S3Server(folder)
    server.start()
    try:
        yield Server(server.endpoint, server.access_key, server.secret_key)
    finally:
        server.stop()


@contextlib.contextmanager
def moto() -> Iterator[Server]:
    """moto's server, in a thread: honours If-Match, accepts any secret."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        # Its buckets belong to the process: another test may have left some.
        urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", b"").close()
        yield Server(f"http://{host}:{port}", "any-access-key", "any-secret-key")
    finally:
        server.stop()
