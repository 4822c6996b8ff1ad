"""One client's session: start-up, password, then messages one by one between client and PostgreSQL.

The proxy works in lockstep: each message of the client goes to PostgreSQL with a Flush and its answer comes
back before the next one is read. So the proxy can run statements of its own in between, in the same session.
"""

import contextlib
import logging
import secrets
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import statements
from .answers import fatal, literal, md5, translated
from .cluster import Cluster
from .copying import Copier
from .refused import Refused
from .rows import LoadFailed
from .statements import MAX_STATEMENT_BYTES, Answer, Pass, Plan, Truncate, plans, too_large
from .unloading import Unloader
from .wire import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    Backend,
    BackendError,
    Channel,
    command_complete,
    cstring,
    decode_fields,
    error_response,
    frame,
    notice,
    split_cstring,
)

_log = logging.getLogger(__name__)

# Start-up parameters that PostgreSQL knows; drivers of Redshift send more.
_START_PARAMETERS = ("user", "database", "application_name", "client_encoding", "options")
_VERSION = "8.0.2"  # what Redshift reports; drivers choose their ways by it
_FINAL_ANSWERS = {b"P": b"1", b"B": b"2", b"C": b"3", b"D": b"Tn", b"E": b"CIs"}


@dataclass(frozen=True)
class Login:
    """Where PostgreSQL is and who may come in.

    Args:
        socket_path: PostgreSQL's Unix socket.
        user: the only database user.
        password: its password.
        database: the only database.
        temporary: names and passwords that IAM has given out for that user (GetClusterCredentials).
    """

    socket_path: Path
    user: str
    password: str
    database: str
    temporary: Mapping[str, str] = field(default_factory=dict)


class Session:
    """Serves one client until it leaves.

    Args:
        sock: the client's connection.
        tls: the server's side of TLS.
        login: where PostgreSQL is and who may come in.
        cluster: what all sessions share.
    """

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext, login: Login, cluster: Cluster) -> None:
        self._sock = sock
        self._tls = tls
        self._login = login
        self._cluster = cluster
        self._prepared: dict[str, Plan] = {}
        self._sizes: dict[str, int] = {}
        self._portals: dict[str, Plan] = {}

    def run(self) -> None:
        """Serve the client; returns when it has left."""
        try:
            parameters = self._start_up()
            if parameters is None:
                return
            self._client = Channel(self._sock)
            self._open(parameters)
        except (ConnectionError, ssl.SSLError, OSError, struct.error):
            _log.debug("a client left while connecting", exc_info=True)
        finally:
            with contextlib.suppress(
                OSError
            ):  # closing alone ends nothing while the channel's reader is open
                self._sock.shutdown(socket.SHUT_RDWR)
            self._sock.close()

    # --- start-up ------------------------------------------------------------------------------------------

    def _receive(self, size: int) -> bytes:
        """Read from the bare socket: a buffer would swallow the beginning of TLS."""
        data = b""
        while len(data) < size:
            some = self._sock.recv(size - len(data))
            if not some:
                raise ConnectionError("the client left")
            data += some
        return data

    def _start_up(self) -> dict[str, str] | None:
        """The start-up parameters, or None if the client wanted something else. TLS is required."""
        encrypted = False
        while True:
            (size,) = struct.unpack("!i", self._receive(4))
            body = self._receive(size - 4)
            (code,) = struct.unpack_from("!i", body)
            if code == SSL_REQUEST and not encrypted:
                self._sock.sendall(b"S")
                self._sock = self._tls.wrap_socket(self._sock, server_side=True)
                encrypted = True
            elif code == GSS_REQUEST:
                self._sock.sendall(b"N")
            elif code == CANCEL_REQUEST:
                self._cancel(body)
                return None
            else:
                if not encrypted:
                    self._sock.sendall(
                        fatal("28000", "no pg_hba.conf entry for host, SSL off: TLS is required")
                    )
                    return None
                parts = body[4:].decode("utf-8", "replace").split("\0")
                return dict(zip(parts[::2], parts[1::2], strict=False))

    def _cancel(self, body: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(str(self._login.socket_path))
            sock.sendall(struct.pack("!i", len(body) + 4) + body)
            sock.recv(1)

    def _authenticate(self, parameters: Mapping[str, str]) -> bool:
        """Ask for the password, hashed with MD5 as Redshift's older way is."""
        user, login = parameters.get("user", ""), self._login
        salt = secrets.token_bytes(4)
        self._client.write(frame(b"R", struct.pack("!i", 5) + salt))
        self._client.flush()
        kind, payload = self._client.read()
        password = login.password if user == login.user else login.temporary.get(user, "")
        inner = md5(password.encode() + user.encode())
        expected = "md5" + md5(inner.encode() + salt)
        given = split_cstring(payload)[0]
        if kind != b"p" or not password or not secrets.compare_digest(given, expected):
            self._client.write(fatal("28000", f'password authentication failed for user "{user}"'))
            self._client.flush()
            return False
        return True

    def _open(self, parameters: Mapping[str, str]) -> None:
        if not self._authenticate(parameters):
            return
        known = {name: value for name, value in parameters.items() if name in _START_PARAMETERS}
        known["user"] = self._login.user
        if known.get("client_encoding", "").lower() in ("utf-8", "unicode"):
            known["client_encoding"] = "UTF8"
        try:
            self._backend = Backend(self._login.socket_path, known)
        except BackendError as error:
            self._client.write(error_response(error.fields))
            self._client.flush()
            return
        try:
            self._copier = Copier(self._cluster, self._backend, self._login.user, self._login.database)
            self._unloader = Unloader(self._cluster, self._backend, self._login.user)
            self._greet()
            self._serve()
        finally:
            self._cluster.works(self._backend.pid)
            self._backend.close()

    def _greet(self) -> None:
        client = self._client
        client.write(frame(b"R", struct.pack("!i", 0)))
        for status in self._backend.statuses:
            name = split_cstring(status[5:])[0]
            if name == "server_version":
                status = frame(b"S", cstring(name) + cstring(_VERSION))
            client.write(status)
        client.write(frame(b"S", cstring("server_protocol_version") + cstring("0")))
        client.write(self._backend.key)
        client.write(frame(b"Z", b"I"))
        client.flush()

    # --- messages ------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        skipping = False  # after an error in the extended protocol, until the client's Sync
        while True:
            # Quotas and limits: idle sessions are closed, on Serverless after 3,600 seconds by default.
            self._client.sock.settimeout(self._cluster.idle_timeout_s)
            kind, payload = self._client.read()
            self._client.sock.settimeout(None)
            self._cluster.works(self._backend.pid)
            if kind == b"X":
                return
            if kind == b"S":
                skipping = False
                self._backend.write(frame(b"S"))
                self._relay_until_ready()
            elif skipping:
                continue
            elif kind == b"Q":
                self._simple(split_cstring(payload)[0])
            elif kind == b"H":
                self._client.flush()
            elif kind in _FINAL_ANSWERS:
                skipping = not self._extended(kind, payload)
            else:
                self._client.write(
                    error_response({"S": "ERROR", "C": "08P01", "M": f"unexpected message {kind!r}"})
                )
                skipping = True

    def _relay_until_ready(self) -> None:
        self._backend.flush()
        while True:
            kind, payload = self._backend.read()
            self._client.write(self._translated(kind, payload))
            if kind == b"Z":
                self._cluster.waits(self._backend.pid, payload != b"I")
                break
        self._client.flush()

    def _simple(self, source: str) -> None:
        """The simple protocol: statements that all pass go in one message, others one by one."""
        try:
            todo = plans(source)
        except Refused as refused:
            self._write_failure(refused)
            self._ready()
            return
        if all(isinstance(plan, Pass) for plan in todo):
            sql = ";".join(plan.sql for plan in todo if isinstance(plan, Pass))
            self._backend.write(frame(b"Q", cstring(sql)))
            self._relay_until_ready()
            return
        for plan in todo:
            if not self._run_one(plan):
                break
        self._ready()

    def _run_one(self, plan: Plan) -> bool:
        """Run one statement of several, all but its ReadyForQuery; False if it failed."""
        if not isinstance(plan, Pass):
            return self._run_own(plan)
        self._backend.write(frame(b"Q", cstring(plan.sql)))
        self._backend.flush()
        good = True
        while True:
            kind, payload = self._backend.read()
            if kind == b"Z":
                return good
            good = good and kind != b"E"
            self._client.write(self._translated(kind, payload))

    def _ready(self) -> None:
        """Tell the client that the session is ready, and whether it is in a transaction: PostgreSQL knows."""
        self._backend.write(frame(b"S"))
        self._relay_until_ready()

    def _extended(self, kind: bytes, payload: bytes) -> bool:
        """One message of the extended protocol; False if it failed."""
        if kind == b"P":
            name, rest = split_cstring(payload)
            source, types = split_cstring(rest)
            self._sizes[name] = len(source.encode())
            try:
                plan = self._single(source)
            except Refused as refused:
                self._write_failure(refused)
                return False
            self._prepared[name] = plan
            payload = cstring(name) + cstring(plan.sql if isinstance(plan, Pass) else "") + types
        elif kind == b"B":
            portal, rest = split_cstring(payload)
            if self._sizes.get(split_cstring(rest)[0], 0) + len(rest) > MAX_STATEMENT_BYTES:
                self._write_failure(too_large())
                return False
            self._portals[portal] = self._prepared.get(split_cstring(rest)[0], Pass(""))
        elif kind == b"E":
            plan = self._portals.get(split_cstring(payload)[0], Pass(""))
            if not isinstance(plan, Pass):
                return self._run_own(plan)
        self._backend.write(frame(kind, payload))
        self._backend.write(frame(b"H"))
        self._backend.flush()
        return self._relay_answer(_FINAL_ANSWERS[kind])

    @staticmethod
    def _single(source: str) -> Plan:
        todo = plans(source)
        if len(todo) > 1:
            raise Refused("cannot insert multiple commands into a prepared statement")
        return todo[0] if todo else Pass("")

    def _relay_answer(self, final: bytes) -> bool:
        while True:
            kind, payload = self._backend.read()
            self._client.write(self._translated(kind, payload))
            if kind == b"E":
                return False
            if kind in final:
                return True

    # --- what the proxy runs itself ------------------------------------------------------------------------

    def _run_own(self, plan: Plan) -> bool:
        """Run a statement that PostgreSQL has not, and answer; False if it failed."""
        try:
            tag = self._execute(plan)
        except Refused as refused:
            self._write_failure(refused)
        except LoadFailed as failed:
            self._client.write(error_response(failed.fields))
        except BackendError as error:
            self._client.write(error_response(translated(error.fields)))
        else:
            self._client.write(command_complete(tag))
            return True
        return False

    def _execute(self, plan: Plan) -> str:
        if isinstance(plan, Answer):
            return plan.tag
        if isinstance(plan, Truncate):
            self._backend.query(plan.sql)
            self._backend.query("COMMIT")  # TRUNCATE commits the transaction in which it is run (TRUNCATE)
            return "TRUNCATE TABLE"
        if isinstance(plan, statements.Copy):
            self._backend.query("SELECT 1")  # fails as everything does where the transaction is aborted
            for text in self._copier.run(plan.command):
                self._client.write(notice(text))
            return "COPY"
        assert isinstance(plan, statements.Unload)
        # BEGIN: "Gives the transaction read-only permissions". Whether these include UNLOAD is not said.
        if self._backend.query("SHOW transaction_read_only").rows == [["on"]]:
            raise Refused("transaction is read-only", "25006", "That UNLOAD is refused in one is assumed.")
        for text in self._unloader.run(plan.command, plan.query):
            self._client.write(notice(text))
        return "UNLOAD"

    def _write_failure(self, refused: Refused) -> None:
        """Fail in PostgreSQL too, so that the transaction is aborted there."""
        raised = ", ".join(
            f"{option} = {literal(refused.fields[code])}"
            for option, code in (("ERRCODE", "C"), ("MESSAGE", "M"), ("DETAIL", "D"), ("HINT", "H"))
            if code in refused.fields
        )
        try:
            self._backend.query(f"DO $standin$ BEGIN RAISE EXCEPTION USING {raised}; END $standin$")
        except BackendError as error:
            self._client.write(error_response(translated(error.fields)))

    @staticmethod
    def _translated(kind: bytes, payload: bytes) -> bytes:
        if kind == b"E":
            return error_response(translated(decode_fields(payload)))
        if kind == b"S" and payload.startswith(b"server_version\0"):
            return frame(kind, cstring("server_version") + cstring(_VERSION))
        return frame(kind, payload)
