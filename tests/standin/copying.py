"""COPY: files found, records read and converted, rows given to PostgreSQL, errors and files noted.

Sources: COPY, COPY from Amazon S3, Using a manifest to specify data files, COPY from JSON format,
STL_LOAD_ERRORS, STL_LOAD_COMMITS, SYS_LOAD_HISTORY, SYS_LOAD_DETAIL, SYS_LOAD_ERROR_DETAIL.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .cluster import Cluster
from .commands import CopyCommand
from .records import (
    TYPE_NAMES,
    Conversion,
    Json,
    NoSuchElement,
    Record,
    Target,
    by_name,
    by_path,
    read_records,
)
from .refused import Refused
from .rows import BadRecord, LoadFailed, cut, target_of, to_row, unpacked
from .s3 import S3Problem, split_uri
from .wire import Backend, BackendError

_CHUNK = 1 << 16


@dataclass
class _Load:
    """One COPY under way."""

    command: CopyCommand
    query_id: int
    table: str
    table_id: int
    started: datetime
    targets: list[Target] = field(default_factory=list)
    errors: list[dict[str, object]] = field(default_factory=list)
    commits: list[dict[str, object]] = field(default_factory=list)
    details: list[dict[str, object]] = field(default_factory=list)
    loaded: int = 0
    loaded_bytes: int = 0
    file_bytes: int = 0


class Copier:
    """Runs COPY commands in a session.

    Args:
        cluster: what all sessions share.
        backend: the session with PostgreSQL.
        user: the database user's name.
        database: the database's name.
    """

    def __init__(self, cluster: Cluster, backend: Backend, user: str, database: str) -> None:
        self.cluster = cluster
        self.backend = backend
        self.user = user
        self.database = database

    def run(self, command: CopyCommand) -> list[str]:
        """Load, and give the texts of the notices to send.

        Raises:
            Refused: it could not start.
            LoadFailed: too many errors.
            BackendError: PostgreSQL refused.
        """
        self.cluster.check_access(command.access, command.uri, self.user)
        load = self._describe(command)
        try:
            uris = self._files(command)
            # A manifest's files are reached as the manifest is: by the same role, in the same region.
            for bucket in {split_uri(uri)[0] for uri in uris}:
                self.cluster.check_access(command.access, f"s3://{bucket}/", self.user)
            pick = self._matching(load)
        except S3Problem as problem:
            raise Refused(str(problem), "XX000") from None
        self._remember_session(load, 0)
        status = "aborted"
        try:
            self._transfer(load, uris, pick)
            status = "completed"
        except S3Problem as problem:
            raise LoadFailed(str(problem)) from None
        finally:
            self._write_log(load, len(uris), status)
        self._remember_session(load, load.loaded)
        self.backend.query(f"ANALYZE {command.table}")  # as STATUPDATE does by default
        return self._notices(load)

    # --- before loading ------------------------------------------------------------------------------------

    def _describe(self, command: CopyCommand) -> _Load:
        """Look the table's columns up, in the session itself, so that what its transaction made is seen."""
        name = "E'" + command.table.replace("\\", "\\\\").replace("'", "''") + "'"
        try:
            result = self.backend.query(
                "SELECT c.oid, c.relname, a.attname, t.typname, a.atttypmod, a.attnotnull, a.attidentity"
                " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
                " JOIN pg_type AS t ON t.oid = a.atttypid"
                f" WHERE c.oid = {name}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
            )
        except BackendError as error:
            if error.fields.get("C") == "42P01":
                error.fields["M"] = f"Cannot COPY into nonexistent table {command.table}"
            raise
        rows = result.rows
        table_id, table = int(rows[0][0] or 0), rows[0][1] or ""
        load = _Load(
            command, self.cluster.log.next_query_id(), table, table_id, datetime.now(UTC).replace(tzinfo=None)
        )
        every = {row[2] or "": row for row in rows}
        for column in command.columns:
            if column not in every:
                raise Refused(f'column "{column}" of relation "{table}" does not exist', "42703")
        chosen = command.columns or [
            name for name, row in every.items() if not row[6] or command.explicit_ids
        ]
        for name in chosen:
            _, _, _, type_name, modifier, not_null, identity = every[name]
            if identity and not command.explicit_ids:
                raise Refused("cannot set an identity column to a value", "42601", "COPY: EXPLICIT_IDS.")
            load.targets.append(target_of(name, type_name or "", int(modifier or -1), not_null == "t"))
        return load

    def _files(self, command: CopyCommand) -> list[str]:
        if command.manifest:
            return self._manifest(command)
        found = self.cluster.s3.list(command.uri)
        if not found:
            prefix = command.uri.removeprefix("s3://").partition("/")[2]
            raise Refused(
                f"The specified S3 prefix '{prefix}' does not exist", "XX000", "COPY from Amazon S3."
            )
        # A load is spread over slices: rows do not arrive in the files' order.
        uris = [uri for uri, _ in found]
        return uris[1::2] + uris[::2]

    def _manifest(self, command: CopyCommand) -> list[str]:
        """The files that a manifest lists; a file that is missing stops the load if it is mandatory."""
        try:
            entries = json.loads(self.cluster.s3.get(command.uri))["entries"]
            listed = [(entry["url"], entry.get("mandatory", False) is True) for entry in entries]
        except S3Problem as problem:
            raise Refused(f"Problem reading manifest file - {problem}", "XX000") from None
        except (ValueError, KeyError, TypeError) as problem:
            raise Refused(f"Invalid manifest file - {command.uri}", "XX000", f"{problem!r}") from None
        uris = []
        for uri, mandatory in listed:
            if not uri.startswith("s3://") or uri.endswith("/"):
                raise Refused(
                    "COPY with MANIFEST parameter requires full path of an S3 object.",
                    "XX000",
                    "error code 8001",
                )
            if self.cluster.s3.exists(uri):
                uris.append(uri)
            elif mandatory:
                raise Refused(
                    "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey",
                    "XX000",
                    f"key: {uri}",
                )
        if not uris:
            raise Refused(
                "The manifest lists no file that exists", "XX000", "Using a manifest to specify data files."
            )
        return uris

    def _matching(self, load: _Load) -> Callable[[Json], list[Json]]:
        names = [target.name for target in load.targets]
        option = load.command.json
        if option.startswith("s3://"):
            try:
                content = json.loads(self.cluster.s3.get(option))
                paths = content.get("jsonpaths")
            except (ValueError, AttributeError):
                raise Refused(f"Invalid JSONPaths file {option}", "XX000", "COPY from JSON format.") from None
            if paths is None:
                return by_name(names, ignore_case=False)  # what Redshift does with a wrong top-level key
            if len(paths) != len(names):
                raise Refused(
                    "Number of jsonpaths and the number of columns should match. JSONPath size: "
                    f"{len(paths)}, Number of columns in table or column list: {len(names)}",
                    "XX000",
                )
            try:
                return by_path(paths)
            except ValueError as problem:
                raise Refused(
                    f"Invalid JSONPath format: {problem}", "XX000", "COPY from JSON format."
                ) from None
        return by_name(names, ignore_case=option == "auto ignorecase")

    # --- loading -------------------------------------------------------------------------------------------

    def _transfer(self, load: _Load, uris: list[str], pick: Callable[[Json], list[Json]]) -> None:
        if load.command.noload:
            for _ in self._rows(load, uris, pick):
                pass
            load.loaded = 0
            return
        columns = ", ".join('"' + target.name.replace('"', '""') + '"' for target in load.targets)
        self.backend.query(f"COPY {load.command.table} ({columns}) FROM STDIN", self._rows(load, uris, pick))

    def _rows(self, load: _Load, uris: list[str], pick: Callable[[Json], list[Json]]) -> Iterator[bytes]:
        """The rows, in COPY's text format; errors and files are noted on the way."""
        command = load.command
        options = Conversion(
            command.timeformat, command.truncatecolumns, command.blanksasnull, command.emptyasnull,
            command.acceptinvchars, command.roundec,
        )  # fmt: skip
        pending: list[str] = []
        for uri, (content, etag) in self.cluster.s3.get_many(uris):
            load.file_bytes += len(content)
            scanned = 0
            for record in read_records(unpacked(content, command.compression, uri)):
                scanned = record.line
                try:
                    pending.append(to_row(record, load.targets, pick, options))
                except NoSuchElement:
                    # COPY from JSON format: "COPY fails with the following error"; that it does so whatever
                    # MAXERROR allows is assumed.
                    raise LoadFailed("Invalid JSONPath format: Not an array or index out of range.") from None
                except BadRecord as bad:
                    self._note(load, uri, record, bad)
                    continue
                load.loaded += 1
                if len(pending) >= 1000:
                    yield self._packed(load, pending)
            load.commits.append(self._commit_entry(load, uri, scanned))
            load.details.append(self._detail_entry(load, uri, len(content), scanned, etag))
        yield self._packed(load, pending)

    @staticmethod
    def _packed(load: _Load, pending: list[str]) -> bytes:
        data = "".join(pending).encode()
        load.loaded_bytes += len(data)
        pending.clear()
        return data

    def _note(self, load: _Load, uri: str, record: Record, bad: BadRecord) -> None:
        """Note a load error; raise when there are as many as MAXERROR says (0 and 1 mean the first)."""
        target = bad.target
        load.errors.append({
            "userid": 100, "slice": len(load.commits) % self.cluster.slices, "tbl": load.table_id,
            "starttime": load.started, "session": self.backend.pid, "query": load.query_id, "filename": uri,
            "line_number": record.line, "colname": target.name if target else "",
            "type": TYPE_NAMES.get(target.type, target.type)[:10] if target else "",
            "col_length": str(target.size or "") if target else "", "position": 0,
            "raw_line": cut(record.raw, 1024), "raw_field_value": cut(bad.value, 1024),
            "err_code": bad.code, "err_reason": cut(bad.reason, 100), "full_reason": cut(bad.reason, 512),
            "is_partial": 0, "start_offset": 0, "copy_job_id": 0,
        })  # fmt: skip
        if len(load.errors) >= max(1, load.command.maxerror):
            raise LoadFailed(
                f"Load into table '{load.table}' failed.  "
                f"Check '{self.cluster.error_table}' system table for details."
            )

    def _notices(self, load: _Load) -> list[str]:
        texts = []
        if load.errors:
            texts.append(
                f"Load into table '{load.table}' completed, "
                f"{len(load.errors)} record(s) could not be loaded.  "
                f"Check '{self.cluster.error_table}' system table for details."
            )
        texts.append(
            f"Load into table '{load.table}' completed, {load.loaded} record(s) loaded successfully."
        )
        return texts

    # --- system tables -------------------------------------------------------------------------------------

    def _remember_session(self, load: _Load, loaded: int) -> None:
        self.cluster.log.add("session", [{"pid": self.backend.pid, "query": load.query_id, "loaded": loaded}])

    def _commit_entry(self, load: _Load, uri: str, scanned: int) -> dict[str, object]:
        return {
            "userid": 100, "query": load.query_id, "slice": len(load.commits) % self.cluster.slices,
            "name": "", "filename": uri, "byte_offset": 0, "lines_scanned": scanned, "errors": -1,
            "curtime": datetime.now(UTC).replace(tzinfo=None), "status": 1, "file_format": "JSON",
            "is_partial": 0, "start_offset": 0, "copy_job_id": 0,
        }  # fmt: skip

    def _detail_entry(self, load: _Load, uri: str, size: int, scanned: int, etag: str) -> dict[str, object]:
        now = datetime.now(UTC).replace(tzinfo=None)
        return {
            "user_id": 100, "query_id": load.query_id, "file_name": uri, "bytes_scanned": size,
            "lines_scanned": scanned, "record_time": now, "splits_scanned": 1, "start_time": load.started,
            "end_time": now, "file_etag": etag, "file_last_modified": None,
        }  # fmt: skip

    def _write_log(self, load: _Load, files: int, status: str) -> None:
        log, ended = self.cluster.log, datetime.now(UTC).replace(tzinfo=None)
        common = {
            "user_id": 100, "query_id": load.query_id, "transaction_id": load.query_id,
            "session_id": self.backend.pid, "database_name": self.database, "start_time": load.started,
            "copy_job_id": 0,
        }  # fmt: skip
        # SYS views tell nothing of their delay: a test chooses one.
        late = self.cluster.late_s
        log.add("stl_load_errors", load.errors, late)
        log.add("sys_load_error_detail", [
            {**common, "table_id": e["tbl"], "file_name": e["filename"], "line_number": e["line_number"],
             "column_name": e["colname"], "column_type": e["type"], "column_length": e["col_length"],
             "position": e["position"], "error_code": e["err_code"], "error_message": e["full_reason"]}
            for e in load.errors
        ], late)  # fmt: skip
        if status == "completed":
            log.add("stl_load_commits", load.commits, late)
            log.add("sys_load_detail", load.details, late)
        log.add("sys_load_history", [
            {**common, "status": status, "table_name": load.table, "end_time": ended,
             "duration": (ended - load.started).microseconds, "data_source": load.command.uri,
             "file_format": "json", "loaded_rows": load.loaded if status == "completed" else 0,
             "loaded_bytes": load.loaded_bytes,
             "source_file_count": files, "source_file_bytes": load.file_bytes,
             "file_count_scanned": len(load.commits),
             "file_bytes_scanned": load.file_bytes, "error_count": len(load.errors)}
        ])  # fmt: skip
