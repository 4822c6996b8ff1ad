"""What programs get: a result as one JSON object, logs as JSON lines, and exit codes for timers."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import event, track, write
from tests.support.cli import Run, data
from tests.support.results import valid

pytestmark = pytest.mark.slow

__all__ = ["data"]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("data")
def test_a_run_gives_all_that_it_says_as_one_object(run: Run) -> None:
    done = run("etl", "--json", "--max-reject-share", "1")
    result = valid(done.stdout)
    assert (done.returncode, result["exit_code"], result["reason"]) == (0, 0, None)
    assert (result["run"], result["outcome"]) == (1, "loaded")
    assert result["sources"]["log_data"] == {
        "files": 1,
        "known": 0,
        "records": 3,
        "loaded": 2,
        "rejected": 1,
    }
    assert result["tables"]["songplays"] == {"rows": 2, "new": 2}
    assert result["events"]["plays"] == 2
    ((file, line, reason),) = (tuple(each.values()) for each in result["rejects"])
    assert (Path(file).name, line, reason) == ("events.json", 3, "not valid JSON")
    assert {each["audit"] for each in result["audits"]} >= {"songplays_unique", "levels_known"}
    assert [each["step"] for each in result["steps"]][-1] == "commit"
    assert "transform" in done.stderr


def test_a_run_that_fails_says_why_in_the_same_object(run: Run, data: Path) -> None:
    done = run("etl", "--json")
    result = valid(done.stdout)
    assert (done.returncode, result["exit_code"], result["outcome"]) == (1, 1, "failed")
    assert result["reason"]["kind"] == "TooManyRejects"
    assert result["reason"]["message"] in done.stderr
    assert result["run"] is None  # there was nowhere to write it
    (data / "log_data/events.json").write_text(json.dumps(event()))
    assert valid(run("etl", "--json").stdout)["run"] == 1
    write(data / "log_data/more.json", "{broken")
    again = valid(run("etl", "--json", "--quiet").stdout)
    assert (again["run"], again["outcome"]) == (2, "failed")
    wrong = run("etl", "--json", "--config", "nowhere.cfg")
    result = valid(wrong.stdout)
    assert (wrong.returncode, result["exit_code"], result["reason"]["kind"]) == (2, 2, "Usage")
    assert result["database"] is None


@pytest.mark.thorough
@pytest.mark.usefixtures("data")
def test_status_check_and_runs_give_objects_too(run: Run) -> None:
    missing = run("status", "--json")
    assert (missing.returncode, valid(missing.stdout)["exit_code"]) == (1, 1)
    run("etl", "--max-reject-share", "1")
    run("etl", "--max-reject-share", "1", "--log-data", "nowhere")
    status = valid(run("status", "--json").stdout)
    assert status["tables"]["songplays"] == 2
    assert status["newest_event"] == "2018-11-29T00:00:57.797Z"
    assert [each["outcome"] for each in status["runs"]] == ["failed", "loaded"]
    check = run("check", "--json")
    assert {each["result"] for each in valid(check.stdout)["audits"]} == {"passed"}
    one = valid(run("runs", "1", "--json").stdout)
    assert [Path(each["file"]).name for each in one["files"]] == ["events.json", "song.json"]
    failed = valid(run("runs", "2", "--json").stdout)
    assert failed["notes"][0]["severity"] == "error"
    assert "nowhere" in failed["run"]["reason"]
    listed = json.loads(run("runs", "--json").stdout)
    assert [each["run"] for each in listed] == [2, 1]
    # People see what tells files apart, and nothing about what did not happen.
    seen = run("runs", "1").stdout
    assert [line.split()[1::2] for line in seen.splitlines() if "…/" in line] == [
        ["…/events.json", "3", "1"],
        ["…/song.json", "1", "0"],
    ]
    assert "left_out" not in seen
    text = run("runs", "2").stdout
    assert "failed" in text
    assert "nowhere" in text
    assert "nothing new" not in run("runs").stdout
    assert run("runs", "77").returncode == 2


def test_a_log_can_be_json_line_by_line(run: Run, data: Path) -> None:
    write(data / "log_data/odd.json", event(ts=1543449657799, level="gold"))
    done = run("etl", "--log-format", "json", "--max-reject-share", "1", SPARKIFY_DTABASE="x")
    said = lines(done.stderr)
    assert done.stdout == ""
    assert {each["event"] for each in said} == {"configuration", "step", "reject", "warning", "end"}
    assert all(each.keys() >= {"time", "run", "level"} for each in said)
    assert {each["run"] for each in said if each.get("step", "").startswith("transform")} == {1}
    assert said[-1]["outcome"] == "loaded"
    failed = run("etl", "--log-format", "json", "--log-data", "nowhere")
    last = lines(failed.stderr)[-1]
    assert failed.returncode == 1
    assert (last["level"], last["event"], last["run"]) == ("error", "failed", 2)
    assert last["hint"]


@pytest.mark.thorough
def test_a_quiet_log_says_of_which_run_it_is(run: Run, data: Path) -> None:
    write(data / "log_data/odd.json", event(ts=1543449657799, level="gold"))
    done = run("etl", "--log-format", "json", "--quiet", "--max-reject-share", "1")
    assert {(each["event"], each["run"]) for each in lines(done.stderr)} == {("reject", 1), ("warning", 1)}


def test_a_quiet_run_says_what_somebody_should_look_at_and_nothing_else(run: Run, data: Path) -> None:
    loud = run("etl", "--quiet", "--max-reject-share", "1")
    assert "1 record was rejected" in loud.stderr
    assert "transform" not in loud.stderr
    write(data / "log_data/more.json", event(ts=1543449657799))
    good = run("etl", "-q")
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    write(data / "log_data/bad.json", "{broken")
    assert run("etl", "--quiet").stderr.startswith("error: ")


@pytest.mark.usefixtures("data")
def test_lines_of_a_log_begin_with_the_time_and_the_run(run: Run) -> None:
    import re

    done = run("etl", "--max-reject-share", "1")
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ run 1 stage log_data", done.stderr, re.MULTILINE)


@pytest.mark.usefixtures("data")
def test_a_timer_can_demand_something_new(run: Run) -> None:
    assert run("etl", "--require-new", "--max-reject-share", "1").returncode == 0
    again = run("etl", "--require-new", "--json")
    result = valid(again.stdout)
    assert (again.returncode, result["exit_code"], result["outcome"]) == (1, 1, "nothing new")
    assert (result["reason"]["kind"], result["run"]) == ("NothingNew", 2)
    assert "nothing new" in again.stderr


@pytest.mark.thorough
@pytest.mark.usefixtures("data")
def test_status_fails_over_data_that_is_too_old(run: Run) -> None:
    run("etl", "--max-reject-share", "1")
    old = run("status", "--max-age", "26h")
    assert old.returncode == 1
    assert "days old" in old.stderr
    assert "at most 26.0 hours are allowed" in old.stderr
    assert "songplays" in old.stdout
    assert run("status", "--max-age", "90000d").returncode == 0
    assert run("status", "--max-age", "soon").returncode == 2


def test_the_environment_can_name_the_configuration(run: Run, tmp_path: Path, data: Path) -> None:
    write(
        tmp_path / "etc/prod.cfg",
        "[WAREHOUSE]\nDATABASE=prod.duckdb\nMAX_REJECT_SHARE=1\n"
        f"[S3]\nSONG_DATA={data / 'song_data'}\nLOG_DATA={data / 'log_data'}\n",
    )
    done = run("etl", SPARKIFY_CONFIG=str(tmp_path / "etc/prod.cfg"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etc/prod.duckdb").exists()
    write(tmp_path / "other.cfg", "[WAREHOUSE]\nDATABASE=other.duckdb\n")
    named = run("status", "--config", "other.cfg", SPARKIFY_CONFIG=str(tmp_path / "etc/prod.cfg"))
    assert "other.duckdb: no such database" in named.stderr
    missing = run("status", SPARKIFY_CONFIG="nowhere.cfg")
    assert missing.returncode == 2
    assert "nowhere.cfg" in missing.stderr


HOLD = """\
import duckdb, sys
held = duckdb.connect("sparkify.duckdb")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.thorough
def test_a_run_waits_as_long_as_it_is_told_to_and_then_says_who_is_there(
    run: Run, tmp_path: Path, data: Path
) -> None:
    run("etl", "--max-reject-share", "1")
    write(data / "log_data/more.json", event(ts=1543449657799), track())
    (data / "log_data/more.json").write_text(json.dumps(event(ts=1543449657799)))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        busy = run("etl", "--wait", "0.1", "--json")
        assert busy.returncode == 1
        assert valid(busy.stdout)["reason"]["kind"] == "Busy"
        assert f"in use by process {holder.pid}" in busy.stderr
        threading.Timer(1, holder.stdin.close).start()
        done = run("etl", "--wait", "500")
        assert done.returncode == 0, done.stderr
        assert f"wait: sparkify.duckdb: in use by process {holder.pid}" in done.stderr
