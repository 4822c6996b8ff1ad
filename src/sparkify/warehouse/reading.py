"""The reader of a job's files, with its limits."""

from sparkify.reading.records import RecordReader
from sparkify.warehouse.contract import LoadJob


def reader_of(job: LoadJob) -> RecordReader:
    """A reader of the files of a job."""
    return RecordReader(
        job.store,
        job.files,
        on_progress=job.advance,
        on_records=job.on_records,
        chunk_bytes=job.options.chunk_bytes,
        max_unpacked_ratio=job.options.max_unpacked_ratio,
    )
