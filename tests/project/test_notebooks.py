"""The notebooks, executed as Jupyter does: against moto, the Redshift stand-in, and DuckDB."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from sparkify.answers.questions import load_questions
from sparkify.config.settings import Settings
from sparkify.load.audits import load_audits
from sparkify.load.progress import NullProgress
from sparkify.sql import STAR_TABLES
from tests.standin.server import RedshiftStandIn
from tests.support.aws_account import CONFIG, MY_IP
from tests.support.aws_server import Account, aws_account
from tests.support.engines import DuckDBEngine, RedshiftEngine
from tests.support.leaks import ENVIRONMENT, traces, traces_in
from tests.support.notebooks import NOTEBOOKS, charts_of, execute, text_of
from tests.support.runs import run_etl

pytestmark = pytest.mark.slow

YES: dict[str, Any] = {"MY_ADDRESS": MY_IP, "I_AGREE_TO_PAY": True, "I_AGREE_TO_DELETE": True}


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs_and_as_anyone_would_run_it(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.read_text() == nbformat.writes(notebook) + "\n"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert set(cell.metadata) <= {"tags"}
        # Keys of AWS, passwords, and paths of one machine.
        assert not re.search(r"A[KS]IA[A-Z0-9]{16}|[Pp]assword\s*=|/home/|/Users/|/root/", cell.source)


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty AWS account on this machine."""
    with aws_account() as opened:
        yield opened


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A folder with a dwh.cfg."""
    (tmp_path / "dwh.cfg").write_text(CONFIG.format(type="multi-node"))
    return tmp_path


@pytest.mark.thorough
def test_one_notebook_creates_the_cluster_another_removes_all_of_it_and_neither_holds_a_secret(
    account: Account, configured: Path
) -> None:
    before = (configured / "dwh.cfg").read_text()
    account.cloudformation.steps_a_look = 20
    environment = {**account.environment(configured), **ENVIRONMENT}
    made = execute("create_infra.ipynb", configured, environment, **YES)
    shown = text_of(made)
    assert "about $1.09 per hour" in shown
    # Rehearsed before, and there afterwards.
    assert 0 < shown.index("create the role (AWS::IAM::Role)\n") < shown.index("role: create complete")
    assert f"open to {MY_IP} and nobody else" in shown
    (host,) = re.findall(r"^HOST=(music\..*)$", (configured / "dwh.cfg").read_text(), re.MULTILINE)
    assert f"the warehouse answers at {host}:5439" in shown
    gone = execute("delete_infra.ipynb", configured, environment, **YES)
    shown = text_of(gone)
    assert "role: delete complete" in shown
    assert shown.rstrip().endswith("Empty DataFrame\nColumns: []\nIndex: []")
    assert (configured / "dwh.cfg").read_text() == before
    assert ENVIRONMENT["SPARKIFY_DB_PASSWORD"] in unquote("".join(account.sent))
    assert traces(nbformat.writes(made) + nbformat.writes(gone)) + traces_in(configured) == []


@pytest.mark.thorough
def test_running_the_infra_notebooks_as_they_are_changes_nothing(account: Account, configured: Path) -> None:
    before = (configured / "dwh.cfg").read_text()
    environment = account.environment(configured)
    shown = text_of(execute("create_infra.ipynb", configured, environment, MY_ADDRESS=MY_IP))
    assert "nothing was created: I_AGREE_TO_PAY is False" in shown
    shown += text_of(execute("delete_infra.ipynb", configured, environment))
    assert "nothing was deleted: I_AGREE_TO_DELETE is False" in shown
    assert shown.count("Empty DataFrame") == 3
    assert not [body for body in account.sent if re.search("Action=(Execute|Authorize|Put)", body)]
    assert [it.status for it in account.cloudformation.stacks] == ["DELETE_COMPLETE"]  # of the rehearsal
    assert (configured / "dwh.cfg").read_text() == before


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "region", "said"),
    [
        ("create_infra.ipynb", {"AWS_DEFAULT_REGION": "us-west-2"}, "no AWS credentials"),
        ("delete_infra.ipynb", {}, "no AWS region"),
    ],
)
def test_every_cell_that_needs_aws_says_what_is_missing(
    name: str, region: dict[str, str], said: str, tmp_path: Path
) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SPARKIFY_"))}
    none = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    ran = execute(name, tmp_path, {**kept, **none, **region}, goes_on=True, MY_ADDRESS=MY_IP)
    errors = [output for cell in ran.cells for output in cell.get("outputs", ()) if "ename" in output]
    assert errors
    for error in errors:
        assert said in error.evalue
        assert len(error.traceback) == 1
    assert f"open to {MY_IP}" in text_of(ran) or name == "delete_infra.ipynb"
    assert re.search("nothing was (created|deleted): I_AGREE", text_of(ran))


def write_config(folder: Path, settings: Settings) -> None:
    """What a user would write to ask this warehouse."""
    lines = [f"[WAREHOUSE]\nDATABASE={settings.database}"]
    if settings.redshift.host:
        lines = [
            f"[CLUSTER]\nHOST={settings.redshift.host}\nDB_NAME={settings.redshift.db_name}\nDB_USER={settings.redshift.db_user}"
            f"\nDB_PASSWORD={settings.redshift.db_password}\nDB_PORT={settings.redshift.db_port}"
        ]
    (folder / "dwh.cfg").write_text("\n".join(lines) + "\n")


def columns_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows behind a chart."""
    (rows,) = spec["datasets"].values()
    return list(rows)


@pytest.mark.forms(1)
@pytest.mark.parametrize("name", ["duckdb", "redshift"])
def test_the_test_notebook_checks_and_charts_the_warehouse_on_either_engine(
    sample: Path, tmp_path: Path, request: pytest.FixtureRequest, name: str
) -> None:
    engine: DuckDBEngine | RedshiftEngine = DuckDBEngine(tmp_path)
    if name == "redshift":
        stand_in: RedshiftStandIn = request.getfixturevalue("redshift")
        engine = RedshiftEngine(stand_in)
    settings = engine.settings(sample)
    run_etl(settings, NullProgress())
    write_config(tmp_path, settings)
    # As Jupyter starts it: in its own folder, below the one with dwh.cfg.
    (tmp_path / "notebooks").mkdir()
    notebook = execute("test.ipynb", tmp_path / "notebooks", os.environ)
    shown = text_of(notebook)
    assert f"connected to {name}" in shown
    for table, rows in zip(STAR_TABLES, (6820, 97, 71, 69, 6813), strict=True):
        assert re.search(rf"^{table} +{rows}$", shown, re.MULTILINE)
    audits, questions = len(load_audits()), len(load_questions())
    assert f"{audits} audits looked for bad rows, {questions} questions were asked" in shown
    assert "failed" not in shown
    assert re.search(r"Chloe +Cuevas +11 +650", shown)
    daily, hourly, levels, cohorts = map(columns_of, charts_of(notebook))
    assert sum(row["plays"] for row in daily) == sum(row["plays"] for row in hourly) == 6820
    assert daily[0]["day"].startswith("2018-11-01")
    assert [(row["level"], row["plays"], row["share_percent"]) for row in levels] == [
        ("paid", 5591, 82.0),
        ("free", 1229, 18.0),
    ]
    assert {row["active_percent"] for row in cohorts if row["weeks_later"] == 0} == {100.0}


def test_a_notebook_stops_with_the_remedy_where_there_is_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError) as stopped:
        execute("test.ipynb", tmp_path, {**os.environ, "SPARKIFY_DATABASE": "nowhere.duckdb"})
    assert "nowhere.duckdb: no such database" in str(stopped.value)
    assert "load one first with: sparkify etl" in str(stopped.value)
    # One line, not the frames of the package.
    assert "in connect" not in str(stopped.value)
