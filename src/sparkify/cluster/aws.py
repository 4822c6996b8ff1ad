"""The one way to AWS: every call goes through here, to be shown, sent, tried again and explained."""

import json
import logging
import os
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sparkify.cluster.aws_errors import CREDENTIALS_HINT, explain
from sparkify.cluster.waiting import Waiter
from sparkify.config.settings import AwsOptions, Settings
from sparkify.errors import ClusterError, SparkifyError, UsageError
from sparkify.printing.console import Console

_LINE_LENGTH = 100
_SECRET_PARAMETERS = ("MasterUserPassword", "adminUserPassword")
_DOCUMENT_PARAMETERS = ("AssumeRolePolicyDocument", "PolicyDocument")


def connect(
    settings: Settings,
    *,
    show: Callable[[str], None] | None = None,
    show_reads: bool = False,
    console: Console | None = None,
) -> "Aws":
    """The way to AWS that the settings describe.

    Args:
        settings: the region, the credentials if not AWS's own chain has them, and how long to wait.
        show: prints a call; given, it is a dry run, and nothing is changed.
        show_reads: in a dry run, show the calls that ask, too, and send none.
        console: where it is told what is done; stderr by default.

    Raises:
        UsageError: boto3 is missing, no region is configured, or one key of the two is.
    """
    waiter = Waiter(console or Console(), settings.cluster.cluster_timeout_minutes)
    secrets = (
        settings.redshift.db_password,
        settings.aws.aws_access_key_id,
        settings.aws.aws_secret_access_key,
        settings.aws.aws_session_token,
        os.environ.get("AWS_ACCESS_KEY_ID", ""),
        os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        os.environ.get("AWS_SESSION_TOKEN", ""),
    )
    return Aws(open_session(settings.aws), waiter, secrets, show, show_reads=show is not None and show_reads)


def open_session(aws: AwsOptions) -> Any:
    """A boto3 session: with the keys or the profile of the configuration, else by AWS's credential chain.

    Raises:
        UsageError: boto3 is missing, no region is configured, or one key of the two is.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise UsageError(
            "the cluster commands need boto3, which is not installed",
            "install it from the project's folder: make redshift",
        ) from None
    if bool(aws.aws_access_key_id) != bool(aws.aws_secret_access_key):
        raise UsageError(
            "of aws_access_key_id and aws_secret_access_key only one is set",
            "set both, or better neither: AWS's own credential chain finds them",
        )
    # At DEBUG botocore logs what is sent, the master password with it, and what it is configured with.
    for name in ("boto3", "botocore", "urllib3"):
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        session = boto3.Session(
            aws_access_key_id=aws.aws_access_key_id or None,
            aws_secret_access_key=aws.aws_secret_access_key or None,
            aws_session_token=aws.aws_session_token or None,
            profile_name=None if aws.aws_access_key_id else aws.aws_profile or None,
            region_name=aws.aws_region or None,
        )
    except BotoCoreError as error:
        raise UsageError(
            str(error).replace(f"({aws.aws_profile}) ", ""),
            "check [AWS] PROFILE or AWS_PROFILE, and the files below ~/.aws",
        ) from None
    if not session.region_name:
        raise UsageError("no AWS region", "set [AWS] REGION in dwh.cfg, or AWS_DEFAULT_REGION")
    try:
        session.get_partition_for_region(session.region_name)
    except BotoCoreError:
        raise UsageError(
            "AWS has no region of the configured name",
            "[AWS] REGION or AWS_DEFAULT_REGION looks like us-west-2",
        ) from None
    return session


class Aws:
    """Sends calls, or shows them.

    Args:
        session: boto3's.
        waiter: tells what is done, and waits.
        secrets: values that must not be in any message.
        show: prints a call; given, no changing call is sent. Calls that only ask are sent all the same,
            so that what is shown is what would be done; without credentials nothing is asked, and nothing is
            taken to be there.
        show_reads: show the calls that ask, too, and send none.
    """

    def __init__(
        self,
        session: Any,
        waiter: Waiter,
        secrets: Iterable[str] = (),
        show: Callable[[str], None] | None = None,
        *,
        show_reads: bool = False,
    ) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self._secrets = [secret for secret in secrets if secret]
        self._show = show
        self._show_reads = show_reads
        self.waiter = waiter
        self.region: str = session.region_name
        self.partition: str = session.get_partition_for_region(self.region)
        self.has_asked = False
        """Whether anything was sent that changes something, be it that it was done or that it was lost."""
        self.is_dry_run = show is not None
        self.is_offline = show_reads or (self.is_dry_run and self._has_no_credentials())

    def show(self, text: str) -> None:
        """Print what a dry run would do."""
        if self._show:
            self._show(text)

    def require_credentials(self) -> None:
        """See that there are credentials, for what can't be shown without looking at what is there.

        Raises:
            UsageError: there are none.
        """
        if self.is_offline and not self._show_reads:
            raise UsageError("no AWS credentials, to see what is there", CREDENTIALS_HINT)

    def _has_no_credentials(self) -> bool:
        return self._guard("credentials", self._session.get_credentials) is None

    def account(self) -> str:
        """The number of the account, which every identity may ask for."""
        answer = self.ask("sts", "get_caller_identity")
        return str(answer["Account"]) if answer else "<account>"

    def ask(self, service: str, operation: str, /, absent: Collection[str] = (), **parameters: Any) -> Any:
        """What a call answers, or None where what it asks for is not there.

        Args:
            service: boto3's name of it.
            operation: boto3's name of the method.
            absent: the error codes that mean: not there.
            **parameters: the call's.
        """
        if self._show_reads:
            self.show(_format_call(service, operation, parameters))
        if self.is_offline:
            return None
        try:
            return self._send(service, operation, parameters)
        except ClusterError as error:
            if error.code in absent:
                return None
            raise

    def ask_all(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """The items under a key of all pages of a call's answer."""
        if self._show_reads:
            self.show(_format_call(service, operation, parameters))
        if self.is_offline:
            return []

        def pages() -> list[dict[str, Any]]:
            paginator = self._client(service).get_paginator(operation)
            return [item for page in paginator.paginate(**parameters) for item in page.get(key, [])]

        result: list[dict[str, Any]] = self._guard(f"{service} {operation}", pages)
        return result

    def change(
        self,
        service: str,
        operation: str,
        done: str,
        /,
        already: Collection[str] = (),
        too_early: Callable[[ClusterError], bool] | None = None,
        patience: float = 0,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Send a call that changes something, and tell that it is done; or show it.

        Args:
            service: boto3's name of it.
            operation: boto3's name of the method.
            done: what is told afterwards.
            already: error codes that mean that it is as wanted already: when an answer gets lost on the
                way, the call is sent again.
            too_early: tells errors that pass by themselves.
            patience: for how many minutes the call is sent again on these.
            **parameters: the call's.

        Returns:
            The answer; {} where nothing was sent, or it was as wanted already.
        """
        if self._show:
            self._show(_format_call(service, operation, parameters))
            return {}
        answer: dict[str, Any] = {}
        refusal: list[ClusterError] = []

        def attempt() -> bool:
            refusal.clear()
            self.has_asked = True
            try:
                answer.update(self._send(service, operation, parameters))
            except ClusterError as error:
                if error.code in already:
                    return True
                if too_early is None or not too_early(error):
                    raise
                refusal.append(error)
            return not refusal

        self.waiter.retry(f"{service} {operation} is too early", attempt, patience)
        if refusal:
            raise refusal[0] from None
        self.waiter.say(done)
        return answer

    def wait(
        self, what: str, state_of: Callable[[], str], wanted: str, failures: Collection[str] = ()
    ) -> None:
        """Wait until something has the wanted state; a dry run does not."""
        if not self.is_dry_run:
            self.waiter.until(what, state_of, wanted, failures)

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        def send() -> dict[str, Any]:
            answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
            return answer

        return self._guard(f"{service} {operation}", send)  # type: ignore[no-any-return]

    def _guard(self, call: str, function: Callable[[], Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        explained: SparkifyError
        try:
            return function()
        except (BotoCoreError, ClientError) as error:
            explained = explain(error, call, self._secrets)
        # Raised out here, so that no traceback holds what botocore said.
        raise explained

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        if service not in self._clients:
            config = Config(
                connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 5}
            )
            self._clients[service] = self._session.client(service, config=config)
        return self._clients[service]


def _format_call(service: str, operation: str, parameters: dict[str, Any]) -> str:
    shown = {
        name: "***"
        if name in _SECRET_PARAMETERS
        # Documents are sent as JSON within JSON; people read them better unpacked.
        else json.loads(value)
        if name in _DOCUMENT_PARAMETERS
        else value
        for name, value in parameters.items()
    }
    return f"{service}.{operation} {_layout(shown)}"


def _layout(value: Any, depth: int = 0) -> str:
    """JSON with whatever fits on a line on one."""
    flat = json.dumps(value, ensure_ascii=False)
    # A call's parameters stand below each other even where they would fit.
    if not isinstance(value, dict | list) or not value or (depth and len(flat) + 2 * depth <= _LINE_LENGTH):
        return flat
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, list):
        lines = [_layout(item, depth + 1) for item in value]
        begin, end = "[]"
    else:
        lines = [f"{json.dumps(key)}: {_layout(item, depth + 1)}" for key, item in value.items()]
        begin, end = "{}"
    separator = f",\n{inner}"
    return f"{begin}\n{inner}{separator.join(lines)}\n{outer}{end}"


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags in the form of all services but Serverless."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_dict(tags: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """The other way round; keys of Serverless are in lower case."""
    return {tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", "")) for tag in tags or ()}
