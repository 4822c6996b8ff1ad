"""Redshift (the stand-in) against DuckDB: the same files give the same rows, however they are loaded."""

import shutil
from pathlib import Path

import pytest

from sparkify.simulate import Settings, simulate, sink_for
from tests.redshift.support import Site, assert_equal, drop_what_copy_judges_otherwise


def test_the_sample_gives_the_same_tables_on_both_engines(site: Site, sample: Path) -> None:
    for name in ("song_data", "log_data"):
        shutil.copytree(sample / name, site.folder / name)
    site.load()
    assert_equal(site.state, site.state_in_duckdb())


def test_dirty_data_give_the_same_rows_and_rejects_on_both_engines(site: Site) -> None:
    simulate(Settings(songs=60, users=40, days=4, dirty=0.05), sink_for(str(site.folder)))
    loaded = site.load()
    state = site.state
    assert_equal(state, site.state_in_duckdb())
    assert len(state["songplays"]) > 200
    assert loaded.summary.sources["log_data"].rejected > 10


@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_what_copy_judges_itself_comes_out_the_same(site: Site, way: str) -> None:
    simulate(Settings(songs=30, users=20, days=2, dirty=0.05), sink_for(str(site.folder)))
    drop_what_copy_judges_otherwise(site.folder)
    site.use(way)
    loaded, other = site.load(), site.in_duckdb("same.duckdb")
    assert loaded.star == other.star
    # COPY has other words for the same reasons.
    places = [(name, line) for name, line, _, _ in loaded.rejects]
    assert places == [(name, line) for name, line, _, _ in other.rejects]
    assert places
    counts = "SELECT source, size, records, loaded, rejected FROM ledger ORDER BY uri"
    assert loaded.query(counts) == other.query(counts)
