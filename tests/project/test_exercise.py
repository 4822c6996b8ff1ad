"""The names that people who know the public exercise look for are there, and lead to what they expect."""

import re
import subprocess
import sys

import sql_queries

from tests.support.commands import ROOT


def test_the_files_of_the_exercise_are_at_the_root() -> None:
    for name in ("create_tables.py", "etl.py", "sql_queries.py", "create_cluster.py", "delete_cluster.py"):
        assert (ROOT / name).is_file()
    assert (ROOT / "dwh.cfg.example").is_file()
    assert list((ROOT / "notebooks").glob("*.ipynb"))


def test_requirements_txt_installs_what_make_installs_for_redshift() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (required,) = [line for line in lines if not line.startswith("#")]
    found = re.fullmatch(r"-r (requirements/\w+\.txt)", required)
    assert found
    assert (ROOT / found[1]).is_file()


def test_sql_queries_has_the_lists_of_the_exercise_and_says_where_each_statement_is() -> None:
    assert [re.findall(r"CREATE TABLE (\w+)", text)[0] for text in sql_queries.create_table_queries] == [
        re.findall(r"EXISTS (\w+);", text)[0] for text in sql_queries.drop_table_queries
    ]
    assert all("COPY" in text for text in sql_queries.copy_table_queries)
    assert all("INSERT INTO" in text or "SELECT" in text for text in sql_queries.insert_table_queries)
    command = [sys.executable, str(ROOT / "sql_queries.py")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    files = [line.partition(": ")[2] for line in said.splitlines()]
    assert len(files) == 14
    assert all((ROOT / name).is_file() for name in files)


def test_the_scripts_run_beside_the_requirements_alone_without_sparkify_installed() -> None:
    hide = (
        "import sys, runpy; sys.path = [p for p in sys.path if not p.endswith('/src')];"
        f"sys.argv = ['etl.py', '--help']; runpy.run_path({str(ROOT / 'etl.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", hide], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    assert "--log-data" in done.stdout
