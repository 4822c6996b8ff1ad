"""How fast ``sparkify simulate`` writes, and how much memory it takes, at growing sizes.

    python benchmarks/simulate.py [--events 1000000 4000000 16000000] [--dirty RATE] [--gzip] [--folder DIR]

Each size runs in a process of its own, from the command line, as a user would run it. What they wrote (10 GB
at the default sizes) is deleted after the last one: for some minutes ext4 avoids the inodes of deleted
files, and until then 10,000 new small files take up to ten times as long. Prints a Markdown table.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_EVENTS_A_USER = 83  # in a month
_SPARKIFY = Path(sys.executable).with_name("sparkify")


def run(arguments: list[str], folder: str) -> tuple[int, int, float, float]:
    """Simulate once: events, bytes of logs, seconds, peak memory in MB."""
    out = Path(tempfile.mkdtemp(dir=folder))
    began = time.perf_counter()
    process = subprocess.Popen([_SPARKIFY, "simulate", out, *arguments], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"sparkify simulate {' '.join(arguments)} failed")
    totals = json.loads((out / "_manifest.json").read_bytes())["totals"]
    size = sum(file.stat().st_size for file in (out / "log_data").rglob("*events*"))
    return totals["log"]["records"], size, seconds, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 4_000_000, 16_000_000])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--dirty", default="0")
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--folder", help="where to write; default: where temporary files go")
    asked = parser.parse_args()
    options = ["--days", str(asked.days), "--dirty", asked.dirty, *(["--gzip"] if asked.gzip else [])]

    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        measure(asked, options, folder)


def measure(asked: argparse.Namespace, options: list[str], folder: str) -> None:
    _, _, seconds, memory = run([*options, "--users", "1", "--days", "1"], folder)
    print(f"10,000 song files alone: {seconds:.2f} s, {memory:,.0f} MB\n")
    print("| events | logs | seconds | events/s | peak memory |")
    print("|---:|---:|---:|---:|---:|")
    for wanted in asked.events:
        users = max(1, wanted * 30 // (_EVENTS_A_USER * asked.days))
        events, size, seconds, memory = run([*options, "--users", str(users)], folder)
        rate = f"{events / seconds:,.0f}"
        print(f"| {events:,} | {size / 1e9:.2f} GB | {seconds:.1f} | {rate} | {memory:,.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
