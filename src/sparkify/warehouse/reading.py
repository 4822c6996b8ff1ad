"""The reader of a job's files, with its limits."""

from sparkify.reading.records import RecordReader
from sparkify.warehouse.contract import LoadJob


def reader_of(job: LoadJob) -> RecordReader:
    """A reader of the files of a job, whose step ``stage`` begins."""
    return RecordReader(
        job.store,
        job.files,
        on_progress=job.begin("stage"),
        on_records=job.on_records,
        chunk_bytes=job.options.chunk_bytes,
        max_unpacked_ratio=job.options.max_unpacked_ratio,
    )
