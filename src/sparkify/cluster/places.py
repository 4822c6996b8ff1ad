"""What the role may read and write: exactly the configured places, as the template's parameters name them."""

import re

from sparkify.config.location import S3Location, s3_location
from sparkify.config.settings import LoadOptions, RedshiftOptions
from sparkify.errors import UsageError


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
        paths = S3Location(logs.bucket, f"{above[0]}{above[1]}log_json_path.json")
    places = {
        "Song": songs,
        "Log": logs,
        "JsonPaths": paths,
        "Work": _written("work_prefix", redshift.work_prefix, songs, logs, paths),
        "Export": _written("export_prefix", redshift.export_prefix, songs, logs, paths),
    }
    parameters: dict[str, str] = {}
    for name, place in places.items():
        if place:
            parameters[f"{name}Bucket"] = place.bucket
            parameters[f"{name}{'Key' if name == 'JsonPaths' else 'Prefix'}"] = place.key
    return parameters


def _written(name: str, uri: str, *sources: S3Location | None) -> S3Location | None:
    place = _parse(name, uri)
    if uri and not place:
        raise UsageError(f"{name} is not on S3", "it is a folder s3://bucket/prefix/")
    if place and not place.key:
        raise UsageError(
            f"{name} is {uri!r}, a whole bucket", "the role may delete there: name a folder in the bucket"
        )
    for source in filter(None, sources):
        if place and (_holds(place, source) or _holds(source, place)):
            raise UsageError(
                f"{name} {uri!r} overlaps the source {source}",
                "the role may delete there, and exports would be loaded as data: name a folder of its own",
            )
    return place


def _holds(place: S3Location, other: S3Location) -> bool:
    """Whether a place, one object or a folder whose key is empty or ends in a slash, holds another one."""
    is_folder = not place.key or place.key.endswith("/")
    is_within = other.key.startswith(place.key) if is_folder else other.key == place.key
    return place.bucket == other.bucket and is_within


def _parse(name: str, uri: str, *, is_folder: bool = True) -> S3Location | None:
    place = s3_location(uri)
    if not place:
        return None
    bucket, key = place.bucket, place.key
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise UsageError(f"{name} is {uri!r}: {bucket!r} is not a bucket name", "it is s3://bucket/prefix/")
    # * and ? are wildcards in a policy and ${…} a variable: the role would get more than is configured.
    if re.search(r"[*?\x00-\x1f\x7f]|\$\{", key):
        raise UsageError(
            f"{name} is {uri!r}", "an address for the role has no *, ?, ${ or control characters"
        )
    if not is_folder and not key:
        raise UsageError(f"{name} is {uri!r}, a bucket", "name the file in it")
    return S3Location(bucket, f"{key}/" if is_folder and key and not key.endswith("/") else key)
