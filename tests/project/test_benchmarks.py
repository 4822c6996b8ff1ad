"""The benchmark's own logic: what counts as a line, when tables are the same, and what the pages say."""

import gzip
import json
import os
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from tests.support.builders import write

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import measure  # noqa: E402
from bars import BARS  # noqa: E402
from bench import note  # noqa: E402
from dirty import account, count_records, shortened  # noqa: E402
from measure import CommandError, Runs, redacted, run_once  # noqa: E402
from pages import bars_table, dirty_table, fill, left_out_table, race_table, rendered  # noqa: E402
from peers import LEFT_OUT, OURS, Peer, PeerError, check, count_lines, read_peers  # noqa: E402
from tables import COLUMNS, count, differences, export  # noqa: E402

DOCS = BENCHMARKS.parent / "docs"


def test_a_line_to_write_is_neither_blank_nor_a_comment_nor_a_docstring(tmp_path: Path) -> None:
    code = tmp_path / "run.py"
    code.write_text('"""What it is.\n\nUsage: it\n"""\n\n# why\nimport sys\n\nprint(sys.argv)  # how\n')
    query = tmp_path / "star.sql"
    query.write_text("-- one row per song\nSELECT 1;\n\n    -- and\nSELECT 2;\n")
    assert count_lines(code) == 2
    assert count_lines(query) == 2


def test_every_peer_says_what_it_leaves_out_and_pins_what_it_installs() -> None:
    peers = read_peers()
    assert peers[0].name == OURS
    assert peers[0].lines == 0
    assert len(peers) > 8
    for peer in peers[1:]:
        assert peer.folder is not None
        assert set(peer.leaves_out) <= set(LEFT_OUT), peer.name
        assert peer.lines > 20, peer.name
        assert (peer.folder / "README.md").exists(), peer.name
        for line in (peer.folder / "requirements.txt").read_text().splitlines():
            assert "==" in line, f"{peer.name}: {line} is not pinned"


def test_lines_of_a_shared_folder_count_for_each_who_uses_it() -> None:
    peers = {peer.name: peer for peer in read_peers()}
    alone = sum(count_lines(path) for path in (BENCHMARKS / "peers/dlt_dbt").rglob("*.sql"))
    shared = sum(count_lines(path) for path in (BENCHMARKS / "peers/dbt_duckdb/models/star").glob("*.sql"))
    assert peers["dlt_dbt"].lines > alone + shared


@pytest.fixture
def warehouse(tmp_path: Path) -> Callable[[str, str], Path]:
    """Makes a folder with the five tables, after some SQL on them."""

    def make(name: str, change: str) -> Path:
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
            for table, columns in COLUMNS.items():
                names = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                connection.execute(f"CREATE TABLE {table} ({names})")
            connection.execute(
                "INSERT INTO users VALUES (1, 'Ann', NULL, 'F', 'free'), (2, '', 'Li', 'F', 'paid')"
            )
            connection.execute(
                "INSERT INTO songs VALUES ('S1', 'A', 'A1', NULL, 1.5), ('S2', 'B', 'A1', 1999, 2.25)"
            )
            connection.execute("INSERT INTO time VALUES ('2018-11-01 00:00:00.796', 0, 1, 44, 11, 2018, 4)")
            connection.execute(change)
        export(tmp_path / f"{name}.duckdb", "main", tmp_path / name)
        return tmp_path / name

    return make


def test_tables_in_another_order_are_the_same(warehouse: Callable[[str, str], Path]) -> None:
    ours = warehouse("ours", "SELECT 1")
    theirs = warehouse("theirs", "CREATE OR REPLACE TABLE users AS FROM users ORDER BY user_id DESC")
    assert differences(ours, theirs) == []


@pytest.mark.forms(2)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM users WHERE user_id = 2", "users: 1 rows not there, 0 too many"),
        ("INSERT INTO users FROM users WHERE user_id = 2", "users: 0 rows not there, 1 too many"),
        ("UPDATE songs SET year = 0 WHERE year IS NULL", "songs: 1 rows not there, 1 too many"),
        ("UPDATE time SET start_time = '2018-11-01'", "time: 1 rows not there, 1 too many"),
        ("UPDATE users SET first_name = NULL WHERE user_id = 2", "users: 1 rows not there, 1 too many"),
    ],
)
def test_a_missing_doubled_or_altered_row_is_a_difference(
    warehouse: Callable[[str, str], Path], change: str, said: str
) -> None:
    ours, theirs = warehouse("ours", "SELECT 1"), warehouse("theirs", change)
    (found,) = differences(ours, theirs)
    assert found.startswith(said)
    with pytest.raises(PeerError, match="gave other tables"):
        check(ours, theirs)


def test_csv_keeps_null_and_empty_text_apart(warehouse: Callable[[str, str], Path], tmp_path: Path) -> None:
    ours = warehouse("ours", "SELECT 1")
    theirs = tmp_path / "csv"
    theirs.mkdir()
    for table in COLUMNS:
        names = ",".join(COLUMNS[table])
        rows = {
            "users": '1,Ann,,F,free\n2,"",Li,F,paid\n',
            "songs": "S2,B,A1,1999,2.25\nS1,A,A1,,1.5\n",
            "time": "2018-11-01 00:00:00.796,0,1,44,11,2018,4\n",
        }
        (theirs / f"{table}.csv").write_text(f"{names}\n{rows.get(table, '')}")
    assert differences(ours, theirs) == []


@pytest.fixture
def seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, float], Path]:
    """Names a file that is made when a measure has been found to be larger than so many megabytes."""

    def watch(name: str, least: float) -> Path:
        told = tmp_path_factory.mktemp("told") / "seen"
        look = getattr(measure, name)

        def look_and_tell(*arguments: Any) -> float:
            megabytes: float = look(*arguments)
            if megabytes > least:
                told.touch()
            return megabytes

        monkeypatch.setattr(measure, name, look_and_tell)
        return told

    return watch


UNTIL_SEEN = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)\n"


@pytest.mark.thorough
def test_a_run_counts_cpu_and_memory_of_a_server_that_it_leaves_to_its_own(
    tmp_path: Path, seen: Callable[[str, float], Path]
) -> None:
    server = "x = bytearray(150_000_000); import time\nwhile time.process_time() < 0.5: pass\n" + UNTIL_SEEN
    start = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', *sys.argv[2:0:-1]])\n" + UNTIL_SEEN
    )
    runs = Runs()
    told = str(seen("_memory_mb", 140))
    run_once([sys.executable, "-c", start, told, server], runs, watched=tmp_path)
    assert runs.peak_mb > 140
    if sys.platform == "linux":
        assert runs.cpu[0] > 0.3


def test_a_run_notes_the_most_that_a_folder_held(tmp_path: Path, seen: Callable[[str, float], Path]) -> None:
    write = "import pathlib, sys; p = pathlib.Path(sys.argv[2]); p.write_bytes(bytes(20_000_000))\n"
    code = write + UNTIL_SEEN + "p.unlink()"
    runs = Runs()
    told = str(seen("folder_mb", 19))
    run_once([sys.executable, "-c", code, told, str(tmp_path / "temporary")], runs, watched=tmp_path)
    assert runs.disk_mb > 19


def test_a_command_that_fails_is_told_by_its_last_line() -> None:
    with pytest.raises(CommandError, match="JAVA_HOME is not set"):
        run_once([sys.executable, "-c", "import sys; sys.exit('trying\\nJAVA_HOME is not set')"], Runs())


def test_reasons_name_no_address_and_no_path_of_the_machine() -> None:
    said = "no wheel at https://index.example/simple/x/ for /home/ann/x/peers/y/run.py"
    assert redacted(said) == "no wheel at … for run.py"


def _one(name: str, seconds: list[float], **more: Any) -> dict[str, Any]:
    return {
        "name": name, "title": name.title(), "version": "1.0", "package": name, "lines": 10, "leaves_out": [],
        "is_slice": False, "reason": "", "seconds": seconds, "cpu": seconds, "peak_mb": 100, "disk_mb": 0,
    } | more  # fmt: skip


MACHINE = {
    "processor": "CPU", "cores": 2, "memory_gb": 8, "system": "Linux", "python": "3.11", "duckdb": "2.0",
    "load": 0.1, "date": "2026-11-21",
}  # fmt: skip
RESULTS: dict[str, Any] = {
    "peers": {
        "machine": MACHINE,
        "quick": False,
        "data": {"events": 1000, "songs": 10, "log_bytes": 10_000_000},
        "slice": {"events": 100, "songs": 10, "log_bytes": 1_000_000},
        "contestants": [
            _one("sparkify", [3.0, 2.0, 2.5]),
            _one("handwritten_duckdb", [2.0, 2.0, 2.0], leaves_out=["rejects", "audits"]),
            _one("dbt_duckdb", [5.0]),
            _one("python_rows", [10.0], is_slice=True),
            _one("pyspark", [], reason="did not run: JAVA_HOME is not set"),
        ],
    },
    "dirty": {
        "machine": MACHINE,
        "quick": False,
        "records": 1000,
        "broken": 3,
        "ways": [
            {
                "name": "sparkify",
                "title": "Sparkify",
                "plain": {"loaded": 997, "rejected": 3, "message": ""},
                "gzip": {"loaded": 997, "rejected": 3, "message": ""},
            },
            {
                "name": "dbt_duckdb",
                "title": "dbt",
                "plain": {"loaded": 990, "rejected": 0, "message": ""},
                "gzip": {"loaded": 0, "rejected": 0, "message": "Error: [A] | line_1"},
            },
        ],
    },
    "forms": {
        "machine": MACHINE,
        "quick": False,
        "runs": {
            "plain, the script by hand": Runs([2.0], [2.0], 500).as_dict(),
            "plain": Runs([2.5], [3.0], 500).as_dict(),
            "plain on S3": Runs([5.0], [6.0], 500).as_dict(),
            "merely fetching plain": Runs([1.0], [1.0], 500).as_dict(),
        },
    },
    "growth": {
        "machine": MACHINE,
        "quick": False,
        "sizes": [
            {"events": 10**6, "log_bytes": 5 * 10**8, "database_mb": 50, **Runs([4.0], [4.0], 500).as_dict()},
            {
                "events": 2 * 10**7,
                "log_bytes": 10**10,
                "database_mb": 900,
                **Runs([90.0], [90.0], 2500).as_dict(),
            },
        ],
    },
}


def test_the_table_has_the_fastest_first_by_events_a_second() -> None:
    rows = [line.split(" | ") for line in race_table(RESULTS).splitlines()[2:6]]
    assert [row[0].strip("| *") for row in rows] == [
        "Handwritten_Duckdb", "Sparkify", "Dbt_Duckdb", "Python_Rows (slice)",
    ]  # fmt: skip
    assert rows[1][1] == "2.50 s (2.00 to 3.00, 3 runs)"
    assert rows[2][4:6] == ["200", "2.00 ×"]
    assert rows[3][4:6] == ["10", "40.00 ×"]


def test_a_peer_that_could_not_be_measured_is_told_with_its_reason() -> None:
    assert "- Pyspark did not run: JAVA_HOME is not set" in race_table(RESULTS)


def test_what_is_left_out_is_a_dash() -> None:
    (row,) = (line for line in left_out_table(RESULTS).splitlines() if "Handwritten" in line)
    assert row == "| Handwritten_Duckdb | — | yes | yes | yes | — |"


def test_bars_are_met_not_met_or_not_measured() -> None:
    rows = {line.split(" | ")[0].strip("| "): line for line in bars_table(RESULTS).splitlines()[2:]}
    assert len(rows) == len(BARS)
    (by_hand,) = (row for work, row in rows.items() if "plain: this project" in work)
    assert by_hand.endswith("| ≤ 1.35 × | 1.25 × | met |")
    (from_s3,) = (row for work, row in rows.items() if work.startswith("plain on S3"))
    assert from_s3.endswith("| ≤ 1.2 × | 2.50 × | **not met** |")
    assert rows["the same: dbt-duckdb alone takes"].endswith("| ≥ 1.8 × | 2.00 × | met |")
    assert "not measured" in rows["the same: PySpark takes"]
    assert "not measured" in rows["`sparkify --help`"]
    assert rows["time per event at the largest size, beside the smallest"].endswith("| 1.12 × | met |")


def test_no_bar_is_judged_by_a_quick_run() -> None:
    quick = deepcopy(RESULTS)
    quick["peers"]["quick"] = True
    table = bars_table(quick)
    assert "A quick run" in table
    assert " met |" not in table
    assert "not met" not in table


def test_a_part_measured_anew_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    note(results, "peers", deepcopy(RESULTS["peers"]))
    note(results, "growth", RESULTS["growth"])
    again = RESULTS["peers"] | {"contestants": [_one("sparkify", [1.0]), _one("pyspark", [20.0])]}
    note(results, "peers", deepcopy(again))
    known = json.loads(results.read_text())
    assert known["growth"] == RESULTS["growth"]
    seconds = {one["name"]: one["seconds"] for one in known["peers"]["contestants"]}
    assert seconds["pyspark"] == [20.0]
    assert seconds["dbt_duckdb"] == [5.0]
    assert seconds["sparkify"] == [1.0]


def test_ways_on_dirty_files_that_are_counted_anew_leave_the_others_as_they_were(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    ours, theirs = RESULTS["dirty"]["ways"]
    note(results, "dirty", RESULTS["dirty"] | {"ways": [ours, theirs]})
    note(results, "dirty", RESULTS["dirty"] | {"ways": [ours | {"title": "New"}]})
    assert [way["title"] for way in json.loads(results.read_text())["dirty"]["ways"]] == ["New", "dbt"]


def test_the_table_of_dirty_files_has_what_is_loaded_rejected_and_neither() -> None:
    text = dirty_table(RESULTS)
    assert "1,000 records in the files, 3 of them broken" in text
    assert text.splitlines()[-4:] == [
        "| **Sparkify**, plain | 997 | 3 | 0 | went through |",
        "| **Sparkify**, gzip | 997 | 3 | 0 | went through |",
        "| dbt, plain | 990 | 0 | 10 | went through |",
        "| dbt, gzip | 0 | 0 | 1,000 | failed: Error: \\[A\\] \\| line\\_1 |",
    ]


def test_records_of_dirty_files_are_counted_in_the_files(tmp_path: Path) -> None:
    write(tmp_path / "song_data/A/one.json", b'\xef\xbb\xbf{"a": 1}')
    write(tmp_path / "log_data/a.json", b'{"a": 1}\n\n{"a": \r\n \n\xff')
    write(tmp_path / "log_data/b.json.gz", gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    write(tmp_path / "log_data/_manifest.txt", b"no\n")
    assert count_records(tmp_path) == 6


class Installed(Peer):
    """A peer that needs nothing of its own."""

    def python(self) -> str:
        return sys.executable


@pytest.mark.thorough
def test_what_a_way_has_loaded_counts_even_if_its_run_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peers.install", lambda _: None)
    lines = """
        import pathlib, sys, duckdb
        with duckdb.connect(sys.argv[2] + "/warehouse.duckdb") as connection:
            connection.execute("CREATE TABLE staging_songs AS SELECT 1 FROM RANGE(7)")
            connection.execute("CREATE TABLE staging_rejects AS SELECT 1 FROM RANGE(2)")
        print("ValueError: no more")
        sys.exit("\x1b[31m  psycopg.Error: no good \x1b[0m\\n  LINE 1: x")
    """
    write(tmp_path / "peer/run.py", dedent(lines).encode())
    found = account(Installed("one", "One", tmp_path / "peer"), tmp_path, tmp_path / "out")
    assert found == {"loaded": 7, "rejected": 2, "message": "psycopg.Error: no good"}


def test_ways_without_staging_tables_count_by_their_plays_and_songs(
    warehouse: Callable[[str, str], Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    warehouse("ours", "SELECT 1").rename(tmp_path / "out/tables")
    (tmp_path / "out/tables/songplays.parquet").unlink()
    assert count(tmp_path / "out", "main") == {"loaded": 2, "rejected": 0}


def test_a_message_is_shortened_and_names_no_path() -> None:
    said = shortened("starting\nIO Error: no /home/ann/x/y.json " + "x" * 200 + "\nbye\n")
    assert said.startswith("IO Error: no y.json xxx")
    assert said.endswith("x …")
    assert len(said) < 170
    assert shortened("starting\n\ngone\n") == "gone"
    assert shortened("") == "no message"


def test_a_page_without_the_block_is_refused() -> None:
    assert fill("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb", "x", "new") == (
        "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb"
    )
    with pytest.raises(ValueError, match="0 blocks named 'y'"):
        fill("a", "y", "new")


def test_the_pages_say_what_was_measured_last() -> None:
    results = json.loads((BENCHMARKS / "results.json").read_text(encoding="utf-8"))
    for page, text in rendered(results, DOCS).items():
        assert (DOCS / page).read_text(encoding="utf-8") == text, (
            "renew it with: python benchmarks/bench.py --render"
        )


def test_no_result_names_a_path_of_the_machine() -> None:
    text = (BENCHMARKS / "results.json").read_text(encoding="utf-8")
    assert str(Path.home()) + os.sep not in text
    assert str(BENCHMARKS) not in text
