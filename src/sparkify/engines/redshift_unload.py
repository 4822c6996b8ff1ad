"""UNLOAD on Amazon Redshift: rows as Parquet files, through a bucket into a local folder.

Redshift writes to S3 only, so the files go below the export prefix (or the work prefix), are fetched from
there, and removed again.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import obstore

from sparkify.config import Settings
from sparkify.engines.redshift_copy import literal
from sparkify.errors import UsageError
from sparkify.s3 import connect, explained


def unload(
    execute: Callable[[str], object],
    settings: Settings,
    select: str,
    folder: Path,
    partition_by: Sequence[str],
) -> None:
    """Write the rows of a SELECT as Parquet files into a folder.

    Args:
        execute: runs a statement.
        settings: the prefixes, the role, and how to reach S3.
        select: the rows.
        folder: where to; it is made.
        partition_by: columns that become folders.

    Raises:
        UsageError: there is no prefix to write to.
        SourceError: the bucket can't be read.
    """
    prefix = settings.export_prefix or settings.work_prefix
    bucket, _, key = prefix.removeprefix("s3://").partition("/")
    if not prefix.startswith("s3://") or not bucket:
        raise UsageError(
            "database redshift: there is no folder on S3 to export through",
            "set [S3] EXPORT_PREFIX = s3://bucket/folder, which Redshift's role may write to",
        )
    root = "/".join(filter(None, [key.strip("/"), f"sparkify-export-{secrets.token_hex(6)}"])) + "/"
    uri = f"s3://{bucket}/{root}"
    store = connect(bucket, replace(settings, s3_anonymous=False))
    role = literal(settings.iam_role_arn) if settings.iam_role_arn else "DEFAULT"
    options = [f"IAM_ROLE {role}", "FORMAT AS PARQUET"]
    if partition_by:
        options.append(f"PARTITION BY ({', '.join(partition_by)})")
    if settings.aws_region:
        options.append(f"REGION {literal(settings.aws_region)}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        execute(f"UNLOAD ({literal(select)}) TO {literal(uri)} {' '.join(options)}")
        with explained(uri):
            for name in _names(store, root):
                path = folder / name.removeprefix(root)
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    for chunk in obstore.get(store, name):
                        file.write(chunk)
    finally:
        with explained(uri):
            if left := _names(store, root):
                obstore.delete(store, left)


def _names(store: obstore.store.S3Store, root: str) -> list[str]:
    return [item["path"] for page in obstore.list(store, root) for item in page]
