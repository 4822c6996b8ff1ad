"""The PostgreSQL wire protocol, version 3: framing, the messages sent, and a small client for the backend.

It knows bytes, not SQL. The proxy talks to its client and to PostgreSQL with the same framing.
"""

import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

SSL_REQUEST = 80877103
CANCEL_REQUEST = 80877102
GSS_REQUEST = 80877104
PROTOCOL_3 = 196608

Message = tuple[bytes, bytes]


class BackendError(Exception):
    """An ErrorResponse.

    Args:
        fields: the response's fields by their one-letter codes (``C`` SQLSTATE, ``M`` message …).
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(fields.get("M", "unknown error"))
        self.fields = dict(fields)


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """A message: its type, its length, its content."""
    return kind + struct.pack("!i", len(payload) + 4) + payload


def cstring(text: str) -> bytes:
    """A zero-terminated string."""
    return text.encode() + b"\0"


def split_cstring(data: bytes) -> tuple[str, bytes]:
    """The zero-terminated string at the beginning, and what follows it."""
    text, _, rest = data.partition(b"\0")
    return text.decode("utf-8", "replace"), rest


def encode_fields(fields: Mapping[str, str]) -> bytes:
    """The content of an ErrorResponse or a NoticeResponse."""
    return b"".join(code.encode() + cstring(value) for code, value in fields.items()) + b"\0"


def decode_fields(payload: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse or a NoticeResponse."""
    parts = payload.decode("utf-8", "replace").split("\0")
    return {part[0]: part[1:] for part in parts if part}


def error_response(fields: Mapping[str, str]) -> bytes:
    """An ErrorResponse, as a message."""
    return frame(b"E", encode_fields(fields))


def notice(message: str) -> bytes:
    """A NoticeResponse of severity INFO, as COPY and UNLOAD send them."""
    return frame(b"N", encode_fields({"S": "INFO", "C": "00000", "M": message}))


def command_complete(tag: str) -> bytes:
    """A CommandComplete message."""
    return frame(b"C", cstring(tag))


class Channel:
    """One end of a connection: whole messages in, buffered messages out."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._reader: BinaryIO = sock.makefile("rb")
        self._pending = bytearray()

    def read_exactly(self, size: int) -> bytes:
        """Read that many bytes; ConnectionError if the other side has gone."""
        data = self._reader.read(size)
        if len(data) < size:
            raise ConnectionError("the other side closed the connection")
        return data

    def read(self) -> Message:
        """Read one message: its type and its content."""
        kind, size = struct.unpack("!ci", self.read_exactly(5))
        return kind, self.read_exactly(size - 4)

    def write(self, data: bytes) -> None:
        """Queue bytes; they leave with ``flush``, or when there are many."""
        self._pending += data
        if len(self._pending) > 1 << 16:
            self.flush()

    def flush(self) -> None:
        """Send what is queued."""
        if self._pending:
            self.sock.sendall(self._pending)
            self._pending.clear()

    def close(self) -> None:
        """Close the connection, however far it got."""
        self._reader.close()
        self.sock.close()


@dataclass
class Column:
    """A column of a result: its name, the OID of its type, and the type's modifier."""

    name: str
    type_oid: int
    modifier: int


@dataclass
class Result:
    """What a statement gave: columns, rows as text, the command's tag."""

    columns: list[Column] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    tag: str = ""


def parse_row_description(payload: bytes) -> list[Column]:
    """The columns that a RowDescription announces."""
    (count,) = struct.unpack_from("!h", payload)
    rest = payload[2:]
    columns = []
    for _ in range(count):
        name, rest = split_cstring(rest)
        _, _, type_oid, _, modifier, _ = struct.unpack_from("!ihihih", rest)
        rest = rest[18:]
        columns.append(Column(name, type_oid, modifier))
    return columns


def parse_data_row(payload: bytes) -> list[str | None]:
    """The values of a DataRow in text format."""
    (count,) = struct.unpack_from("!h", payload)
    position = 2
    row: list[str | None] = []
    for _ in range(count):
        (size,) = struct.unpack_from("!i", payload, position)
        position += 4
        if size < 0:
            row.append(None)
        else:
            row.append(payload[position : position + size].decode())
            position += size
    return row


class Backend(Channel):
    """A session with PostgreSQL over its Unix socket (which trusts whoever reaches it)."""

    def __init__(self, socket_path: Path, parameters: Mapping[str, str]) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(str(socket_path))
        super().__init__(sock)
        self.statuses: list[bytes] = []  # the ParameterStatus messages of the start, whole
        self.key = b""  # BackendKeyData, whole
        self.pid = 0
        body = struct.pack("!i", PROTOCOL_3)
        body += b"".join(cstring(name) + cstring(value) for name, value in parameters.items()) + b"\0"
        self.write(struct.pack("!i", len(body) + 4) + body)
        self.flush()
        self._start()

    def _start(self) -> None:
        while True:
            kind, payload = self.read()
            if kind == b"E":
                self.close()
                raise BackendError(decode_fields(payload))
            if kind == b"S":
                self.statuses.append(frame(kind, payload))
            elif kind == b"K":
                self.key = frame(kind, payload)
                (self.pid,) = struct.unpack_from("!i", payload)
            elif kind == b"Z":
                return

    def query(self, sql: str, copy_data: Iterable[bytes] = ()) -> Result:
        """Run SQL by the simple protocol, feed COPY FROM STDIN, and collect the last result.

        Raises:
            BackendError: PostgreSQL refused; the session is ready again, its transaction aborted.
        """
        self.write(frame(b"Q", cstring(sql)))
        self.flush()
        result = Result()
        failure: BackendError | None = None
        stopped: Exception | None = None
        while True:
            kind, payload = self.read()
            if kind == b"T":
                result = Result(parse_row_description(payload))
            elif kind == b"D":
                result.rows.append(parse_data_row(payload))
            elif kind == b"C":
                result.tag = split_cstring(payload)[0]
            elif kind == b"G":
                stopped = self._send_copy(copy_data)
            elif kind == b"E":
                failure = BackendError(decode_fields(payload))
            elif kind == b"Z":
                break
        if stopped:
            raise stopped
        if failure:
            raise failure
        return result

    def _send_copy(self, copy_data: Iterable[bytes]) -> Exception | None:
        """Send the rows of a COPY; if making them fails, make the COPY fail and give the reason."""
        try:
            for chunk in copy_data:
                self.write(frame(b"d", chunk))
        except Exception as error:  # whatever it is, PostgreSQL must hear of it before it travels on
            self.write(frame(b"f", cstring("stopped")))
            self.flush()
            return error
        self.write(frame(b"c"))
        self.flush()
        return None
