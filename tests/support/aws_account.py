"""An AWS account of the test's own: moto for what it has, some stand-ins beside it, and nothing real.

botocore itself is real: it checks every parameter against the service's model before anything is answered.
Every call is recorded as it was sent, and a test can make any of them fail.
"""

import contextlib
import copy
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.loaders import Loader
from botocore.session import get_session
from botocore.validate import ParamValidator
from moto import mock_aws
from moto.redshift.models import redshift_backends

from sparkify.cli.app import run
from tests.support.cloudformation import CloudFormation

REGION = "us-west-2"
ACCOUNT = "123456789012"
MY_IP = "203.0.113.7"

CONFIG = """\
# The warehouse of the music service.
[CLUSTER]
HOST=
DB_NAME = 'dwh'
DB_USER="dwhuser"

[DWH]
DWH_CLUSTER_TYPE={type}
DWH_NUM_NODES=2
DWH_NODE_TYPE=ra3.large
DWH_CLUSTER_IDENTIFIER=music

[IAM_ROLE]
; written by the cluster commands
ARN=''

[S3]
LOG_DATA='s3://songs-and-logs/log_data'
LOG_JSONPATH='s3://songs-and-logs/log_json_path.json'
SONG_DATA='s3://songs-and-logs/song_data'
WORK_PREFIX=
"""

# Parsing botocore's models takes longer than all the rest of a command, and making sessions and clients of
# them a third of a test. So all tests share them: the world of the test that runs answers what they ask.
_LOADER = Loader()
_REAL_SESSION = boto3.Session
_KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret"}
_running: "list[World]" = []


@dataclass
class Run:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass
class Call:
    """A call as it was sent."""

    service: str
    operation: str
    parameters: dict[str, Any]

    @property
    def is_change(self) -> bool:
        return not self.operation.startswith(
            ("Describe", "List", "Get", "CreateChangeSet", "DeleteChangeSet")
        )


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Serverless:
    """Redshift Serverless, as far as the cluster commands use it; its answers fit botocore's model of it."""

    things: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"namespace": {}, "workgroup": {}}
    )
    tags: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_stuck: bool = False
    is_denied: bool = False

    def answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        try:
            if self.is_denied:
                raise _refusal("AccessDeniedException", "User is not authorized to perform this action")
            parsed = self.do(model.name, json.loads(params["body"] or b"{}"))
            report = ParamValidator().validate(parsed, model.output_shape)
            assert not report.has_errors(), report.generate_report()
            return AWSResponse("", 200, {}, None), {**parsed, "ResponseMetadata": {}}
        except ClientError as error:
            return AWSResponse("", 400, {}, None), {**error.response, "ResponseMetadata": {}}

    def do(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: C901 - a line for each
        if operation == "ListSnapshots":
            return {"snapshots": [*self.snapshots.values()]}
        if operation == "CreateSnapshot":
            name = asked["snapshotName"]
            self.snapshots[name] = {**asked, "status": "CREATING"}
            return {"snapshot": dict(self.snapshots[name])}
        if operation == "GetSnapshot":
            snapshot = self.snapshots[asked["snapshotName"]]
            seen = dict(snapshot)
            snapshot["status"] = "AVAILABLE"
            return {"snapshot": seen}
        if operation == "ListTagsForResource":
            return {"tags": self.tags[asked["resourceArn"]]}
        if operation.startswith("List"):
            kind = operation[4:-1].lower()
            return {f"{kind}s": [self._view(thing) for thing in self.things[kind].values()]}
        verb, kind = operation[:-9].lower(), operation[-9:].lower()
        name = asked[f"{kind}Name"]
        if verb == "create":
            return {kind: self._create(kind, name, asked)}
        if name not in self.things[kind]:
            raise _refusal("ResourceNotFoundException", f"{kind} {name} does not exist")
        thing = self.things[kind][name]
        if verb == "get":
            return {kind: self._look(kind, name)}
        if verb == "delete":
            if kind == "namespace" and any(
                it["namespaceName"] == name for it in self.things["workgroup"].values()
            ):
                raise _refusal("ConflictException", "there is a workgroup attached")
            thing["status"] = "DELETING"
        if verb == "update":
            thing.update({key: value for key, value in asked.items() if key in thing})
            if "iamRoles" in asked:
                thing["iamRoles"] = _adding(asked["iamRoles"])
        return {kind: self._view(thing)}

    def _create(self, kind: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        if name in self.things[kind]:
            raise _refusal("ConflictException", f"{kind} {name} already exists")
        arn = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:{kind}/{name}"
        self.tags[arn] = asked.pop("tags", [])
        thing = {f"{kind}Arn": arn, f"{kind}Name": name, "status": "CREATING", **asked}
        if kind == "workgroup":
            host = f"{name}.{ACCOUNT}.{REGION}.redshift-serverless.amazonaws.com"
            thing["endpoint"] = {"address": host, "port": asked["port"]}
        else:
            thing["iamRoles"] = _adding(asked["iamRoles"])
            thing["adminPasswordSecretArn"] = (
                f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:redshift!{name}"
            )
        self.things[kind][name] = thing
        return self._view(thing)

    def _look(self, kind: str, name: str) -> dict[str, Any]:
        """What is coming or going takes one look to be done."""
        thing = self.things[kind][name]
        seen = self._view(thing)
        if self.is_stuck:
            return seen
        if thing["status"] == "DELETING":
            del self.things[kind][name]
        else:
            thing["status"] = "AVAILABLE"
            thing["looks"] = thing.get("looks", 0) + 1
            if "iamRoles" in thing and not thing["looks"] % 3:
                thing["iamRoles"] = [role.replace("=adding", "=in-sync") for role in thing["iamRoles"]]
        return seen

    @staticmethod
    def _view(thing: dict[str, Any]) -> dict[str, Any]:
        secret = ("adminUserPassword", "manageAdminPassword", "port", "looks")
        return {key: copy.deepcopy(value) for key, value in thing.items() if key not in secret}


def _require_credentials(session: Any) -> None:
    """As botocore signs what it sends: what stands in for a service is answered before."""
    if session.get_credentials() is None:
        raise NoCredentialsError


def _adding(arns: list[str]) -> list[str]:
    return [f"IamRole(applyStatus=adding, iamRoleArn={arn})" for arn in arns]


def _refusal(code: str, message: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class World:
    """The account, the folder with dwh.cfg, and the command line."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    clock: Clock = field(default_factory=Clock)
    serverless: Serverless = field(default_factory=Serverless)
    calls: list[Call] = field(default_factory=list)
    fault: Callable[[Call, str], None] | None = None
    by_stack: list[Call] = field(default_factory=list)
    default_roles: dict[str, str] = field(default_factory=dict)
    looks_until_in_sync: int = 0
    cloudformation: CloudFormation = field(init=False)
    _clients: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cloudformation = CloudFormation(_stacks_client, self._serverless_for_a_stack)

    @property
    def config(self) -> Path:
        return self.folder / "dwh.cfg"

    def _record_by_stack(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.by_stack.append(Call(model.service_model.service_name, model.name, copy.deepcopy(params)))

    def _serverless_for_a_stack(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.by_stack.append(Call("redshift-serverless", operation, copy.deepcopy(asked)))
        answer = self.serverless.do(operation, asked)
        name = next(key for key in ("workgroupName", "namespaceName") if key in asked)
        kind = operation[-9:]
        with contextlib.suppress(ClientError):  # CloudFormation waits until it has come or gone
            self.serverless.do(f"Get{kind}", {f"{kind.lower()}Name": asked[f"{kind.lower()}Name"]})
        assert name
        return answer

    def _modify_roles(self, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        """moto has no ModifyClusterIamRoles, and no default among a cluster's roles."""
        asked = params["body"]
        name = asked["ClusterIdentifier"]
        roles = redshift_backends[ACCOUNT][REGION].clusters[name].iam_roles_arn
        for key, value in asked.items():
            if key.startswith("AddIamRoles") and value not in roles:
                roles.append(value)
            if key.startswith("RemoveIamRoles"):
                roles.remove(value)
        self.default_roles[name] = asked.get("DefaultIamRoleArn", self.default_roles.get(name, ""))
        return AWSResponse("", 200, {}, None), {"Cluster": {}, "ResponseMetadata": {}}

    def _describe_roles(self, parsed: dict[str, Any], **_: Any) -> None:
        for cluster in parsed.get("Clusters", []):
            if default := self.default_roles.get(cluster["ClusterIdentifier"]):
                cluster["DefaultIamRoleArn"] = default
            if self.looks_until_in_sync > 0:
                self.looks_until_in_sync -= 1
                for role in cluster["IamRoles"]:
                    role["ApplyStatus"] = "adding"

    def session(self, **arguments: Any) -> Any:
        """A boto3 session whose calls are recorded and never leave this process.

        All worlds share those that find the credentials which each world begins with.
        """
        given = {name: value for name, value in arguments.items() if value}
        files = (os.environ["AWS_CONFIG_FILE"], os.environ["AWS_SHARED_CREDENTIALS_FILE"])
        begun_with = all(os.environ.get(name) == value for name, value in _KEYS.items())
        if begun_with and given.keys() <= {"region_name"} and not any(Path(it).exists() for it in files):
            return _shared_session(given.get("region_name") or os.environ.get("AWS_DEFAULT_REGION"))
        session = _new_session(**arguments)
        _answer(session, lambda: self)
        if not arguments.get("aws_access_key_id"):
            make = session.client
            session.client = lambda service, **options: (
                self._clients.get(service) or self._clients.setdefault(service, make(service, **options))
            )
        return session

    def _record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append(Call(model.service_model.service_name, model.name, copy.deepcopy(params)))

    def _answer_serverless(self, **call: Any) -> Any:
        # botocore asks this handler before the general one.
        self._fail("before")
        return self.serverless.answer(**call)

    def _answer_cloudformation(self, model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        call = self.calls[-1]
        self._fail("before")
        try:
            parsed = self.cloudformation.do(model.name, copy.deepcopy(call.parameters))
        except ClientError as error:
            return AWSResponse("", 400, {}, None), {**error.response, "ResponseMetadata": {}}
        if model.output_shape:
            report = ParamValidator().validate(parsed, model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return AWSResponse("", 200, {}, None), {**parsed, "ResponseMetadata": {}}

    def _fail(self, moment: str) -> None:
        if self.fault:
            self.fault(self.calls[-1], moment)

    def run(self, *arguments: str, answer: str = "") -> Run:
        """Run ``sparkify cluster …``."""
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        code: Any = 0
        try:
            run(["cluster", *arguments])
        except SystemExit as end:
            code = end.code
        captured = self.capsys.readouterr()
        return Run(int(code or 0), captured.out, captured.err)

    def create(self, *arguments: str) -> Run:
        return self.run("create", "--yes", "--my-ip", MY_IP, *arguments)

    def delete(self, *arguments: str) -> Run:
        return self.run("delete", "--yes", *arguments)

    def changes(self) -> list[str]:
        """The changing calls since the last look, in order."""
        made = [f"{call.service}.{call.operation}" for call in self.calls if call.is_change]
        self.calls.clear()
        return made

    def changes_so_far(self) -> list[str]:
        """The changing operations since the last look, which go on being counted."""
        return [call.operation for call in self.calls if call.is_change]

    def sent(self, operation: str) -> dict[str, Any]:
        """The parameters of the only call of an operation."""
        (parameters,) = [call.parameters for call in self.calls if call.operation == operation]
        return parameters

    def client(self, service: str) -> Any:
        """A client of the test's own, with nothing recorded."""
        return _own_client(service)

    def commands_client(self, service: str) -> Any:
        """The client that the commands work with, once they have."""
        return self._clients[service]

    def contents(self) -> dict[str, list[str]]:
        """What is in the account, by kind."""
        groups = self.client("ec2").describe_security_groups()["SecurityGroups"]
        return {
            "cluster": [
                it["ClusterIdentifier"] for it in self.client("redshift").describe_clusters()["Clusters"]
            ],
            "role": [it["RoleName"] for it in self.client("iam").list_roles()["Roles"]],
            "group": [it["GroupName"] for it in groups if it["GroupName"] != "default"],
            "bucket": [it["Name"] for it in self.client("s3").list_buckets()["Buckets"]],
            **{kind: list(things) for kind, things in self.serverless.things.items()},
            "stack": [it.name for it in self.cloudformation.stacks if it.status != "DELETE_COMPLETE"],
        }

    def group_id(self) -> str:
        """The id of the one security group of this project."""
        groups = self.client("ec2").describe_security_groups()["SecurityGroups"]
        (group,) = [it for it in groups if it["GroupName"] != "default"]
        return str(group["GroupId"])

    def open_to(self) -> list[str]:
        """Who may reach the one security group of this project, as ``source:port``."""
        groups = self.client("ec2").describe_security_groups()["SecurityGroups"]
        (group,) = [it for it in groups if it["GroupName"] != "default"]
        return [
            f"{source['CidrIp']}:{rule['FromPort']}"
            for rule in group["IpPermissions"]
            for source in rule["IpRanges"]
        ]


def _new_session(**arguments: Any) -> Any:
    botocore_session = get_session()
    botocore_session.register_component("data_loader", _LOADER)
    return _REAL_SESSION(botocore_session=botocore_session, **arguments)


def _answer(session: Any, world: Callable[[], World]) -> None:
    """Let a world answer, fail and record the calls of a session's clients."""
    events = session.events
    events.register("before-parameter-build", lambda **sent: world()._record(**sent))
    events.register_first("before-call", lambda **_: world()._fail("before"))
    for name in ("redshift-serverless", "cloudformation"):
        events.register_first(f"before-call.{name}", lambda **_: _require_credentials(session))
    events.register_first(
        "before-call.redshift-serverless", lambda **call: world()._answer_serverless(**call)
    )
    events.register_first("before-call.cloudformation", lambda **call: world()._answer_cloudformation(**call))
    events.register(
        "before-call.redshift.ModifyClusterIamRoles", lambda **call: world()._modify_roles(**call)
    )
    events.register("after-call.redshift.DescribeClusters", lambda **call: world()._describe_roles(**call))
    events.register_first("after-call", lambda **_: world()._fail("after"))


@cache
def _shared_session(region: str | None) -> Any:
    """The session of the commands of all worlds, in a region."""
    session = _new_session(region_name=region)
    _answer(session, lambda: _running[-1])
    make, made = session.client, dict[str, Any]()

    def client(service: str, **options: Any) -> Any:
        if service not in made:
            made[service] = make(service, **options)
        return _running[-1]._clients.setdefault(service, made[service])

    session.client = client
    return session


def _session_of_tests() -> Any:
    names = {name.lower(): value for name, value in _KEYS.items()}
    return _new_session(region_name=REGION, **names)


@cache
def _own_client(service: str) -> Any:
    return _session_of_tests().client(service)


@cache
def _stacks_session() -> Any:
    session = _session_of_tests()
    events = session.events
    events.register("before-parameter-build", lambda **sent: _running[-1]._record_by_stack(**sent))
    events.register(
        "before-call.redshift.ModifyClusterIamRoles", lambda **call: _running[-1]._modify_roles(**call)
    )
    return session


@cache
def _stacks_client(service: str) -> Any:
    """A client of CloudFormation's own, whose calls are recorded as such."""
    return _stacks_session().client(service)


BUCKET = "music-redshift-bucket-0001abcd"
EMPTY: dict[str, list[str]] = {
    kind: [] for kind in ("cluster", "role", "group", "bucket", "namespace", "workgroup", "stack")
}
_PARTS = {
    **EMPTY,
    "role": ["sparkify-redshift"],
    "group": ["music-redshift"],
    "bucket": [BUCKET],
    "stack": ["music-redshift"],
}
PROVISIONED = {**_PARTS, "cluster": ["music"]}
SERVERLESS = {**_PARTS, "namespace": ["music"], "workgroup": ["music"]}


def _refuse_to_send(_: Any, request: Any) -> None:
    raise AssertionError(f"a test would have sent this to AWS: {request.method} {request.url}")


@contextmanager
def open_world(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """An empty account for a test, and a folder with a dwh.cfg as the working directory."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in _KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))
    # moto otherwise makes a thousand machine images for each account.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.chdir(folder)
    world = World(folder, capsys, monkeypatch)
    world.config.write_text(CONFIG.format(type="multi-node"))
    monkeypatch.setattr("sparkify.cluster.waiting.time", world.clock)
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", _refuse_to_send)
    monkeypatch.setattr("urllib.request.urlopen", _refuse_to_ask)
    with mock_aws(config={"core": {"mock_credentials": False}}):
        monkeypatch.setattr(boto3, "Session", world.session)
        _running.append(world)
        try:
            yield world
        finally:
            _running.remove(world)


def _refuse_to_ask(*arguments: Any, **_: Any) -> None:
    raise AssertionError(f"a test would have asked {arguments[0]}")


def refuse(code: str, message: str = "said AWS", operation: str = "") -> Callable[[Call, str], None]:
    """A fault: AWS refuses an operation, by the beginning of its name."""

    def fault(call: Call, moment: str) -> None:
        if moment == "before" and call.operation.startswith(operation):
            raise ClientError({"Error": {"Code": code, "Message": message}}, call.operation)

    return fault
