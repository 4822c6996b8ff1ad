"""Runs the stand-in by hand until Ctrl-C: ``python -m tests.standin [--port N] [--data FOLDER]``."""

import argparse
import signal
import sys
from pathlib import Path

from .server import RedshiftStandIn

_BUCKET = "sparkify"

_HELP = """\
A stand-in for Amazon Redshift is running. Its passwords and keys are made anew each time.

For the shell that runs the pipeline:

    export SSL_CERT_FILE={stand_in.ca_file}
    export AWS_ENDPOINT_URL={stand_in.s3_endpoint}
    export AWS_ACCESS_KEY_ID={stand_in.s3_access_key}
    export AWS_SECRET_ACCESS_KEY={stand_in.s3_secret_key}
    export AWS_REGION={stand_in.region}
    export AWS_ALLOW_HTTP=true

For dwh.cfg:

    [CLUSTER]
    HOST={stand_in.host}
    DB_NAME={stand_in.database}
    DB_USER={stand_in.user}
    DB_PASSWORD={stand_in.password}
    DB_PORT={stand_in.port}

    [IAM_ROLE]
    ARN={stand_in.role_arn}

    [S3]
    SONG_DATA=s3://{bucket}/song_data/
    LOG_DATA=s3://{bucket}/log_data/
    LOG_JSONPATH=s3://{bucket}/log_json_path.json

The bucket {bucket} {filled}. Ctrl-C stops everything and removes it.
"""


def main() -> None:
    """Start, say how to connect, and wait."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin")
    parser.add_argument(
        "--port", type=int, default=5439, help="of the database on 127.0.0.1; 0 takes a free one"
    )
    parser.add_argument("--data", type=Path, help=f"a folder to put into the bucket {_BUCKET}")
    arguments = parser.parse_args()
    if arguments.data and not arguments.data.is_dir():
        parser.error(f"{arguments.data} is not a folder")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with RedshiftStandIn(port=arguments.port) as stand_in:
            stand_in.make_bucket(_BUCKET)
            if arguments.data:
                stand_in.upload(arguments.data, f"s3://{_BUCKET}")
            filled = f"holds {arguments.data}" if arguments.data else "is empty (DATA=folder fills it)"
            sys.stdout.write(_HELP.format(stand_in=stand_in, bucket=_BUCKET, filled=filled))
            sys.stdout.flush()
            signal.pause()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    except OSError as error:
        sys.exit(f"error: port {arguments.port}: {error.strerror or error}\n  try: --port 0")


if __name__ == "__main__":
    main()
