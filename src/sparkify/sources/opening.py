"""Which kind of store a configured location is, and what lies beside it."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from sparkify.config.location import S3Location, is_on_s3, s3_location
from sparkify.config.places import local_path
from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError
from sparkify.sources.objects import Store


def open_source(location: str, aws: AwsOptions, *, follow_links: bool = False) -> Store:
    """The store behind a configured location: a folder, a file, a file:// or an s3:// URI.

    Args:
        location: where it is.
        aws: how to reach S3.
        follow_links: whether links in a folder may lead out of it.

    Raises:
        SourceError: the location is of a kind that can't be read.
    """
    if is_on_s3(location):
        from sparkify.sources.s3 import S3Source

        return S3Source(location, aws)
    scheme = urlsplit(location).scheme if "://" in location else "file"
    if scheme == "file":
        from sparkify.sources.local import LocalSource

        return LocalSource(location, follow_links=follow_links)
    raise SourceError(
        f"{location}: {scheme}:// sources are not supported", "name a local folder or an s3:// URI"
    )


def beside(location: str, name: str) -> str | None:
    """The location of a file in the folder that holds another location; None where no folder does."""
    if found := s3_location(location):
        folder, _, last = found.key.rstrip("/").rpartition("/")
        return str(S3Location(found.bucket, f"{folder}/{name}" if folder else name)) if last else None
    return str(Path(os.path.abspath(local_path(location))).with_name(name))  # noqa: PTH100 (links stay)
