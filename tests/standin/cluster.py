"""What all sessions of a stand-in share: settings, S3, system tables; and who may reach which bucket."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .catalog import SystemLog
from .commands import Access
from .refused import Refused
from .s3 import S3Client, split_uri

ROLE_ARN = "arn:aws:iam::123456789012:role/sparkify-standin"


@dataclass
class Cluster:
    """A cluster as its sessions see it.

    Args:
        s3: its way to S3.
        log: its system tables.
        region: where it is.
        bucket_regions: where buckets are that are not in its own region.
        role_arns: the roles attached to it; the first is the default one.
        serverless: whether messages are those of a Serverless workgroup.
        slices: how many files UNLOAD writes side by side.
        denied_buckets: buckets that no role may read or write.
        idle_timeout_s: after how many seconds without a message a session is closed; None never closes one.
        late_s: how many seconds after a COPY its files and errors appear in the system tables.
        billed_idle_s: by process, the seconds that it was in a transaction while no statement ran.
    """

    s3: S3Client
    log: SystemLog
    region: str = "us-west-2"
    bucket_regions: Mapping[str, str] = field(default_factory=dict)
    role_arns: tuple[str, ...] = (ROLE_ARN,)
    serverless: bool = False
    slices: int = 2
    denied_buckets: Collection[str] = ()
    idle_timeout_s: float | None = None
    late_s: float = 0
    billed_idle_s: dict[int, float] = field(default_factory=dict)
    _idle_since: dict[int, float] = field(default_factory=dict)

    @property
    def open_transactions(self) -> set[int]:
        """The processes that are in a transaction while no statement runs.

        Serverless bills them: "If you don't end or roll back an open transaction, Amazon Redshift Serverless
        continues to use RPUs" (Management Guide: Billing for Amazon Redshift Serverless).
        """
        return set(self._idle_since)

    def waits(self, process: int, is_in_transaction: bool) -> None:
        """A session has answered, and waits for its client."""
        if is_in_transaction:
            self._idle_since[process] = time.monotonic()

    def works(self, process: int) -> None:
        """A session's client has sent something, or left."""
        since = self._idle_since.pop(process, None)
        if since is not None:
            waited = time.monotonic() - since
            self.billed_idle_s[process] = self.billed_idle_s.get(process, 0) + waited

    @property
    def error_table(self) -> str:
        """The system table that COPY's messages name (STL views are not there on Serverless)."""
        return "sys_load_error_detail" if self.serverless else "stl_load_errors"

    def check_access(self, access: Access, uri: str, user: str) -> None:
        """Refuse a role that is not attached or may not, no authorization, or a bucket in another region.

        Raises:
            Refused: with the reason (COPY: authorization parameters; REGION).
        """
        if access.iam_role and access.iam_role != "default":
            for arn in access.iam_role.split(","):
                if arn.strip() not in self.role_arns:
                    raise Refused(
                        f"User arn:aws:redshift:{self.region}:123456789012:dbuser:standin/{user} "
                        f"is not authorized to assume IAM Role {arn.strip()}",
                        "XX000",
                    )
        elif not (access.iam_role and self.role_arns) and not access.access_key:
            raise Refused(
                "Missing authorization: IAM_ROLE or another authorization parameter is required", "XX000"
            )
        bucket, _ = split_uri(uri)
        actual = self.bucket_regions.get(bucket, self.region)
        if (access.region or self.region) != actual:
            raise Refused(
                "S3ServiceException:The bucket you are attempting to access must be addressed using the "
                "specified endpoint. Please send all future requests to this endpoint.,"
                "Status 301,Error PermanentRedirect",
                "XX000",
                f"The bucket {bucket} is in {actual}.",
                "Specify the bucket's region with REGION.",
            )
        if bucket in self.denied_buckets:
            raise Refused("S3ServiceException:Access Denied,Status 403,Error AccessDenied", "XX000")
