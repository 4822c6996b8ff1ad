"""Staging on Amazon Redshift: what is loaded how, and what became of each record.

Two ways lead from a bucket into a staging table, both by one COPY into a temporary table:

- **bundled**: files below ``bundle_below_mb``. Their records are read and judged here, exactly as the DuckDB
  engine judges them, and written as similar-sized compressed parts to the work prefix. Each row carries its
  file_id.
- **straight** from where they are, named by a manifest: larger files. COPY judges their records itself, and
  it can't say which row came from which file: these rows have no file_id.

Without a work prefix there is no place for a manifest or for parts, so all files are loaded straight, by
prefix, and everything is loaded again whenever anything has changed. With one, that is only so when a file
that was loaded straight has changed: its old rows can't be told from the others, and reloading everything in
the same transaction is the one way that is always right. (A half-written log that grows is best kept below
bundle_below_mb.)
"""

import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sparkify.config import Settings
from sparkify.engines import OnRecords, Progress, Row, Source
from sparkify.engines.parsing import NOUNS, set_paths
from sparkify.engines.redshift_copy import (
    MAX_MAXERROR,
    LoadError,
    copy_statement,
    failed_copy_id,
    lines_scanned,
    read_load_errors,
)
from sparkify.engines.redshift_login import is_serverless
from sparkify.engines.redshift_work import Bundle, WorkFolder, bundle, jsonpaths_file, origin_of
from sparkify.errors import SourceChangedError, SourceError, TooManyRejectsError, WarehouseError
from sparkify.records import RecordReader
from sparkify.sources import LoadFile, SourcePlan, Store

if TYPE_CHECKING:
    from sparkify.engines.redshift import RedshiftWarehouse

_SHOWN_ERRORS = 5
_KEPT_CHARACTERS = 1000
_ERROR_TABLE_TRIES = 20


class Stager:
    """Loads files into the staging tables of a warehouse.

    Args:
        warehouse: the session.
        settings: locations, role, limits.
    """

    def __init__(self, warehouse: "RedshiftWarehouse", settings: Settings) -> None:
        self._warehouse = warehouse
        self._query = warehouse.query
        self._settings = settings
        self._serverless = is_serverless(settings)
        self._straight: dict[Source, dict[int, int]] = {}

    def must_rebuild(self, plans: Mapping[Source, SourcePlan]) -> bool:
        """Whether only a load of everything can bring the tables up to date.

        Raises:
            WarehouseError: it would lose files that are loaded but not there any more.
        """
        if not any(plan.added for plan in plans.values()):
            return False
        if self._settings.work_prefix:
            if not any(self._untraceable(source, plan.removed) for source, plan in plans.items()):
                return False
        elif not any(plan.known or plan.removed for plan in plans.values()):
            return False
        ((loaded,),) = self._query("SELECT COUNT(*) FROM ledger")
        gone = loaded - sum(plan.known + len(plan.removed) for plan in plans.values())
        if gone:
            raise WarehouseError(
                f"{self._warehouse.location}: what has changed can only be loaded together with everything"
                f" else, but {gone} of the files that are loaded are not there any more",
                "etl --full loads what is there and forgets them; with a work prefix ([S3] WORK_PREFIX) new"
                " files are added to what is loaded",
            )
        return True

    def _untraceable(self, source: Source, removed: list[int]) -> bool:
        """Whether rows of these files are loaded that have no file_id."""
        if not removed:
            return False
        ids = _id_list(removed)
        return bool(
            self._query(
                f"SELECT file_id FROM ledger WHERE file_id IN ({ids}) AND loaded > 0 AND file_id NOT IN"
                f" (SELECT file_id FROM staging_{NOUNS[source]} WHERE file_id IN ({ids})) LIMIT 1"
            )
        )

    def count_loaded(self, source: Source) -> dict[int, int]:
        """How many records of each file the last ``stage`` has loaded.

        Raises:
            WarehouseError: the rows without a file_id are not as many as COPY said.
        """
        noun = NOUNS[source]
        loaded: dict[int | None, int] = dict(
            self._query(f"SELECT file_id, COUNT(*) FROM batch_{noun} GROUP BY file_id")
        )
        straight = self._straight.get(source, {})
        if loaded.pop(None, 0) != sum(straight.values()):
            raise WarehouseError(
                f"batch_{noun}: its rows are not those that COPY counted; nothing was changed",
                "this is a bug in sparkify: please report it",
            )
        return {file_id: count for file_id, count in loaded.items() if file_id is not None} | straight

    def stage(
        self,
        source: Source,
        store: Store,
        added: list[LoadFile],
        removed: list[int],
        paths: list[list[str | int]],
        progress: Progress,
        on_records: OnRecords,
    ) -> dict[int, int]:
        """Load the records of files, and take out those of files that have been replaced."""
        noun = NOUNS[source]
        self._straight[source] = {}
        for kind in ("batch", "removed"):
            self._query(f"DROP TABLE IF EXISTS {kind}_{noun}")
            self._query(f"CREATE TEMP TABLE {kind}_{noun} (LIKE staging_{noun})")
        if removed:
            ids = _id_list(removed)
            self._query(f"INSERT INTO removed_{noun} SELECT * FROM staging_{noun} WHERE file_id IN ({ids})")
            self._query(f"DELETE FROM staging_{noun} WHERE file_id IN ({ids})")
            self._query(f"DELETE FROM staging_rejects WHERE file_id IN ({ids})")
        if not added:
            return {}
        if not added[0].source.uri.startswith("s3://"):
            raise SourceError(
                f"{added[0].source.uri}: Redshift loads from S3 only",
                "copy the files to a bucket, and name it in [S3] SONG_DATA and LOG_DATA as s3://bucket/folder",
            )
        if self._settings.work_prefix:
            counts = self._by_manifest(source, store, added, paths, progress, on_records)
        else:
            counts = self._by_prefix(source, store, added, progress)
        self._query(f"INSERT INTO staging_{noun} SELECT * FROM batch_{noun}")
        return counts

    def _by_prefix(
        self, source: Source, store: Store, added: list[LoadFile], progress: Progress
    ) -> dict[int, int]:
        """Load everything below the configured prefix."""
        settings = self._settings
        location = settings.song_data if source == "song_data" else settings.log_data
        remedy = (
            "set a work prefix, e.g. [S3] WORK_PREFIX = s3://bucket/work: files are then loaded one by one"
        )
        for other in getattr(store, "others", [])[:1]:
            raise SourceError(
                f"{other}: no source file, but COPY would load all that lies below {location}", remedy
            )
        compressed = {file.source.uri.endswith(".gz") for file in added}
        if len(compressed) > 1:
            raise SourceError(
                f"{location}: some files are compressed and some not, which COPY can't load", remedy
            )
        if source == "log_data" and not settings.log_jsonpath.startswith("s3://"):
            raise SourceError(
                f"log_jsonpath {settings.log_jsonpath!r}: Redshift reads the JSONPaths file from S3",
                "put log_json_path.json into a bucket and name it in [S3] LOG_JSONPATH, or set [S3]"
                " WORK_PREFIX",
            )
        uri = location if len(added) == 1 and added[0].source.uri == location else location.rstrip("/") + "/"
        jsonpaths = settings.log_jsonpath if source == "log_data" else ""
        return self._copy_straight(
            source, store, added, uri, jsonpaths, ["GZIP"] * (compressed == {True}), progress
        )

    def _by_manifest(
        self,
        source: Source,
        store: Store,
        added: list[LoadFile],
        paths: list[list[str | int]],
        progress: Progress,
        on_records: OnRecords,
    ) -> dict[int, int]:
        """Load just these files: small ones bundled, large ones from where they are."""
        # A manifest and its files have to be in one region, so what comes from another is bundled, too.
        elsewhere = self._settings.s3_region not in ("", self._settings.aws_region)
        limit = self._settings.bundle_below_mb * 2**20
        small = [file for file in added if file.source.size < limit or elsewhere]
        large = [file for file in added if not (file.source.size < limit or elsewhere)]
        counts: dict[int, int] = {}
        with WorkFolder(self._settings) as work:
            if small:
                counts |= self._copy_bundled(source, store, small, paths, work, progress, on_records)
            jsonpaths = jsonpaths_file(work, paths) if large and source == "log_data" else ""
            for options in ([], ["GZIP"]):
                some = [file for file in large if file.source.uri.endswith(".gz") == bool(options)]
                if some:
                    name = f"{source}-straight{'-gzip' * bool(options)}"
                    manifest = work.put_manifest(name, [file.source.uri for file in some])
                    counts |= self._copy_straight(
                        source, store, some, manifest, jsonpaths, ["MANIFEST", *options], progress
                    )
        return counts

    def _copy_bundled(
        self,
        source: Source,
        store: Store,
        files: list[LoadFile],
        paths: list[list[str | int]],
        work: WorkFolder,
        progress: Progress,
        on_records: OnRecords,
    ) -> dict[int, int]:
        """Bundle and load files; those with bad records are read once more, to tell which and why."""
        noun = NOUNS[source]
        reader = RecordReader(store, files, on_progress=progress, on_records=on_records)
        first = self._bundle(source, files, paths, work, reader)
        rejects = self._copy_parts(source, files, work, first)
        dirty_ids = {reject[-1] for reject in rejects}
        if dirty_ids:
            self._query(f"DELETE FROM batch_{noun} WHERE file_id IN ({_id_list(sorted(dirty_ids))})")
            dirty = [file for file in files if file.file_id in dirty_ids]
            careful = RecordReader(store, dirty, careful=True)
            rejects = self._copy_parts(source, dirty, work, self._bundle(source, dirty, paths, work, careful))
            reader.counts |= careful.counts
        self._warehouse.insert("staging_rejects", rejects)
        return reader.counts

    def _bundle(
        self,
        source: Source,
        files: list[LoadFile],
        paths: list[list[str | int]],
        work: WorkFolder,
        reader: RecordReader,
    ) -> Bundle:
        import duckdb

        columns, _ = self._warehouse.execute(f"SELECT * FROM staging_{NOUNS[source]} LIMIT 0")
        with duckdb.connect(config={"memory_limit": self._settings.memory_limit}) as judge:
            judge.execute("SET TimeZone = 'UTC'")
            set_paths(judge, NOUNS[source], columns, paths)
            return bundle(work, source, judge, reader, sum(file.source.size for file in files))

    def _copy_parts(
        self, source: Source, files: list[LoadFile], work: WorkFolder, bundled: Bundle
    ) -> list[Row]:
        """Load parts, and give the rows of staging_rejects for what was refused before or by COPY."""
        uris = {file.file_id: file.source.uri for file in files}
        rejects: list[Row] = [(source, uris[file_id], *rest, file_id) for *rest, file_id in bundled.rejects]
        if not bundled.parts:
            return rejects
        statement = copy_statement(
            f"copy_{NOUNS[source].removesuffix('s')}_parts",
            work.put_manifest(source, bundled.parts),
            self._settings,
            max_errors=int(self._settings.max_reject_share * bundled.records),
            region=self._settings.aws_region,
            options=["MANIFEST", "GZIP"],
        )
        for error in self._copy(statement, work, uris):
            # Redshift may know better than the judge here; then the record is a reject after all.
            file_id, line, text = origin_of(work, error.uri, error.line)
            rejects.append((source, uris[file_id], line, str(error), text[:_KEPT_CHARACTERS], file_id))
        return rejects

    def _copy_straight(
        self,
        source: Source,
        store: Store,
        files: list[LoadFile],
        uri: str,
        jsonpaths: str,
        options: list[str],
        progress: Progress,
    ) -> dict[int, int]:
        size = sum(file.source.size for file in files)
        # No record is shorter than a byte and a newline, so this is never too few; compressed, nobody knows.
        most = MAX_MAXERROR if "GZIP" in options else int(self._settings.max_reject_share * (size // 2 + 1))
        statement = copy_statement(
            f"copy_{NOUNS[source]}",
            uri,
            self._settings,
            max_errors=most,
            region=self._settings.s3_region or self._settings.aws_region,
            jsonpaths=jsonpaths,
            options=options,
        )
        errors = self._copy(statement)
        # What COPY reads can't be made to depend on an ETag, so look again whether it was what was listed.
        listed = {item.uri: item for item in store.list_objects()}
        for file in files:
            if listed.get(file.source.uri) != file.source:
                raise SourceChangedError(file.source.uri)
        if "MANIFEST" not in options and len(listed) != len(files):
            raise SourceChangedError(uri)
        ((loaded,),) = self._query("SELECT PG_LAST_COPY_COUNT()")
        by_uri = {_as_logged(file.source.uri): file for file in files}
        rejected = Counter(by_uri[_as_logged(error.uri)].file_id for error in errors)
        counts = self._counts(store, files, by_uri, rejected, loaded)
        self._straight[source] |= {file_id: count - rejected[file_id] for file_id, count in counts.items()}
        raw = self._raw_texts(store, by_uri, errors)
        rows: list[Row] = []
        for error in errors:
            file = by_uri[_as_logged(error.uri)]
            text = raw.get((file.file_id, error.line), "") if error.raw is None else error.raw
            rows.append(
                (source, file.source.uri, error.line, str(error), text[:_KEPT_CHARACTERS], file.file_id)
            )
        self._warehouse.insert("staging_rejects", rows)
        progress(len(files), size)
        return counts

    def _counts(
        self,
        store: Store,
        files: list[LoadFile],
        by_uri: dict[str, LoadFile],
        rejected: Counter[int],
        loaded: int,
    ) -> dict[int, int]:
        """The records in each file: the lines that COPY scanned if they add up, or else by reading the files.

        Raises:
            WarehouseError: neither adds up with what COPY loaded and refused.
        """
        if not self._serverless and len(by_uri) == len(files):
            ((query_id,),) = self._query("SELECT PG_LAST_COPY_ID()")
            lines = lines_scanned(self._query, query_id)
            if unknown := lines.keys() - by_uri.keys():
                raise SourceError(
                    f"{min(unknown)}: loaded by COPY, but no source file",
                    "set a work prefix ([S3] WORK_PREFIX): files are then loaded one by one",
                )
            counts = {file.file_id: lines.get(uri, 0) for uri, file in by_uri.items()}
            if sum(counts.values()) == loaded + rejected.total() and all(
                counts[file_id] >= count for file_id, count in rejected.items()
            ):
                return counts
        # Objects over several lines, blank lines, or a Serverless workgroup, which doesn't tell its lines.
        reader = RecordReader(store, files)
        for _ in reader.stream():
            pass
        if sum(reader.counts.values()) != loaded + rejected.total():
            raise WarehouseError(
                f"{self._warehouse.location}: the files have {sum(reader.counts.values()):,} records, but"
                f" COPY loaded {loaded:,} and refused {rejected.total():,}; nothing was changed",
                "set a work prefix ([S3] WORK_PREFIX) and raise [S3] BUNDLE_BELOW_MB: records are then cut"
                " here",
            )
        return reader.counts

    def _raw_texts(
        self, store: Store, by_uri: dict[str, LoadFile], errors: list[LoadError]
    ) -> dict[tuple[int, int], str]:
        """The records that were refused without their text, by file and line, from the files themselves."""
        wanted = {
            (by_uri[_as_logged(error.uri)].file_id, error.line) for error in errors if error.raw is None
        }
        if not wanted:
            return {}
        ids = {file_id for file_id, _ in wanted}
        found = {}
        for batch in RecordReader(store, [file for file in by_uri.values() if file.file_id in ids]).stream():
            for place, raw in zip(
                zip(batch.column("file_id").to_pylist(), batch.column("line").to_pylist(), strict=True),
                batch.column("raw"),
                strict=True,
            ):
                if place in wanted:
                    found[place] = str(raw).strip()
        return found

    def _copy(
        self, statement: str, work: WorkFolder | None = None, uris: Mapping[int, str] | None = None
    ) -> list[LoadError]:
        """Run a COPY, and give the records it refused.

        Args:
            statement: the COPY.
            work: where its files are, if they are parts.
            uris: the source files by their file_ids, if they are parts.

        Raises:
            TooManyRejectsError: more than MAXERROR allows; the transaction is rolled back.
        """
        self._warehouse.take_notices()
        try:
            self._query(statement)
        except WarehouseError as failure:
            if "Load into table" not in failure.message:
                raise
            # The transaction is lost already; only after it is given up can the reasons be read.
            self._warehouse.roll_back()
            query_id = failed_copy_id(self._query, serverless=self._serverless)
            errors = read_load_errors(self._query, query_id, serverless=self._serverless, limit=_SHOWN_ERRORS)
            places = []
            for error in errors:
                # The line of a part says nothing to anyone; where it came from does.
                uri, line = error.uri, error.line
                if work and uris:
                    file_id, line, _ = origin_of(work, uri, line)
                    uri = uris[file_id]
                places.append(f"{uri}:{line}: {error}")
            shown = "".join(f"\n  {place}" for place in places)
            raise TooManyRejectsError(
                "more records are bad than max_reject_share"
                f" ({self._settings.max_reject_share:.4g}) allows; nothing was changed{shown}",
                "mend the files, or allow more with --max-reject-share",
            ) from None
        ((query_id,),) = self._query("SELECT PG_LAST_COPY_ID()")
        return self._errors(query_id)

    def _errors(self, query_id: int) -> list[LoadError]:
        """The errors of a COPY that succeeded; the system tables may be a moment behind its own count."""
        told = [
            re.search(r"(\d+) record\(s\) could not be loaded", text)
            for text in self._warehouse.take_notices()
        ]
        expected = sum(int(match[1]) for match in told if match)
        if not expected:
            return []
        for _ in range(_ERROR_TABLE_TRIES):
            errors = read_load_errors(self._query, query_id, serverless=self._serverless)
            if len(errors) >= expected:
                break
            time.sleep(0.5)
        return errors


def _id_list(file_ids: list[int]) -> str:
    return ", ".join(str(int(file_id)) for file_id in file_ids)


def _as_logged(uri: str) -> str:
    """A URI as the system tables hold it: CHAR(256)."""
    return uri.encode()[:256].decode(errors="ignore").rstrip(" ")
