"""Tells simulated data of which files are still missing: a run that loads them would be wrong in silence.

OUT/_unfinished.json   there from the first file of a simulation to the last: what was asked for
OUT/_manifest.json     written last: all is there
"""

from pathlib import Path

from sparkify.config.location import is_on_s3, s3_location
from sparkify.config.places import local_path
from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError
from sparkify.sources.opening import open_source

UNFINISHED, MANIFEST = "_unfinished.json", "_manifest.json"

_SOURCES = ("song_data", "log_data")


def require_finished(location: str, aws: AwsOptions, looked_at: set[str]) -> None:
    """Make sure that a place that has been listed is no part of a simulation that was not finished.

    Args:
        location: of the source files.
        aws: how to reach S3.
        looked_at: the folders that need not be looked at again; those that have been are added.

    Raises:
        SourceError: it is.
    """
    for root in _roots(location) - looked_at:
        looked_at.add(root)
        if _is_there(f"{root}/{UNFINISHED}", aws) and not _is_there(f"{root}/{MANIFEST}", aws):
            raise SourceError(
                f"{root}: an unfinished simulation; files are missing",
                f"finish it with: sparkify simulate {root} and the original options; or remove"
                f" {root}/{UNFINISHED} to load what is there",
            )


def _roots(location: str) -> set[str]:
    """The folders that a simulation may have been written to, if the location is in one."""
    if place := s3_location(location):
        parts = [place.bucket, *place.key.rstrip("/").split("/")] if place.key.strip("/") else [place.bucket]
        return {"s3://" + "/".join(parts[:end]) for end in _ends(parts)}
    parts = list(local_path(location).resolve().parts)
    return {str(Path(*parts[:end])) for end in _ends(parts)}


def _ends(parts: list[str]) -> list[int]:
    """How many parts of a path lead to the folder that holds one of the sources; all, if none is in it."""
    return [number for number, part in enumerate(parts) if number and part in _SOURCES] or [len(parts)]


def _is_there(place: str, aws: AwsOptions) -> bool:
    if not is_on_s3(place):
        return Path(place).exists()
    try:
        open_source(place, aws).read_text()
    except SourceError:  # also where S3 refuses to say so
        return False
    return True
