"""How fast the pipeline is, beside what it is measured by, in one run on one machine.

Usage: python benchmarks/pipeline.py FOLDER [--rounds N] [--only NAME …] [--growth MILLIONS …]

FOLDER takes the simulated data (some GB) and is best on the disk that you care about. Measured are whole
processes, interleaved. Names: simulate, help, tiny, whole, forms, objects, nothing-new,
day, reading, s3, growth. ``bench.py`` runs
all of these and the peers, and writes the pages.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forms import DIRTY, forms, objects
from measure import Runs, compare, folder_mb, run_once

from reading import reading

HERE = Path(__file__).parent
SPARKIFY = [sys.executable, "-m", "sparkify"]
READ_ONLY = "import pathlib, sys\nfor p in pathlib.Path(sys.argv[1]).rglob('*.json'): p.read_bytes()"
GLOB = (
    "import duckdb, sys\n"
    "db = duckdb.connect(sys.argv[2])\n"
    "db.execute('CREATE OR REPLACE TABLE staging_songs AS SELECT * FROM read_json(?)',"
    " [sys.argv[1] + '/**/*.json'])"
)


@dataclass(frozen=True)
class Plan:
    """What to measure with; the defaults are what the bars are about.

    Attributes:
        folder: for data and databases.
        rounds: how often each command is counted.
        users: in a month of logs; 23,700 have some 1.9 million events in 900 MB.
        days: of the logs that a day is added to.
        objects: events in one file, as an array and otherwise.
        written: users of what is simulated for its own sake; 49,280 have four million events, beside which
            10,000 files for the songs count little.
        read: users of a month that questions are asked about; 122,000 have some 9.8 million events.
    """

    folder: Path
    rounds: int = 5
    users: int = 23_700
    days: int = 366
    objects: int = 1_000_000
    written: int = 49_280
    read: int = 122_000

    def data(self) -> Path:
        """A month of logs, and 10,000 songs."""
        return simulate(self.folder / f"month_of_{self.users}", "--users", str(self.users))


def simulate(folder: Path, *options: str) -> Path:
    """Data of this kind, made once."""
    if not (folder / "_manifest.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        run_once([*SPARKIFY, "simulate", str(folder), *options], Runs())
    return folder


def etl(data: Path, database: Path, *options: str) -> list[str]:
    """The command that loads a folder of data."""
    return [
        *SPARKIFY, "etl", "--database", str(database), "--song-data", str(data / "song_data"),
        "--log-data", str(data / "log_data"), *options,
    ]  # fmt: skip


def remove(*files: Path) -> Callable[[], None]:
    """Something that removes files."""

    def call() -> None:
        for file in files:
            file.unlink(missing_ok=True)

    return call


def show(title: str, runs: dict[str, Runs], against: Sequence[str] = ()) -> None:
    """Print what was measured, and the first command's time as a multiple of the others'."""
    print(f"\n{title}")
    for name, item in runs.items():
        print(f"  {name}: {item}")
    first = next(iter(runs))
    for other in against:
        print(f"  {first} takes {runs[first].median / runs[other].median:.2f} times as long as {other}")


def describe(data: Path) -> dict[str, Any]:
    """How much a folder of simulated data holds."""
    totals = json.loads((data / "_manifest.json").read_text())["totals"]
    logs = sum(path.stat().st_size for path in (data / "log_data").rglob("*.json"))
    return {"events": totals["log"]["records"], "songs": totals["song"]["records"], "log_bytes": logs}


def tiny(plan: Plan) -> dict[str, Runs]:
    """10,000 song files alone."""
    data = plan.data()
    alone = plan.folder / "tiny"
    (alone / "log_data").mkdir(parents=True, exist_ok=True)
    (alone / "log_data/none.json").touch()
    if not (alone / "song_data").exists():
        (alone / "song_data").symlink_to(data / "song_data")
    database = plan.folder / "tiny.duckdb"
    songs = str(data / "song_data")
    runs = compare(
        {
            "sparkify etl": etl(alone, database),
            "merely reading them": [sys.executable, "-c", READ_ONLY, songs],
            "DuckDB's glob": [sys.executable, "-c", GLOB, songs, str(database)],
        },
        plan.rounds,
        remove(database),
    )
    show("10,000 song files alone", runs, ["merely reading them", "DuckDB's glob"])
    return runs


def whole(plan: Plan) -> dict[str, Runs]:
    """The whole run against a script that keeps no ledger, rejects or audits."""
    data = plan.data()
    database = plan.folder / "whole.duckdb"
    script = str(HERE / "peers/handwritten_duckdb/run.py")
    out = plan.folder / "handwritten"
    out.mkdir(exist_ok=True)
    runs = compare(
        {
            "sparkify etl": etl(data, database),
            "the best hand-written DuckDB script": [sys.executable, script, str(data), str(out)],
        },
        plan.rounds,
        remove(database),
    )
    show("1.9 million events (900 MB) and 10,000 songs", runs, ["the best hand-written DuckDB script"])
    return runs


def all_forms(plan: Plan) -> dict[str, Runs]:
    """The same month in gzip, from S3, and with bad records in it."""
    users = str(plan.users)
    dirty = simulate(plan.folder / f"dirty_month_of_{users}", "--users", users, "--dirty", DIRTY)
    database = plan.folder / "forms.duckdb"

    def load(data: Path, *options: str) -> list[str]:
        return etl(data, database, *options)

    runs = forms(plan.folder, plan.data(), dirty, plan.rounds, load, remove(database))
    show("the same events in other forms", runs, ["plain"])
    return runs


def all_objects(plan: Plan) -> dict[str, Runs]:
    """One file of events, on lines and otherwise."""
    database = plan.folder / "objects.duckdb"
    runs = objects(
        plan.folder,
        plan.data(),
        plan.objects,
        plan.rounds,
        lambda data: etl(data, database),
        remove(database),
    )
    show(f"{plan.objects:,} events in one file", runs)
    return runs


def nothing_new(plan: Plan) -> dict[str, Runs]:
    """A second run, when all 10,030 files are loaded already."""
    data = plan.data()
    database = plan.folder / "known.duckdb"
    remove(database)()
    run_once(etl(data, database), Runs())
    runs = compare({"sparkify etl": etl(data, database)}, plan.rounds)
    show("a run with nothing new, 10,030 files known", runs)
    return runs


def day(plan: Plan) -> dict[str, Runs]:
    """A day of logs onto a year, and the same day onto nothing but the songs."""
    data = simulate(plan.folder / f"days_{plan.days}", "--days", str(plan.days))
    last = max((data / "log_data").rglob("*.json"))
    year, alone, database = (
        plan.folder / "year.duckdb",
        plan.folder / "alone.duckdb",
        plan.folder / "day.duckdb",
    )
    aside, empty = plan.folder / last.name, plan.folder / "no_logs"
    empty.mkdir(exist_ok=True)
    (empty / "none.json").touch()
    remove(year, alone)()
    last.rename(aside)
    try:
        run_once(etl(data, year), Runs())
    finally:
        aside.rename(last)
    only_day = plan.folder / "only_day"
    only_day.mkdir(exist_ok=True)
    shutil.copy2(last, only_day)
    run_once([*etl(data, alone), "--log-data", str(empty)], Runs())
    runs = {"a day onto a year": Runs(), "a day onto nothing": Runs()}
    for number in range(plan.rounds + 1):
        for name, base, logs in (
            ("a day onto a year", year, data / "log_data"),
            ("a day onto nothing", alone, only_day),
        ):
            shutil.copy(base, database)
            run_once([*etl(data, database), "--log-data", str(logs)], runs[name] if number else Runs())
    show(f"{last.name} ({last.stat().st_size / 1e6:.1f} MB)", runs, ["a day onto nothing"])
    return runs


def all_reading(plan: Plan) -> dict[str, Runs]:
    """Questions, the report and a check over 8.3 million plays."""
    data = simulate(plan.folder / f"month_of_{plan.read}", "--users", str(plan.read))
    database = plan.folder / "reading.duckdb"
    remove(database)()
    run_once(etl(data, database), Runs())
    runs = reading(SPARKIFY, database, plan.folder / "reading.html", plan.rounds)
    show(f"reading {describe(data)['events']:,} events", runs)
    return runs


def s3(plan: Plan) -> dict[str, Runs]:
    """10,000 song objects and a day of logs from an S3 server on this machine, and from its folder."""
    sys.path.insert(0, str(HERE.parent))
    from tests.standin.s3 import S3Server

    data = simulate(plan.folder / "buckets" / "sparkify", "--days", "1")
    server = S3Server(data.parent)
    server.start()
    environment = [
        "env", f"SPARKIFY_S3_ENDPOINT={server.endpoint}", f"AWS_ACCESS_KEY_ID={server.access_key}",
        f"AWS_SECRET_ACCESS_KEY={server.secret_key}", "AWS_REGION=us-east-1",
    ]  # fmt: skip
    database = plan.folder / "s3.duckdb"
    bucket = ["--song-data", "s3://sparkify/song_data", "--log-data", "s3://sparkify/log_data"]
    try:
        runs = compare(
            {
                "sparkify etl from S3": [*environment, *etl(data, database), *bucket],
                "sparkify etl from the folder": etl(data, database),
            },
            plan.rounds,
            remove(database),
        )
    finally:
        server.stop()
    show("10,000 song objects and a day of logs", runs, ["sparkify etl from the folder"])
    return runs


def simulator(plan: Plan) -> dict[str, Runs]:
    """Four million events and 10,000 song files, written."""
    target = plan.folder / "written"
    shutil.rmtree(target, ignore_errors=True)
    runs = Runs()
    for number in range(plan.rounds):
        run_once([*SPARKIFY, "simulate", str(target / str(number)), "--users", str(plan.written)], runs)
    events = describe(target / "0")["events"]
    # Only now: for minutes after many files were deleted, ext4 makes new ones slowly.
    shutil.rmtree(target)
    show(f"simulating {events:,} events: {events / runs.median:,.0f} a second", {"sparkify simulate": runs})
    return {str(events): runs}


def help_page(plan: Plan) -> dict[str, Runs]:
    """What every start of the tool costs."""
    runs = compare({"sparkify --help": [*SPARKIFY, "--help"]}, plan.rounds)
    show("the help page", runs)
    return runs


def growth(folder: Path, millions: Sequence[float]) -> list[dict[str, Any]]:
    """Time, memory and disk at several sizes, one run each."""
    print("\ngrowth (one run each)")
    found: list[dict[str, Any]] = []
    for size in millions:
        data = simulate(folder / f"growth_{size:g}", "--users", str(round(size * 12_320)))
        out = folder / "growth"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        runs = Runs()
        run_once(etl(data, out / "growth.duckdb"), runs, watched=out)
        one = describe(data) | runs.as_dict() | {"database_mb": round(folder_mb(out))}
        found.append(one)
        per_million = runs.median / (one["events"] / 1e6)
        first = found[0]["seconds"][0] / (found[0]["events"] / 1e6)
        print(
            f"  {one['events'] / 1e6:.1f} million events, {one['log_bytes'] / 1e9:.1f} GB: {runs}, database"
            f" {one['database_mb']} MB, disk at most {runs.disk_mb:.0f} MB, {per_million:.2f} s per million"
            f" ({per_million / first:.2f} times the first)",
            flush=True,
        )
        shutil.rmtree(data)
        shutil.rmtree(out)
    return found


MEASURES: dict[str, Callable[[Plan], dict[str, Runs]]] = {
    "simulate": simulator,
    "help": help_page,
    "tiny": tiny,
    "whole": whole,
    "forms": all_forms,
    "objects": all_objects,
    "nothing-new": nothing_new,
    "day": day,
    "reading": all_reading,
    "s3": s3,
}
"""What can be measured by name; growth is apart."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=[*MEASURES, "growth"], default=[*MEASURES, "growth"])
    parser.add_argument("--growth", nargs="+", type=float, default=[1, 5, 20])
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = asked.folder.resolve()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name, measure in MEASURES.items():
        if name in asked.only:
            measure(Plan(folder, asked.rounds))
    if "growth" in asked.only:
        growth(folder, asked.growth)


if __name__ == "__main__":
    main()
