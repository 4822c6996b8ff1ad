import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sparkify.simulate import Settings, simulate
from sparkify.simulate.likeness import (
    FIGURES,
    Figure,
    Likeness,
    as_table,
    distances,
    likeness,
)
from tests.simulate.reading import LogsOnly, Simulation


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    """A simulation with the default settings, song files left out."""
    folder = tmp_path_factory.mktemp("month")
    simulate(Settings(), LogsOnly(folder))
    return Simulation(folder, Settings())


@pytest.fixture(scope="module")
def real(sample: Path) -> Likeness:
    return likeness(sample / "log_data")


@pytest.fixture(scope="module")
def simulated(month: Simulation) -> Likeness:
    return likeness(month.folder / "log_data")


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_simulated_month_is_like_the_real_one_in(
    figure: Figure, real: Likeness, simulated: Likeness
) -> None:
    assert simulated.figures[figure.name] == pytest.approx(real.figures[figure.name], abs=figure.tolerance)


@pytest.mark.parametrize("what", range(4), ids=["hours", "pages", "sessions", "users"])
def test_a_simulated_month_is_spread_like_the_real_one_over(
    what: int, real: Likeness, simulated: Likeness
) -> None:
    name, apart, most = distances(real, simulated)[what]
    assert apart <= most, name
    assert set(simulated.pages) == set(real.pages)


def test_the_documented_table_is_what_comes_out(real: Likeness, simulated: Likeness) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    assert as_table(real, simulated) in documented, "run: python docs/make_simulator_docs.py"


def _lines(folder: Path) -> list[str]:
    return [
        line
        for path in sorted(folder.glob("log_data/**/*.json"))
        for line in path.read_text().split("\n")
        if line
    ]


def _types(lines: list[str]) -> dict[tuple[str, str, str], set[str]]:
    """The JSON types of each key, by page and by whether somebody is logged in."""
    types = defaultdict(set)
    for line in lines:
        record = json.loads(line)
        for key, value in record.items():
            types[record["page"], record["auth"], key].add(type(value).__name__)
    return types


def test_log_records_have_the_real_keys_and_types_for_each_page(sample: Path, month: Simulation) -> None:
    assert _types(_lines(month.folder)) == _types(_lines(sample))


def test_log_records_have_the_real_order_of_keys_and_way_of_writing(sample: Path, month: Simulation) -> None:
    def as_the_real_ones_are_written(record: dict[str, Any]) -> str:
        return json.dumps({key: record[key] for key in keys}, separators=(",", ":")).replace("/", "\\/")

    keys = list(json.loads(_lines(sample)[0]))
    for line in _lines(sample) + _lines(month.folder):
        assert line == as_the_real_ones_are_written(json.loads(line))


def test_each_page_has_the_real_method_and_status(sample: Path, month: Simulation) -> None:
    def facts(folder: Path) -> set[tuple[str, ...]]:
        records = map(json.loads, _lines(folder))
        return {(r["page"], r["auth"], r["method"], r["status"]) for r in records}

    assert facts(month.folder) == facts(sample)


def test_song_files_have_the_real_keys_and_way_of_writing(sample: Path, clean: Simulation) -> None:
    real = [path.read_text() for path in sample.glob("song_data/**/*.json")]
    simulated = [(clean.folder / path).read_text() for path in clean.paths("song")]
    keys = list(json.loads(real[0]))
    for content in real + simulated:
        record = json.loads(content)
        assert list(record) == keys
        assert content == json.dumps(record)


def test_the_jsonpaths_file_is_the_real_one(sample: Path, clean: Simulation) -> None:
    assert (clean.folder / "log_json_path.json").read_bytes() == (sample / "log_json_path.json").read_bytes()
