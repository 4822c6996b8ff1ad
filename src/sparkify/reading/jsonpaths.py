"""JSONPaths files: which key of a record fills which column, by position.

The format is Amazon Redshift's (COPY from JSON format): one object ``{"jsonpaths": [...]}`` with one
path per column, in bracket (``$['userId']``) or dot (``$.userId``) notation, without wildcards.
"""

import json
import re
from collections.abc import Sequence

from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError
from sparkify.printing.terminal import shortened
from sparkify.sources.opening import open_source

_STEP = re.compile(
    r"""\[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
      | \[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
      | \[\s*(?P<index>\d+)\s*\]
      | \.(?P<name>[^.\[\]\s*'"]+)""",
    re.VERBOSE,
)


Path = list[str | int]
"""The keys and array positions that lead to a value."""


def parse_path(path: str) -> Path:
    """The keys and array positions that one path names, from the root.

    Raises:
        ValueError: it is not a path in bracket or dot notation.
    """
    if any("\ud800" <= character <= "\udfff" for character in path):
        raise ValueError("half of a surrogate pair")
    if not path.startswith("$") or len(path) == 1:
        raise ValueError("a path begins with $ and names a key")
    steps: Path = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise ValueError(
                f"not understood from character {position + 1}: {shortened(repr(path[position:]))}"
            )
        if step["index"] is not None:
            steps.append(int(step["index"]))
        else:
            quoted = step["single"] if step["single"] is not None else step["double"]
            steps.append(step["name"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = step.end()
    return steps


def written(path: Path) -> str:
    """A path in bracket notation."""
    return "$" + "".join(
        f"[{step}]" if isinstance(step, int) else "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"
        for step in path
    )


def mixes_notations(text: str) -> bool:
    """Whether some paths of a JSONPaths file have keys in brackets and some after dots."""
    steps = [step for path in json.loads(text)["jsonpaths"] for step in _STEP.finditer(path)]
    return {bool(step["name"]) for step in steps if step["index"] is None} == {False, True}


def read_jsonpaths(location: str, columns: Sequence[str], aws: AwsOptions) -> list[Path]:
    """The paths of a JSONPaths file, one per column.

    Args:
        location: the file.
        columns: the columns that its paths fill, in order.
        aws: how to reach S3.

    Raises:
        SourceError: the file is missing, not a JSONPaths file, or has another number of paths.
    """
    return parsed_jsonpaths(location, open_source(location, aws).read_text(), columns)


def parsed_jsonpaths(location: str, text: str, columns: Sequence[str]) -> list[Path]:
    """The paths of a JSONPaths file that has been read, one per column.

    Raises:
        SourceError: it is not a JSONPaths file, or has another number of paths.
    """
    remedy = (
        'a JSONPaths file is one object {"jsonpaths": ["$[\'artist\']", ...]} with one path per column: '
        + ", ".join(columns)
    )
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{location}: not a JSONPaths file: {error}", remedy) from None
    # Redshift falls back to 'auto' without a word when this key is misspelt; here it is an error.
    if not isinstance(document, dict) or not isinstance(document.get("jsonpaths"), list):
        raise SourceError(f'{location}: not a JSONPaths file: it has no list "jsonpaths"', remedy)
    paths = document["jsonpaths"]
    if len(paths) != len(columns):
        raise SourceError(
            f"{location}: {len(paths)} paths, but {len(columns)} columns; paths map to columns by position",
            remedy,
        )
    parsed = []
    for number, item in enumerate(paths, 1):
        try:
            if not isinstance(item, str):
                raise ValueError("not a string")
            parsed.append(parse_path(item))
        except ValueError as error:
            raise SourceError(
                f"{location}: path {number} ({shortened(repr(item))}): {error}", remedy
            ) from None
    return parsed
