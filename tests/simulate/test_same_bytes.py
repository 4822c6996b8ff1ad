import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulate.reading import Simulation

# What these arguments give, on any machine and with any version of any library. It may change only
# together with the simulator, on purpose.
ARGUMENTS = ("--songs", "300", "--users", "200", "--days", "6", "--seed", "7", "--dirty", "0.02")
PINNED = "ca596476ea777b84172cadd14aecf6d82ba4679ef0e34e0ff202d22f91439063"


def _digest(folder: Path) -> str:
    """Of all names and contents but the manifest's, which names the version."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.json")):
        if path.name != "_manifest.json":
            digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes(clean: Simulation, run: Callable[..., Simulation]) -> None:
    again = run(songs=500, users=400, days=10)
    assert _digest(again.folder) == _digest(clean.folder)
    assert (again.folder / "_manifest.json").read_bytes() == (clean.folder / "_manifest.json").read_bytes()


def test_another_seed_gives_other_data(clean: Simulation, run: Callable[..., Simulation]) -> None:
    other = run(songs=500, users=400, days=10, seed=2)
    names = [{event["artist"] for event in simulation.events()} for simulation in (clean, other)]
    assert len(names[0] & names[1]) < 0.2 * len(names[0])
    assert not set(clean.paths("song")) & set(other.paths("song"))


def test_the_bytes_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    elsewhere = os.environ | {"TZ": "Asia/Kolkata", "LC_ALL": "C", "PYTHONHASHSEED": "11"}
    sparkify = Path(sys.executable).with_name("sparkify")
    subprocess.run([sparkify, "simulate", tmp_path / "out", *ARGUMENTS], env=elsewhere, check=True)
    assert _digest(tmp_path / "out") == PINNED


@pytest.mark.thorough
def test_compressed_files_hold_what_plain_ones_do(dirty: Simulation, run: Callable[..., Simulation]) -> None:
    compressed = run(songs=500, users=400, days=10, dirty=0.05, gzip=True)
    assert [path.removesuffix(".gz") for path in compressed.paths("log")] == dirty.paths("log")
    assert [path.removesuffix(".gz") for path in compressed.paths("song")] == dirty.paths("song")
    for path in dirty.paths("log") + dirty.paths("song"):
        content = (compressed.folder / f"{path}.gz").read_bytes()
        assert gzip.decompress(content) == (dirty.folder / path).read_bytes()
    assert compressed.manifest["expected"] == dirty.manifest["expected"]
