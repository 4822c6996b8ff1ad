"""Whose a configuration file is: of others none is used, and secrets that others can read are warned of."""

import grp
import os
import pwd
import stat
import threading
from pathlib import Path

import pytest

from sparkify.config import owner as config_owner
from sparkify.config.loading import load_settings
from tests.support.aws_account import CONFIG, World
from tests.support.cli import Run, assert_fails

pytestmark = pytest.mark.slow

SECRETS = {
    "a password": ("[CLUSTER]\nDB_PASSWORD=Passw0rd\n", "[CLUSTER] DB_PASSWORD"),
    "a password by another name": ("[dwh]\nDWH_DB_PASSWORD='Passw0rd'\n", "[dwh] DWH_DB_PASSWORD"),
    "a secret key": ("[AWS]\nKEY=AKIAEXAMPLE\nSECRET=very/secret\n", "[AWS] SECRET"),
    "a session token": ("[AWS]\nKEY=A\nSECRET=b\nTOKEN=c\n", "[AWS] SECRET, [AWS] TOKEN"),
}


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o646, 0o777])
@pytest.mark.parametrize(("text", "keys"), SECRETS.values(), ids=SECRETS)
def test_a_secret_in_a_file_that_others_can_read_is_warned_of(
    tmp_path: Path, text: str, keys: str, mode: int
) -> None:
    path = tmp_path / "my own.cfg"
    path.write_text(text)
    path.chmod(mode)
    (warning,) = load_settings(str(path), {}).warnings
    assert warning == (
        f"{path}: other users can read it, and it contains {keys}; restrict it with: chmod 600 '{path}'"
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
        assert done.stderr.startswith("warning: dwh.cfg: other users can read it")
    assert data.is_dir()


def test_making_a_cluster_warns_of_the_file_that_it_writes_to_and_keeps_its_permissions(world: World) -> None:
    world.config.write_text(CONFIG.format(type="multi-node") + "[DB]\nDB_PASSWORD=Passw0rd\n")
    world.config.chmod(0o644)
    assert "it contains [DB] DB_PASSWORD; restrict it" in world.create().err
    assert "HOST=sparkify." in world.config.read_text().replace("music.", "sparkify.")
    assert stat.S_IMODE(world.config.stat().st_mode) == 0o644


# --- a dwh.cfg that was found, and is somebody else's

NOBODY = 65534


@pytest.fixture
def found(data: Path, tmp_path: Path) -> Path:
    """A dwh.cfg in the working directory, with which a load succeeds."""
    assert data.is_dir()
    path = tmp_path / "dwh.cfg"
    path.write_text("[WAREHOUSE]\nMAX_REJECT_SHARE=1\n")
    path.chmod(0o600)
    return path


@pytest.mark.forms(1)
@pytest.mark.parametrize("mode", [0o602, 0o646, 0o666, 0o777])
def test_a_found_file_that_others_can_change_is_used_only_when_it_is_named(
    run: Run, found: Path, mode: int
) -> None:
    found.chmod(mode)
    for command in (("etl",), ("status",), ("create-tables", "--yes"), ("cluster", "create", "--dry-run")):
        assert_fails(
            run(*command),
            2,
            "dwh.cfg: other users can change it, so it is used only if named explicitly",
            "chmod go-w dwh.cfg",
            "--config dwh.cfg",
        )
    assert [path.name for path in found.parent.glob("*.duckdb")] == []
    assert run("etl", "--config", "dwh.cfg").returncode == 0
    found.chmod(0o644)
    assert run("etl").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_a_found_file_of_another_user_is_used_only_when_it_is_named(run: Run, found: Path) -> None:
    os.chown(found, NOBODY, NOBODY)
    for script in ("", "etl.py", "create_tables.py"):
        refused = run(*(() if script else ("status",)), script=script)
        assert_fails(
            refused, 2, f"dwh.cfg: belongs to another user (uid {NOBODY})", "--config dwh.cfg", "chown"
        )
    assert run("etl", "--config", "dwh.cfg").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give links to others")
def test_so_is_a_link_of_another_user_to_a_file_of_ones_own(run: Run, found: Path) -> None:
    own = found.rename(found.with_name("prod.cfg"))
    found.symlink_to(own)
    assert run("etl").returncode == 0
    os.chown(found, NOBODY, NOBODY, follow_symlinks=False)
    assert_fails(run("status"), 2, "dwh.cfg: belongs to another user")


def test_a_found_file_that_is_a_pipe_or_a_device_holds_nothing_up(run: Run, found: Path) -> None:
    found.unlink()
    os.mkfifo(found, 0o600)
    assert_fails(run("status"), 2, "dwh.cfg: not a regular file", "--config FILE")
    found.unlink()
    found.symlink_to("/dev/zero")
    assert_fails(run("status"), 2, "dwh.cfg: not a regular file")


def test_a_named_file_may_come_through_a_pipe(run: Run, found: Path) -> None:
    pipe = found.with_name("pipe.cfg")
    os.mkfifo(pipe, 0o600)
    writer = threading.Thread(target=lambda: pipe.write_text(found.read_text()))
    writer.start()
    assert run("etl", "--config", "pipe.cfg").returncode == 0
    writer.join()


def test_a_group_of_ones_own_is_nobody_else(tmp_path: Path) -> None:
    user = pwd.getpwuid(os.getuid())
    group = grp.getgrgid(user.pw_gid)
    if group.gr_name != user.pw_name or set(group.gr_mem) - {user.pw_name}:
        pytest.skip("this user has no group of one's own")
    path = tmp_path / "dwh.cfg"
    path.write_text("[CLUSTER]\nDB_PASSWORD=Passw0rd\n")
    path.chmod(0o660)
    os.chown(path, user.pw_uid, user.pw_gid)
    assert config_owner.readers_warning(path, path.stat(), ["[CLUSTER] DB_PASSWORD"]) == ""
    config_owner.require_own(path, path.stat())
