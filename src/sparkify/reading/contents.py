"""From a file's bytes to text in UTF-8: gzip, UTF-16, and files that are no JSON at all.

Owns what a file may be packed in, and what a file that can't be loaded is called when people are told of it.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from sparkify.errors import BadFileError

GzipFile: Any
InflateError: Any
try:  # more than twice as fast
    from isal import igzip, isal_zlib
except ImportError:  # no wheel for this machine
    GzipFile, InflateError = gzip.GzipFile, zlib.error
else:
    GzipFile, InflateError = igzip.IGzipFile, isal_zlib.error

_GZIP = b"\x1f\x8b"

_KNOWN = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"]\x00\x00", "lzma"),
    (b"\x28\xb5\x2f\xfd", "Zstandard (zstd)"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (b"\x89LZO", "lzo"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"PAR1", "Parquet"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"ARROW1", "Arrow"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "RTF"),
    (b"\x7fELF", "a program"),
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer; the file itself is not there: git lfs pull",
    ),
    (b"/annex/objects/", "a git-annex pointer; the file itself is not there: git annex get"),
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
)
"""How files of other kinds begin."""

_MAGIC = re.compile(b"|".join(b"(%b)" % re.escape(magic) for magic, _ in _KNOWN))

_TAR_AT, _TAR = 257, b"ustar"

_MARKUP = re.compile(rb"\s*<(!doctype html|html|head|body|!--)", re.IGNORECASE)
_XML = re.compile(rb"\s*<(\?xml|[A-Za-z][\w:.-]*[\s/>])")

# JSON begins with two characters of ASCII at least; of NULs alone nobody can tell what they were.
_WIDE = (
    (re.compile(rb"([^\0]\0\0\0){2}|(\0\0\0[^\0]){2}"), "UTF-32 without a byte order mark"),
    (re.compile(rb"([^\0]\0){2}|(\0[^\0]){2}"), "UTF-16 without a byte order mark"),
)

_HEAD_BYTES = 512
"""What is looked at of a file to tell what it is."""

_UNPACKED_BYTES = 4 * 2**20

MAX_UNPACKED_RATIO = 200
"""How many bytes of text a byte of gzip may hold, unless told otherwise: logs have 20, gzip can do 1,000."""

_HARMLESS_BYTES = 16 * 2**20
"""So much may any gzip file hold."""


def kind_of(head: bytes) -> str:
    """What a file is that can't be JSON, by how it begins; empty if it may be JSON."""
    text = head.removeprefix(codecs.BOM_UTF8)
    if (magic := _MAGIC.match(text)) and magic.lastindex:
        return _KNOWN[magic.lastindex - 1][1]
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "a tar archive"
    if _MARKUP.match(text):
        return "an HTML page"
    if _XML.match(text):
        return "XML"
    return next((name for pattern, name in _WIDE if pattern.match(head)), "")


def is_gzip(head: bytes) -> bool:
    """Whether a file is gzip, by how it begins."""
    return head.startswith(_GZIP)


def contents(
    uri: str, chunks: Iterator[bytes], max_unpacked_ratio: int = MAX_UNPACKED_RATIO
) -> Iterator[bytes]:
    """A file's text as UTF-8, piece by piece: unpacked if it is gzip, whatever its name.

    Raises:
        BadFileError: it is damaged gzip, or holds too much, or is of a kind that is not JSON.
    """
    first = _beginning(chunks)
    if is_gzip(first):
        chunks = _unpacked(uri, chain([first], chunks), max_unpacked_ratio)
        first = _beginning(chunks)
        if is_gzip(first):
            raise BadFileError(uri, "gzip inside gzip", "decompress it once")
    if kind := kind_of(first[:_HEAD_BYTES]):
        raise BadFileError(uri, f"not JSON, it looks like {kind}")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf8_from_utf16(chain([first], chunks))
    return chain([first], chunks)


def _beginning(chunks: Iterator[bytes]) -> bytes:
    """The first chunk, with more where it is too short to tell what it is of."""
    first = next(chunks, b"")
    while len(first) < _HEAD_BYTES and (more := next(chunks, b"")):
        first += more
    return first


def _utf8_from_utf16(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16 as UTF-8; what is not valid there is not valid here, and so refused with its record."""
    decoder = codecs.getincrementaldecoder("utf-16")(errors="surrogatepass")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="surrogatepass")
    if decoder.getstate()[0]:  # it ends in the middle of a character
        yield b"\xff"


class _Packed(io.RawIOBase):
    """Chunks as a file; it counts what has been read of it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            if (chunk := next(self._chunks, None)) is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        self.size += size
        return size


def _unpacked(uri: str, chunks: Iterator[bytes], max_ratio: int) -> Iterator[bytes]:
    """What gzip of any number of members holds; zeros may follow the last, as gzip itself allows."""
    unpacked = 0
    try:
        with _Packed(chunks) as packed, GzipFile(fileobj=packed, mode="rb") as file:
            while text := file.read(_UNPACKED_BYTES):
                unpacked += len(text)
                if unpacked > max(_HARMLESS_BYTES, max_ratio * packed.size):
                    raise BadFileError(
                        uri,
                        f"gzip that expands to more than {max_ratio:,} times its size",
                        "remove it from the folder; if it is genuine, raise [WAREHOUSE] MAX_UNPACKED_RATIO",
                    )
                yield text
    except (EOFError, gzip.BadGzipFile, zlib.error, InflateError) as error:
        # How many records lie behind the damage nobody can tell, so they could be neither rows nor rejects.
        problem = "it is truncated" if isinstance(error, EOFError) else "it can't be unpacked"
        raise BadFileError(
            uri,
            f"damaged gzip file: {problem}",
            "deliver it again (it may still be being written) or remove it from the folder",
        ) from None
