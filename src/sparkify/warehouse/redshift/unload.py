"""UNLOAD on Amazon Redshift: rows as Parquet files on S3, or from there in a local folder.

Redshift writes to S3 only. Files for a local folder go below the export prefix (or the work prefix), are
fetched from there, and removed again.
"""

import contextlib
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from sparkify.config.location import s3_location
from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.errors import SparkifyError, UsageError, WarehouseError
from sparkify.sources.s3_folder import S3Folder
from sparkify.warehouse.redshift.copy import literal, role

Execute = Callable[[str], object]

_REMEDIES = (
    (
        r"Access ?Denied|Status 403",
        "the role that Redshift uses needs s3:ListBucket and s3:PutObject there; the one that sparkify"
        " cluster create makes may write below [S3] EXPORT_PREFIX and WORK_PREFIX only",
    ),
    (
        r"PermanentRedirect|Status 301|specified endpoint",
        "the bucket is in another region than [AWS] REGION: name one that is in this",
    ),
)


def unload(
    execute: Execute,
    redshift: RedshiftOptions,
    aws: AwsOptions,
    select: str,
    uri: str,
    partition_by: Sequence[str] = (),
    *,
    keep: bool = False,
) -> None:
    """Write the rows of a SELECT as Parquet files below a prefix on S3.

    Args:
        execute: runs a statement.
        redshift: the role.
        aws: the region.
        select: the rows.
        uri: ``s3://bucket/prefix`` with nothing below it.
        partition_by: columns that become folders.
        keep: whether these columns stay in the files.

    Raises:
        WarehouseError: Redshift can't do it, or its role may not.
    """
    # 6.2 GB is the default, and too large for many readers.
    options = [f"IAM_ROLE {role(redshift.iam_role_arn)}", "FORMAT AS PARQUET", "MAXFILESIZE 1 GB"]
    if partition_by:
        options.append(f"PARTITION BY ({', '.join(partition_by)}){' INCLUDE' if keep else ''}")
    if aws.aws_region:
        options.append(f"REGION {literal(aws.aws_region)}")
    try:
        execute(f"UNLOAD ({literal(select)}) TO {literal(uri.rstrip('/') + '/')} {' '.join(options)}")
    except WarehouseError as error:
        for pattern, remedy in _REMEDIES:
            if re.search(pattern, error.message):
                raise WarehouseError(f"{error.message} ({uri})", remedy) from None
        raise


def unload_to_folder(
    execute: Execute,
    redshift: RedshiftOptions,
    aws: AwsOptions,
    select: str,
    folder: Path,
    partition_by: Sequence[str],
    *,
    keep: bool = False,
) -> None:
    """Write the rows of a SELECT as Parquet files into a local folder.

    Args:
        execute: runs a statement.
        redshift: the prefixes and the role.
        aws: how to reach S3.
        select: the rows.
        folder: where to; it is made.
        partition_by: columns that become folders.
        keep: whether these columns stay in the files.

    Raises:
        UsageError: there is no prefix to write to.
        SourceError: the bucket can't be read.
        WarehouseError: Redshift can't do it, or its role may not.
    """
    prefix = redshift.export_prefix or redshift.work_prefix
    place = s3_location(prefix)
    if not place or not place.bucket:
        raise UsageError(
            "database redshift: there is no folder on S3 to export through",
            "set [S3] EXPORT_PREFIX = s3://bucket/folder, which Redshift's role may write to",
        )
    through = S3Folder(f"{prefix.rstrip('/')}/sparkify-export-{secrets.token_hex(6)}", aws)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        unload(execute, redshift, aws, select, through.uri, partition_by, keep=keep)
        through.download(folder)
    except BaseException:
        with contextlib.suppress(SparkifyError):  # or it would hide what has failed before
            through.delete(through.entries())
        raise
    through.delete(through.entries())
