"""Links in a folder of sources: they don't lead out of it, and what is opened is a file that lies in it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import SourceChangedError, SourceError
from sparkify.load.progress import NullProgress
from sparkify.reading.records import RecordReader
from sparkify.sources.local import MAX_TEXT_BYTES, LocalSource
from sparkify.sources.objects import LoadFile
from tests.support.builders import event, track, write
from tests.support.cli import Run, assert_fails
from tests.support.runs import plan_etl, run_etl

LINKS = {
    "to a file": {"log_data/x.json": "../../secrets/shadow"},
    "to a folder": {"log_data/x": "../../secrets"},
    "by an absolute path": {"log_data/x.json": "{root}/secrets/old.json"},
    "by way of another link": {"log_data/.inner": "../../secrets", "log_data/x.json": ".inner/old.json"},
    "to a folder with a name that begins alike": {"log_data/x": "../log_data_old"},
}


@pytest.fixture
def secrets(data: Path) -> Path:
    write(data.parent / "secrets/shadow", "root:$6$SALT$HASH:19000:0:99999:7:::")
    write(data.parent / "secrets/old.json", event(ts=2))
    write(data / "log_data_old/a.json", event(ts=2))
    return data.parent / "secrets"


def settings_of(data: Path, log_data: str = "log_data") -> Settings:
    return load_settings(
        None,
        {},
        song_data=str(data / "song_data"),
        log_data=str(data / log_data),
        database=str(data.parent / "w.duckdb"),
    )


@pytest.mark.forms(1)
@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("kind", LINKS)
def test_a_link_that_leads_out_of_the_folder_is_refused(run: Run, data: Path, kind: str) -> None:
    for place, target in LINKS[kind].items():
        (data / place).symlink_to(target.format(root=data.parent.resolve()))
    (link,) = [path for path in (data / "log_data").glob("x*") if path.is_symlink()]
    for options in ([], ["--dry-run"]):
        result = run("etl", "--max-reject-share", "1", *options)
        assert_fails(
            result, 1, f"error: {data.resolve()}/log_data/{link.name}: symbolic link to", "--follow-links"
        )
    assert not (data.parent / "sparkify.duckdb").exists()
    allowed = ["etl", "--max-reject-share", "1", "--follow-links"]
    assert run(*allowed).returncode == 0
    assert run(*allowed[:-1], SPARKIFY_FOLLOW_LINKS="true").returncode == 0


def test_links_that_stay_inside_are_followed_and_so_is_the_place_itself(data: Path) -> None:
    write(data / "log_data/releases/2/b.json", event(ts=2))
    (data / "log_data/current").symlink_to("releases/2")
    (data / "log_data/same.json").symlink_to(data / "log_data/releases/2/b.json")
    (data / "logs").symlink_to("log_data")
    (data / "one.json").symlink_to("log_data/releases/2/b.json")
    found = plan_etl(settings_of(data, "logs"))["log_data"].added
    logs = (data / "log_data").resolve()
    names = {Path(file.source.uri).relative_to(logs).as_posix() for file in found}
    assert names == {"events.json", "current/b.json", "releases/2/b.json", "same.json"}
    (one,) = plan_etl(settings_of(data, "one.json"))["log_data"].added
    assert one.source.uri == str((data / "log_data/releases/2/b.json").resolve())


# --- what takes the place of a file between listing and reading


def pipe(path: Path, secrets: Path) -> None:
    del secrets
    os.mkfifo(path)


def link(path: Path, secrets: Path) -> None:
    """A link to a file that looks the same, as far as listings tell."""
    listed = path.with_suffix(".moved").stat()
    victim = secrets / "old.json"
    os.truncate(victim, listed.st_size)
    os.utime(victim, ns=(listed.st_atime_ns, listed.st_mtime_ns))
    path.symlink_to(victim)


def folder_behind_a_link(path: Path, secrets: Path) -> None:
    link(path, secrets)
    path.unlink()
    (secrets / "old.json").rename(secrets / path.name)
    path.parent.rename(path.parent.with_name("moved"))
    path.parent.symlink_to(secrets)


@pytest.mark.parametrize("swap", [pipe, link, folder_behind_a_link])
def test_what_takes_the_place_of_a_file_after_the_listing_is_not_read(
    data: Path, secrets: Path, swap: Callable[[Path, Path], None]
) -> None:
    store = LocalSource(str(data))
    files = [LoadFile(number, item) for number, item in enumerate(store.list_objects())]
    events = next(file for file in files if file.source.uri.endswith("events.json"))
    path = Path(events.source.uri)
    path.rename(path.with_suffix(".moved"))
    swap(path, secrets)
    ((_, chunks),) = store.read([events], 1000)
    with pytest.raises(SourceChangedError, match="changed or disappeared"):
        list(chunks)


def test_a_file_that_becomes_a_pipe_does_not_hold_up_a_load(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(data)
    later = write(data / "log_data/later.json", event(ts=1))

    def swap(self: RecordReader) -> object:
        if later.is_file():
            later.unlink()
            os.mkfifo(later)
        return stream(self)

    stream = RecordReader.stream
    monkeypatch.setattr(RecordReader, "stream", swap)
    with pytest.raises(SourceError, match=r"later\.json: not a regular file"):
        run_etl(settings, NullProgress())


# --- the JSONPaths file, which nobody need have asked for


def test_a_jsonpaths_file_is_a_file_of_moderate_size(data: Path) -> None:
    beside = data / "log_json_path.json"
    settings = settings_of(data)
    os.mkfifo(beside)
    with pytest.raises(SourceError, match=r"log_json_path\.json: not a regular file"):
        run_etl(settings, NullProgress())
    beside.unlink()
    beside.symlink_to("/dev/zero")
    with pytest.raises(SourceError, match=r"log_json_path\.json: not a regular file"):
        run_etl(settings, NullProgress())
    beside.unlink()
    beside.write_bytes(b" " * (MAX_TEXT_BYTES + 1))
    with pytest.raises(SourceError, match=r"log_json_path\.json: larger than 1 MB"):
        run_etl(settings, NullProgress())
    beside.write_text('{"jsonpaths": ["' + "$" * 500_000 + '"' + ', "a"' * 17 + "]}")
    with pytest.raises(SourceError, match="path 1") as caught:
        run_etl(settings, NullProgress())
    assert len(caught.value.message) < 1000


def test_nor_is_a_song_read_from_a_place_that_is_a_device(run: Run, data: Path) -> None:
    write(data / "song_data/A/other.json", track(song_id="SO2"))
    (data / "log_data/zero.json").symlink_to("/dev/zero")
    assert_fails(run("etl"), 1, "zero.json: not a regular file", "remove it from the folder")
