"""All ways on the same files: checked first, then timed in turn."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import peers
from measure import Runs
from peers import OURS, Peer, PeerError
from pipeline import describe, simulate

_CHECKED = ("--users", "60", "--songs", "500")


@dataclass
class Contestant:
    """A peer in a race: what it took so far, or why it is not in it."""

    peer: Peer
    runs: Runs = field(default_factory=Runs)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "name": self.peer.name,
            "title": self.peer.title,
            "version": "" if self.reason.startswith("could not be installed") else peers.version(self.peer),
            "package": self.peer.package,
            "lines": self.peer.lines,
            "leaves_out": list(self.peer.leaves_out),
            "is_slice": self.peer.is_slice,
            "reason": self.reason,
            **self.runs.as_dict(),
        }


def race(
    folder: Path, data: Path, part: Path, rounds: int, budget: float, wanted: Sequence[str]
) -> dict[str, Any]:
    """Check and time this project and its peers.

    Args:
        folder: for what they make.
        data: the files that are loaded.
        part: fewer files, for those which are too slow for all of them.
        rounds: how often each runs at most.
        budget: seconds that all rounds of a way may take together, the first apart.
        wanted: names of peers; nothing is all of them. This project is always among them.
    """
    chosen = [peer for peer in peers.read_peers() if not wanted or peer.name in {*wanted, OURS}]
    contestants = [Contestant(peer) for peer in chosen]
    checked = simulate(folder / "checked", *_CHECKED)
    for one in contestants:
        _say(f"checking {one.peer.title}")
        with _excused(one):
            peers.install(one.peer)
            _load(one.peer, checked, folder, Runs())
            peers.check(_tables(folder, OURS), _tables(folder, one.peer.name))
    for number in range(rounds):
        for one in contestants:
            if one.reason or (number and one.runs.median * (number + 1) > budget):
                continue
            files, out = part if one.peer.is_slice else data, folder / "out" / one.peer.name
            with _excused(one):
                peers.run(one.peer, files, out, one.runs)
                _say(f"round {number + 1}: {one.peer.title}: {one.runs.seconds[-1]:.1f} s")
    _check_what_was_timed(contestants, folder, part)
    shutil.rmtree(folder / "out", ignore_errors=True)
    return {
        "data": describe(data),
        "slice": describe(part),
        "contestants": [one.as_dict() for one in contestants],
    }


def _check_what_was_timed(contestants: list[Contestant], folder: Path, part: Path) -> None:
    """Compare the tables of the last round: those of all files, and those of the slice."""
    for is_slice in (False, True):
        if is_slice:
            peers.run(contestants[0].peer, part, folder / "out" / OURS, Runs())
        peers.export(contestants[0].peer, folder / "out" / OURS)
        for one in contestants[1:]:
            if one.peer.is_slice == is_slice and not one.reason:
                with _excused(one):
                    peers.export(one.peer, folder / "out" / one.peer.name)
                    peers.check(_tables(folder, OURS), _tables(folder, one.peer.name))


def _load(peer: Peer, data: Path, folder: Path, runs: Runs) -> None:
    out = folder / "out" / peer.name
    peers.run(peer, data, out, runs)
    peers.export(peer, out)


def _tables(folder: Path, name: str) -> Path:
    return folder / "out" / name / "tables"


@contextmanager
def _excused(one: Contestant) -> Iterator[None]:
    """Note why a peer is out of the race, and let the others go on; this project itself has no excuse."""
    try:
        yield
    except PeerError as error:
        if one.peer.name == OURS:
            raise SystemExit(f"sparkify {error}") from None
        one.reason = str(error)
        _say(f"{one.peer.title} {error}")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
