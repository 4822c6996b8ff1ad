"""UNLOAD on Amazon Redshift: rows as Parquet files on S3, or from there in a local folder.

Redshift writes to S3 only. Files for a local folder go below the export prefix (or the work prefix), are
fetched from there once no transaction is open, for Serverless bills these, and removed again.
"""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from sparkify.config.location import is_on_s3, s3_location
from sparkify.errors import SparkifyError, UsageError
from sparkify.sources.s3_folder import S3Folder
from sparkify.warehouse.redshift.copy import literal, role
from sparkify.warehouse.redshift.session import RedshiftSession


class RedshiftUnloading(RedshiftSession):
    """A session that has Redshift write files."""

    _unloaded: tuple[tuple[S3Folder, Path], ...] = ()
    """What is still to be fetched, and where to."""

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """As any session's; at its end the files that were unloaded meanwhile come to their local folders."""
        if self._in_transaction:
            yield
            return
        try:
            with super().snapshot():
                yield
            for through, folder in self._unloaded:
                through.download(folder)
        except BaseException:
            with contextlib.suppress(SparkifyError):  # or it would hide what has failed before
                self._remove_unloaded()
            raise
        self._remove_unloaded()

    def _remove_unloaded(self) -> None:
        unloaded, self._unloaded = self._unloaded, ()
        with contextlib.ExitStack() as stack:  # those of the other tables, too, if it fails for one
            for through, _ in unloaded:
                stack.callback(_delete_all, through)

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
        with self.snapshot():
            self._unloaded += ((through, Path(folder)),)
            self._unload(select, through.uri, partition_by, keep=keep)

    def _unload(self, select: str, uri: str, partition_by: Sequence[str], *, keep: bool) -> None:
        # 6.2 GB is the default, and too large for many readers.
        options = [f"IAM_ROLE {role(self._redshift.iam_role_arn)}", "FORMAT AS PARQUET", "MAXFILESIZE 1 GB"]
        if partition_by:
            options.append(f"PARTITION BY ({', '.join(partition_by)}){' INCLUDE' if keep else ''}")
        if self._aws.aws_region:
            options.append(f"REGION {literal(self._aws.aws_region)}")
        target = literal(uri.rstrip("/") + "/")
        self.query(f"UNLOAD ({literal(select)}) TO {target} {' '.join(options)}")


def _delete_all(folder: S3Folder) -> None:
    folder.delete(folder.entries())
