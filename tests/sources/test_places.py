"""Where local sources may lie: URIs, deep folders, links, names; what can't be read is named."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.builders import event
from tests.support.cli import Run, assert_fails


def test_a_file_uri_names_a_file_of_this_machine(run: Run, data: Path) -> None:
    assert_fails(
        run("etl", "--song-data", f"file:/{data}/song_data"),
        1,
        "names the host",
        "a path on this machine has three slashes: file:///",
    )
    for host in ("", "localhost", "LOCALHOST"):
        uri = f"file://{host}{data}"
        result = run("etl", "--full", "--max-reject-share", "1", "--song-data", f"{uri}/song_data")
        assert result.returncode == 0, result.stderr


@pytest.fixture
def nested(data: Path) -> Iterator[Callable[[str, int], None]]:
    """Nests folders in log_data, and removes them again: pytest can't where they are this deep."""

    def nest(name: str, depth: int) -> None:
        descriptor = os.open(data / "log_data", os.O_RDONLY)
        for _ in range(depth):
            os.mkdir(name, dir_fd=descriptor)
            below = os.open(name, os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        os.close(descriptor)

    yield nest
    subprocess.run(["rm", "-r", str(data / "log_data")], check=True)


def test_deeply_nested_folders_are_read(run: Run, data: Path, nested: Callable[[str, int], None]) -> None:
    nested("a", 1500)
    (data / "log_data" / "/".join("a" * 1500) / "late.json").write_text(json.dumps(event(ts=1)))
    result = run("etl", "--max-reject-share", "1")
    assert result.returncode == 0, result.stderr
    assert ["songplays", "3", "+3"] in [line.split() for line in result.stderr.splitlines()]


def test_folders_nested_too_deeply_for_the_system_are_named(
    run: Run, data: Path, nested: Callable[[str, int], None]
) -> None:
    nested("a" * 200, 25)
    result = run("etl")
    assert_fails(result, 1, f"error: {data.resolve()}/log_data/aaa", "can't be listed: File name too long")
    assert len(result.stderr) < 2000


@pytest.mark.parametrize("target", [".", "..", "other"])
def test_a_link_that_leads_round_in_a_circle_is_named(run: Run, data: Path, target: str) -> None:
    (data / "log_data/2018").mkdir()
    (data / "log_data/2018/loop").symlink_to(".." if target == "other" else target)
    if target == "other":
        (data / "other").mkdir()
        (data / "other/back").symlink_to(data / "log_data")
        (data / "log_data/2018/loop").unlink()
        (data / "log_data/2018/loop").symlink_to(data / "other")
    assert_fails(
        run("etl", "--follow-links"), 1, "symbolic link to a folder that contains it", "remove the link"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_a_name_that_is_not_utf_8_is_named(run: Run, data: Path) -> None:
    Path(os.fsdecode(os.fsencode(data / "log_data") + b"/caf\xe9.json")).write_text("{}")
    assert_fails(run("etl"), 1, "caf\\xe9.json: its name is not UTF-8", "rename it")
