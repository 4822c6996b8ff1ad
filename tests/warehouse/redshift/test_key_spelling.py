"""Keys that are ours but for their spelling are named on each way to Redshift, even where only COPY reads."""

import gzip
import json

import pytest

from sparkify.errors import UnusableFilesError
from tests.support.builders import Record, event, track, write
from tests.warehouse.redshift.support import WAYS, Site


def user_id(record: Record) -> Record:
    """The record, as those spell it who like underscores."""
    return {"user_id" if key == "userId" else key: value for key, value in record.items()}


@pytest.fixture
def site_with_songs(site: Site) -> Site:
    write(site.folder / "song_data/A/song.json", track())
    return site


@pytest.mark.forms(2)
@pytest.mark.parametrize("form", ["plain", "gzip"])
@pytest.mark.parametrize("way", WAYS)
def test_half_of_the_records_in_another_spelling_are_seen(site_with_songs: Site, way: str, form: str) -> None:
    site = site_with_songs
    for number in range(30):
        record = event(ts=number, userId="7")
        line = json.dumps(user_id(record) if number >= 15 else record).encode()
        name = f"log_data/{number:02}.json"
        if form == "gzip":
            write(site.folder / f"{name}.gz", gzip.compress(line))
        else:
            write(site.folder / name, line)
    if form == "gzip" and way == "prefix":  # which takes no mixture
        (site.folder / "song_data/A/song.json").unlink()
        write(site.folder / "song_data/A/song.json.gz", gzip.compress(json.dumps(track()).encode()))
    site.use(way)
    (warning,) = (text for text in site.load().summary.warnings if "$[" in text)
    assert "have $['user_id'] in place of $['userId']; of 30 rows loaded, 15 have no user_id;" in warning


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", WAYS)
def test_records_below_one_key_fail_the_run_with_the_key_and_the_file_that_reads_them(
    site_with_songs: Site, way: str
) -> None:
    site = site_with_songs
    write(site.folder / "log_data/a.json", *({"event": event(ts=number)} for number in range(6)))
    site.use(way, max_reject_share=0.01)
    with pytest.raises(UnusableFilesError) as raised:
        site.load()
    message = raised.value.message
    assert 'log_data/a.json: the values of its records lie below the key "event"' in message
    assert "6 have $['event']['artist'] in place of $['artist']" in message
    site.engine.stand_in.s3.put(
        f"{site.root}/log_json_path.json", ("{" + message.partition(": {")[2].partition("\n")[0]).encode()
    )
    assert site.load().query("SELECT COUNT(*), COUNT(user_id) FROM songplays") == [(6, 6)]


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", WAYS)
def test_users_who_are_logged_out_are_nothing_to_speak_of(site_with_songs: Site, way: str) -> None:
    site = site_with_songs
    write(site.folder / "log_data/a.json", event(ts=1), event(ts=2, userId=""), event(ts=3, userId=None))
    site.use(way)
    summary = site.load().summary
    assert [text for text in summary.warnings + summary.notes if "$[" in text or "keys" in text] == []
