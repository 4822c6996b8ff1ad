import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SPARKIFY = Path(sys.executable).with_name("sparkify")
SMALL = ("--songs", "30", "--users", "40", "--days", "2")


def _simulate(*arguments: str | Path, file_limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.run(
        [SPARKIFY, "simulate", *arguments], capture_output=True, text=True, check=False, preexec_fn=limit
    )


def test_simulate_writes_a_folder_and_tells_on_stderr_what(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    done = _simulate(out, *SMALL)
    assert (done.returncode, done.stdout) == (0, "")
    totals = json.loads((out / "_manifest.json").read_text())["totals"]
    assert f"{totals['log']['records']} events in 2 log files" in done.stderr
    assert "30 songs" in done.stderr
    assert "days: 2 of 2" in done.stderr
    assert {path.name for path in out.iterdir()} == {
        *("song_data", "log_data", "log_json_path.json", "_manifest.json")
    }


@pytest.mark.forms(3)
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--songs", "0"), "--songs 0"),
        (("--users", "-1"), "--users -1"),
        (("--days", "0"), "--days 0"),
        (("--songs", "10", "--artists", "11"), "--artists 11"),
        (("--dirty", "1"), "--dirty 1"),
        (("--dirty", "-0.1"), "--dirty -0.1"),
        (("--dirty", "nan"), "--dirty nan"),
        (("--start", "1066-10-14"), "--start 1066-10-14"),
        (("--start", "yesterday"), "--start 'yesterday' is not a day"),
        (("--start", "2018"), "--start '2018' is not a day"),
        (("--days", "many"), "--days"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    done = _simulate(tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    done = _simulate(tmp_path, *SMALL)
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert "name a new folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.thorough
def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file" in _simulate(tmp_path / "file", *SMALL).stderr
    below = _simulate(tmp_path / "file" / "out", *SMALL)
    assert below.returncode == 1
    assert "can't write to" in below.stderr


def test_an_address_of_another_kind_is_refused_and_not_taken_for_a_folder() -> None:
    done = _simulate("gs://bucket/data", *SMALL)
    assert done.returncode == 2
    assert "gs://bucket/data" in done.stderr
    assert "s3://bucket/prefix" in done.stderr


@pytest.mark.thorough
def test_running_out_of_space_is_told_in_one_line_with_the_file(tmp_path: Path) -> None:
    done = _simulate(tmp_path / "out", *SMALL, file_limit=20_000)
    assert done.returncode == 1
    assert "-events.json: File too large" in done.stderr
    assert "finish with the same command" in done.stderr
    assert "Traceback" not in done.stderr
