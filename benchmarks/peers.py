"""The ways that are compared: what each is, how it is installed, checked and run.

A peer is a folder in ``peers``: ``peer.toml`` (title, package whose version is shown, what it leaves out),
``requirements.txt``, ``README.md`` and ``run.py DATA OUT``, which leaves its tables in OUT/warehouse.duckdb,
or in OUT/tables as Parquet or, by ``export.py OUT``, as CSV. Everything else there is what its user writes.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import CommandError, Runs, redacted, run_once

HERE = Path(__file__).parent
PEERS = HERE / "peers"
VENVS = HERE / ".venvs"
LEFT_OUT = ("rejects", "incremental", "exactly once", "repair", "audits")
"""What a way may leave out, in the order of the published table."""

OURS = "sparkify"
_COMMENTS = {".py": "#", ".sql": "--", ".yml": "#", ".cfg": "#"}
_NOT_WRITTEN = {"export.py"}  # for the comparison alone


class PeerError(Exception):
    """A peer could not be installed, did not run, or gave other tables; the message says why."""


@dataclass(frozen=True)
class Peer:
    """One way from the files to the five tables.

    Attributes:
        name: as ``--peers`` takes it.
        title: as people read it.
        folder: what it consists of; None is this project itself.
        arguments: for run.py, after DATA and OUT.
        package: the library whose version is shown.
        leaves_out: some of LEFT_OUT.
        schema: where its tables are in OUT/warehouse.duckdb.
        is_slice: it is too slow for the whole of the data.
        also_counts: files outside its folder that its user has to write, too.
    """

    name: str
    title: str
    folder: Path | None = None
    arguments: tuple[str, ...] = ()
    package: str = ""
    leaves_out: tuple[str, ...] = ()
    schema: str = "main"
    is_slice: bool = False
    also_counts: tuple[Path, ...] = field(default=())

    @property
    def lines(self) -> int:
        """Lines that a user has to write: neither blank nor comments."""
        if self.folder is None:
            return 0
        return sum(count_lines(path) for path in _written(self.folder, *self.also_counts))

    def python(self) -> str:
        """The interpreter that runs it."""
        if self.folder is None:
            return sys.executable
        return str(VENVS / self.folder.name / "bin" / "python")

    def command(self, data: Path, out: Path) -> list[str]:
        """What loads the data of a folder."""
        if self.folder is None:
            return [
                *(sys.executable, "-m", "sparkify", "etl", "--database", f"{out}/warehouse.duckdb"),
                *("--song-data", f"{data}/song_data", "--log-data", f"{data}/log_data"),
            ]
        return [self.python(), str(self.folder / "run.py"), str(data), str(out), *self.arguments]


def read_peers(folder: Path = PEERS) -> list[Peer]:
    """This project first, then all peers by name, variants after what they vary."""
    peers = [Peer(OURS, "Sparkify Warehouse (this project)", package="sparkify-warehouse")]
    for path in sorted(folder.glob("*/peer.toml")):
        about = tomllib.loads(path.read_text(encoding="utf-8"))
        shared: dict[str, Any] = {
            "folder": path.parent,
            "package": about["package"],
            "leaves_out": tuple(about["leaves_out"]),
            "schema": about.get("schema", "main"),
            "is_slice": about.get("slice", False),
            "also_counts": tuple((path.parent / other).resolve() for other in about.get("also_counts", ())),
        }
        peers.append(Peer(path.parent.name, about["title"], **shared))
        for variant, more in about.get("variants", {}).items():
            peers.append(Peer(f"{path.parent.name}_{variant}", more["title"], arguments=(variant,), **shared))
    return peers


def count_lines(path: Path) -> int:
    """The lines of a file that are neither blank nor comments nor its docstring."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = re.sub(r'\A""".*?"""', "", text, flags=re.DOTALL)
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and not line.startswith(_COMMENTS[path.suffix]) for line in lines)


def _written(*paths: Path) -> Iterator[Path]:
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.suffix in _COMMENTS and file.name not in _NOT_WRITTEN)


def install(peer: Peer) -> None:
    """Make the peer's environment, where there is none yet for its requirements.

    Raises:
        PeerError: with the reason.
    """
    if peer.folder is None:
        return
    requirements = peer.folder / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    venv = VENVS / peer.folder.name
    stamp = venv / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [peer.python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "-r", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        raise PeerError("could not be installed: " + redacted(errors[-1][7:] if errors else "pip failed"))
    stamp.write_text(wanted)


def version(peer: Peer) -> str:
    """The version of the package that a peer is about."""
    ask = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    done = subprocess.run(
        [peer.python(), "-c", ask, peer.package], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def run(peer: Peer, data: Path, out: Path, runs: Runs) -> None:
    """Load the data of a folder into an emptied one, and take the time.

    Raises:
        PeerError: it did not get through.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        run_once(peer.command(data, out), runs)
    except CommandError as error:
        raise PeerError(f"did not run: {redacted(str(error))}") from None


def export(peer: Peer, out: Path) -> Path:
    """The folder with a peer's tables as Parquet or CSV, untimed.

    Raises:
        PeerError: there are none.
    """
    tables, warehouse = out / "tables", out / "warehouse.duckdb"
    if warehouse.exists():
        ask = [sys.executable, str(HERE / "tables.py"), "export", str(warehouse), peer.schema, str(tables)]
    elif peer.folder is not None and (peer.folder / "export.py").exists():
        ask = [peer.python(), str(peer.folder / "export.py"), str(out)]
    else:
        return tables
    _tool(ask, "left no tables")
    return tables


def check(ours: Path, theirs: Path) -> None:
    """Compare two folders of tables.

    Raises:
        PeerError: they differ.
    """
    _tool([sys.executable, str(HERE / "tables.py"), "compare", str(ours), str(theirs)], "gave other tables")


def _tool(command: list[str], complaint: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [""]
        raise PeerError(f"{complaint}: {redacted(lines[-1])}")
