"""Where files are, as people write it: taken apart where the meaning is plain, refused with a hint elsewhere.

From here on a place is ``s3://bucket/key``, a ``file://`` URI, or a path of this machine.
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from sparkify.config import credentials
from sparkify.config.location import S3Location, is_on_s3
from sparkify.errors import SourceError, UsageError

# Not three slashes: s3://$BUCKET/x where the variable is empty must not mean the bucket x.
_S3 = re.compile(r"s3[an]?:(/?/?(?![/\\])|//(?=/))", re.IGNORECASE)
_ARN = re.compile(r"arn:[\w-]+:s3:::([^/*?]+)(/.*)?", re.IGNORECASE | re.DOTALL)
_AMAZON = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-]dualstack)?(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?"
)
"""The host of an object's address (Amazon S3 User Guide: Methods for accessing a bucket)."""
_CONSOLE = re.compile(r"(?:s3\.|[a-z0-9-]+\.)?console\.aws\.amazon\.com")
_CONSOLE_PATH = re.compile(r"/s3/(?:buckets|object)/([^/?]+)")

_REFUSED = (
    (
        re.compile(r"s3[an]?(?:[;.,]?[/\\]{2}|:\\|\s+:)", re.IGNORECASE),
        "not the name of a place on S3",
        "write it as s3://bucket/prefix",
    ),
    (
        re.compile(r"arn:", re.IGNORECASE),
        "not the ARN of a bucket or objects",
        "write it as s3://bucket/prefix, or as arn:aws:s3:::bucket/prefix",
    ),
    (
        re.compile(r"file:(?!/)", re.IGNORECASE),
        "a file: URI without a full path",
        "write the path alone, or file:///full/path",
    ),
    *(
        (
            re.compile(r"[A-Za-z]:[\\/]|\\\\\w"),
            "a Windows path, but this machine does not run Windows",
            "use this machine's path; in WSL, C:\\data is /mnt/c/data",
        ),
    )
    * (os.name != "nt"),
)
"""What is none of the places that can be read or written, with what to say and how to write one."""

_EVERYTHING = re.compile(r"\*|\*\*|\*+\.json|\*+\.json\.gz|\*+\.json\*")
"""A part of a pattern that leaves out no data file."""

_HOW_TO_WRITE = "name a folder, or s3://bucket/prefix"


def plain_place(text: str, origin: str, base: Path = Path()) -> str:
    """The place that a text means.

    Args:
        text: as people write it: ``s3:/bucket/x``, ``S3://…``, an ARN, the https address of an object.
        origin: where it was said, for the message.
        base: the folder that a relative path counts from.

    Raises:
        UsageError: it is blank, or of a kind that is not understood. The message does not repeat the text.
    """
    if _is_there(text, base):  # whatever it looks like
        return text
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":  # an --env-file keeps them
        text = text[1:-1].strip()
    if not text:  # as a path, this would be the working directory
        raise UsageError(f"{origin} is empty", "give a value or omit it")
    if found := _S3.match(text):
        return f"s3://{text[found.end() :]}"
    if found := _ARN.fullmatch(text):
        return f"s3://{found[1]}{found[2] or ''}"
    if re.match(r"https?://", text, re.IGNORECASE):
        return _from_address(text, origin)
    if found := re.match(r"file:(?=/(?!/))", text, re.IGNORECASE):
        return f"file://{text[found.end() :]}"
    for kind, what, hint in _REFUSED:
        if kind.match(text):
            raise UsageError(f"{origin}: {what}", hint)
    return text


def source_place(text: str, origin: str, base: Path = Path()) -> tuple[str, str]:
    """The place that a text means, where files are read.

    A pattern that leaves out nothing of a folder means that folder.

    Args:
        text: as people write it.
        origin: where it was said, for messages.
        base: the folder that a relative path counts from.

    Returns:
        The place, and what is to be said about it.

    Raises:
        UsageError: it is of a kind that is not understood.
    """
    place = plain_place(text, origin, base)
    parts = place.rstrip("/").split("/")
    while parts and _EVERYTHING.fullmatch(parts[-1]):
        parts.pop()
    folder = "/".join(parts)
    if (
        folder == place.rstrip("/")
        or is_pattern(folder)
        or folder in ("s3:/", "file:/")
        or _is_there(place, base)
    ):
        return place, ""
    folder = folder or ("/" if place.startswith("/") else ".")
    return folder, f"{origin} is a pattern: all *.json and *.json.gz files in {folder} and below it are read"


def _is_there(place: str, base: Path) -> bool:
    return os.path.lexists(base / place)


def is_pattern(place: str) -> bool:
    """Whether a place looks like a pattern for many."""
    return re.search(r"[*?\[{]", place) is not None


PATTERN_HINT = "patterns are not read: name the folder, and all *.json and *.json.gz files below it are read"


def _from_address(text: str, origin: str) -> str:
    parts = urlsplit(text, allow_fragments=False)
    host = (parts.hostname or "").lower()
    query = parse_qs(parts.query)
    bucket, key = "", ""
    if (found := _AMAZON.fullmatch(host)) and not query:
        path = unquote(parts.path).lstrip("/")
        bucket, key = (found["bucket"], path) if found["bucket"] else (path.partition("/")[::2])
    elif _CONSOLE.fullmatch(host) and (page := _CONSOLE_PATH.match(parts.path)):
        bucket, key = page[1], query.get("prefix", [""])[0]
    if not bucket:
        raise UsageError(
            f"{origin}: a web address, which can't be read",
            "write it as s3://bucket/prefix; set [S3] ENDPOINT for an S3 server other than Amazon's",
        )
    return str(S3Location(bucket, key))


def local_path(location: str) -> Path:
    """The path that a location names.

    Raises:
        SourceError: it names none of this machine.
    """
    if "://" not in location:
        try:
            return Path(location).expanduser()
        except RuntimeError:
            raise SourceError(f"{location}: no such user", "write the full path") from None
    parts = urlsplit(location)
    if parts.netloc.lower() not in ("", "localhost"):
        raise SourceError(
            f"{location}: names the host {parts.netloc!r}, but only local files can be read",
            f"a path on this machine has three slashes: file:///{parts.netloc}{parts.path}",
        )
    return Path(unquote(parts.path))


def output_place(text: str) -> str:
    """The place that a text means, for output.

    Raises:
        UsageError: the place is of another kind than a folder or S3, or has credentials in it.
    """
    credentials.require_none(text, "OUT")
    if not text.strip():
        raise UsageError("OUT is empty", _HOW_TO_WRITE)
    place = plain_place(text, "OUT")
    if not is_on_s3(place) and re.match(r"\w{2,}:/", place):
        raise UsageError(f"{place}: can't be written to", _HOW_TO_WRITE)
    return place
