"""Sessions that only read, on the stand-in for Redshift: every statement runs in one transaction."""

from pathlib import Path

import pytest

from sparkify.cli.app import run
from sparkify.config.settings import Settings
from sparkify.errors import WarehouseError
from sparkify.warehouse.opening import connect
from tests.standin.server import RedshiftStandIn
from tests.support.engines import RedshiftEngine, environment_of


@pytest.fixture
def settings(redshift: RedshiftStandIn, tmp_path: Path) -> Settings:
    return RedshiftEngine(redshift).settings(tmp_path)


def test_a_statement_with_an_error_does_not_spoil_the_next(settings: Settings) -> None:
    warehouse = connect(settings, read_only=True)
    with pytest.raises(WarehouseError, match="no_such_column"):
        warehouse.select("SELECT no_such_column FROM songplays")
    assert warehouse.select("SELECT COUNT(*) AS plays FROM songplays") == (["plays"], [(0,)])
    with pytest.raises(WarehouseError, match="read-only"):
        warehouse.select("DELETE FROM songplays")
    warehouse.close()


@pytest.fixture
def environment(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the commands find the stand-in."""
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.mark.forms(2)
@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("command", [("questions", "--all"), ("check",), ("report",), ("status",)])
def test_the_commands_that_only_read_need_to_write_nothing(command: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as end:
        run(list(command))
    assert end.value.code == 0
