"""The client of a bucket: its address, credentials and patience, and what is said of its errors."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from obstore.exceptions import BaseError
from obstore.store import S3Store

from sparkify.config import destinations
from sparkify.config.settings import AwsOptions
from sparkify.errors import SourceError
from sparkify.sources.s3_errors import explanation
from sparkify.sources.s3_listing import FIRST_PAUSE, LONGEST_PAUSE
from sparkify.system.extras import how_to_install

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Wider than today's rules, for there are old buckets; of other names the client would make no address."""


@contextmanager
def explained(uri: str, *, is_written: bool = False) -> Iterator[None]:
    """Turn the client's errors, which quote whole responses, into one line about the object."""
    try:
        yield
    except (BaseError, FileNotFoundError, ValueError) as error:
        raise SourceError(*explanation(uri, error, is_written=is_written)) from None


def connect(bucket: str, aws: AwsOptions, region: str = "") -> S3Store:
    """A client for a bucket, in a region of its own or in the configured one.

    Raises:
        SourceError: that is not a bucket name, or the profile can't be used.
        UsageError: credentials must not go to that endpoint.
    """
    if not _BUCKET.fullmatch(bucket):
        raise SourceError(f"s3://{bucket}: {bucket!r} is not a bucket name", "write it as s3://bucket/prefix")
    destinations.require_good_endpoint(aws)
    client: ClientConfig = {
        "timeout": timedelta(seconds=aws.s3_timeout),
        "connect_timeout": timedelta(seconds=min(10, aws.s3_timeout)),
        "allow_http": aws.s3_endpoint.lower().startswith("http://"),
    }
    retry: RetryConfig = {
        "max_retries": aws.s3_retries,
        "retry_timeout": timedelta(seconds=aws.s3_timeout * (aws.s3_retries + 1)),
        "backoff": {
            "init_backoff": timedelta(seconds=FIRST_PAUSE),
            "max_backoff": timedelta(seconds=LONGEST_PAUSE),
            "base": 2,
        },
    }
    config: Any = {}
    if aws.s3_endpoint:
        config["endpoint"] = aws.s3_endpoint
    if region or aws.aws_region:
        config["region"] = region or aws.aws_region
    if aws.s3_anonymous:
        config["skip_signature"] = True
    elif aws.aws_access_key_id:
        config |= _keys(aws)
    elif aws.aws_profile:
        config["credential_provider"] = _profile(aws.aws_profile)
    return S3Store(bucket, client_options=client, retry_config=retry, **config)


def _keys(aws: AwsOptions) -> dict[str, Any]:
    keys = {
        "access_key_id": aws.aws_access_key_id,
        "secret_access_key": aws.aws_secret_access_key,
    }
    if aws.aws_session_token:
        return {**keys, "session_token": aws.aws_session_token}
    if os.environ.get("AWS_SESSION_TOKEN"):
        # The client would send it with these keys, which it does not belong to.
        return {"credential_provider": lambda: {**keys, "token": None, "expires_at": None}}
    return keys


def _profile(name: str) -> Any:
    # obstore knows the environment and the instance's role; profiles and single sign-on take boto3.
    try:
        import boto3
        import botocore.exceptions
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise SourceError(
            "[AWS] PROFILE needs boto3",
            how_to_install("redshift"),
        ) from None
    try:
        return Boto3CredentialProvider(boto3.Session(profile_name=name))
    except botocore.exceptions.BotoCoreError as error:
        # Without its name: a key may stand in the wrong line.
        told = str(error).replace(f"({name}) ", "")
        raise SourceError(f"[AWS] PROFILE: {told}", "check ~/.aws/config") from None
