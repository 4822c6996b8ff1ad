"""Bad records: what COPY says of them reaches staging_rejects and people; too many of them change nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify.errors import SparkifyError, TooManyRejectsError
from sparkify.sql import create_table
from sparkify.warehouse.redshift import copy
from tests.support.builders import event, track, write
from tests.support.engines import RedshiftEngine
from tests.warehouse.redshift.support import WAYS, Site

STRAIGHT = ("manifest", "prefix")


@pytest.fixture(params=["cluster", "workgroup"])
def dirty(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """Two files with bad records between good ones, on a cluster and on a workgroup."""
    folder = tmp_path / "site"
    write(folder / "song_data/A/song.json", track())
    write(folder / "log_data/a.json", event(ts=1), '{"ts": 2, "page"', event(ts="soon"), event(ts=4))
    write(folder / "log_data/b.json", event(ts=5), event(ts=6, sessionId=None), event(ts=7))
    if request.param == "cluster":
        return Site.open(request.getfixturevalue("redshift_engine"), folder)
    return Site.open(request.getfixturevalue("serverless_engine"), folder)


REJECTS = [
    ("a.json", 2, "Invalid value.", '{"ts": 2, "page"'),
    ("a.json", 3, "ts: Invalid timestamp format or value", '"ts": "soon"'),
    ("b.json", 2, "session_id: Missing data for not-null field", '"sessionId": null'),
]


@pytest.mark.forms(2)
@pytest.mark.parametrize("way", STRAIGHT)
def test_what_copy_refuses_is_in_staging_rejects_with_file_line_column_reason_and_text(
    dirty: Site, way: str
) -> None:
    dirty.use(way)
    loaded = dirty.load()
    found = loaded.rejects
    assert [(name, line) for name, line, _, _ in found] == [(name, line) for name, line, _, _ in REJECTS]
    for (_, _, reason, raw), (_, _, expected, part) in zip(found, REJECTS, strict=True):
        assert expected in reason
        assert part in raw
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(4,)]
    assert loaded.query("SELECT records, loaded, rejected FROM ledger ORDER BY uri") == [
        (4, 2, 2),
        (3, 2, 1),
        (1, 1, 0),
    ]
    assert loaded.summary.rejects[0][0] == f"{dirty.root}/log_data/a.json"


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", WAYS)
def test_more_bad_records_than_allowed_change_nothing_and_are_named(
    redshift_engine: RedshiftEngine, tmp_path: Path, way: str
) -> None:
    site = Site.open(redshift_engine, tmp_path)
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1))
    site.use(way)
    before = site.load().star
    # Whatever MAXERROR could be made of the files' sizes, here it is below the number of bad records.
    bad = [event(ts="soon") for _ in range(99)]
    write(tmp_path / "log_data/b.json", event(ts=2), *bad)
    site.use(way, max_reject_share=0.0001)
    with pytest.raises(TooManyRejectsError) as caught:
        site.load()
    assert f"{site.root}/log_data/b.json:2: ts: " in caught.value.message
    assert "nothing was changed" in caught.value.message
    assert "--max-reject-share" in caught.value.hint
    assert site.loaded.star == before
    assert site.loaded.rejects == []


@pytest.mark.thorough
@pytest.mark.parametrize("way", STRAIGHT)
def test_a_share_is_of_the_records_and_not_of_what_maxerror_lets_pass(
    redshift_engine: RedshiftEngine, tmp_path: Path, way: str
) -> None:
    site = Site.open(redshift_engine, tmp_path)
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json", *(event(ts=number) for number in range(98)), *[event(ts="no")] * 2)
    site.use(way, max_reject_share=0.0199)
    with pytest.raises(TooManyRejectsError, match="2 of 100 records") as caught:
        site.load()
    assert "Invalid timestamp" in caught.value.message
    site.use(way, max_reject_share=0.0201)
    assert site.load().summary.sources["log_data"].rejected == 2


def test_a_record_that_redshift_refuses_though_it_looked_good_is_a_reject_of_its_own_line(
    redshift_engine: RedshiftEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if a column of the warehouse were narrower than the engine takes it to be.
    def narrow(table: str, engine: str) -> str:
        return create_table(table, engine).replace("    artist VARCHAR(65535)", "    artist VARCHAR(17)")

    monkeypatch.setattr("sparkify.warehouse.schema.create_table", narrow)
    site = Site.open(redshift_engine, tmp_path)
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json", event(ts=1), "", event(ts=2, artist="A" * 18), event(ts=3))
    write(tmp_path / "log_data/b.json", event(ts=4))
    loaded = site.load()
    ((name, line, reason, raw),) = loaded.rejects
    assert (name, line, reason) == ("a.json", 3, "artist: String length exceeds DDL length")
    assert "A" * 18 in raw
    assert loaded.query("SELECT COUNT(*) FROM songplays") == [(3,)]
    site.use(max_reject_share=0.1)
    with pytest.raises(TooManyRejectsError, match=r"log_data/a\.json:3: artist: String length exceeds"):
        site.load(full=True)


@pytest.fixture
def late(redshift_engine: RedshiftEngine) -> Iterator[None]:
    """System views whose rows appear half a second after a COPY."""
    cluster = redshift_engine.stand_in.cluster
    cluster.late_s = 0.5
    yield
    cluster.late_s = 0


@pytest.mark.thorough
@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("way", WAYS)
def test_what_the_system_views_tell_late_is_waited_for(site: Site, way: str) -> None:
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1), event(ts="soon"), event(ts=3))
    site.use(way)
    assert [(name, line) for name, line, *_ in site.load().rejects] == [("a.json", 2)]
    site.use(way, max_reject_share=0)
    with pytest.raises(TooManyRejectsError, match=r"a\.json:2: ts"):
        site.load(full=True)


@pytest.mark.forms(1)
@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("share", [0, 1])
def test_what_the_system_views_do_not_tell_in_time_is_no_mistake_of_this_software(
    site: Site, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(copy, "SYSTEM_VIEWS_SECONDS", 0)
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1), event(ts="soon"), event(ts=3))
    site.use("prefix", max_reject_share=share)
    with pytest.raises(SparkifyError, match="SYS_LOAD_ERROR_DETAIL") as caught:
        site.load()
    assert "bug" not in caught.value.hint
    assert site.loaded.query("SELECT COUNT(*) FROM songplays") == [(0,)]


@pytest.mark.thorough
def test_a_file_that_is_not_what_its_name_says_is_named(
    redshift_engine: RedshiftEngine, tmp_path: Path
) -> None:
    site = Site.open(redshift_engine, tmp_path)
    write(tmp_path / "song_data/A/song.json", track())
    write(tmp_path / "log_data/a.json.gz", event(ts=1))
    site.use("manifest")
    with pytest.raises(SparkifyError) as caught:
        site.load()
    assert "a.json.gz" in caught.value.message
