"""S3 sources: listing, and reading many objects at a time in bounded memory.

Built on obstore, which retries transient faults with backoff. Reads ask for the very version that was
listed (If-Match), and check its ETag for those servers that don't honour the question.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import obstore
from obstore.exceptions import GenericError, PermissionDeniedError, PreconditionError

from sparkify.config.location import S3Location, s3_location
from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceChangedError, SourceError, SourceMissingError
from sparkify.sources.local import require_short
from sparkify.sources.objects import LoadFile, SourceObject, is_data
from sparkify.sources.s3_client import connect, explained
from sparkify.sources.s3_errors import NO_LISTING, explanation, may_be_missing
from sparkify.sources.s3_exact import is_segment
from sparkify.sources.s3_listing import list_nameable
from sparkify.sources.unread import Unread, is_no_data
from sparkify.system import interrupts

if TYPE_CHECKING:
    from obstore import GetResult

_PATIENCE = 0.3
"""Seconds to wait for an answer before asking whether to wait on."""

MODIFIED = "modified "
"""How a version begins that is no ETag."""


class _NoPartsError(Exception):
    """The server answers a request for a part of an object as if it were for all of it."""


class S3Source:
    """The objects below ``s3://bucket/prefix/``, or a single one.

    Args:
        location: the URI.
        aws: endpoint, region, credentials, and the limits on requests.

    Raises:
        SourceError: the URI has no bucket, or the settings are none that S3 can be asked with.
    """

    _misnamed: ClassVar[set[str]] = set()
    """Locations where an object was not to be found under the name that the client has for it."""

    def __init__(self, location: str, aws: AwsOptions) -> None:
        place = s3_location(location)
        if not place or not place.bucket:
            raise SourceError(f"{location}: no bucket", "write it as s3://bucket/prefix")
        self._location = location
        self._bucket, self._key = place.bucket, place.key
        self._requests = aws.s3_requests
        self._retries = aws.s3_retries
        self._part_bytes, self._window_bytes = aws.part_bytes, aws.window_bytes
        self.location = self._uri(self._key.rstrip("/"))
        self.others: list[str] = []
        """Objects below the place that are no source files, once it has been listed."""
        self.unread = Unread()
        self.grown: list[str] = []
        with explained(location):
            self._store = connect(self._bucket, aws, aws.s3_region)

    def list_objects(self) -> list[SourceObject]:
        """The data files, in the order of their names."""
        if is_data(self._key.rpartition("/")[2]):
            with explained(self._location):
                return [self._head()]
        # With the slash, for s3://bucket/log_data must not find log_data_old/ as well.
        prefix = f"{self._key.rstrip('/')}/" if self._key.strip("/") else ""
        with explained(self._location):
            objects = self._list(prefix)
        if not objects and not self.unread.count and not self.unread.unnameable:
            objects = self._one_object()
        if not objects:
            raise self.unread.no_data(self._location)
        return sorted(objects, key=lambda item: item.uri)

    def list_exactly(self) -> list[SourceObject]:
        """The data files, without those whose names the client would spoil."""
        self._misnamed.add(self._location)
        return self.list_objects()

    def _head(self) -> SourceObject:
        item = obstore.head(self._store, self._key)
        if not item["e_tag"] and not item["last_modified"].timestamp():
            raise GenericError(NO_LISTING)  # S3 always tells both; this is somebody's web page
        return self._described(item)

    def _one_object(self) -> list[SourceObject]:
        """What is named without a usual ending: read as a local file is, whatever it is called."""
        if not self._key.rstrip("/") or self._key.endswith("/"):
            return []
        with explained(self._location):
            try:
                return [self._head()]
            except (FileNotFoundError, PermissionDeniedError):
                return []

    def prefix(self) -> str | None:
        """What the URIs of all its objects begin with."""
        if is_data(self._key.rpartition("/")[2]):
            return None
        return self._uri(f"{self._key.rstrip('/')}/" if self._key.strip("/") else "")

    def _uri(self, key: str) -> str:
        return str(S3Location(self._bucket, key))

    def _list(self, prefix: str) -> list[SourceObject]:
        found, unnamed = list_nameable(
            self._store, prefix, self._retries, is_exact=self._location in self._misnamed
        )
        data, self.others, self.unread = [], [], Unread()
        for item in found:
            name, uri = item["path"].removeprefix(prefix), self._uri(item["path"])
            if is_data(name):
                data.append(self._described(item))
            elif item["size"]:  # consoles make empty objects for folders
                self.others.append(uri)
                if not any(map(is_no_data, name.split("/"))):
                    self.unread.add(uri)
        for key, size in unnamed:
            if size:
                uri = self._uri(key)
                self.others.append(uri)
                segments = list(filter(is_segment, key.removeprefix(prefix).split("/")))
                if is_data("/".join(segments)):
                    self.unread.add_unnameable(uri)
                elif not any(map(is_no_data, segments)):
                    self.unread.add(uri)
        return data

    def _described(self, item: Any) -> SourceObject:
        # Some servers quote the ETag in one answer and not in another; some send none.
        e_tag = (item["e_tag"] or "").strip('"')
        version = e_tag or f"{MODIFIED}{item['last_modified']:%Y-%m-%dT%H:%M:%SZ}"
        return SourceObject(self._uri(item["path"]), item["size"], version)

    def read(self, files: Iterable[LoadFile], chunk_bytes: int) -> Iterator[tuple[LoadFile, Iterator[bytes]]]:
        """Each file with its bytes; what follows is fetched meanwhile."""
        del chunk_bytes  # parts are what requests are made of
        waiting: deque[tuple[LoadFile, int, Future[bytes]]] = deque()
        window = 0
        parts = _parts(files, self._part_bytes)
        pool = ThreadPoolExecutor(self._requests, "s3")

        def ask_ahead() -> None:
            nonlocal window
            while len(waiting) < 4 * self._requests and window < self._window_bytes:
                part = next(parts, None)
                if part is None:
                    return
                file, start, end = part
                waiting.append((file, end - start, pool.submit(self._get, file.source, start, end)))
                window += end - start

        def drop_rest(file: LoadFile) -> None:
            nonlocal window
            while waiting and waiting[0][0] is file:
                _, size, future = waiting.popleft()
                future.cancel()
                window -= size
                ask_ahead()

        def parts_of(file: LoadFile) -> Iterator[bytes]:
            nonlocal window
            while waiting and waiting[0][0] is file:
                _, size, future = waiting.popleft()
                window -= size
                try:
                    data = _result(future)
                except _NoPartsError:
                    drop_rest(file)
                    yield from self._stream(file.source)
                    return
                ask_ahead()
                yield data

        try:
            ask_ahead()
            while waiting:
                file = waiting[0][0]
                yield file, parts_of(file)
                drop_rest(file)  # what its reader did not want, e.g. behind damage
        finally:
            # Not waiting for those under way: they may be stalled.
            pool.shutdown(wait=False, cancel_futures=True)

    def beginning(self, source: SourceObject, size: int) -> bytes:
        """The first bytes of an object; none where the server can't send a part.

        Raises:
            SourceError: it can't be read.
        """
        try:
            return self._get(source, 0, min(size, source.size))
        except _NoPartsError:
            return b""

    def _get(self, source: SourceObject, start: int, end: int) -> bytes:
        """Part of an object; all of it if it is that small."""
        if start == end:
            return b""
        with explained(source.uri):
            try:
                response = self._ask(source, None if end - start == source.size else (start, end))
                data = bytes(response.bytes())
            except GenericError as error:
                # Some servers send the part and call it the whole. That it is not mixed up can't be told.
                if start == 0 and "non-partial response" in str(error):
                    raise _NoPartsError from None
                raise
        if len(data) != end - start:
            raise SourceChangedError(source.uri)
        return data

    def _stream(self, source: SourceObject) -> Iterator[bytes]:
        """A large object in one request, from a server that can't do parts."""
        with explained(source.uri):
            for chunk in self._ask(source, None).stream(min_chunk_size=self._part_bytes):
                yield bytes(chunk)

    def _ask(self, source: SourceObject, part: tuple[int, int] | None) -> "GetResult":
        """Ask for the version of an object that was listed."""
        options: Any = {} if part is None else {"range": part}
        if not source.version.startswith(MODIFIED):
            options["if_match"] = f'"{source.version}"'
        key = source.uri.removeprefix(self._uri(""))
        try:
            response = obstore.get(self._store, key, options=options)
        except (PreconditionError, FileNotFoundError):
            self._misnamed.add(self._location)
            raise SourceChangedError(source.uri) from None
        if self._described(response.meta) != source:
            self._misnamed.add(self._location)
            raise SourceChangedError(source.uri)
        return response

    def read_text(self) -> str:
        """The text of the object."""
        with explained(self._location):
            try:
                response = obstore.get(self._store, self._key)
                require_short(self._location, response.meta["size"])
                data = bytes(response.bytes())
            except (FileNotFoundError, PermissionDeniedError) as error:
                if not may_be_missing(error):
                    raise
                is_certain = isinstance(error, FileNotFoundError)
                raise SourceMissingError(*explanation(self._location, error), is_certain=is_certain) from None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceError(f"{self._location}: not UTF-8 text", "check the object") from None


def _result(future: Future[bytes]) -> bytes:
    """What a request brings, unless the process is told to stop meanwhile."""
    while True:
        try:
            return future.result(timeout=_PATIENCE)
        except TimeoutError:
            if future.done():
                raise
            interrupts.check()


def _parts(files: Iterable[LoadFile], size: int) -> Iterator[tuple[LoadFile, int, int]]:
    for file in files:
        for start in range(0, max(file.source.size, 1), size):
            yield file, start, min(start + size, file.source.size)
