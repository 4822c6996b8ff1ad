"""This project beside its alternatives, and its own bars: measures, and writes the pages.

    python benchmarks/bench.py [FOLDER] [--quick] [--only NAME …] [--peers NAME …] [--rounds N] [--render]

FOLDER (default: benchmarks/.data) takes simulated data and warehouses, some 15 GB at most, and is best on
the disk that you care about. What was measured goes to benchmarks/results.json, and from there into
docs/benchmarks.md, docs/scale.md and the chart; with --quick, which takes little data and one round, all of
it goes to FOLDER/quick. --only and --peers measure a part anew and leave the rest as it was; --render
measures nothing.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from dirty import count_accounts
from pipeline import MEASURES, Plan, growth, simulate
from side_by_side import race

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
RESULTS = HERE / "results.json"
PARTS = ["peers", "dirty", *(name for name in MEASURES if name != "whole"), "growth"]
"""What --only takes; the whole run against the script by hand is part of the peers' race."""

WAYS = {"peers": "contestants", "dirty": "ways"}
"""Where the parts about all ways have them."""

QUICK_PARTS = [name for name in PARTS if name not in ("day", "s3", "objects")]
"""What --quick measures unless told; the others have no bar."""


def machine() -> dict[str, Any]:
    """What the measurements were made on, without a name."""
    processor = platform.machine()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        processor = found[1] if found else processor
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "duckdb": importlib.metadata.version("duckdb"),
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.date.today().isoformat(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=HERE / ".data")
    parser.add_argument("--quick", action="store_true", help="little data, one round")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="default: all")
    parser.add_argument("--peers", nargs="+", default=[], metavar="NAME", help="folders of benchmarks/peers")
    parser.add_argument("--rounds", type=int, help="of each command; default: 5, with --quick 1")
    parser.add_argument(
        "--budget", type=float, default=100, help="seconds that the rounds of a peer may take"
    )
    parser.add_argument("--growth", nargs="+", type=float, metavar="MILLIONS", help="default: 1 5 20")
    parser.add_argument("--render", action="store_true", help="write the pages from what was measured before")
    asked = parser.parse_args()

    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = asked.folder.resolve()
    published = folder / "quick" if asked.quick else DOCS
    results = folder / "quick" / "results.json" if asked.quick else RESULTS
    if not asked.render:
        measure(asked, folder, results)
    # Only now: matplotlib must not be in memory while processes are measured that are forked from this one.
    from pages import write_pages

    measured = read_results(results)
    if not asked.quick:
        require_all(measured)
    write_pages(measured, DOCS, published)
    if asked.quick:
        print((published / "benchmarks.md").read_text(encoding="utf-8"))
    print(f"wrote {published / 'benchmarks.md'} and {published / 'scale.md'}", file=sys.stderr)


def measure(asked: argparse.Namespace, folder: Path, results: Path) -> None:
    """Measure what was asked for; each part is noted as soon as it is there."""
    plan = Plan(folder, asked.rounds or 5)
    sizes, part_users = asked.growth or [1, 5, 20], "310"
    if asked.quick:
        plan = replace(
            plan, rounds=asked.rounds or 1, users=1_300, days=30, objects=50_000, written=1_300, read=1_300
        )
        sizes, part_users = asked.growth or [0.1, 0.5], "60"
    for name in asked.only or (QUICK_PARTS if asked.quick else PARTS):
        began = machine()
        if name == "peers":
            part = simulate(folder / f"slice_of_{part_users}", "--users", part_users, "--songs", "1000")
            found: Any = race(folder, plan.data(), part, plan.rounds, asked.budget, asked.peers)
        elif name == "dirty":
            found = count_accounts(folder, asked.peers)
        elif name == "growth":
            found = {"sizes": growth(folder, sizes)}
        else:
            found = {"runs": {title: runs.as_dict() for title, runs in MEASURES[name](plan).items()}}
        note(results, name, found | {"machine": began, "quick": asked.quick})


def read_results(results: Path) -> dict[str, Any]:
    """What was measured, by part; nothing if nothing was yet.

    Raises:
        SystemExit: the file is damaged.
    """
    try:
        found: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        sys.exit(f"error: {results}: damaged: {error}\n  hint: git restore {results}")
    return found


def require_all(measured: dict[str, Any]) -> None:
    """Make sure that no page would lose what it says.

    Raises:
        SystemExit: a part was never measured.
    """
    if missing := [part for part in PARTS if part not in measured]:
        sys.exit(
            f"error: {RESULTS} lacks {', '.join(missing)}, and so the pages in {DOCS} are as they were\n"
            f"  hint: git restore {RESULTS}, or measure: python benchmarks/bench.py --only"
            f" {' '.join(missing)}"
        )


def note(results: Path, name: str, found: dict[str, Any]) -> None:
    """Put a part into the file of results; of ways, those that were measured."""
    known = read_results(results)
    if (ways := WAYS.get(name)) and name in known and known[name]["quick"] == found["quick"]:
        new = {one["name"] for one in found[ways]}
        found[ways] += [one for one in known[name][ways] if one["name"] not in new]
    known[name] = found
    results.parent.mkdir(parents=True, exist_ok=True)
    aside = results.with_suffix(".part")
    aside.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(results)


if __name__ == "__main__":
    main()
