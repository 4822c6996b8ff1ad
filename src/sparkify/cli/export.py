"""``sparkify export``: as Parquet, or as Iceberg tables."""

from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparkify.cli.options import Config, Database, settings_of
from sparkify.errors import UsageError
from sparkify.printing.terminal import say

if TYPE_CHECKING:
    from sparkify.config.settings import Settings
    from sparkify.export.parquet import OpenToWrite
    from sparkify.warehouse.contract import Warehouse


class Format(StrEnum):
    """What an export is made of."""

    PARQUET = "parquet"
    ICEBERG = "iceberg"


def export(
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="Where to write: a new folder, or s3://bucket/prefix.")
    ],
    config: Config = None,
    database: Database = None,
    format_: Annotated[
        Format,
        typer.Option("--format", help="Plain files, or tables in a catalog that later exports update."),
    ] = Format.PARQUET,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace earlier exports as Parquet; on S3 readers see both for a moment."
        ),
    ] = False,
    catalog: Annotated[
        str | None,
        typer.Option(
            metavar="CATALOG",
            help="For Iceberg: sqlite (in the folder), glue, or the address of a REST catalog.",
            show_default="sqlite",
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The database in the catalog.", show_default="sparkify"),
    ] = None,
) -> None:
    """Write the tables as Parquet or as Iceberg tables, to a folder or S3, for any other tool."""
    from sparkify.config.places import output_place
    from sparkify.warehouse.opening import opened

    if format_ is Format.PARQUET and (catalog or namespace):
        raise UsageError("--catalog and --namespace go with --format iceberg", "see sparkify export --help")
    if format_ is Format.ICEBERG and overwrite:
        raise UsageError(
            "--overwrite goes with --format parquet", "Iceberg tables are brought up to date without it"
        )
    settings = settings_of(config, database=database)
    out = output_place(out)

    def open_to_write(place: str) -> AbstractContextManager["Warehouse"]:
        return opened(settings, read_only=True, writes_to=place)

    if format_ is Format.ICEBERG:
        _export_to_iceberg(open_to_write, settings, out, catalog or "sqlite", namespace or "sparkify")
    else:
        _export_to_parquet(open_to_write, settings, out, overwrite=overwrite)


def _export_to_parquet(
    open_to_write: "OpenToWrite", settings: "Settings", out: str, *, overwrite: bool
) -> None:
    from sparkify.config.location import is_on_s3

    if is_on_s3(out):
        from sparkify.export.s3 import export_to_s3

        exported = export_to_s3(open_to_write, out, settings.aws, overwrite=overwrite)
        out, tables = exported.uri, exported.tables
    else:
        from sparkify.export.parquet import export as export_tables

        tables = export_tables(
            open_to_write, Path(out), overwrite=overwrite, tell=lambda line: say(f"note: {line}")
        )
    _print(tables, ("rows", "files"))
    say(f"exported to {out}")


def _export_to_iceberg(
    open_to_write: "OpenToWrite", settings: "Settings", out: str, catalog: str, namespace: str
) -> None:
    from sparkify.config.location import is_on_s3
    from sparkify.export.iceberg import Target, export_to_iceberg

    if not namespace.isidentifier() or not namespace.isascii():
        raise UsageError(f"--namespace {namespace}: no name of a database", "use letters, digits and _")
    place = out.rstrip("/") if is_on_s3(out) else str(Path(out).expanduser().resolve())
    tables = export_to_iceberg(open_to_write, Target(place, catalog, namespace, settings.aws))
    _print(tables, ("rows", "files", "written"))
    say(f"exported to {out}: tables of {namespace} in {catalog}")


def _print(tables: dict[str, dict[str, Any]], columns: tuple[str, ...]) -> None:
    from sparkify.printing.output import print_rows

    rows = [(name, *(table[column] for column in columns)) for name, table in tables.items()]
    print_rows(["table", *columns], rows, "table")
