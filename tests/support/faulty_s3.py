"""A proxy in front of a real S3 server that fails just as a test tells it to.

Requests go through byte for byte, the Host header included, so that signatures stay right.
"""

import contextlib
import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import unquote, urlsplit

PAGE = b"<html><body><h1>Sorry</h1>AKIA-A-PAGE-OF-THE-SERVER</body></html>"
"""What goes with an error: nothing a user should have to read."""

Kind = Literal["status", "cut", "stall", "reset", "lost", "slow", "other etag", "before"]


@dataclass
class Fault:
    """Something that goes wrong with some requests.

    Attributes:
        kind: ``status`` answers with one of its own; ``cut`` promises the whole body and closes after half;
            ``stall`` says nothing more after half; ``reset`` drops the connection; ``lost`` does so after
            the server has done what it was asked; ``slow`` sends piecemeal; ``other etag`` answers with an
            ETag that was never listed; ``before`` answers well, after it has called ``action``.
        then: called when the server has done what it was asked, before the answer is passed on.
        on: the end of the key that it befalls, ``list`` for listings, ``delete`` for deletions.
        times: how often, from the first; None for ever.
    """

    kind: Kind
    on: str
    times: int | None = 1
    status: int = 503
    body: bytes = PAGE
    headers: dict[str, str] = field(default_factory=dict)
    action: Callable[[], object] = lambda: None
    then: Callable[[], object] = lambda: None
    method: str = ""
    """The only one that it befalls, e.g. PUT."""


class FaultyS3:
    """The proxy.

    Attributes:
        endpoint: its address.
        faults: what goes wrong; the first that fits a request befalls it.
        seen: the key of each request, ``list`` or ``delete``.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self._lock = threading.Lock()
        self._under_way = 0
        self._is_idle = threading.Condition(self._lock)
        self._ended = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Else each answer waits 40 ms for its head to be acknowledged.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                with proxy._counted():
                    proxy._answer(self)

            do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                del request, client_address  # connections end in all ways here

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @contextlib.contextmanager
    def running(self) -> Iterator["FaultyS3"]:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield self
        finally:
            self._ended.set()
            self._server.shutdown()
            self._server.server_close()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._is_idle.notify_all()

    def settle(self) -> None:
        """Wait until no request is under way any more: those of a process that is killed go on here."""
        with self._lock:
            self._is_idle.wait_for(lambda: not self._under_way)

    def add(self, kind: Kind, on: str, times: int | None = 1, **options: object) -> None:
        """Let something go wrong."""
        self.faults.append(Fault(kind, on, times, **options))  # type: ignore[arg-type]

    def _fault_for(self, what: str, method: str) -> Fault | None:
        with self._lock:
            self.seen.append(what)
            for fault in self.faults:
                if fault.times != 0 and what.endswith(fault.on) and fault.method in ("", method):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        what = (
            "list"
            if "list-type=" in parts.query
            else "delete"
            if parts.query.startswith("delete")
            else unquote(parts.path)
        )
        # Read in any case, or what follows on this connection is taken for a request.
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        fault = self._fault_for(what, request.command)
        if fault is None:
            self._forward(request, body, None)
        elif fault.kind == "status":
            request.send_response(fault.status)
            for name, value in fault.headers.items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(fault.body)))
            request.end_headers()
            request.wfile.write(fault.body)
        elif fault.kind == "reset":
            self._drop(request)
        else:
            fault.action()
            self._forward(request, body, fault.kind, fault.then)

    @staticmethod
    def _drop(request: BaseHTTPRequestHandler) -> None:
        # Closing with nothing left to linger for sends RST instead of FIN.
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()
        request.close_connection = True

    def _forward(
        self,
        request: BaseHTTPRequestHandler,
        content: bytes,
        kind: Kind | None,
        then: Callable[[], object] = lambda: None,
    ) -> None:
        upstream = http.client.HTTPConnection(self._upstream)
        upstream.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(content or None)
        with contextlib.closing(upstream):
            response = upstream.getresponse()
            body = response.read()
        then()
        if kind == "lost":
            self._drop(request)
            return
        request.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() == "etag" and kind == "other etag":
                request.send_header(name, '"0123456789abcdef0123456789abcdef"')
            elif name.lower() not in ("transfer-encoding", "content-length", "connection"):
                request.send_header(name, value)
        length = response.getheader("content-length", str(len(body))) if request.command == "HEAD" else None
        request.send_header("Content-Length", length or str(len(body)))
        request.end_headers()
        if kind == "slow":
            step = len(body) // 20 + 1
            for start in range(0, len(body), step):
                request.wfile.write(body[start : start + step])
                self._ended.wait(0.01)
        elif kind in ("cut", "stall"):
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            if kind == "stall":
                self._ended.wait()
            request.close_connection = True
        else:
            request.wfile.write(body)
