"""What is installed is what requirements/ pins; what is made stays out of the repository and others' eyes."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sparkify.system.extras import PACKAGES
from tests.support.builders import event, track, write
from tests.support.commands import ROOT

pytestmark = pytest.mark.slow

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(path: Path) -> dict[str, str]:
    """The versions that a file pins, by package; each has hashes, and nothing else is in the file."""
    found = {}
    text = re.sub(r"(?m)^ *#.*\n", "", path.read_text(encoding="utf-8")).replace("\\\n", "")
    for line in text.splitlines():
        pin = re.fullmatch(r"([\w.-]+)==([\w.!+]+)(?: ; [^#]*?)?((?: +--hash=sha256:[0-9a-f]{64})+)", line)
        assert pin, f"{path.name}: {line}"
        found[pin[1]] = pin[2]
    return found


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_a_version_with_hashes_and_no_address(path: Path) -> None:
    assert pins(path)
    assert "://" not in path.read_text(encoding="utf-8")


def test_all_files_pin_the_same_versions() -> None:
    versions: dict[str, set[str]] = {}
    for path in REQUIREMENTS:
        for name, version in pins(path).items():
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("extra", PROJECT["project"]["optional-dependencies"])
def test_what_an_extra_needs_is_pinned_and_has_a_target(extra: str) -> None:
    pinned = pins(ROOT / "requirements" / f"{extra}.txt")
    for needed in PROJECT["project"]["optional-dependencies"][extra]:
        assert re.match(r"[\w.-]+", needed)[0] in pinned  # type: ignore[index]
    assert re.search(rf"(?m)^{extra}: \.venv/{extra}\.stamp", MAKEFILE)
    assert pins(ROOT / "requirements/run.txt").items() <= pinned.items()


def test_pip_itself_and_what_pins_are_pinned() -> None:
    assert pins(ROOT / "requirements/pip.txt").keys() == {"pip"}
    assert pins(ROOT / "requirements/lock.txt").keys() == {"uv"}
    install = MAKEFILE.index("$(INSTALL_PINNED) -r requirements/pip.txt")
    assert install < MAKEFILE.index("$(INSTALL_PINNED) -r requirements/run.txt")


def test_make_installs_wheels_with_known_hashes_and_this_project_without_asking_for_more() -> None:
    assert re.search(
        r"(?m)^INSTALL_PINNED := \$\(PIP_INSTALL\) --require-hashes --only-binary :all:$", MAKEFILE
    )
    recipes = [line.strip() for line in MAKEFILE.splitlines() if line.startswith("\t")]
    assert [line for line in recipes if "pip install" in line] == []
    assert [line for line in recipes if "$(PIP_INSTALL)" in line] == [
        "$(PIP_INSTALL) --no-deps --no-build-isolation -e ."
    ]
    for line in recipes:
        if "$(INSTALL_PINNED)" in line:
            assert re.fullmatch(r"\$\(INSTALL_PINNED\) -r (requirements/\w+\.txt|\$<)", line)


def test_what_is_to_be_installed_beside_a_wheel_is_what_the_extras_bring() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    for extra, packages in PACKAGES.items():
        assert f"\n{extra}: " in MAKEFILE
        named = {re.split(r"[\[>]", line)[0] for line in extras[extra]}
        assert named <= set(packages.split()), extra


@pytest.mark.thorough
@pytest.mark.parametrize("folder", ["", "docs", "notebooks", "src"])
def test_nobody_is_told_to_install_an_extra_without_pins(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".ipynb", ".py")]
    if not folder:
        files = list(ROOT.glob("*.md"))
    for path in files:
        assert not re.search(r"pip install +-e|pip install .*\[", path.read_text(encoding="utf-8")), path


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize(
    "name",
    [
        *("dwh.cfg", "prod.cfg", "old/dwh-2018.cfg", ".env"),
        *("sparkify.duckdb", "w.duckdb.wal", "w.duckdb.tmp/duckdb_temp_storage-0.tmp", "sub/w.duckdb"),
        *("data/log_data/a.json", "data2/song_data/a.json", "report.html", "november.html"),
        *("out/_export.json", "some/export/users/data_0.parquet"),
    ],
)
def test_nothing_that_is_made_gets_into_the_repository_by_accident(name: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    ignored = subprocess.run(["git", "-C", tmp_path, "check-ignore", "-q", name], check=False)
    assert ignored.returncode == 0


WITH_UMASK = """\
import os, sys
os.umask(int(sys.argv[1]))
from sparkify.cli.app import run
for arguments in (["etl"], ["report", "r.html"], ["export", "out"], ["simulate", "made", "--songs", "1"]):
    try:
        run(arguments)
    except SystemExit as ended:
        assert not ended.code, arguments
"""
"""Several commands in one process."""


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask")
@pytest.mark.parametrize("umask", [0o077, 0o027, 0o022])
def test_who_may_read_what_is_written_says_the_umask(umask: int, tmp_path: Path) -> None:
    write(tmp_path / "data/song_data/song.json", track())
    write(tmp_path / "data/log_data/a.json", event())
    before = set(tmp_path.rglob("*"))
    subprocess.run([sys.executable, "-c", WITH_UMASK, str(umask)], cwd=tmp_path, check=True)
    made = set(tmp_path.rglob("*")) - before
    assert {path.name for path in made} >= {"sparkify.duckdb", "r.html", "_export.json", "made"}
    wrong = {path: oct(path.stat().st_mode) for path in made if path.stat().st_mode & umask}
    assert wrong == {}
    # And no less: who shares a group's folder has a reason.
    assert {path for path in made if not path.stat().st_mode & 0o400} == set()
    assert ((tmp_path / "r.html").stat().st_mode | umask) & 0o777 == 0o666 | umask
