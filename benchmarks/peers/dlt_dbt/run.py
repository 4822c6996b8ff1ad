"""Loads with dlt, transforms with dbt.

Usage: python run.py DATA OUT [arrow]
"""

import io
import os
import sys
from pathlib import Path

data, out = map(Path, sys.argv[1:3])
os.environ["WAREHOUSE"] = str(out / "warehouse.duckdb")
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "WARNING"
os.environ["NORMALIZE__WORKERS"] = str(os.cpu_count())
os.environ["DATA_WRITER__BUFFER_MAX_ITEMS"] = "20000"
os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = "200000"

import dlt  # noqa: E402 - it reads the environment
import pyarrow as pa  # noqa: E402
from dbt.cli.main import dbtRunner  # noqa: E402
from dlt.sources.filesystem import filesystem, read_jsonl  # noqa: E402
from pyarrow import json  # noqa: E402

NUMBERS = {
    "staging_events": {"length": "double", "registration": "double"},
    "staging_songs": {"artist_latitude": "double", "artist_longitude": "double", "duration": "double"},
}


def hints(table):
    return {
        "write_disposition": "replace",
        "columns": {name: {"data_type": kind} for name, kind in NUMBERS[table].items()},
    }


def records(table, folder):
    files = filesystem(bucket_url=str(data / folder), file_glob="**/*.json")
    return (files | read_jsonl(chunksize=5000)).with_name(table).apply_hints(**hints(table))


def arrow_events():
    for path in sorted((data / "log_data").rglob("*.json")):
        yield json.read_json(path, json.ReadOptions(block_size=16 << 20), parse_options("staging_events"))


def arrow_songs():
    joined = b"\n".join(path.read_bytes() for path in (data / "song_data").rglob("*.json"))
    yield json.read_json(io.BytesIO(joined), None, parse_options("staging_songs"))


def parse_options(table):
    return json.ParseOptions(pa.schema([(name, pa.float64()) for name in NUMBERS[table]]))


pipeline = dlt.pipeline(
    "sparkify",
    pipelines_dir=str(out / "pipelines"),
    destination=dlt.destinations.duckdb(os.environ["WAREHOUSE"]),
    dataset_name="raw",
)
if "arrow" in sys.argv[3:]:
    resources = [
        dlt.resource(arrow_events, name="staging_events", **hints("staging_events")),
        dlt.resource(arrow_songs, name="staging_songs", **hints("staging_songs")),
    ]
else:
    resources = [records("staging_events", "log_data"), records("staging_songs", "song_data")]
pipeline.run(resources, loader_file_format="parquet")

project = str(Path(__file__).parent)
options = ["--project-dir", project, "--profiles-dir", project]
result = dbtRunner().invoke(
    ["run", *options, "--target-path", str(out / "target"), "--log-path", str(out / "logs")]
)
sys.exit(not result.success)
