"""An AWS account behind a loopback address, for processes of their own: moto, with stand-ins beside it."""

import contextlib
import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
from botocore.exceptions import ClientError
from moto.core.parse import QueryParser
from moto.core.serialize import QuerySerializer
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from tests.support.aws_account import REGION, Serverless
from tests.support.cloudformation import CloudFormation


@dataclass
class Account:
    """A WSGI application that answers as AWS does.

    Attributes:
        endpoint: its address.
        sent: the bodies of the requests so far.
        before: called with the name of each operation before it is done; it may wait.
    """

    endpoint: str = ""
    sent: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None
    serverless: Serverless = field(default_factory=Serverless)
    cloudformation: CloudFormation = field(init=False)
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)
    _moto: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __post_init__(self) -> None:
        self.cloudformation = CloudFormation(self._client, self._serverless_for_a_stack)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        text = body.decode(errors="replace")
        self.sent.append(text)
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        self.before(operation or parse_qs(text).get("Action", [""])[0])
        if service == "RedshiftServerless":
            response = self._answer_serverless(operation, json.loads(body or b"{}"))
            return response(environ, start_response)
        asked = {key: values[0] for key, values in parse_qs(text, keep_blank_values=True).items()}
        if "/cloudformation/" in environ.get("HTTP_AUTHORIZATION", ""):
            return self._answer_cloudformation(asked)(environ, start_response)
        if asked.get("Action") == "ModifyClusterIamRoles":  # moto has none
            return _xml(_model("redshift", "ModifyClusterIamRoles"), {"Cluster": {}})(environ, start_response)
        answer: Iterable[bytes] = self._moto({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        return answer

    def _answer_cloudformation(self, asked: dict[str, str]) -> Response:
        model = _model("cloudformation", asked["Action"])
        request: Any = {"url_path": "/", "headers": {}, "body": {}, "values": asked, "method": "POST"}
        parsed = QueryParser(model).parse(request)
        try:
            with self._lock:
                return _xml(model, self.cloudformation.do(model.name, parsed))
        except ClientError as error:
            refusal = error.response["Error"]
            said = f"<Code>{refusal['Code']}</Code><Message>{refusal['Message']}</Message>"
            text = f"<ErrorResponse><Error>{said}</Error></ErrorResponse>"
            return Response(text, 400, content_type="text/xml")

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
            session = boto3.Session(region_name=REGION, **keys)
            self._clients[service] = session.client(service, endpoint_url=self.endpoint)
        return self._clients[service]

    def _serverless_for_a_stack(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        answer = self.serverless.do(operation, asked)
        kind = operation[-9:]
        with contextlib.suppress(ClientError):  # CloudFormation waits until it has come or gone
            self.serverless.do(f"Get{kind}", {f"{kind.lower()}Name": asked[f"{kind.lower()}Name"]})
        return answer

    def _answer_serverless(self, operation: str, asked: dict[str, Any]) -> Response:
        try:
            return Response(json.dumps(self.serverless.do(operation, asked)))
        except ClientError as error:
            refusal = error.response["Error"]
            return Response(json.dumps({"__type": refusal["Code"], "message": refusal["Message"]}), 400)

    def environment(self, folder: Path) -> dict[str, str]:
        """This process's variables, with what leads a process to this account and to no other."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SPARKIFY_"))
        }
        return kept | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        }


def _model(service: str, operation: str) -> Any:
    return get_service_model(service).operation_model(operation)


def _xml(model: Any, answer: dict[str, Any]) -> Response:
    made = QuerySerializer(model).serialize(answer)
    return Response(made["body"], made["status_code"], content_type="text/xml")


@contextlib.contextmanager
def aws_account() -> Iterator[Account]:
    """An empty account, served from a thread."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    account = Account()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(make_server("127.0.0.1", 0, account, threaded=True))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        account.endpoint = f"http://127.0.0.1:{server.server_port}"
        # moto's accounts belong to the process: another test may have left something there.
        connection = HTTPConnection("127.0.0.1", server.server_port)
        connection.request("POST", "/moto-api/reset")
        connection.getresponse()
        connection.close()
        yield account
