"""Staging on Amazon Redshift: what is loaded how, and what became of each record.

Two ways lead from a bucket into a staging table, both by one COPY into a temporary table:

- **bundled**: files below ``bundle_below_mb``. Their records are read and judged here, exactly as the DuckDB
  engine judges them, and written as similar-sized compressed parts to the work prefix, all of that before the
  transaction. Each row carries its file_id.
- **directly** from where they are, named by a manifest: larger files. COPY judges their records itself, and
  it can't say which row came from which file: these rows have no file_id. Paths with array positions make all
  files be bundled: COPY fails where a position is not there.

Without a work prefix there is no place for a manifest or for parts, so all files are loaded directly, by
prefix, and everything is loaded again whenever anything has changed. With one, that is only so when a file
that was loaded directly has changed: its old rows can't be told from the others, and reloading everything in
the same transaction is the one way that is always right. (A half-written log that grows is best kept below
bundle_below_mb.)
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sparkify.config.location import is_on_s3
from sparkify.config.settings import AwsOptions, RedshiftOptions
from sparkify.errors import SourceError, WarehouseError
from sparkify.reading.jsonpaths import mixes_notations
from sparkify.reading.keys import filled_columns
from sparkify.reading.samples import some_records
from sparkify.reading.staged import Staged
from sparkify.sources.objects import NOUNS, Source
from sparkify.sources.opening import open_source
from sparkify.warehouse.contract import LoadJob
from sparkify.warehouse.redshift.copy import MAX_MAXERROR, Copy, check_role
from sparkify.warehouse.redshift.direct import copy_direct
from sparkify.warehouse.redshift.parts import Bundle, bundle, load_bundle
from sparkify.warehouse.redshift.session import RedshiftSession
from sparkify.warehouse.redshift.work import WorkFolder, jsonpaths_file


@dataclass
class _Prepared:
    """Files of a source that are ready to be loaded.

    Attributes:
        bundle: those that were bundled, if any.
        direct: those that COPY reads itself, by COPY.
    """

    bundle: Bundle | None = None
    direct: list[tuple[LoadJob, Copy]] = field(default_factory=list)


class RedshiftStaging(RedshiftSession):
    """A session that loads files into the staging tables; ``RedshiftWarehouse`` tells of its arguments."""

    def __init__(
        self,
        redshift: RedshiftOptions,
        aws: AwsOptions,
        *,
        memory_limit: str,
        read_only: bool = False,
        writes_to: str = "",
    ) -> None:
        check_role(redshift.iam_role_arn)
        super().__init__(redshift, aws, read_only=read_only, writes_to=writes_to)
        # Without a work prefix COPY loads a source by its prefix, whatever is below it.
        self.loads_whole_sources = not redshift.work_prefix
        self._memory_limit = memory_limit
        self._prepared: dict[Source, _Prepared] = {}
        self._direct: dict[Source, dict[int, int]] = {}

    def count_loaded(self, source: Source) -> dict[int, int]:
        """How many records of each file the last ``stage`` has loaded.

        Raises:
            WarehouseError: the rows without a file_id are not as many as COPY said.
        """
        noun = NOUNS[source]
        loaded: dict[int | None, int] = dict(
            self.query(f"SELECT file_id, COUNT(*) FROM batch_{noun} GROUP BY file_id")
        )
        direct = self._direct.get(source, {})
        if loaded.pop(None, 0) != sum(direct.values()):
            raise WarehouseError(
                f"batch_{noun}: its rows are not those that COPY counted; nothing was changed",
                "this is a bug in sparkify: please report it",
            )
        return {file_id: count for file_id, count in loaded.items() if file_id is not None} | direct

    @contextlib.contextmanager
    def prepared(self, job: LoadJob) -> Iterator[None]:
        """Read, judge and upload what is bundled, and remove it in the end."""
        if not is_on_s3(job.files[0].source.uri):
            raise SourceError(
                f"{job.files[0].source.uri}: Redshift loads from S3 only",
                "copy the files to a bucket, and name it in [S3] SONG_DATA and LOG_DATA as s3://bucket/folder",
            )
        prefix = self._redshift.work_prefix
        with WorkFolder(prefix, self._aws) if prefix else contextlib.nullcontext() as work:
            self._prepared[job.source] = self._by_manifest(job, work) if work else self._by_prefix(job)
            yield

    def stage(self, job: LoadJob) -> Staged:
        """Load the records of files, and take out those of files that have been replaced."""
        self._replace(job.source, job.removed)
        staged = self._load(job) if job.files else Staged()
        self._number(job.source)
        return staged

    def unstage(self, source: Source, file_ids: Sequence[int]) -> None:
        """Take out the records and rejects of files."""
        self._replace(source, file_ids)
        self._number(source)

    def _replace(self, source: Source, removed: Sequence[int]) -> None:
        """Take out what files have given, and keep it as what is removed."""
        noun = NOUNS[source]
        self._direct[source] = {}
        for kind in ("batch", "removed"):
            self.query(f"CREATE TEMP TABLE {kind}_{noun} (LIKE staging_{noun})")
        if removed:
            ids = _id_list(removed)
            self.query(f"INSERT INTO removed_{noun} SELECT * FROM staging_{noun} WHERE file_id IN ({ids})")
            self.query(f"DELETE FROM staging_{noun} WHERE file_id IN ({ids})")
            self.query(f"DELETE FROM staging_rejects WHERE file_id IN ({ids})")

    def _number(self, source: Source) -> None:
        if source == "log_data":
            self.query("ALTER TABLE batch_events ADD COLUMN event_id BIGINT")

    def _load(self, job: LoadJob) -> Staged:
        noun, prepared, staged = NOUNS[job.source], self._prepared.pop(job.source), Staged()
        job.begin("copy")
        if prepared.bundle:
            staged = prepared.bundle.staged
            load_bundle(self, prepared.bundle)
        for some, copy in prepared.direct:
            for file_id, (count, refused) in copy_direct(self, some, copy).items():
                staged.records[file_id] = count
                self._direct[job.source][file_id] = count - refused
        self.query(f"INSERT INTO staging_{noun} SELECT * FROM batch_{noun}")
        return staged

    def restage(self) -> None:
        """Leave the relations that ``stage`` leaves, as if this run had added all that is staged."""
        self.query("CREATE TEMP TABLE removed_songs (LIKE staging_songs)")
        self.query("CREATE TEMP TABLE removed_events (LIKE staging_events)")
        self.query("CREATE TEMP TABLE batch_songs AS SELECT * FROM staging_songs")
        self.query(
            "CREATE TEMP TABLE batch_events AS"
            " SELECT staging_events.*, CAST(NULL AS BIGINT) AS event_id FROM staging_events"
        )

    def forget_batch(self) -> None:
        """Drop what the last ``stage`` of each source has left."""
        # While they are there, they come before other people's tables of these names.
        for noun in NOUNS.values():
            for kind in ("batch", "removed"):
                self.query(f"DROP TABLE {kind}_{noun}")

    def _by_prefix(self, job: LoadJob) -> _Prepared:
        """Have COPY load everything below the configured prefix."""
        options, files = job.options, job.files
        job.begin("stage")
        location = options.song_data if job.source == "song_data" else options.log_data
        remedy = (
            "set a work prefix, e.g. [S3] WORK_PREFIX = s3://bucket/work: files are then loaded one by one"
        )
        for other in job.store.others[:1]:
            raise SourceError(
                f"{other}: no source file, but COPY would load all that lies below {location}", remedy
            )
        compressed = {file.source.uri.endswith(".gz") for file in files}
        if len(compressed) > 1:
            raise SourceError(
                f"{location}: some files are compressed and some not, which COPY can't load", remedy
            )
        jsonpaths = options.log_jsonpath if job.source == "log_data" else ""
        if job.source == "log_data":
            self._require_paths_for_copy(job, jsonpaths, remedy)
        is_file = len(files) == 1 and files[0].source.uri == location
        uri = location if is_file else location.rstrip("/") + "/"
        return _Prepared(direct=[self._copy(job, uri, jsonpaths, ["GZIP"] * (compressed == {True}))])

    def _require_paths_for_copy(self, job: LoadJob, jsonpaths: str, remedy: str) -> None:
        """Refuse a JSONPaths file that COPY can't read as it is."""
        if not is_on_s3(jsonpaths):
            raise SourceError(
                "[S3] LOG_JSONPATH: Redshift reads the JSONPaths file from S3",
                "put log_json_path.json into a bucket and name it in [S3] LOG_JSONPATH, or set [S3]"
                " WORK_PREFIX",
            )
        if _names_positions(job):
            raise SourceError(
                f"{jsonpaths}: names array positions, and COPY fails where a record does not have them",
                remedy,
            )
        if mixes_notations(open_source(jsonpaths, self._aws).read_text()):
            raise SourceError(
                f"{jsonpaths}: mixes $['key'] and $.key, which COPY does not read",
                f"write all of its paths one way, or {remedy}",
            )

    def _by_manifest(self, job: LoadJob, work: WorkFolder) -> _Prepared:
        """Have COPY load just these files: small ones bundled, large ones from where they are."""
        # A manifest and its files have to be in one region, so what comes from another is bundled, too.
        elsewhere = self._aws.s3_region not in ("", self._aws.aws_region)
        limit = self._redshift.bundle_below_mb * 2**20
        bundles_all = elsewhere or _names_positions(job)
        large = [file for file in job.files if file.source.size >= limit and not bundles_all]
        small = [file for file in job.files if file.source.size < limit or bundles_all]
        prepared = _Prepared()
        if small:
            prepared.bundle = bundle(
                job.of(small), work, self._memory_limit, self._redshift.smallest_part_bytes
            )
        else:
            job.begin("stage")
        jsonpaths = jsonpaths_file(work, job.paths) if large and job.source == "log_data" else ""
        for options in ([], ["GZIP"]):
            some = [file for file in large if file.source.uri.endswith(".gz") == bool(options)]
            if some:
                name = f"{job.source}-direct{'-gzip' * bool(options)}"
                manifest = work.put_manifest(name, [file.source.uri for file in some])
                prepared.direct.append(self._copy(job.of(some), manifest, jsonpaths, ["MANIFEST", *options]))
        return prepared

    def _copy(self, job: LoadJob, uri: str, jsonpaths: str, options: list[str]) -> tuple[LoadJob, Copy]:
        job.on_records(some_records(job.store, job.files))
        share = job.options.max_reject_share
        # No record is shorter than a byte and a newline, so this is never too few; compressed, nobody knows.
        most = MAX_MAXERROR if "GZIP" in options else int(share * (job.size // 2 + 1))
        region = self._aws.s3_region or self._aws.aws_region
        return job, Copy(
            f"copy_{NOUNS[job.source]}",
            uri,
            most,
            share,
            region,
            options=options,
            jsonpaths=jsonpaths,
            columns=filled_columns(job.source),
        )


def _names_positions(job: LoadJob) -> bool:
    return any(isinstance(step, int) for path in job.paths for step in path)


def _id_list(file_ids: Sequence[int]) -> str:
    return ", ".join(str(int(file_id)) for file_id in file_ids)
