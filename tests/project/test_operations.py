"""docs/operations.md: each recipe is run, or held against the program that it is for."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.main import get_command

from sparkify.cli.app import app
from tests.support.builders import event, track, write
from tests.support.commands import ROOT

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
HOME = "/srv/sparkify"
SCHEDULERS = ROOT / "tests/project/schedulers"
NOON = 1_542_196_800_000
"""Of 14 November 2018."""
DAYS = [f"data/log_data/2018/11/2018-11-{day}-events.json" for day in (15, 16)]


def recipes(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE)


PLACES = "[WAREHOUSE]\nDATABASE=sparkify.duckdb\n[S3]\nSONG_DATA=data/song_data\nLOG_DATA=data/log_data\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """What the page calls /srv/sparkify: the command, a configuration, and two days of data."""
    site = tmp_path / "site"
    (site / ".venv/bin").mkdir(parents=True)
    (site / "test").mkdir()
    called = site / ".venv/bin/sparkify"
    called.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT / "src"}" exec "{sys.executable}" -m sparkify "$@"\n', encoding="utf-8"
    )
    called.chmod(0o755)
    for folder in (site, site / "test"):
        (folder / "dwh.cfg").write_text(PLACES, encoding="utf-8")
    write(site / "data/song_data/song.json", track())
    for number, day in enumerate(DAYS, 1):
        write(site / day, *(event(ts=NOON + 86_400_000 * number + play) for play in range(3)))
    return site


def sh(site: Path, script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run lines of a shell, with nothing in the environment but what cron gives."""
    bare = {"HOME": str(site), "LOGNAME": "sparkify", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["/bin/sh", "-euc", script],
        cwd=site,
        env={**bare, "PATH": f"{site / '.venv/bin'}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def plays(site: Path, database: str = "sparkify.duckdb") -> int:
    with duckdb.connect(str(site / database), read_only=True) as warehouse:
        ((count,),) = warehouse.sql("SELECT COUNT(*) FROM songplays").fetchall()
    return int(count)


def test_no_recipe_is_longer_than_fifteen_lines() -> None:
    found = [text for kind in ("crontab", "ini", "yaml", "python", "sh") for text in recipes(kind)]
    assert len(found) == PAGE.count("```") / 2
    assert max(len(text.splitlines()) for text in found) <= 15


def test_every_command_and_option_of_the_page_exists() -> None:
    calls = re.findall(r"sparkify(?:\"|'|,| )+((?:[a-z-]+[\"', ]+)*(?:--?[\w-]+[^\n`|]*)?)", PAGE)
    assert len(calls) > 10
    for call in calls:
        words = re.findall(r"[\w.-]+", call.split("&&")[0])
        group = get_command(app)
        context = group.make_context("sparkify", [], resilient_parsing=True)
        while words and hasattr(group, "get_command") and (inner := group.get_command(context, words[0])):
            group, words = inner, words[1:]
        known = {name for each in group.params for name in each.opts}
        assert {word for word in words if word.startswith("--")} <= known, call


def test_the_line_for_cron_says_nothing_but_what_somebody_should_look_at(site: Path) -> None:
    (crontab,) = recipes("crontab")
    line = crontab.splitlines()[-1]
    schedule = re.fullmatch(r"((?:\S+ ){5})(.*)", line)
    assert schedule
    assert "%" not in schedule[2]  # which cron takes for the end of a line
    command = schedule[2].replace(HOME, str(site))
    first = sh(site, command, PATH="/usr/bin:/bin")
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    again = sh(site, command, PATH="/usr/bin:/bin")
    assert again.returncode == 1
    assert "nothing new" in again.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    service, timer = recipes("ini")
    command = tmp_path / "sparkify"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    units = [tmp_path / "sparkify.service", tmp_path / "sparkify.timer"]
    for text, is_good in ((timer, True), (timer.replace("*-*-*", "nightly"), False)):
        units[0].write_text(service.replace(f"{HOME}/.venv/bin/sparkify", str(command)))
        units[1].write_text(text)
        verify = ["systemd-analyze", "verify", *map(str, units)]
        done = subprocess.run(verify, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == is_good, done.stderr
        assert not is_good or "sparkify.service:" not in done.stderr


def test_the_workflow_is_one_that_zizmor_finds_nothing_in(tmp_path: Path) -> None:
    (text,) = recipes("yaml")
    assert yaml.safe_load(text)["jobs"]["load"]["steps"]
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor has no wheel for this platform")
    (tmp_path / ".github/workflows").mkdir(parents=True)
    for name, more in (("good", ""), ("bad", '      - run: echo "${{ github.event.issue.title }}"\n')):
        workflow = tmp_path / f".github/workflows/{name}.yml"
        workflow.write_text(text + more, encoding="utf-8")
        done = subprocess.run([zizmor, "--offline", workflow], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (name == "good"), done.stdout + done.stderr


def test_the_recipes_in_python_are_python() -> None:
    airflow, dagster = recipes("python")
    for text in (airflow, dagster):
        compile(text, "docs/operations.md", "exec")


@pytest.mark.thorough
def test_what_is_restored_from_a_backup_knows_what_it_lacks(site: Path) -> None:
    backup, restore, *_ = recipes("sh")
    late, day = site / "late.json", site / DAYS[1]
    day.rename(late)
    assert sh(site, backup).returncode == 0
    late.rename(day)
    (site / "sparkify.duckdb").write_bytes(b"broken")
    (site / "sparkify.duckdb.wal").write_bytes(b"of the broken one")
    done = sh(site, restore)
    assert done.returncode == 0, done.stderr
    assert plays(site) == 6


@pytest.mark.thorough
def test_old_events_can_be_let_go(site: Path) -> None:
    *_, prune, _ = recipes("sh")
    done = sh(site, f"sparkify etl\n{prune}")
    assert done.returncode == 0, done.stderr
    assert "note: pruned 1 event from before 2018-11-16; 2 others of that time stay" in done.stderr
    assert plays(site) == 6


@pytest.mark.thorough
def test_a_day_can_be_loaded_again_and_taken_back(site: Path) -> None:
    _, _, again, undo, *_ = recipes("sh")
    for text in ("sparkify etl", again):
        done = sh(site, text)
        assert done.returncode == 0, done.stderr
        assert "nothing new" not in done.stderr
        assert plays(site) == 6
    done = sh(site, undo)
    assert (done.returncode, plays(site)) == (0, 3), done.stderr
    assert "nothing new" in sh(site, "sparkify etl").stderr


@pytest.mark.thorough
def test_two_environments_have_nothing_in_common(site: Path) -> None:
    *_, environments = recipes("sh")
    done = sh(site, environments)
    assert done.returncode == 0, done.stderr
    assert not (site / "sparkify.duckdb").exists()
    assert plays(site, "test/sparkify.duckdb") > 6  # those of test/data, not of data


def environment_of(scheduler: str) -> Path:
    """The Python of an environment with a scheduler, made once below build/."""
    folder = ROOT / "build/schedulers" / scheduler
    needed = SCHEDULERS / f"{scheduler}.txt"
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_bytes() != needed.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
        subprocess.run([*pip, "-r", str(needed)], check=True)
        shutil.copy(needed, stamp)
    return folder / "bin/python"


def in_scheduler(python: Path, *arguments: str, **environment: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, *arguments], env=kept | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_airflow_imports_the_dag_and_its_commands_run(site: Path, tmp_path: Path) -> None:
    dag, said = tmp_path / "dag.py", tmp_path / "said.json"
    dag.write_text(recipes("python")[0].replace(HOME, str(site)), encoding="utf-8")
    script = str(SCHEDULERS / "read_dag.py")
    in_scheduler(environment_of("airflow"), script, str(dag), str(said), AIRFLOW_HOME=str(tmp_path / "home"))
    found = json.loads(said.read_text(encoding="utf-8"))
    assert (found["errors"], found["dags"]) == ({}, ["sparkify"])
    assert found["tasks"]["load"]["then"] == ["fresh"]
    assert {task["cwd"] for task in found["tasks"].values()} == {str(site)}
    assert sh(site, found["tasks"]["load"]["command"]).returncode == 0
    assert "days old" in sh(site, found["tasks"]["fresh"]["command"]).stderr  # the data are of 2018


@pytest.mark.long
def test_dagster_materializes_the_asset(site: Path, tmp_path: Path) -> None:
    recipe = recipes("python")[1].replace(HOME, str(site))
    begun = "run = dg.materialize([songplays]).asset_materializations_for_node('songplays')[0]"
    told = "print({name: each.value for name, each in run.metadata.items()})"
    assert_good = "assert run.metadata['run'].value == 1 and run.metadata['new'].value > 0"
    script = tmp_path / "recipe.py"
    script.write_text("\n".join([recipe, begun, told, assert_good]), encoding="utf-8")
    in_scheduler(environment_of("dagster"), str(script), DAGSTER_HOME="")
    assert plays(site) > 0
