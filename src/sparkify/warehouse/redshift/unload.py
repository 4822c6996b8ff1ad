"""UNLOAD on Amazon Redshift: rows as Parquet files on S3, or from there in a local folder.

Redshift writes to S3 only. Files for a local folder go below the export prefix (or the work prefix), are
fetched from there, and removed again.
"""

import contextlib
import secrets
from collections.abc import Sequence
from pathlib import Path

from sparkify.config.location import is_on_s3, s3_location
from sparkify.errors import SparkifyError, UsageError
from sparkify.sources.s3_folder import S3Folder
from sparkify.warehouse.redshift.copy import literal, role
from sparkify.warehouse.redshift.session import RedshiftSession


class RedshiftUnloading(RedshiftSession):
    """A session that has Redshift write files."""

    def write_parquet(
        self, select: str, folder: str, partition_by: Sequence[str] = (), *, keep: bool = False
    ) -> None:
        """Write the rows of a SELECT as Parquet files into a folder that is not there yet.

        Raises:
            UsageError: the folder is local, and there is no prefix to write to before.
            SourceError: the bucket can't be read.
            WarehouseError: Redshift can't do it, or its role may not.
        """
        if is_on_s3(folder):
            self._unload(select, folder, partition_by, keep=keep)
            return
        prefix = self._redshift.export_prefix or self._redshift.work_prefix
        place = s3_location(prefix)
        if not place or not place.bucket:
            raise UsageError(
                "database redshift: there is no folder on S3 to export through",
                "set [S3] EXPORT_PREFIX = s3://bucket/folder, which Redshift's role may write to",
            )
        through = S3Folder(f"{prefix.rstrip('/')}/sparkify-export-{secrets.token_hex(6)}", self._aws)
        Path(folder).mkdir(parents=True, exist_ok=True)
        try:
            self._unload(select, through.uri, partition_by, keep=keep)
            through.download(Path(folder))
        except BaseException:
            with contextlib.suppress(SparkifyError):  # or it would hide what has failed before
                through.delete(through.entries())
            raise
        through.delete(through.entries())

    def _unload(self, select: str, uri: str, partition_by: Sequence[str], *, keep: bool) -> None:
        # 6.2 GB is the default, and too large for many readers.
        options = [f"IAM_ROLE {role(self._redshift.iam_role_arn)}", "FORMAT AS PARQUET", "MAXFILESIZE 1 GB"]
        if partition_by:
            options.append(f"PARTITION BY ({', '.join(partition_by)}){' INCLUDE' if keep else ''}")
        if self._aws.aws_region:
            options.append(f"REGION {literal(self._aws.aws_region)}")
        target = literal(uri.rstrip("/") + "/")
        self.execute(f"UNLOAD ({literal(select)}) TO {target} {' '.join(options)}")
