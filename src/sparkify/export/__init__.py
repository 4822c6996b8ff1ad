"""The five tables as Parquet, in a folder or on S3."""
