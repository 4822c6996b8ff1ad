"""``sparkify export s3://…`` on Redshift: UNLOAD writes there itself, and it is the same as DuckDB's."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SourceError, WarehouseError
from sparkify.export import parquet as exporting
from sparkify.export import s3 as to_s3
from sparkify.export.iceberg import ICEBERG_LAYOUTS, Target, export_to_iceberg
from sparkify.export.parquet import PARQUET_LAYOUTS
from sparkify.export.s3 import Exported
from sparkify.warehouse.contract import Warehouse
from sparkify.warehouse.opening import opened
from tests.standin.fixtures import BUCKET
from tests.standin.server import RedshiftStandIn
from tests.support.builders import event, track, write
from tests.support.faulty_s3 import FaultyS3
from tests.support.reference import sort_rows
from tests.support.runs import export as export_into
from tests.support.runs import export_to_s3
from tests.support.s3_servers import Bucket
from tests.support.settings import changed
from tests.warehouse.redshift.support import Site


@pytest.fixture
def loaded(site: Site) -> Site:
    write(site.folder / "song_data/A/song.json", track(), track(song_id="SO2", year=1999))
    write(site.folder / "log_data/a.json", *(event(ts=1543449657000 + n * 3 * 86_400_000) for n in range(4)))
    site.load()
    return site


def export(settings: Settings, uri: str, *, overwrite: bool = False) -> Exported:
    return export_to_s3(settings, uri, overwrite=overwrite)


def objects(site: Site, uri: str) -> dict[str, bytes]:
    s3 = site.engine.stand_in.s3
    return {name.removeprefix(f"{uri}/"): s3.get(name) for name, _ in s3.list(f"{uri}/")}


def read(files: dict[str, bytes], folder: Path) -> dict[str, list[Any]]:
    """The folders and the rows of each table; songplays without their ids, which are the engine's own."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = {}
    for table in PARQUET_LAYOUTS:
        data = ds.dataset(folder / table, partitioning="hive").to_table()
        names = [name for name in sorted(data.column_names) if name != "songplay_id"]
        rows = sort_rows(zip(*(data[name].to_pylist() for name in names), strict=True))
        folders = sorted(
            {path.parent.relative_to(folder).as_posix() for path in folder.glob(f"{table}/**/*.*")}
        )
        found[table] = [names, rows, folders]
    return found


@pytest.mark.thorough
def test_the_tables_are_there_as_duckdb_exports_them(loaded: Site, tmp_path: Path) -> None:
    uri = f"{loaded.root}/it's out"
    stand_in = loaded.engine.stand_in
    bucket = Bucket(stand_in.s3_endpoint, BUCKET, stand_in.s3_access_key, stand_in.s3_secret_key)
    in_duckdb = bucket.settings(loaded.in_duckdb("same.duckdb").settings)
    told = export(loaded.settings, uri)
    expected = export(in_duckdb, uri)
    ours = objects(loaded, told.uri.rstrip("/"))
    theirs = objects(loaded, expected.uri.rstrip("/"))
    assert read(ours, tmp_path / "redshift") == read(theirs, tmp_path / "duckdb")
    assert {table: numbers["rows"] for table, numbers in told.tables.items()} == {
        table: numbers["rows"] for table, numbers in expected.tables.items()
    }
    tables = json.loads(ours["_export.json"])["tables"].values()
    assert {
        name: size for table in tables for name, size in zip(table["files"], table["bytes"], strict=True)
    } == {name: len(content) for name, content in ours.items() if name != "_export.json"}
    # In the place of both.
    again = export(loaded.settings, uri, overwrite=True)
    there = objects(loaded, again.uri.rstrip("/"))
    assert read(there, tmp_path / "again") == read(ours, tmp_path / "redshift")
    assert {name.partition("/")[0] for name in objects(loaded, uri)} == {again.uri.split("/")[-2]}


@pytest.mark.forms(1)
@pytest.mark.parametrize("form", ["parquet", "iceberg"])
def test_all_tables_are_of_one_moment_though_others_load_meanwhile(
    loaded: Site, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def while_others_load(at: str) -> Iterator[Warehouse]:
        with opened(loaded.settings, read_only=True, writes_to=at) as warehouse:
            write_parquet = warehouse.write_parquet

            def write_and_load(*arguments: Any, **options: Any) -> None:
                write_parquet(*arguments, **options)
                if not (loaded.folder / "log_data/b.json").exists():
                    more = event(userId="78", firstName="Chloe", sessionId=9, ts=1575000000000)
                    write(loaded.folder / "log_data/b.json", more)
                    write(loaded.folder / "song_data/A/b.json", track(song_id="SO3", artist_id="AR3"))
                    loaded.load()

            monkeypatch.setattr(warehouse, "write_parquet", write_and_load)
            yield warehouse

    with opened(loaded.settings, read_only=True) as warehouse:
        before = {name: warehouse.query(f"SELECT COUNT(*) FROM {name}")[0][0] for name in ICEBERG_LAYOUTS}
    aws = loaded.settings.aws
    if form == "parquet":
        exported = to_s3.export_to_s3(while_others_load, f"{loaded.root}/out", aws)
        tables = exported.tables
        rows = read(objects(loaded, exported.uri.rstrip("/")), tmp_path)
        assert {name: len(found[1]) for name, found in rows.items()} == before
    else:
        tables = export_to_iceberg(
            while_others_load, Target(str(tmp_path / "out"), "sqlite", "sparkify", aws)
        )
    assert {name: table["rows"] for name, table in tables.items()} == before
    with opened(loaded.settings, read_only=True) as warehouse:
        assert warehouse.query("SELECT COUNT(*) FROM songs") == [(before["songs"] + 1,)]


def test_an_unload_that_fails_leaves_what_was_there(
    loaded: Site, monkeypatch: pytest.MonkeyPatch, redshift: RedshiftStandIn
) -> None:
    uri = f"{loaded.root}/out"
    export(loaded.settings, uri)
    before = objects(loaded, uri)
    with monkeypatch.context() as patch:
        patch.setitem(exporting.PARQUET_LAYOUTS, "songs", exporting.Layout("SELECT nothing FROM songs"))
        with pytest.raises(WarehouseError, match="nothing"):
            export(loaded.settings, uri, overwrite=True)
    assert objects(loaded, uri) == before
    monkeypatch.setattr(redshift.cluster, "denied_buckets", {BUCKET})
    with pytest.raises(WarehouseError, match="Access Denied") as denied:
        export(loaded.settings, uri, overwrite=True)
    assert "s3:PutObject" in denied.value.hint
    assert "EXPORT_PREFIX" in denied.value.hint
    assert objects(loaded, uri) == before


def test_a_bucket_in_another_region_is_told_of(loaded: Site) -> None:
    with pytest.raises(WarehouseError, match=r"eu-west-1|specified endpoint") as error:
        export(loaded.settings, loaded.root.replace(f"s3://{BUCKET}", "s3://elsewhere"))
    assert "[AWS] REGION" in error.value.hint


def test_what_fails_after_an_unload_to_a_folder_does_not_hide_why_the_unload_failed(
    loaded: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redshift: RedshiftStandIn
) -> None:
    with FaultyS3(loaded.settings.aws.s3_endpoint).running() as server:
        settings = changed(loaded.settings, s3_endpoint=server.endpoint, s3_retries=0)
        server.add("status", "list", None, status=403)
        with pytest.raises(SourceError):  # of the files that cannot be fetched
            export_to_folder(settings, tmp_path / "out")
        monkeypatch.setattr(redshift.cluster, "denied_buckets", {BUCKET})
        with pytest.raises(WarehouseError, match="Access Denied") as denied:
            export_to_folder(settings, tmp_path / "out")
        assert "s3:PutObject" in denied.value.hint
    assert not list(tmp_path.glob("*out*"))


def export_to_folder(settings: Settings, folder: Path) -> None:
    export_into(settings, folder)
