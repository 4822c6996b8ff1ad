"""Delete all objects below a prefix: ``python -m tests.support.emptied bucket/prefix/``."""

import sys

import boto3


def main() -> None:
    """Delete them."""
    bucket, _, prefix = sys.argv[1].partition("/")
    if not prefix.strip("/"):
        sys.exit(f"{sys.argv[1]}: no prefix, and a whole bucket is not for this")
    boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=prefix).delete()


if __name__ == "__main__":
    main()
