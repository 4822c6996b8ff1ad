"""Sparkify's warehouse: song and log files in, an audited star schema out."""

import os
from importlib import import_module
from typing import Any

__version__ = "0.2.0"


def connect(
    database: str | os.PathLike[str] | None = None, *, config: str | os.PathLike[str] | None = None
) -> Any:
    """The warehouse, to be asked from Python: see ``sparkify.client``.

    Args:
        database: a DuckDB file, or ``redshift``; by default what the configuration names.
        config: the configuration file; by default ``dwh.cfg``, if there.

    Returns:
        A ``sparkify.client.Client``; it opens the warehouse for each question, and closes it again.
    """
    # By name: the rooms import this package for its version, and must not depend on what stands above them.
    return import_module("sparkify.client").connect(database, config=config)
