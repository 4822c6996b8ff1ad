"""Dirty files: how many of their records does each way account for, and what becomes of the others?

Every way runs as it is written, on the same simulated files: plain, and with the logs in gzip. How many
records these hold is counted line by line, and must be what the simulator says that it wrote. What a way has
done is counted in what it leaves behind, even if its run failed.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peers
from forms import DIRTY, compressed
from measure import redacted
from peers import HERE, OURS, Peer, PeerError
from pipeline import simulate

_USERS = "1300"
"""Have some 100,000 events in a month. Counting takes no more of them."""

_LONGEST = 160
"""Characters of a message that are shown."""

_COLOR = re.compile(r"\x1b\[[\d;]*m")
_NAMES_AN_ERROR = re.compile(r"(?:[\w ]*error|\w+(?:\.\w+)+): ", re.IGNORECASE)


def count_accounts(folder: Path, wanted: Sequence[str]) -> dict[str, Any]:
    """Let all ways load the dirty files, and count what they account for.

    Args:
        folder: for the files, and for what is made of them.
        wanted: names of peers; nothing is all of them. This project is always among them.
    """
    plain = simulate(folder / f"dirty_month_of_{_USERS}", "--users", _USERS, "--dirty", DIRTY)
    files = {"plain": plain, "gzip": compressed(plain, folder / f"{plain.name}.gzip")}
    totals = json.loads((plain / "_manifest.json").read_bytes())["totals"].values()
    records = sum(total["records"] for total in totals)
    for form, data in files.items():
        if (counted := count_records(data)) != records:
            sys.exit(f"{form}: {counted:,} records in the files, {records:,} in _manifest.json")
    ways = []
    for peer in peers.read_peers():
        if wanted and peer.name not in {*wanted, OURS}:
            continue
        found = {form: account(peer, data, folder / "out" / peer.name) for form, data in files.items()}
        ways.append({"name": peer.name, "title": peer.title, **found})
        for form, one in found.items():
            print(f"dirty, {form}: {peer.title}: {one}", file=sys.stderr, flush=True)
    shutil.rmtree(folder / "out", ignore_errors=True)
    return {"records": records, "broken": sum(total["broken"] for total in totals), "ways": ways}


def count_records(data: Path) -> int:
    """The lines of all files of a folder of data that are not blank."""
    count = 0
    for path in (*(data / "song_data").rglob("*.json"), *(data / "log_data").rglob("*.json*")):
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            count += sum(bool(line.strip()) for line in file)
    return count


def account(peer: Peer, data: Path, out: Path) -> dict[str, Any]:
    """Run a way once.

    Returns:
        How many records are ``loaded`` and ``rejected`` (set aside with a reason) afterwards; and its
        ``message`` if the run failed, or an empty one.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        peers.install(peer)
    except PeerError as error:
        return {"loaded": 0, "rejected": 0, "message": str(error)}
    done = subprocess.run(
        peer.command(data, out), capture_output=True, text=True, errors="replace", check=False
    )
    message = shortened(done.stderr + "\n" + done.stdout) if done.returncode else ""
    try:
        peers.export(peer, out)
    except PeerError:  # a run that failed need not leave the five tables; the export may have begun
        shutil.rmtree(out / "tables", ignore_errors=True)
    ask = [sys.executable, str(HERE / "tables.py"), "count", str(out), peer.schema]
    counted = subprocess.run(ask, capture_output=True, text=True, check=True)
    return {**json.loads(counted.stdout), "message": message}


def shortened(output: str) -> str:
    """What a command that failed says of it: the first line that names an error, or else the last one."""
    lines = [line.strip() for line in _COLOR.sub("", output).splitlines() if line.strip()]
    line = next((line for line in lines if _NAMES_AN_ERROR.match(line)), lines[-1] if lines else "no message")
    line = redacted(line)
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + " …"
