"""Which engine a configured database is of."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from sparkify.config.settings import SERVERS, Settings
from sparkify.errors import SparkifyError
from sparkify.printing.terminal import say
from sparkify.warehouse.contract import Warehouse

Tell = Callable[[str], None]


def _note(text: str) -> None:
    say(f"note: {text}")


def _warning(text: str) -> None:
    say(f"warning: {text}")


def connect(
    settings: Settings, *, read_only: bool = False, writes_to: str = "", tell: Tell = _note
) -> Warehouse:
    """Open the configured warehouse.

    Args:
        settings: which it is.
        read_only: whether nothing is written to it. Then it may be its copy that is opened.
        writes_to: the folder or ``s3://`` place below which ``write_parquet`` may write; by default none.
        tell: told if it is a copy that may be older.

    Raises:
        WarehouseError: it can't be opened, or someone else is writing to it.
    """
    if settings.database == "redshift":
        from sparkify.warehouse.redshift.engine import RedshiftWarehouse

        return RedshiftWarehouse(
            settings.redshift,
            settings.aws,
            memory_limit=settings.duckdb.memory_limit,
            read_only=read_only,
            writes_to=writes_to,
        )
    if read_only and settings.duckdb.publish:
        from sparkify.warehouse.duckdb.reading import open_to_read

        return open_to_read(settings.database, settings.duckdb, settings.aws, writes_to, tell)
    from sparkify.warehouse.duckdb.engine import DuckDBWarehouse

    return DuckDBWarehouse(
        settings.database, settings.duckdb, settings.aws, read_only=read_only, writes_to=writes_to
    )


@contextmanager
def opened(
    settings: Settings,
    *,
    read_only: bool = False,
    writes_to: str = "",
    begin: Callable[[str], object] = lambda _: None,
    warn: Tell = _warning,
) -> Iterator[Warehouse]:
    """The configured warehouse, open as ``connect`` opens it, and closed at the end.

    Args:
        settings: which it is. If a copy is to be published, that is done at the end, also if a run
            has failed, for that is a row, too.
        read_only: whether nothing is written to it.
        writes_to: as in ``connect``.
        begin: told the name of the step when the copy is begun.
        warn: told why a copy is not published.

    Raises:
        WarehouseError: it can't be opened, or no copy can ever be published where it is to be.
    """
    if read_only or settings.database in SERVERS or not settings.duckdb.publish:
        with closing(connect(settings, read_only=read_only, writes_to=writes_to)) as warehouse:
            yield warehouse
    else:
        with _opened_to_publish(settings, begin, warn) as warehouse:
            yield warehouse


@contextmanager
def _opened_to_publish(settings: Settings, begin: Callable[[str], object], warn: Tell) -> Iterator[Warehouse]:
    from sparkify.warehouse.duckdb.engine import DuckDBWarehouse
    from sparkify.warehouse.duckdb.publishing import Publishing

    with (
        ExitStack() as held,
        closing(DuckDBWarehouse(settings.database, settings.duckdb, settings.aws)) as warehouse,
    ):
        publishing = Publishing(settings.database, settings.duckdb, begin, warn)
        is_published = publishing.check_place()
        try:
            yield warehouse
        except SparkifyError:
            if is_published:
                publishing.publish(warehouse, held)
            raise
        if is_published:
            publishing.publish(warehouse, held)


@contextmanager
def opened_if_there(settings: Settings) -> Iterator[Warehouse | None]:
    """The configured warehouse, open for reading; None where the file of a database is still to be made."""
    if settings.database not in SERVERS and not Path(settings.database).exists():
        yield None
        return
    with opened(settings, read_only=True) as warehouse:
        yield warehouse
