"""The calls to AWS that a login makes, answered on loopback: temporary credentials and where a cluster is.

The driver and botocore are real, and believe that they speak to AWS. Every request is kept for the test.
Formats: Amazon Redshift API reference (GetClusterCredentials, DescribeClusters), Redshift Serverless API
reference (GetCredentials, GetWorkgroup), in the protocols that botocore's models of them name.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

_XML = (
    '<{name}Response xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><{name}Result>{body}'
    "</{name}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{name}Response>"
)
_ERROR = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>1</RequestId></ErrorResponse>"
)


@dataclass
class Account:
    """A cluster and a workgroup, and who may log in to them.

    Attributes:
        address: host and port of either; None while it is being made.
        login: the user and the password that are given out.
        refusal: code and message of the answer to everything, if that is a refusal.
        calls: (operation, parameters) of each request.
    """

    address: tuple[str, int] | None
    login: tuple[str, str]
    refusal: tuple[str, str] | None = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    endpoint: str = ""

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any] | str:
        """The answer to a call: XML for a cluster, JSON for a workgroup."""
        self.calls.append((operation, asked))
        user, password = self.login
        host, port = self.address or ("", 0)
        match operation:
            case "GetClusterCredentials":
                body = (
                    f"<DbUser>{user}</DbUser><DbPassword>{password}</DbPassword>"
                    "<Expiration>2099-01-01T00:00:00Z</Expiration>"
                )
            case "DescribeClusters":
                endpoint = (
                    f"<Endpoint><Address>{host}</Address><Port>{port}</Port></Endpoint>" if host else ""
                )
                body = f"<Clusters><Cluster>{endpoint}</Cluster></Clusters>"
            case "GetCredentials":
                return {"dbUser": user, "dbPassword": password, "expiration": 4_070_908_800}
            case "GetWorkgroup":
                return {"workgroup": {"endpoint": {"address": host, "port": port}} if host else {}}
            case _:
                raise ValueError(operation)
        return _XML.format(name=operation, body=body)


@contextmanager
def answering(account: Account) -> Iterator[None]:
    """Serve an account on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            target = self.headers.get("X-Amz-Target", "")
            if target:
                operation, asked = target.rpartition(".")[2], json.loads(body or "{}")
            else:
                asked = dict(parse_qsl(body, keep_blank_values=True))
                operation = asked.pop("Action")
            refusal = account.refusal
            if operation == "DescribeCustomDomainAssociations" or "CustomDomainName" in asked:
                # The driver takes a host that is not below amazonaws.com, or is missing, for a name of the
                # customer's own, and asks again when there is none.
                refusal = ("CustomDomainAssociationNotFoundFault", "there are none")
            else:
                answered = account.answer(operation, asked)
            status = 400 if refusal else 200
            if refusal:
                code, message = refusal
                answered = (
                    {"__type": code, "message": message}
                    if target
                    else _ERROR.format(code=code, message=message)
                )
            content = (answered if isinstance(answered, str) else json.dumps(answered)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1" if target else "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    account.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
