"""The ways into the staging tables: by prefix, by manifest, bundled; and what is left on S3 afterwards."""

import os
import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest

from sparkify.answers.questions import require_tables
from sparkify.errors import SourceError, WarehouseError
from sparkify.load.progress import NullProgress
from sparkify.simulate import SimulationOptions, simulate, sink_for
from sparkify.sources.s3 import S3Source
from sparkify.sql import STAR_TABLES
from sparkify.warehouse.contract import Advance
from sparkify.warehouse.opening import connect
from sparkify.warehouse.redshift import direct as redshift_direct
from sparkify.warehouse.redshift import parts as redshift_parts
from sparkify.warehouse.redshift import work as redshift_work
from sparkify.warehouse.redshift.work import WorkFolder
from tests.standin.server import RedshiftStandIn
from tests.support.builders import event, track, write
from tests.support.engines import RedshiftEngine
from tests.support.runs import plan_etl
from tests.support.settings import changed
from tests.warehouse.redshift.support import WAYS, Site

Copies = Callable[[], list[tuple[Any, ...]]]


@pytest.fixture
def copies(site: Site) -> Copies:
    """What COPY has loaded since the test began, or since this was last asked: (source, files, rows)."""
    history = "SELECT data_source, source_file_count, loaded_rows FROM sys_load_history ORDER BY query_id"
    seen = len(site.loaded.query(history))

    def since() -> list[tuple[Any, ...]]:
        nonlocal seen
        rows = site.loaded.query(history)[seen:]
        seen += len(rows)
        return rows

    return since


def left_on_s3(site: Site) -> list[str]:
    return [uri for uri, _ in site.engine.stand_in.s3.list(f"{site.root}/work")]


def few_files(folder: Path) -> None:
    for number in range(3):
        write(folder / f"song_data/A/{number}.json", track(song_id=f"SO{number}", artist_id=f"AR{number}"))
        write(folder / f"log_data/{number}.json", event(ts=number + 1), event(ts=number + 100))


def test_who_may_read_the_star_schema_only_can_do_so(site: Site, redshift: RedshiftStandIn) -> None:
    few_files(site.folder)
    site.load()
    redshift.as_superuser(
        "CREATE ROLE analyst",
        f"GRANT SELECT ON {', '.join(STAR_TABLES)} TO analyst",
        f"GRANT analyst TO {redshift.user}",
    )
    warehouse = connect(site.settings, read_only=True)
    warehouse.query("SET ROLE analyst")
    require_tables(warehouse)
    assert warehouse.query("SELECT COUNT(*) FROM songplays") == [(6,)]
    with pytest.raises(WarehouseError, match="permission denied"):
        warehouse.query("SELECT COUNT(*) FROM ledger")
    warehouse.close()


def test_hundreds_of_song_files_are_loaded_as_few_compressed_parts(site: Site, copies: Copies) -> None:
    simulate(SimulationOptions(songs=200, users=10, days=2), sink_for(str(site.folder)))
    loaded = site.load()
    (songs, _) = copies()
    assert songs[0].endswith("/song_data.manifest")
    assert songs[1:] == (1, 200)
    ((part,),) = loaded.query(
        "SELECT TRIM(filename) FROM stl_load_commits WHERE filename LIKE '%/song_data-%' ORDER BY query DESC"
        " LIMIT 1"
    )
    assert part.startswith(f"{site.root}/work/sparkify-staging/")
    assert part.endswith(".json.gz")
    assert left_on_s3(site) == []


@pytest.mark.thorough
def test_parts_are_of_similar_size_and_there_are_some_for_every_slice(site: Site, copies: Copies) -> None:
    site.settings = changed(site.settings, smallest_part_bytes=1000)
    simulate(SimulationOptions(songs=200, users=10, days=2), sink_for(str(site.folder)))
    loaded = site.load()
    (source, parts, rows), _ = copies()
    assert rows == 200
    assert redshift_parts.PARTS_WANTED <= parts <= 2 * redshift_parts.PARTS_WANTED
    folder = source.rpartition("/")[0]
    sizes = loaded.query(f"SELECT lines_scanned FROM stl_load_commits WHERE filename LIKE '{folder}/song%'")
    *most, _ = sorted((size for (size,) in sizes), reverse=True)
    assert max(most) < 1.3 * min(most)


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", ["bundled", "manifest"])
def test_only_new_files_are_loaded_where_there_is_a_work_prefix(site: Site, copies: Copies, way: str) -> None:
    few_files(site.folder)
    site.use(way)
    site.load()
    write(site.folder / "log_data/new.json", event(ts=7), event(ts=8), event(ts=9))
    copies()
    loaded = site.load()
    ((source, files, rows),) = copies()
    assert (files, rows) == (1, 3)
    assert source.endswith(".manifest")
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(9,)]
    assert left_on_s3(site) == []


def test_large_files_are_loaded_from_where_they_are(site: Site, copies: Copies) -> None:
    few_files(site.folder)
    plays = (event(ts=number, location="x" * 1000) for number in range(1000, 2100))
    write(site.folder / "log_data/large.json", *plays)
    site.use("bundled", bundle_below_mb=1)
    loaded = site.load()
    assert [(source.rpartition("/")[2], files, rows) for source, files, rows in copies()] == [
        ("song_data.manifest", 1, 3),
        ("log_data.manifest", 1, 6),
        ("log_data-direct.manifest", 1, 1100),
    ]
    assert loaded.query("SELECT uri FROM ledger WHERE records = 1100") == [
        (f"{site.root}/log_data/large.json",)
    ]
    scanned = "SELECT COUNT(*) FROM stl_load_commits WHERE filename = "
    assert loaded.query(f"{scanned}'{site.root}/log_data/large.json'") == [(1,)]


def test_by_prefix_copy_reads_the_folders_themselves_and_not_their_neighbours(
    site: Site, copies: Copies
) -> None:
    few_files(site.folder)
    site.engine.stand_in.s3.put(f"{site.root}/log_data_old/events.json", b'{"page": "Home"}')
    site.use("prefix")
    loaded = site.load()
    assert copies() == [(f"{site.root}/song_data/", 3, 3), (f"{site.root}/log_data/", 3, 6)]
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(6,)]


def test_by_prefix_whatever_changes_everything_is_loaded_again_in_one_transaction(
    site: Site, copies: Copies
) -> None:
    few_files(site.folder)
    site.use("prefix")
    site.load()
    copies()
    assert site.load().summary.outcome == "nothing new"
    write(site.folder / "log_data/1.json", event(ts=7))
    loaded = site.load()
    assert copies() == [(f"{site.root}/song_data/", 3, 3), (f"{site.root}/log_data/", 3, 5)]
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(5,)]


@pytest.mark.thorough
def test_a_file_loaded_directly_that_changes_makes_everything_be_loaded_again(site: Site) -> None:
    few_files(site.folder)
    site.use("manifest")
    site.load()
    write(site.folder / "log_data/1.json", event(ts=7))
    loaded = site.load()
    assert loaded.star == site.in_duckdb("same.duckdb").star
    assert loaded.query("SELECT is_full FROM runs ORDER BY run_id DESC LIMIT 1") == [(True,)]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_what_has_gone_from_the_source_is_not_lost_by_loading_everything_again(site: Site, way: str) -> None:
    few_files(site.folder)
    site.use(way)
    before = site.load().star
    (site.folder / "log_data/0.json").unlink()
    write(site.folder / "log_data/1.json", event(ts=7))
    said = "1 loaded file no longer exists at the source, with 2 records"
    with pytest.raises(WarehouseError, match=said) as caught:
        site.load()
    assert "can only be loaded together with everything else" in caught.value.message
    assert "WORK_PREFIX" in caught.value.hint
    assert site.loaded.star == before
    (lost,) = [plan.lost for plan in plan_etl(site.settings).values() if plan.lost]
    assert list(lost) == [f"{site.root}/log_data/0.json"]
    loaded = site.load(full=True, drop_missing=True)
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(3,)]
    runs = loaded.query("SELECT run_id, outcome FROM runs ORDER BY 1")
    assert runs == [(1, "loaded"), (2, "failed"), (3, "loaded")]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_the_runs_of_before_stay_where_everything_is_loaded_again(site: Site, way: str) -> None:
    few_files(site.folder)
    site.use(way)
    site.load()
    write(site.folder / "log_data/1.json", event(ts=7))
    assert site.load().query("SELECT run_id, is_full FROM runs ORDER BY 1") == [(1, True), (2, True)]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_a_file_that_has_lost_records_is_named_where_everything_is_loaded_again(site: Site, way: str) -> None:
    few_files(site.folder)
    log = write(site.folder / "log_data/1.json", *(event(ts=number) for number in range(100, 110)))
    site.use(way)
    site.load()
    write(log, *(event(ts=number) for number in range(100, 104)))
    named = f"{site.root}/log_data/1.json"
    assert site.load().summary.warnings == [
        f"log_data: 1 file has lost records since being loaded: {named} (held 10 records, holds 4)"
    ]
    write(log, "\n")
    with pytest.raises(SourceError, match=r"is empty now: .*/1\.json \(held 4 records\)"):
        site.load()
    assert site.load(allow_shrunk=True).summary.sources["log_data"].files > 1


def test_by_prefix_what_is_no_source_file_stops_the_run_before_copy_reads_it(site: Site) -> None:
    few_files(site.folder)
    write(site.folder / "log_data/notes.txt", "not for loading")
    site.use("prefix")
    with pytest.raises(SourceError, match=r"notes\.txt: no source file") as caught:
        site.load()
    assert "WORK_PREFIX" in caught.value.hint
    site.use("bundled")
    assert site.load().query("SELECT COUNT(*) FROM songplays") == [(6,)]


@pytest.mark.thorough
@pytest.mark.parametrize("way", WAYS)
def test_compressed_files_are_loaded_and_by_prefix_not_mixed_with_others(site: Site, way: str) -> None:
    simulate(SimulationOptions(songs=10, users=5, days=2, gzip=True), sink_for(str(site.folder)))
    site.use(way)
    if way != "prefix":
        write(site.folder / "song_data/A/plain.json", track())
    assert site.load().star == site.in_duckdb("same.duckdb").star
    if way == "prefix":
        write(site.folder / "song_data/A/plain.json", track())
        with pytest.raises(SourceError, match="some files are compressed and some not"):
            site.load()


class Meddler(NullProgress):
    """Changes an object once, when a step begins."""

    def __init__(self, step: str, change: Callable[[], None]) -> None:
        self._step, self._change = step, change
        self.begun: list[str] = []

    def step(self, name: str, *, files: int = 0, size: int = 0) -> Advance:
        self.begun.append(name)
        if name == self._step:
            self._change()
            self._step = ""
        return super().step(name, files=files, size=size)


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_changes_during_the_run_is_loaded_as_it_is_in_the_end(site: Site, way: str) -> None:
    few_files(site.folder)
    site.use(way)

    def change() -> None:
        site.engine.stand_in.s3.put(f"{site.root}/log_data/2.json", b"")
        write(site.folder / "log_data/1.json", event(ts=7))
        site.engine.publish(site.folder)

    meddler = Meddler("stage log_data", change)
    loaded = site.load(meddler)
    assert any(name.startswith("start again: ") for name in meddler.begun)
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(3,)]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_a_file_that_copy_has_read_in_another_version_is_told_by_its_etag(
    site: Site, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SYS_LOAD_DETAIL: file_etag. With as many records as before and no second listing, nothing else tells.
    monkeypatch.setattr(S3Source, "list_exactly", lambda _: pytest.fail("listed a second time"))
    few_files(site.folder)
    site.use(way)

    def change() -> None:
        write(site.folder / "log_data/1.json", event(ts=7), event(ts=8))
        site.engine.publish(site.folder)

    meddler = Meddler("stage log_data", change)
    loaded = site.load(meddler)
    assert any(name.startswith("start again: ") for name in meddler.begun)
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(6,)]


def test_what_a_killed_run_left_on_s3_is_removed_by_one_two_days_later(
    site: Site, redshift: RedshiftStandIn
) -> None:
    few_files(site.folder)
    old, new, other = (
        f"{site.root}/work/{name}" for name in ("sparkify-staging/1/a", "sparkify-staging/2/b", "mine/c")
    )
    for uri in (old, new, other):
        redshift.s3.put(uri, b"x")
    for uri in (old, other):
        age(redshift, uri, 49)
    site.load()
    assert left_on_s3(site) == [other, new]


def age(redshift: RedshiftStandIn, uri: str, hours: float) -> None:
    """Let an object have been written some hours ago, by the clock of S3."""
    then = time.time() - hours * 3600
    os.utime(redshift.s3_folder / uri.removeprefix("s3://"), (then, then))


def test_what_is_left_behind_is_told_by_the_clock_of_s3(
    site: Site, redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DaysAhead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "DaysAhead":
            return cls.fromtimestamp(time.time() + 3 * 86400, tz)

    few_files(site.folder)
    running = f"{site.settings.redshift.work_prefix}/sparkify-staging/running/part"
    redshift.s3.put(running, b"x")
    age(redshift, running, 47)
    monkeypatch.setattr(redshift_work, "datetime", DaysAhead)
    site.load()
    assert left_on_s3(site) == [running]


def test_old_parts_of_a_run_that_goes_on_writing_are_not_removed(
    site: Site, redshift: RedshiftStandIn
) -> None:
    few_files(site.folder)
    settings = site.settings
    with WorkFolder(settings.redshift.work_prefix, settings.aws) as work:
        first = work.put("part", b"x")
        age(redshift, first, 72)
        parts = [first, work.put("later", b"x")]
        site.load()
        assert set(parts) <= set(left_on_s3(site))
        assert work.get(first) == b"x"
    assert not left_on_s3(site)


def other_logs(site: Site) -> None:
    """A log of the usual kind, and one whose users are in an array."""
    few_files(site.folder)
    line = event(ts=5)
    line["who"] = {"id": [line.pop("userId")]}
    write(site.folder / "log_data/other.json", line)


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", ["bundled", "manifest"])
def test_jsonpaths_may_name_the_keys_of_other_logs_and_positions_where_files_are_bundled(
    site: Site, copies: Copies, way: str
) -> None:
    # COPY from JSON format: COPY fails where an array does not have a position, so these files are bundled.
    other_logs(site)
    site.put_jsonpaths(userId="$['who']['id'][0]")
    site.use(way, log_jsonpath=f"{site.root}/log_json_path.json")
    assert site.load(full=True).query("SELECT user_id FROM songplays") == [(73,)]
    assert copies()[-1][0].endswith("/log_data.manifest")


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ({"userId": "$['who']['id'][0]"}, "names array positions"),
        ({"userId": "$.userId"}, r"mixes \$\['key'\] and \$\.key"),
    ],
)
def test_jsonpaths_that_copy_can_not_read_are_refused_before_it_does(
    site: Site, copies: Copies, paths: dict[str, str], said: str
) -> None:
    other_logs(site)
    site.put_jsonpaths(**paths)
    site.use("prefix")
    with pytest.raises(SourceError, match=said) as caught:
        site.load()
    assert "WORK_PREFIX" in caught.value.hint
    assert not [source for source, *_ in copies() if "log_data" in source]


def test_empty_objects_below_the_prefix_that_tools_make_for_folders_are_no_matter(site: Site) -> None:
    few_files(site.folder)
    for marker in ("log_data/2018_$folder$", "song_data/empty"):
        site.engine.stand_in.s3.put(f"{site.root}/{marker}", b"")
    site.use("prefix")
    assert site.load().query("SELECT COUNT(*) FROM songplays") == [(6,)]


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_the_lines_of_files_that_copy_reads_are_told_by_redshift_and_not_read_a_second_time(
    serverless_engine: RedshiftEngine, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SYS_LOAD_DETAIL, on clusters and workgroups.
    def read_nothing(*_: object) -> None:
        raise AssertionError("a file was read")

    monkeypatch.setattr(redshift_direct, "RecordReader", read_nothing)
    site = Site.open(serverless_engine, tmp_path)
    few_files(site.folder)
    site.use(way)
    assert site.load().query("SELECT records FROM ledger ORDER BY uri") == [(2,)] * 3 + [(1,)] * 3
