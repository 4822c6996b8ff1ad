"""The one way to AWS: opens the session, sends calls, and explains what AWS refuses."""

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

from sparkify.cluster.aws_errors import explain
from sparkify.config.settings import AwsOptions, Settings
from sparkify.errors import ClusterError, SparkifyError, UsageError
from sparkify.system.extras import how_to_install

_HARMLESS = ("describe_", "get_", "list_", "create_change_set", "delete_change_set")
_SECRETS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")


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
            how_to_install("redshift"),
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
    """Sends calls.

    Args:
        settings: the region, the credentials if not AWS's own chain has them, and what must not be told.

    Raises:
        UsageError: as ``open_session``.
    """

    def __init__(self, settings: Settings) -> None:
        self._session = open_session(settings.aws)
        self._clients: dict[str, Any] = {}
        own = (
            settings.aws.aws_access_key_id,
            settings.aws.aws_secret_access_key,
            settings.aws.aws_session_token,
        )
        known = (
            settings.redshift.db_password,
            *own,
            *(os.environ.get(f"AWS_{name}", "") for name in _SECRETS),
        )
        self._secrets = [secret for secret in known if secret]
        self.region: str = self._session.region_name
        self.has_asked = False
        """Whether anything was sent that changes something, be it that it was done or that it was lost."""

    def has_credentials(self) -> bool:
        """Whether there are any."""
        return self._guard("credentials", self._session.get_credentials) is not None

    def call(self, service: str, operation: str, /, absent: str = "", **parameters: Any) -> dict[str, Any]:
        """What a call answers, or {} where AWS's error code says that what is asked for is not there.

        Service and operation have boto3's names; ``absent`` is that code.
        """
        self.has_asked |= not operation.startswith(_HARMLESS)
        try:
            answer = self._guard(
                f"{service} {operation}", lambda: getattr(self._client(service), operation)(**parameters)
            )
        except ClusterError as error:
            if absent and error.code == absent:
                return {}
            raise
        return dict(answer)

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """The items under a key of all pages of a call's answer."""

        def collect() -> list[dict[str, Any]]:
            paginator = self._client(service).get_paginator(operation)
            return [item for page in paginator.paginate(**parameters) for item in page.get(key, [])]

        return list(self._guard(f"{service} {operation}", collect))

    def empty(self, bucket: str) -> None:
        """Delete all objects of a bucket, in all their versions."""
        self.has_asked = True
        s3 = self._session.resource("s3", config=self._config())
        self._guard("s3 delete_objects", s3.Bucket(bucket).object_versions.delete)

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
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=self._config())
        return self._clients[service]

    @staticmethod
    def _config() -> Any:
        from botocore.config import Config

        return Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 5})


def tag_dict(tags: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """Tags as AWS lists them, by their keys; Serverless writes these in lower case."""
    return {tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", "")) for tag in tags or ()}
