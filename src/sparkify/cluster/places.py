"""What the role may read and write: exactly the configured places, as the template's parameters name them."""

import re
from dataclasses import dataclass

from sparkify.config.settings import LoadOptions, RedshiftOptions
from sparkify.errors import UsageError


@dataclass(frozen=True)
class _Place:
    """A place on S3: one object, or all keys that begin with ``key`` where that is empty or ends in ``/``."""

    bucket: str
    key: str

    def holds(self, other: "_Place") -> bool:
        is_folder = not self.key or self.key.endswith("/")
        is_within = other.key.startswith(self.key) if is_folder else other.key == self.key
        return self.bucket == other.bucket and is_within


def access(loading: LoadOptions, redshift: RedshiftOptions) -> dict[str, str]:
    """The template's parameters for what the role needs of S3; a place that is not on S3 leaves its own out.

    Raises:
        UsageError: a place can't be granted safely.
    """
    songs = _parse("song_data", loading.song_data)
    logs = _parse("log_data", loading.log_data)
    paths = _parse("log_jsonpath", loading.log_jsonpath, is_folder=False)
    if logs and not loading.log_jsonpath:
        above = logs.key.rstrip("/").rpartition("/")
        paths = _Place(logs.bucket, f"{above[0]}{above[1]}log_json_path.json")
    sources = {"Song": songs, "Log": logs, "JsonPaths": paths}
    written = {
        name: _written(name, getattr(redshift, name), [place for place in sources.values() if place])
        for name in ("work_prefix", "export_prefix")
    }
    places = {**sources, "Work": written["work_prefix"], "Export": written["export_prefix"]}
    return {
        f"{name}{part}": value
        for name, place in places.items()
        if place
        for part, value in (
            ("Bucket", place.bucket),
            ("Key" if name == "JsonPaths" else "Prefix", place.key),
        )
    }


def _written(name: str, uri: str, sources: list[_Place]) -> _Place | None:
    place = _parse(name, uri)
    if uri and not place:
        raise UsageError(f"{name} is not on S3", "it is a folder s3://bucket/prefix/")
    if place and not place.key:
        raise UsageError(
            f"{name} is {uri!r}, a whole bucket", "the role may delete there: name a folder in the bucket"
        )
    for source in sources:
        if place and (place.holds(source) or source.holds(place)):
            raise UsageError(
                f"{name} {uri!r} overlaps the source s3://{source.bucket}/{source.key}",
                "the role may delete there, and exports would be loaded as data: name a folder of its own",
            )
    return place


def _parse(name: str, uri: str, *, is_folder: bool = True) -> _Place | None:
    match = re.fullmatch(r"s3[an]?://([^/]*)/?(.*)", uri, re.DOTALL)
    if not match:
        return None
    bucket, key = match.groups()
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise UsageError(f"{name} is {uri!r}: {bucket!r} is not a bucket name", "it is s3://bucket/prefix/")
    # * and ? are wildcards in a policy and ${…} a variable: the role would get more than is configured.
    if re.search(r"[*?\x00-\x1f\x7f]|\$\{", key):
        raise UsageError(
            f"{name} is {uri!r}", "an address for the role has no *, ?, ${ or control characters"
        )
    if not is_folder and not key:
        raise UsageError(f"{name} is {uri!r}, a bucket", "name the file in it")
    return _Place(bucket, f"{key}/" if is_folder and key and not key.endswith("/") else key)
