"""The command line and the plain scripts against a cluster that dwh.cfg names."""

import json
import re
from pathlib import Path

import pytest

from sparkify.answers.questions import load_questions
from sparkify.cli.shell import Asking
from sparkify.config.loading import load_settings
from sparkify.errors import WarehouseError
from tests.support import commands
from tests.warehouse.redshift.support import Command, Site, drop_tables


@pytest.mark.thorough
def test_the_known_scripts_load_the_cluster_that_dwh_cfg_names(
    configured: Site, secret: tuple[str, ...]
) -> None:
    said = ""
    for script in ("create_tables.py", "etl.py"):
        done = commands.command(script=script, cwd=Path.cwd())
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        said += done.stderr
    assert "created the tables in localhost/dev" in said
    words = [line.split() for line in said.splitlines()]
    assert ["log_data", "1", "0", "3", "2", "1"] in words
    assert ["songplays", "2", "+2"] in words
    assert f"rejected: {configured.root}/log_data/a.json:3: not valid JSON" in said
    assert not any(word in said for word in secret)


def test_a_day_of_commands_on_a_cluster(configured: Site, sparkify: Command) -> None:
    code, out, err = sparkify("etl", "--dry-run")
    assert code == 0
    assert f"{configured.root}/log_data/a.json" in out
    assert sparkify("create-tables")[0] == 0
    code, out, err = sparkify("etl")
    assert (code, out) == (0, "")
    assert re.search(r"songplays +2 +\+2", err)
    assert "nothing new; all 2 files are loaded already" in sparkify("etl")[2]

    sql = "SELECT start_time, 'a % and a ?' AS text, NULL AS nothing FROM songplays ORDER BY 1"
    assert sparkify("query", sql, "--format", "csv")[1].splitlines() == [
        "start_time,text,nothing",
        "2018-11-29 00:00:57.796,a % and a ?,",
        "2018-11-29 00:00:57.797,a % and a ?,",
    ]
    code, out, err = sparkify("query", "DELETE FROM songplays")
    assert (code, out) == (2, "")
    assert "only reading is possible here" in err
    code, out, err = sparkify("query", "SELECT * FROM plays")
    assert code == 1
    assert 'relation "plays" does not exist' in err
    assert "the tables are: songplays" in err

    (level,) = json.loads(sparkify("questions", "plays_by_level", "--json")[1])
    assert (level["level"], level["plays"]) == ("paid", 2)
    code, out, err = sparkify("questions", "--all")
    assert code == 0, err
    assert all(question.title in out for question in load_questions())
    code, out, err = sparkify("check")
    assert code == 0, err

    words = [line.split() for line in sparkify("status")[1].splitlines()]
    assert ["songplays", "2"] in words
    assert any(line[:2] == ["log_data", "1"] and line[-3:] == ["3", "2", "1"] for line in words)
    assert any("redshift" in line for line in words)

    assert sparkify("report", "report.html")[0] == 0
    assert "Sydney Youngblood" in (configured.folder / "report.html").read_text()


def test_the_shell_asks_a_cluster_too(
    configured: Site, sparkify: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    del configured
    sparkify("etl")
    asking = Asking(load_settings(database="redshift"), limit=10)
    assert asking.columns()["users"] == ["user_id", "first_name", "last_name", "gender", "level"]
    asking.answer("SELECT COUNT(*) * 1000 AS n FROM songplays; SELECT level FROM users")
    asking.answer(r"\d time")
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("2,000", "paid", "weekday"))
    with pytest.raises(WarehouseError, match="does not exist"):
        asking.answer("SELECT nothing FROM users;")


def test_before_the_first_load_it_is_said_how_to_load(configured: Site, sparkify: Command) -> None:
    drop_tables(configured.settings)
    for command in (("questions", "top_songs"), ("check",), ("report", "x.html"), ("export", "out")):
        code, out, err = sparkify(*command)
        assert (code, out) == (1, ""), command
        assert "sparkify etl" in err, command
    status = sparkify("status")
    assert "sparkify etl" in status[1] + status[2]
    assert "song_data: 1 file to load" in sparkify("etl", "--dry-run")[2]
    assert sparkify("etl")[0] == 0
