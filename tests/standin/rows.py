"""From a file's bytes to rows for PostgreSQL: unpacking, one record to one row, texts for system tables."""

import bz2
import gzip
import io
import zlib
from collections.abc import Callable

import pyarrow as pa

from .records import BadField, Conversion, Json, Record, Target, convert
from .refused import Refused

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class LoadFailed(Exception):  # noqa: N818
    """A COPY had too many errors; PostgreSQL's transaction is aborted already.

    Args:
        fields: the ErrorResponse for the client.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.fields = {"S": "ERROR", "C": "XX000", "M": message}


class BadRecord(Exception):  # noqa: N818
    """A record that can't be loaded, and the column where that showed."""

    def __init__(self, code: int, reason: str, target: Target | None = None, value: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.target, self.value = code, reason, target, value


def to_row(
    record: Record, targets: list[Target], pick: Callable[[Json], list[Json]], options: Conversion
) -> str:
    if record.problem:
        raise BadRecord(1216, record.problem)
    try:
        picked = pick(record.value)
    except BadField as bad:
        raise BadRecord(bad.code, bad.reason) from None
    values = []
    for value, target in zip(picked, targets, strict=True):
        try:
            text = convert(value, target, options)
        except BadField as bad:
            raw = "" if value is None else str(value)
            raise BadRecord(bad.code, bad.reason, target, raw) from None
        values.append("\\N" if text is None else text.translate(_ESCAPES))
    return "\t".join(values) + "\n"


def cut(text: str, size: int) -> str:
    """Text as a system table's column holds it: cut to its bytes, without what PostgreSQL can't carry."""
    data = text.encode("utf-8", "replace").replace(b"\0", b"?")
    return data[:size].decode("utf-8", "ignore")


def target_of(name: str, type_name: str, modifier: int, not_null: bool) -> Target:
    size = precision = scale = 0
    if type_name in ("varchar", "bpchar"):
        size = modifier - 4 if modifier > 0 else 65535
    elif type_name == "text":
        type_name, size = "varchar", 65535
    elif type_name == "numeric":
        precision, scale = ((modifier - 4) >> 16, (modifier - 4) & 0x7FF) if modifier > 0 else (18, 0)
    return Target(name, type_name, size, precision, scale, not_null)


def unpacked(content: bytes, compression: str, uri: str) -> bytes:
    """The file's text; what is not compressed as the command says can't be read at all."""
    try:
        if compression == "gzip":
            return gzip.decompress(content)
        if compression == "bzip2":
            return bz2.decompress(content)
        if compression == "zstd":
            return bytes(pa.CompressedInputStream(io.BytesIO(content), "zstd").read())
        if compression:
            raise Refused(f"{compression.upper()} is not built into the stand-in", "0A000")
    except (OSError, EOFError, ValueError, zlib.error) as problem:
        raise LoadFailed(f"Could not decompress {uri} as {compression.upper()}: {problem}") from None
    return content
