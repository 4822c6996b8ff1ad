"""What ``sparkify doctor`` finds on DuckDB."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from sparkify.cli.app import run as run_here
from sparkify.config.owner import SECRETS
from sparkify.config.settings import TYPES
from sparkify.load.progress import NullProgress
from sparkify.system.locks import lock_holder
from tests.support.cli import data
from tests.support.killing import processes
from tests.support.results import valid
from tests.support.runs import run_etl
from tests.support.settings import settings_of

__all__ = ["data"]

Doctor = Callable[..., dict[str, Any]]


@pytest.fixture
def doctor(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    """Examines the folder of the test, and gives the result, in which findings are by check."""
    monkeypatch.chdir(tmp_path)
    (data / "log_data/events.json").write_text('{"page": "NextSong", "ts": 1, "sessionId": 1}\n')

    def examine(*arguments: str) -> dict[str, Any]:
        with pytest.raises(SystemExit) as left:
            run_here(["doctor", "--json", *arguments])
        result = valid(capsys.readouterr().out)
        assert result["exit_code"] == int(left.value.code or 0)
        return result | {"found": {each["check"]: each for each in result["checks"]}}

    return examine


def load(folder: Path, publish: str = "") -> None:
    places = {source: str(folder / "data" / source) for source in ("song_data", "log_data")}
    database = str(folder / "sparkify.duckdb")
    run_etl(settings_of(database=database, publish=publish, **places), NullProgress())


def test_a_warehouse_that_can_be_loaded_is_found_well_and_is_left_as_it_was(
    doctor: Doctor, tmp_path: Path
) -> None:
    result = doctor()
    assert (result["exit_code"], {each["state"] for each in result["checks"]}) == (0, {"ok"})
    assert not (tmp_path / "sparkify.duckdb").exists()
    load(tmp_path)
    before = (tmp_path / "sparkify.duckdb").read_bytes()
    found = doctor()["found"]
    assert "loaded by 1 run" in found["warehouse"]["message"]
    assert (tmp_path / "sparkify.duckdb").read_bytes() == before
    assert {"configuration", "versions", "song_data", "log_data", "in use", "disk"} <= found.keys()


def test_the_warehouse_itself_is_examined_and_not_its_copy(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "dwh.cfg").write_text("[WAREHOUSE]\nPUBLISH = readers.duckdb\n")
    load(tmp_path, publish=str(tmp_path / "readers.duckdb"))
    assert doctor()["found"]["warehouse"]["state"] == "ok"
    database = tmp_path / "sparkify.duckdb"
    whole, written = database.read_bytes(), database.stat()
    database.write_bytes(whole[: 3 * 4096] + bytes(len(whole) - 3 * 4096))
    os.utime(database, ns=(written.st_atime_ns, written.st_mtime_ns))  # as a disk damages it
    found = doctor()["found"]["warehouse"]
    assert found["state"] == "failed"
    assert "damaged" in found["message"]


def test_each_setting_says_where_it_comes_from_and_no_secret_is_told(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dwh.cfg").write_text("[WAREHOUSE]\nMAX_REJECTS = 7\n[CLUSTER]\nDB_PASSWORD = Geheim-1\n")
    (tmp_path / "dwh.cfg").chmod(0o600)
    for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"):
        monkeypatch.setenv(f"SPARKIFY_{name.upper()}", "Geheim-2")
    result = doctor("--database", "w.duckdb")
    assert "Geheim" not in json.dumps(result)
    settings = {each["setting"]: (each["value"], each["from"]) for each in result["settings"]}
    assert settings.keys() == TYPES.keys()
    assert settings["database"] == ("w.duckdb", "--database")
    assert settings["max_rejects"] == (7, "dwh.cfg: [WAREHOUSE] MAX_REJECTS")
    assert settings["memory_limit"] == ("1GB", "default")
    assert settings["aws_session_token"][1] == "the environment variable SPARKIFY_AWS_SESSION_TOKEN"
    assert {settings[name][0] for name in SECRETS} == {"(set)"}


@pytest.mark.parametrize(
    ("config", "check", "state", "said"),
    [
        ("[WAREHOUSE]\nMAX_REJECTS = many\n", "configuration", "failed", "not a whole number"),
        ("[WAREHOUSE]\nMAX_REJECT = 3\n", "configuration", "warning", "did you mean"),
        ("[S3]\nSONG_DATA = nowhere\n", "song_data", "failed", "no such file or folder"),
        ("[S3]\nLOG_JSONPATH = none.json\n", "log_jsonpath", "failed", "none.json"),
        ("[WAREHOUSE]\nDATABASE = no/w.duckdb\n", "warehouse", "failed", "does not exist"),
        ("[WAREHOUSE]\nDATABASE = data\n", "warehouse", "failed", "is a folder"),
        ("[WAREHOUSE]\nDATABASE = dwh.cfg\n", "warehouse", "failed", "not a DuckDB database"),
        ("[WAREHOUSE]\nPUBLISH = data\n", "publish", "failed", "is a folder"),
        ("[WAREHOUSE]\nPUBLISH = no/readers.duckdb\n", "publish", "failed", "does not exist"),
        ("[WAREHOUSE]\nMEMORY_LIMIT = 900TB\n", "memory", "warning", "available"),
    ],
)
def test_what_is_wrong_is_named_with_a_remedy(
    doctor: Doctor, tmp_path: Path, config: str, check: str, state: str, said: str
) -> None:
    (tmp_path / "dwh.cfg").write_text(config)
    result = doctor()
    found = next(each for each in result["checks"] if (each["check"], each["state"]) == (check, state))
    assert said in found["message"]
    assert found["hint"] or state == "warning"
    assert result["exit_code"] == (1 if state == "failed" else 0)


def test_too_little_disk_for_the_source_files_is_a_warning(doctor: Doctor, tmp_path: Path) -> None:
    with (tmp_path / "data/log_data/big.json").open("w") as file:
        file.truncate(10 * 2**40)  # sparse: it takes no space itself
    assert doctor()["found"]["disk"]["state"] == "warning"


def test_a_full_disk_is_a_warning_however_small_the_source_files(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    assert doctor()["found"]["disk"]["state"] == "warning"


@contextlib.contextmanager
def opened(path: Path, *, read_only: bool) -> Iterator[int]:
    """Another process has a database open meanwhile."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=_open, args=(str(path), read_only, theirs))
    process.start()
    assert ours.recv() == "open"
    try:
        yield process.pid or 0
    finally:
        ours.send("close")
        process.join()


def _open(path: str, read_only: bool, pipe: Connection) -> None:
    with duckdb.connect(path, read_only=read_only):
        pipe.send("open")
        pipe.recv()


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [True, False])
def test_who_has_the_warehouse_open_is_told(doctor: Doctor, tmp_path: Path, read_only: bool) -> None:
    load(tmp_path)
    with opened(tmp_path / "sparkify.duckdb", read_only=read_only) as process:
        result = doctor()
    found = result["found"]["in use"]
    assert (result["exit_code"], found["state"]) == (0, "warning")
    assert f"process {process}" in found["message"]
    assert "etl --wait" in found["hint"]
    assert lock_holder(tmp_path / "sparkify.duckdb") is None
