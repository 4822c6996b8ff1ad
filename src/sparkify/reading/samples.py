"""The first lines of some files, for those who want to see what only the database reads."""

import contextlib
import zlib

from sparkify.errors import SourceError
from sparkify.sources.objects import LoadFile, Store

_SAMPLED_FILES, _SAMPLED_BYTES, _SAMPLED_LINES = 10, 2**16, 100


def some_records(store: Store, files: list[LoadFile]) -> list[str]:
    """The first lines of some files; none if they can't be read from here."""
    lines: list[str] = []
    chosen = {number * (len(files) - 1) // (_SAMPLED_FILES - 1) for number in range(_SAMPLED_FILES)}
    # Who loads need not be allowed to read: the database's role is.
    with contextlib.suppress(SourceError, zlib.error):
        for number in sorted(chosen):
            source = files[number].source
            data = store.beginning(source, _SAMPLED_BYTES)
            is_whole = len(data) == source.size
            if source.uri.endswith(".gz"):
                unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
                data, is_whole = unpacking.decompress(data, _SAMPLED_BYTES), unpacking.eof
            found = data.decode(errors="replace").split("\n")
            lines += found[: len(found) if is_whole else -1][:_SAMPLED_LINES]
    return lines
