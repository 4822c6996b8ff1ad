"""What all sessions of a stand-in share: settings, S3, system tables; and who may reach which bucket."""

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
    """

    s3: S3Client
    log: SystemLog
    region: str = "us-west-2"
    bucket_regions: Mapping[str, str] = field(default_factory=dict)
    role_arns: tuple[str, ...] = (ROLE_ARN,)
    serverless: bool = False
    slices: int = 2
    denied_buckets: Collection[str] = ()

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
