"""Where source files are: folders and S3."""
