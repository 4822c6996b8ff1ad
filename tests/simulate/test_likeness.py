import json
from pathlib import Path
from typing import Any

import pytest

from sparkify.simulate import SimulationOptions, simulate
from tests.simulate.reading import LogsOnly, Simulation
from tests.support.likeness import FIGURES, Figure, Likeness, as_table, distances, likeness


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    """A simulation with the default settings, song files left out."""
    folder = tmp_path_factory.mktemp("month")
    simulate(SimulationOptions(), LogsOnly(folder))
    return Simulation(folder, SimulationOptions())


@pytest.fixture(scope="module")
def real(sample: Path) -> Likeness:
    return likeness(sample / "log_data")


@pytest.fixture(scope="module")
def simulated(month: Simulation) -> Likeness:
    return likeness(month.folder / "log_data")


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def real_lines(sample: Path) -> list[str]:
    return _lines(sample)


@pytest.fixture(scope="module")
def simulated_lines(month: Simulation) -> list[str]:
    return _lines(month.folder)


def _lines(folder: Path) -> list[str]:
    paths = sorted(folder.glob("log_data/**/*.json"))
    return [line for path in paths for line in path.read_text().split("\n")]


def _kinds(lines: list[str]) -> set[tuple[str, ...]]:
    """What kinds of records there are: page, state, method, status and the JSON type of each key."""
    said = ("page", "auth", "method", "status")
    return {
        (*(str(record[key]) for key in said), *(type(value).__name__ for value in record.values()))
        for record in map(json.loads, lines)
    }


@pytest.mark.slow
def test_log_records_are_of_the_real_kinds_page_by_page(
    real_lines: list[str], simulated_lines: list[str]
) -> None:
    assert _kinds(simulated_lines) == _kinds(real_lines)


def test_log_records_have_the_real_order_of_keys_and_way_of_writing(
    real_lines: list[str], simulated_lines: list[str]
) -> None:
    def as_the_real_ones_are_written(record: dict[str, Any]) -> str:
        return json.dumps({key: record[key] for key in keys}, separators=(",", ":")).replace("/", "\\/")

    keys = list(json.loads(real_lines[0]))
    for line in real_lines + simulated_lines[:20_000]:
        assert line == as_the_real_ones_are_written(json.loads(line))


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
