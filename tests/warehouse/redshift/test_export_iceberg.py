"""``sparkify export --format iceberg`` on Redshift: what UNLOAD writes is registered."""

from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from sparkify.config.settings import Settings
from sparkify.export.iceberg import ICEBERG_LAYOUTS, Target, export_to_iceberg
from sparkify.warehouse.opening import opened
from tests.support.builders import event, track, write
from tests.support.reference import sort_rows
from tests.warehouse.redshift.support import Site


def export(settings: Settings, out: Path) -> dict[str, Any]:
    target = Target(str(out), "sqlite", "sparkify", settings.aws)
    return export_to_iceberg(lambda at: opened(settings, read_only=True, writes_to=at), target)


def read(out: Path) -> dict[str, Any]:
    """The partitions and the rows of each table; songplays without their ids, which are the engine's own."""
    found = {}
    for name in ICEBERG_LAYOUTS:
        table = SqlCatalog("sparkify", uri=f"sqlite:///{out}/catalog.db").load_table(("sparkify", name))
        rows = table.scan().to_arrow()
        names = [column for column in rows.column_names if column != "songplay_id"]
        partitions = {repr(task.file.partition) for task in table.scan().plan_files()}
        found[name] = (sort_rows(zip(*(rows[each].to_pylist() for each in names), strict=True)), partitions)
    return found


@pytest.mark.thorough
def test_the_tables_are_there_as_duckdb_exports_them(site: Site, tmp_path: Path) -> None:
    write(site.folder / "song_data/A/song.json", track(), track(song_id="SO2", year=1999))
    write(site.folder / "log_data/a.json", *(event(ts=1543449657000 + n * 3 * 86_400_000) for n in range(4)))
    site.load()
    ours, theirs = tmp_path / "redshift", tmp_path / "duckdb"
    told = export(site.settings, ours)
    assert told.keys() == set(ICEBERG_LAYOUTS)
    export(site.in_duckdb("same.duckdb").settings, theirs)
    assert read(ours) == read(theirs)
    # Again: Redshift can't tell what has changed, and all of it is written, once.
    again = export(site.settings, ours)
    assert {name: table["written"] for name, table in again.items()} == {
        name: table["files"] for name, table in told.items()
    }
    assert read(ours) == read(theirs)
    # And by the other engine, from then on.
    export(site.in_duckdb("same.duckdb").settings, ours)
    assert read(ours) == read(theirs)
