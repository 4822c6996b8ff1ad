"""What the stand-in's own tests share, beside the one stand-in of all tests."""

from .fixtures import connection, folder, put, sql

__all__ = ["connection", "folder", "put", "sql"]
