"""What a user calls OUT: which kind of sink it is."""

from pathlib import Path

from sparkify.config.loading import load_settings
from sparkify.config.location import is_on_s3
from sparkify.config.places import output_place
from sparkify.config.settings import AwsOptions
from sparkify.simulate.sinks import Folder, Sink


def sink_for(out: str, aws: AwsOptions | None = None) -> Sink:
    """The sink for what a user calls OUT.

    Args:
        out: a folder, or ``s3://bucket/prefix``.
        aws: how to reach S3; by default what the environment and dwh.cfg say.

    Raises:
        UsageError: it is an address of a kind that can't be written to, or has credentials in it.
    """
    out = output_place(out)
    if is_on_s3(out):
        from sparkify.simulate.s3_sink import S3Prefix

        return S3Prefix(out, aws or load_settings().aws)
    return Folder(Path(out))
