"""The stand-in's own tests run on a stand-in of their own."""

from .fixtures import connection, folder, put, redshift, sql

__all__ = ["connection", "folder", "put", "redshift", "sql"]
