"""The work prefix: where a run keeps what Redshift is to load from.

A run writes below ``<work prefix>/sparkify-staging/<its own name>/`` and removes it when it ends. What a
killed run left behind is removed by a later one, once it is as old as objects of the stack's bucket get.
"""

import contextlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Self

from sparkify.config.location import s3_location
from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError, SparkifyError, UsageError
from sparkify.reading.jsonpaths import written
from sparkify.sources.s3_folder import S3Folder

_BEGUN = "begun"
_LEFT_BEHIND_AFTER = timedelta(days=2)
"""Since anything was last written to a run's folder, by the clock of S3; no run takes that long."""


class WorkFolder:
    """A run's own folder below the work prefix; a context manager, at whose end the folder is removed.

    Args:
        prefix: the work prefix.
        aws: how to reach S3.

    Raises:
        UsageError: the work prefix is no s3:// URI.
        SourceError: it can't be reached.
    """

    def __init__(self, prefix: str, aws: AwsOptions) -> None:
        place = s3_location(prefix)
        if not place or not place.bucket:
            raise UsageError("[S3] WORK_PREFIX is not on S3", "write it as s3://bucket/folder")
        self._place = S3Folder(f"{prefix.rstrip('/')}/sparkify-staging", aws)
        self._run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self._names: list[str] = []

    def __enter__(self) -> Self:
        try:
            self.put(_BEGUN, b"1")  # not empty: that would be a console's folder
            self._remove_left_behind()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _remove_left_behind(self) -> None:
        entries = self._place.entries()
        ours = entries.get(f"{self._run}/{_BEGUN}")
        if ours is None:  # a listing that is behind, and nothing to tell the time by
            return
        last_written: dict[str, datetime] = {}
        for name, entry in entries.items():
            run = name.partition("/")[0]
            last_written[run] = max(entry.modified, last_written.get(run, entry.modified))
        oldest = ours.modified - _LEFT_BEHIND_AFTER
        self._place.delete(name for name in entries if last_written[name.partition("/")[0]] < oldest)

    def __exit__(self, *_: object) -> None:
        # Nothing depends on it: what is left costs a little until a later run removes it.
        with contextlib.suppress(SparkifyError):
            self._place.delete(self._names)

    def put(self, name: str, content: bytes) -> str:
        """Write an object, and give its URI."""
        name = f"{self._run}/{name}"
        self._names.append(name)
        self._place.put(name, content)
        return self._place.uri + name

    def get(self, uri: str) -> bytes:
        """Read an object of this folder."""
        content = self._place.get(uri.removeprefix(self._place.uri))
        if content is None:
            raise SourceError(
                f"{uri}: has gone", "let nothing else delete below [S3] WORK_PREFIX, and run again"
            )
        return content

    def put_manifest(self, name: str, uris: list[str]) -> str:
        """Write a manifest of just these objects, each of which must be there (mandatory)."""
        entries = [{"url": uri, "mandatory": True} for uri in dict.fromkeys(uris)]
        return self.put(f"{name}.manifest", json.dumps({"entries": entries}, indent=1).encode())


def jsonpaths_file(work: WorkFolder, paths: list[list[str | int]]) -> str:
    """Write a JSONPaths file with these paths, and give its URI."""
    document = {"jsonpaths": [written(path) for path in paths]}
    return work.put("columns.jsonpaths", json.dumps(document, indent=1).encode())
