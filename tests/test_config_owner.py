"""Whose a configuration file is: secrets in one that others can read are warned of."""

import stat
from pathlib import Path

import pytest

from sparkify.config import load_settings
from tests.cli_support import Run
from tests.cluster_support import CONFIG, World

SECRETS = {
    "a password": ("[CLUSTER]\nDB_PASSWORD=Passw0rd\n", "[CLUSTER] DB_PASSWORD"),
    "a password by another name": ("[dwh]\nDWH_DB_PASSWORD='Passw0rd'\n", "[dwh] DWH_DB_PASSWORD"),
    "a secret key": ("[AWS]\nKEY=AKIAEXAMPLE\nSECRET=very/secret\n", "[AWS] SECRET"),
    "a session token": ("[AWS]\nKEY=A\nSECRET=b\nTOKEN=c\n", "[AWS] SECRET, [AWS] TOKEN"),
}


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o664, 0o777])
@pytest.mark.parametrize(("text", "keys"), SECRETS.values(), ids=SECRETS)
def test_a_secret_in_a_file_that_others_can_read_is_warned_of(
    tmp_path: Path, text: str, keys: str, mode: int
) -> None:
    path = tmp_path / "my own.cfg"
    path.write_text(text)
    path.chmod(mode)
    (warning,) = load_settings(str(path), {}).warnings
    assert warning == (
        f"{path}: others on this machine can read it, and it holds {keys}; keep it to yourself with:"
        f" chmod 600 '{path}'"
    )
    path.chmod(0o600)
    assert load_settings(str(path), {}).warnings == ()


@pytest.mark.parametrize("text", ["[CLUSTER]\nDB_PASSWORD=\n", "[CLUSTER]\nHOST=h\n[AWS]\nKEY=AKIAEXAMPLE\n"])
def test_a_file_without_a_secret_may_be_read_by_everybody(tmp_path: Path, text: str) -> None:
    (tmp_path / "dwh.cfg").write_text(text)
    assert load_settings(str(tmp_path / "dwh.cfg"), {}).warnings == ()


def test_a_command_says_it_once_and_does_its_work(run: Run, data: Path, tmp_path: Path) -> None:
    config = tmp_path / "dwh.cfg"
    config.write_text("[CLUSTER]\nDB_PASSWORD=Passw0rd\n[WAREHOUSE]\nMAX_REJECT_SHARE=1\n")
    config.chmod(0o644)
    for name in ((), ("--config", "dwh.cfg")):
        done = run("etl", *name)
        assert (done.returncode, done.stderr.count("chmod 600 dwh.cfg")) == (0, 1), done.stderr
        assert done.stderr.startswith("warning: dwh.cfg: others on this machine can read it")
    assert data.is_dir()


def test_making_a_cluster_warns_of_the_file_that_it_writes_to_and_keeps_its_permissions(world: World) -> None:
    world.config.write_text(CONFIG.format(type="multi-node") + "[DB]\nDB_PASSWORD=Passw0rd\n")
    world.config.chmod(0o644)
    assert "it holds [DB] DB_PASSWORD; keep it to yourself" in world.create().err
    assert "HOST=sparkify." in world.config.read_text().replace("music.", "sparkify.")
    assert stat.S_IMODE(world.config.stat().st_mode) == 0o644
