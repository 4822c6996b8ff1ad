"""What is on S3, and what is a bucket and a key there."""

from dataclasses import dataclass

_SCHEME = "s3://"


@dataclass(frozen=True)
class S3Location:
    """A place on S3.

    Attributes:
        bucket: its name; empty where people forgot it.
        key: of an object, or what the keys of several begin with. A ? or a # in it is part of it.
    """

    bucket: str
    key: str = ""

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


def is_on_s3(place: str) -> bool:
    """Whether a place is on S3, and not on this machine."""
    return place[: len(_SCHEME)].lower() == _SCHEME


def s3_location(place: str) -> S3Location | None:
    """The place on S3 that a text names, its bucket perhaps missing; None if it is of another kind."""
    bucket, _, key = place[len(_SCHEME) :].partition("/")
    return S3Location(bucket, key) if is_on_s3(place) else None
