"""The wheel, in an environment that holds nothing but what it asks for, and no repository beside it."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify import __version__
from tests.support.commands import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="environments there look different")


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _build(ROOT, folder, "sdist")
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    _build(folder / sdist.name.removesuffix(".tar.gz"), folder, "wheel")
    return folder


def _build(source: Path, folder: Path, target: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), "-t", target]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def sparkify(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment with the wheel and what that requires, linked from this one's."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True, with_pip=False)
    install = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install"]
    subprocess.run([*install, "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (metadata,) = packages.glob("sparkify_warehouse-*.dist-info/METADATA")
    required = re.findall(r"(?m)^Requires-Dist: (.+)$", metadata.read_text(encoding="utf-8"))
    for name in _closure(required):
        for path in importlib.metadata.files(name) or ():
            top = path.parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(path.locate())).parents[len(path.parts) - 1] / top)
    return home / "bin/sparkify"


def _closure(required: list[str]) -> Iterator[str]:
    """The packages that these ask for without extras, and those that these ask for."""
    seen = set()
    while required:
        line = required.pop()
        (name,) = re.findall(r"^[\w.-]+", line)
        if "extra ==" in line or name in seen:
            continue
        try:
            required += importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system, or another Python
        seen.add(name)
        yield name


def run(sparkify: Path, folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sparkify, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.thorough
def test_from_the_wheel_alone_one_gets_from_nothing_to_answers(sparkify: Path, tmp_path: Path) -> None:
    run(sparkify, tmp_path, "simulate", "data", "--songs", "100", "--users", "20", "--days", "3")
    run(sparkify, tmp_path, "etl")
    assert "plays" in run(sparkify, tmp_path, "questions", "top_songs")
    run(sparkify, tmp_path, "report", "report.html")
    assert "<style" in (tmp_path / "report.html").read_text(encoding="utf-8")
    run(sparkify, tmp_path, "check")
    run(sparkify, tmp_path, "export", "out")
    assert (tmp_path / "out/_export.json").exists()


def test_the_wheel_brings_the_notebooks(sparkify: Path, tmp_path: Path) -> None:
    printed = run(sparkify, tmp_path, "notebooks", "mine")
    committed = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert printed.split() == [f"mine/{path.name}" for path in committed]
    for path in committed:
        assert (tmp_path / "mine" / path.name).read_bytes() == path.read_bytes()


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    source = ROOT / "src"
    here = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    here |= {f"sparkify/{path.relative_to(ROOT)}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == here


def test_the_sdist_holds_what_is_needed_to_test_it_and_no_data(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "Makefile", "tests/conftest.py", "requirements/dev.txt", "dwh.cfg.example"} <= names
    assert not [name for name in names if re.search(r"\.duckdb|\.parquet$|\.cfg$|\.env$|\.venv|\.whl$", name)]


def test_the_changelog_knows_this_version_and_has_the_form_of_keepachangelog_com() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"(?m)^## (.+)$", text)
    assert releases[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(__version__)}\] - 20\d\d-\d\d-\d\d", releases[1])
    kinds = set(re.findall(r"(?m)^### (.+)$", text))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no wheel for this system")
def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    assert HADOLINT
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_of_a_pinned_base_runs_as_nobody_special_and_copies_only_what_it_needs() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"(?m)^FROM (\S+)", text)
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base) for base in bases)
    assert len(set(bases)) == 1
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"(?m)^USER 10001$", last)
    assert "HEALTHCHECK" in last
    allowed = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"))
    for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", text):
        for name in line.split()[:-1]:
            assert name in allowed
            assert (ROOT / name).exists()
