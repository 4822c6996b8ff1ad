"""A stand-in for Amazon Redshift: a proxy that makes a local PostgreSQL behave like it, with an S3 server.

``RedshiftStandIn`` in ``server`` starts all of it. ``README.md`` says what it does and where it differs.
"""
