"""Simulated data through the pipeline: what the simulator says it made and broke is what is found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.simulate import SimulationOptions, simulate, sink_for
from tests.support.builders import Loaded
from tests.support.engines import Engine
from tests.support.reference import build_star, read_records


@pytest.mark.slow
@pytest.mark.forms(1)
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_the_rejects_of_dirty_data_are_the_records_that_the_simulator_broke(
    engine: Engine, tmp_path: Path, load: Callable[..., Loaded], gzip: bool
) -> None:
    simulate(SimulationOptions(songs=300, users=150, days=8, dirty=0.05, gzip=gzip), sink_for(str(tmp_path)))
    manifest = json.loads((tmp_path / "_manifest.json").read_text())
    loaded = load()
    assert {kind["kind"] for file in manifest["files"] for kind in file.get("broken", [])} == {
        "cut off",
        "wrong type",
        "missing",
    }
    names = {engine.location(tmp_path / file["path"], tmp_path): file["path"] for file in manifest["files"]}
    found = {(names[file], line) for file, line in loaded.query("SELECT file, line FROM staging_rejects")}
    assert found == {
        (file["path"], broken["line"]) for file in manifest["files"] for broken in file.get("broken", [])
    }
    per_file = {
        names[uri]: counts
        for uri, *counts in loaded.query("SELECT uri, records, loaded, rejected FROM ledger")
    }
    assert per_file == {
        file["path"]: [
            file["records"],
            file["records"] - len(file.get("broken", [])),
            len(file.get("broken", [])),
        ]
        for file in manifest["files"]
    }
    expected = manifest["expected"]
    assert loaded.summary.matched == expected.pop("matched_songplays")
    assert {table: loaded.summary.tables[table][0] for table in expected} == expected


@pytest.mark.slow
def test_simulated_logs_give_the_tables_of_the_reference(tmp_path: Path, load: Callable[..., Loaded]) -> None:
    simulate(SimulationOptions(songs=300, users=150, days=8), sink_for(str(tmp_path)))
    star = load().star
    expected = build_star(read_records(tmp_path / "song_data"), read_records(tmp_path / "log_data"))
    assert star == expected, "sql/star and tests/support/reference.py disagree"
    assert len(star["songplays"]) > 1000
