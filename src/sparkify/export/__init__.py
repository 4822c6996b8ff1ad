"""The tables as Parquet or as Iceberg tables, in a folder or on S3."""
