"""S3 sources: listing, and reading many objects at a time in bounded memory.

Built on obstore, which retries transient faults with backoff. Reads ask for the very version that was
listed (If-Match), and check its ETag for those servers that don't honour the question.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from sparkify.config import Settings
from sparkify.errors import SourceChangedError, SourceError
from sparkify.sources import LoadFile, SourceObject, is_data, no_data

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

PART_BYTES = 8 * 2**20
"""How much of an object one request asks for: large objects are read in parts, several at a time."""

WINDOW_BYTES = 64 * 2**20
"""How much may be asked for ahead of what has been taken."""


class S3Source:
    """The objects below ``s3://bucket/prefix/``, or a single one.

    Args:
        location: the URI.
        settings: endpoint, region, credentials, and the limits on requests.

    Raises:
        SourceError: the URI has no bucket, or the settings are none that S3 can be asked with.
    """

    def __init__(self, location: str, settings: Settings) -> None:
        parts = urlsplit(location, allow_fragments=False)
        self._location = location
        self._bucket = parts.netloc
        # Not parts.path alone: a ? may be part of a key.
        self._key = location.partition("://")[2].partition("/")[2]
        self._requests = settings.s3_requests
        if not self._bucket:
            raise SourceError(f"{location}: no bucket", "write it as s3://bucket/prefix")
        self.others: list[str] = []
        """Objects below the place that are no source files, once it has been listed."""
        with explained(location):
            self._store = connect(self._bucket, settings, settings.s3_region)

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names."""
        if is_data(self._key.rpartition("/")[2]):
            with explained(self._location):
                return [self._described(obstore.head(self._store, self._key))]
        # With the slash, for s3://bucket/log_data must not find log_data_old/ as well.
        prefix = f"{self._key.rstrip('/')}/" if self._key.strip("/") else ""
        with explained(self._location):
            found = [item for page in obstore.list(self._store, prefix or None) for item in page]
        objects = [self._described(item) for item in found if is_data(item["path"].removeprefix(prefix))]
        self.others = [
            f"s3://{self._bucket}/{item['path']}"
            for item in found
            if item["size"] and not is_data(item["path"].removeprefix(prefix))
        ]
        if not objects:
            raise no_data(self._location)
        return sorted(objects, key=lambda item: item.uri)

    def _described(self, item: Any) -> SourceObject:
        # Some servers leave out the quotes that belong to an ETag, in listings or everywhere.
        version = (item["e_tag"] or "").strip('"') or item["last_modified"].isoformat()
        return SourceObject(f"s3://{self._bucket}/{item['path']}", item["size"], version)

    def read(self, files: Iterable[LoadFile], chunk_bytes: int) -> Iterator[tuple[LoadFile, Iterator[bytes]]]:
        """Each file with its bytes; what follows is fetched meanwhile."""
        del chunk_bytes  # parts are what requests are made of
        waiting: deque[tuple[LoadFile, bool, int, Future[bytes]]] = deque()
        window = 0
        parts = _parts(files)
        with ThreadPoolExecutor(self._requests, "s3") as pool:

            def ask_ahead() -> None:
                nonlocal window
                while len(waiting) < 4 * self._requests and window < WINDOW_BYTES:
                    part = next(parts, None)
                    if part is None:
                        return
                    file, start, end = part
                    future = pool.submit(self._get, file.source, start, end)
                    waiting.append((file, start == 0, end - start, future))
                    window += end - start

            def take() -> bytes:
                nonlocal window
                _, _, size, future = waiting.popleft()
                data = future.result()
                window -= size
                ask_ahead()
                return data

            def parts_of_one() -> Iterator[bytes]:
                yield take()
                while waiting and not waiting[0][1]:
                    yield take()

            try:
                ask_ahead()
                while waiting:
                    yield waiting[0][0], parts_of_one()
            finally:
                for *_, future in waiting:
                    future.cancel()

    def _get(self, source: SourceObject, start: int, end: int) -> bytes:
        if start == end:
            return b""
        key = source.uri.removeprefix(f"s3://{self._bucket}/")
        options: Any = {"if_match": f'"{source.version}"', "range": (start, end)}
        if (start, end) == (0, source.size):
            del options["range"]
        with explained(source.uri):
            try:
                response = obstore.get(self._store, key, options=options)
                found = self._described(response.meta)
                data = bytes(response.bytes())
            except PreconditionError:
                raise SourceChangedError(source.uri) from None
        if found != source or len(data) != end - start:
            raise SourceChangedError(source.uri)
        return data

    def read_text(self) -> str:
        """The text of the object."""
        with explained(self._location):
            data = bytes(obstore.get(self._store, self._key).bytes())
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceError(f"{self._location}: not a text in UTF-8", "check the object") from None


@contextmanager
def explained(uri: str) -> Iterator[None]:
    """Turn the client's errors, which quote whole responses, into one line about the object."""
    try:
        yield
    except NotFoundError:
        raise SourceError(
            f"{uri}: no such bucket or object", "check the URI, and that it is still there"
        ) from None
    except PermissionDeniedError:
        raise SourceError(
            f"{uri}: access denied",
            "the credentials need s3:ListBucket on the bucket and s3:GetObject on its objects, and for a work"
            " prefix s3:PutObject and s3:DeleteObject",
        ) from None
    except UnauthenticatedError:
        raise SourceError(
            f"{uri}: the credentials were not accepted", "check that they are right and have not expired"
        ) from None
    except (BaseError, ValueError) as error:
        raise SourceError(f"{uri}: {_reason(error)}", _remedy(error)) from None


def connect(bucket: str, settings: Settings, region: str = "") -> S3Store:
    """A client for a bucket, in a region of its own or in the configured one."""
    client: ClientConfig = {
        "timeout": timedelta(seconds=settings.s3_timeout),
        "connect_timeout": timedelta(seconds=min(10, settings.s3_timeout)),
        "allow_http": settings.s3_endpoint.startswith("http://"),
    }
    retry: RetryConfig = {
        "max_retries": settings.s3_retries,
        "retry_timeout": timedelta(seconds=settings.s3_timeout * (settings.s3_retries + 1)),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=5),
            "base": 2,
        },
    }
    config: Any = {}
    if settings.s3_endpoint:
        config["endpoint"] = settings.s3_endpoint
    if region or settings.aws_region:
        config["region"] = region or settings.aws_region
    if settings.s3_anonymous:
        config["skip_signature"] = True
    elif settings.aws_access_key_id:
        config["access_key_id"] = settings.aws_access_key_id
        config["secret_access_key"] = settings.aws_secret_access_key
    elif settings.aws_profile:
        config["credential_provider"] = _profile(settings.aws_profile)
    return S3Store(bucket, client_options=client, retry_config=retry, **config)


def _profile(name: str) -> Any:
    # obstore knows the environment and the instance's role; profiles and single sign-on take boto3.
    try:
        import boto3
        import botocore.exceptions
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise SourceError(
            f"AWS profile {name}: needs boto3", "install it with: pip install 'sparkify-warehouse[redshift]'"
        ) from None
    try:
        return Boto3CredentialProvider(boto3.Session(profile_name=name))
    except botocore.exceptions.BotoCoreError as error:
        raise SourceError(f"AWS profile {name}: {error}", "check ~/.aws/config") from None


def _parts(files: Iterable[LoadFile]) -> Iterator[tuple[LoadFile, int, int]]:
    for file in files:
        for start in range(0, max(file.source.size, 1), PART_BYTES):
            yield file, start, min(start + PART_BYTES, file.source.size)


def _reason(error: Exception) -> str:
    """What went wrong, without the client's retry log and the server's page."""
    text = " ".join(str(error).split("Debug source:")[0].split())
    return text[:300]


def _remedy(error: Exception) -> str:
    text = str(error)
    if "169.254.169.254" in text or "credential" in text.lower():
        return (
            "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile"
            " with SPARKIFY_AWS_PROFILE, or say SPARKIFY_S3_ANONYMOUS=true for a public bucket"
        )
    return "check endpoint and region, and run again; what was loaded before is untouched"
