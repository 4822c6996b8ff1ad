"""Iceberg catalogs: which one a name stands for, how it is opened, and what its failures mean.

A catalog is opened by its class and with these properties alone. PyIceberg's own way in, ``load_catalog``,
also follows a .pyiceberg.yaml in the working directory, which may have come with somebody's data.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sparkify.config import credentials
from sparkify.config.destinations import is_this_machine
from sparkify.config.location import is_on_s3
from sparkify.config.settings import AwsOptions
from sparkify.errors import SparkifyError, UsageError
from sparkify.system.extras import how_to_install

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

SQLITE, GLUE = "sqlite", "glue"
DATABASE = "catalog.db"
"""The SQLite catalog of a folder."""

TOKEN = "ICEBERG_TOKEN"  # noqa: S105 (its name)
"""The environment variable with a REST catalog's bearer token."""

_NAME = "sparkify"


def require_usable(catalog: str, place: str) -> None:
    """Refuse a catalog that can't be, or can't be asked safely.

    Args:
        catalog: ``sqlite``, ``glue``, or the address of a REST catalog.
        place: where the tables are to be: an absolute path, or ``s3://bucket/prefix``.

    Raises:
        UsageError: naming the remedy.
    """
    if catalog == SQLITE:
        if is_on_s3(place):
            raise UsageError(
                "a SQLite catalog lies in a folder, and OUT is on S3",
                "name a catalog that others can reach: --catalog glue, or --catalog https://host",
            )
        return
    if catalog == GLUE:
        if not is_on_s3(place):
            raise UsageError("AWS Glue lists tables on S3, and OUT is a folder", "name s3://bucket/prefix")
        return
    credentials.require_none(catalog, "--catalog")
    address = urlsplit(catalog)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UsageError(f"--catalog {catalog}: no such catalog", "name sqlite, glue, or https://host")
    if address.scheme == "http" and os.environ.get(TOKEN) and not is_this_machine(address.hostname):
        raise UsageError(
            f"--catalog {catalog}: {TOKEN} would go there readable for everybody on the way",
            "write https://, or unset it",
        )


def require_installed(catalog: str) -> None:
    """Refuse a catalog for which packages are missing.

    Raises:
        UsageError: naming them.
    """
    needed = ("pyiceberg", *{SQLITE: ("sqlalchemy",), GLUE: ("boto3",)}.get(catalog, ()))
    for name in needed:
        try:
            import_module(name)
        except ImportError:
            raise UsageError(
                f"exports to Iceberg need {name}, which is not installed", how_to_install("iceberg")
            ) from None


def open_catalog(catalog: str, place: str, aws: AwsOptions) -> "Catalog":
    """A catalog that ``require_usable`` has passed."""
    if catalog == SQLITE:
        from pyiceberg.catalog.sql import SqlCatalog
        from sqlalchemy import URL

        uri = URL.create("sqlite", database=str(Path(place) / DATABASE))
        return SqlCatalog(_NAME, uri=uri.render_as_string(), warehouse=place)
    properties = _s3_properties(aws) if is_on_s3(place) else {}
    if catalog == GLUE:
        from pyiceberg.catalog.glue import GlueCatalog

        keys = {key.replace("s3.", "glue."): value for key, value in properties.items() if key in _SHARED}
        return GlueCatalog(_NAME, warehouse=place, **properties, **keys)
    from pyiceberg.catalog.rest import RestCatalog

    token = os.environ.get(TOKEN)
    return RestCatalog(_NAME, uri=catalog, **properties, **({"token": token} if token else {}))


_SHARED = ("s3.access-key-id", "s3.secret-access-key", "s3.session-token", "s3.region")


def _s3_properties(aws: AwsOptions) -> dict[str, str]:
    """How PyIceberg reaches S3: as the rest of this project does, or by AWS's own chain."""
    access, secret, token = aws.aws_access_key_id, aws.aws_secret_access_key, aws.aws_session_token
    if not access and aws.aws_profile:
        import boto3

        found: Any = boto3.Session(profile_name=aws.aws_profile).get_credentials()
        if found is not None:
            access, secret, token = found.get_frozen_credentials()
    properties = {
        "s3.access-key-id": access,
        "s3.secret-access-key": secret,
        "s3.session-token": token,
        "s3.region": aws.s3_region or aws.aws_region,
        "s3.endpoint": aws.s3_endpoint,
    }
    return {key: value for key, value in properties.items() if value}


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn failures of catalogs and their storage into errors that say what failed.

    Args:
        what: failed, as the message says it.

    Raises:
        SparkifyError: with the library's own words.
    """
    from pyiceberg.exceptions import CommitFailedException

    try:
        yield
    except SparkifyError:
        raise
    except CommitFailedException:
        raise SparkifyError(
            f"{what}: another export, or somebody else, has written to the table meanwhile",
            "let one at a time write there, and run again",
        ) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in (
            *("pyiceberg", "botocore", "requests", "sqlalchemy", "pyarrow", "strictyaml"),
            "builtins",
        ) or isinstance(error, (TypeError, AttributeError, AssertionError, MemoryError)):
            raise
        said = " ".join(str(error).split())[:300]
        raise SparkifyError(
            f"{what}: {type(error).__name__}: {said}", "check the catalog, and what you may do there"
        ) from None
