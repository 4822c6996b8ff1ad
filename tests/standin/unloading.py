"""UNLOAD: a query's result as Parquet files on S3 (UNLOAD, UNLOAD usage notes)."""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .cluster import Cluster
from .commands import UnloadCommand
from .refused import Refused
from .s3 import S3Problem
from .wire import Backend, Column, Result

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_BOOL, _NUMERIC = 16, 1700
_ARROW_TYPES = {
    _BOOL: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
}


@dataclass
class _Unload:
    command: UnloadCommand
    query_id: int
    started: datetime
    files: list[dict[str, object]] = field(default_factory=list)


class Unloader:
    """Runs UNLOAD commands in a session.

    Args:
        cluster: what all sessions share.
        backend: the session with PostgreSQL.
        user: the database user's name.
    """

    def __init__(self, cluster: Cluster, backend: Backend, user: str) -> None:
        self.cluster = cluster
        self.backend = backend
        self.user = user

    def run(self, command: UnloadCommand, query: str) -> list[str]:
        """Write the result of ``query`` (for PostgreSQL) and give the texts of the notices to send.

        Raises:
            Refused: it could not start, or files are there.
            BackendError: PostgreSQL refused the query.
        """
        self.cluster.check_access(command.access, command.uri, self.user)
        table = to_arrow(self.backend.query(query))
        missing = [name for name in command.partition_by if name not in table.column_names]
        if missing:
            raise Refused(
                f'Partition column "{missing[0]}" is not in the query', "42703", "UNLOAD: PARTITION BY."
            )
        unload = _Unload(command, self.cluster.log.next_query_id(), datetime.now(UTC).replace(tzinfo=None))
        try:
            parts = list(self._parts(table, command))
            self._prepare_target(command, [folder for folder, _ in parts])
            for folder, part in parts:
                self._write_part(unload, folder, part)
            if command.manifest:
                self._write_manifest(unload, table)
        except S3Problem as problem:
            raise Refused(str(problem), "XX000") from None
        self._write_log(unload)
        return [f"UNLOAD completed, {table.num_rows} record(s) unloaded successfully."]

    def _parts(self, table: pa.Table, command: UnloadCommand) -> Iterable[tuple[str, pa.Table]]:
        """Folder and rows of each partition."""
        if not command.partition_by:
            yield command.uri, table
            return
        kept = (
            table.column_names
            if command.include
            else [n for n in table.column_names if n not in command.partition_by]
        )
        if not kept:
            raise Refused(
                "UNLOAD needs a column that is not in PARTITION BY, or INCLUDE",
                "0A000",
                "UNLOAD: PARTITION BY.",
            )
        keys = list(zip(*(_labels(table[name]) for name in command.partition_by), strict=True))
        rows: dict[tuple[str, ...], list[int]] = {}
        for n, key in enumerate(keys):
            rows.setdefault(key, []).append(n)
        for key, numbers in rows.items():
            folder = "/".join(
                f"{name}={label}" for name, label in zip(command.partition_by, key, strict=True)
            )
            yield f"{command.uri}{folder}/", table.take(pa.array(numbers, pa.int64())).select(kept)

    def _prepare_target(self, command: UnloadCommand, folders: Sequence[str]) -> None:
        if command.allowoverwrite:
            return
        s3 = self.cluster.s3
        if command.cleanpath:
            for folder in folders:
                s3.delete([uri for uri, _ in s3.list(folder)])
        elif s3.list(command.uri):
            raise Refused(
                "Specified unload destination on S3 is not empty. Consider using a different bucket "
                "/ prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
                "XX000",
            )

    def _write_part(self, unload: _Unload, folder: str, table: pa.Table) -> None:
        slices = self.cluster.slices if unload.command.parallel else 1
        for slice_number in range(slices):
            rows = table.take(pa.array(range(slice_number, table.num_rows, slices), pa.int64()))
            pieces = self._pieces(rows, unload.command.maxfilesize) if rows.num_rows else []
            for n, piece in enumerate(pieces):
                uri = f"{folder}{slice_number:04d}_part_{n:02d}.parquet"
                content = _parquet(piece)
                self.cluster.s3.put(uri, content)
                unload.files.append(
                    {"path": uri, "size": len(content), "rows": piece.num_rows, "slice": slice_number}
                )

    @staticmethod
    def _pieces(table: pa.Table, maximum: int) -> list[pa.Table]:
        """The rows cut so that no file is larger than MAXFILESIZE."""
        size = len(_parquet(table)) if maximum else 0
        count = -(-size // maximum) if maximum and size > maximum else 1
        step = -(-table.num_rows // count)
        return [table.slice(start, step) for start in range(0, table.num_rows, step)]

    def _write_manifest(self, unload: _Unload, table: pa.Table) -> None:
        entries: list[dict[str, object]] = []
        for file in unload.files:
            meta = {"content_length": file["size"]}
            if unload.command.verbose:
                meta["record_count"] = file["rows"]
            entries.append({"url": file["path"], "meta": meta})
        manifest: dict[str, object] = {"entries": entries}
        if unload.command.verbose:
            manifest["schema"] = {
                "elements": [{"name": f.name, "type": {"base": str(f.type)}} for f in table.schema]
            }
            manifest["meta"] = {
                "content_length": sum(int(str(f["size"])) for f in unload.files),
                "record_count": table.num_rows,
            }
            manifest["author"] = {"name": "Amazon Redshift", "version": "1.0.0"}
        self.cluster.s3.put(unload.command.uri + "manifest", json.dumps(manifest, indent=2).encode())

    def _write_log(self, unload: _Unload) -> None:
        ended = datetime.now(UTC).replace(tzinfo=None)
        self.cluster.log.add("stl_unload_log", [
            {"userid": 100, "query": unload.query_id, "slice": f["slice"], "pid": self.backend.pid,
             "path": f["path"], "start_time": unload.started, "end_time": ended, "line_count": f["rows"],
             "transfer_size": f["size"], "file_format": "Parquet"}
            for f in unload.files
        ])  # fmt: skip


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _labels(column: pa.ChunkedArray) -> list[str]:
    texts = pc.cast(column, pa.string()).to_pylist()
    return [_NULL_PARTITION if text is None else str(text) for text in texts]


def to_arrow(result: Result) -> pa.Table:
    """A result as a table with Redshift's types: integers, floats, decimals, booleans, times, strings."""
    columns = list(zip(*result.rows, strict=True)) or [()] * len(result.columns)
    arrays = [_array(column, values) for column, values in zip(result.columns, columns, strict=True)]
    return pa.Table.from_arrays(arrays, names=[column.name for column in result.columns])


def _array(column: Column, values: Sequence[str | None]) -> pa.Array:
    if column.type_oid == _BOOL:
        return pa.array([None if value is None else value == "t" for value in values], pa.bool_())
    texts = pa.array(values, pa.string())
    if column.type_oid == _NUMERIC:
        return pc.cast(texts, _decimal_type(column, values))
    if column.type_oid == 1184:
        texts = pc.replace_substring_regex(texts, r"\+00$", "+00:00")
    return pc.cast(texts, _ARROW_TYPES.get(column.type_oid, pa.string()))


def _decimal_type(column: Column, values: Sequence[str | None]) -> pa.DataType:
    if column.modifier > 0:
        return pa.decimal128((column.modifier - 4) >> 16, (column.modifier - 4) & 0x7FF)
    scale = max((len(value.partition(".")[2]) for value in values if value), default=0)
    return pa.decimal128(38, min(scale, 37))
