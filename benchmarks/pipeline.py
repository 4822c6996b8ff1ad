"""How fast the pipeline is, beside the alternatives on the same files, in one run on one machine.

Usage: python benchmarks/pipeline.py FOLDER [--rounds N] [--only NAME …] [--growth MILLIONS …]

FOLDER takes the simulated data (some GB) and is best on the disk that you care about. Measured are whole
processes, interleaved. Names: tiny, whole, nothing-new, day, s3, growth.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from measure import Runs, compare, run_once

HERE = Path(__file__).parent
SPARKIFY = [sys.executable, "-m", "sparkify"]
READ_ONLY = "import pathlib, sys\nfor p in pathlib.Path(sys.argv[1]).rglob('*.json'): p.read_bytes()"
GLOB = (
    "import duckdb, sys\n"
    "db = duckdb.connect(sys.argv[2])\n"
    "db.execute('CREATE OR REPLACE TABLE staging_songs AS SELECT * FROM read_json(?)',"
    " [sys.argv[1] + '/**/*.json'])"
)


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


def two_million(folder: Path) -> Path:
    """Some 1.9 million events in 900 MB, and 10,000 songs."""
    return simulate(folder / "two_million", "--users", "23700")


def tiny(folder: Path, rounds: int) -> None:
    """10,000 song files alone."""
    data = two_million(folder)
    alone = folder / "tiny"
    (alone / "log_data").mkdir(parents=True, exist_ok=True)
    (alone / "log_data/none.json").touch()
    if not (alone / "song_data").exists():
        (alone / "song_data").symlink_to(data / "song_data")
    database = folder / "tiny.duckdb"
    songs = str(data / "song_data")
    runs = compare(
        {
            "sparkify etl": etl(alone, database),
            "merely reading them": [sys.executable, "-c", READ_ONLY, songs],
            "DuckDB's glob": [sys.executable, "-c", GLOB, songs, str(database)],
        },
        rounds,
        remove(database),
    )
    show("10,000 song files alone", runs, ["merely reading them", "DuckDB's glob"])


def whole(folder: Path, rounds: int) -> None:
    """The whole run against a script that keeps no ledger, rejects or audits."""
    data = two_million(folder)
    database = folder / "whole.duckdb"
    script = str(HERE / "peers/handwritten_duckdb.py")
    runs = compare(
        {
            "sparkify etl": etl(data, database),
            "the best hand-written DuckDB script": [sys.executable, script, str(data), str(database)],
        },
        rounds,
        remove(database),
    )
    show("1.9 million events (900 MB) and 10,000 songs", runs, ["the best hand-written DuckDB script"])


def nothing_new(folder: Path, rounds: int) -> None:
    """A second run, when all 10,030 files are loaded already."""
    data = two_million(folder)
    database = folder / "known.duckdb"
    remove(database)()
    run_once(etl(data, database), Runs())
    show("a run with nothing new, 10,030 files known", compare({"sparkify etl": etl(data, database)}, rounds))


def day(folder: Path, rounds: int) -> None:
    """A day of logs onto a year, and the same day onto nothing but the songs."""
    data = simulate(folder / "year", "--days", "366")
    last = max((data / "log_data").rglob("*.json"))
    year, alone, database = folder / "year.duckdb", folder / "alone.duckdb", folder / "day.duckdb"
    aside, empty = folder / last.name, folder / "no_logs"
    empty.mkdir(exist_ok=True)
    (empty / "none.json").touch()
    remove(year, alone)()
    last.rename(aside)
    try:
        run_once(etl(data, year), Runs())
    finally:
        aside.rename(last)
    only_day = folder / "only_day"
    only_day.mkdir(exist_ok=True)
    shutil.copy2(last, only_day)
    run_once([*etl(data, alone), "--log-data", str(empty)], Runs())
    runs = {"a day onto a year": Runs(), "a day onto nothing": Runs()}
    for number in range(rounds + 1):
        for name, base, logs in (
            ("a day onto a year", year, data / "log_data"),
            ("a day onto nothing", alone, only_day),
        ):
            shutil.copy(base, database)
            run_once([*etl(data, database), "--log-data", str(logs)], runs[name] if number else Runs())
    show(f"{last.name} ({last.stat().st_size / 1e6:.1f} MB)", runs, ["a day onto nothing"])


def s3(folder: Path, rounds: int) -> None:
    """10,000 song objects and a day of logs from an S3 server on this machine, and from its folder."""
    sys.path.insert(0, str(HERE.parent))
    from tests.standin.s3 import S3Server

    data = simulate(folder / "buckets" / "sparkify", "--days", "1")
    server = S3Server(data.parent)
    server.start()
    environment = [
        "env", f"SPARKIFY_S3_ENDPOINT={server.endpoint}", f"AWS_ACCESS_KEY_ID={server.access_key}",
        f"AWS_SECRET_ACCESS_KEY={server.secret_key}", "AWS_REGION=us-east-1",
    ]  # fmt: skip
    database = folder / "s3.duckdb"
    bucket = ["--song-data", "s3://sparkify/song_data", "--log-data", "s3://sparkify/log_data"]
    try:
        runs = compare(
            {
                "sparkify etl from S3": [*environment, *etl(data, database), *bucket],
                "sparkify etl from the folder": etl(data, database),
            },
            rounds,
            remove(database),
        )
    finally:
        server.stop()
    show("10,000 song objects and a day of logs", runs, ["sparkify etl from the folder"])


def growth(folder: Path, millions: Sequence[float]) -> None:
    """Time, memory and disk at several sizes, one run each."""
    print("\ngrowth (one run each)")
    first: float | None = None
    for size in millions:
        data = simulate(folder / f"growth_{size:g}", "--users", str(round(size * 12_320)))
        events = _events(data)
        database = folder / "growth.duckdb"
        remove(database)()
        runs = Runs()
        run_once(etl(data, database), runs)
        per_million = runs.median / (events / 1e6)
        first = first or per_million
        logs = sum(path.stat().st_size for path in (data / "log_data").rglob("*.json"))
        print(
            f"  {events / 1e6:.1f} million events, {logs / 1e9:.1f} GB: {runs}, database"
            f" {database.stat().st_size / 1e6:.0f} MB, {per_million:.2f} s per million"
            f" ({per_million / first:.2f} times the first)"
        )
        shutil.rmtree(data)
        remove(database)()


def _events(data: Path) -> int:
    manifest = json.loads((data / "_manifest.json").read_text())
    return int(manifest["totals"]["log"]["records"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=["tiny", "whole", "nothing-new", "day", "s3", "growth"])
    parser.add_argument("--growth", nargs="+", type=float, default=[2, 8, 20])
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    folder = asked.folder.resolve()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name, benchmark in {
        "tiny": tiny,
        "whole": whole,
        "nothing-new": nothing_new,
        "day": day,
        "s3": s3,
    }.items():
        if name in asked.only:
            benchmark(folder, asked.rounds)
    if "growth" in asked.only:
        growth(folder, asked.growth)


if __name__ == "__main__":
    main()
