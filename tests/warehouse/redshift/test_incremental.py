"""Any sequence of runs on Redshift ends in the rows of one full load, which are DuckDB's."""

import random
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from sparkify.errors import SourceError, WarehouseError
from sparkify.simulate import SimulationOptions, simulate, sink_for
from tests.support.builders import event, read_star, track, write
from tests.support.runs import run_prune, run_unload
from tests.warehouse.redshift.support import Site, assert_equal, drop_what_copy_judges_otherwise


@dataclass
class Arrivals:
    """What of the sources is there at each step.

    Attributes:
        contents: by step, the files that appear or change then, by their paths, with their contents.
    """

    contents: list[dict[str, bytes]] = field(default_factory=list)

    @classmethod
    def draw(cls, folder: Path, draw: random.Random, steps: int) -> "Arrivals":
        """Spread files over steps: late ones, ones that change, and ones that are delivered twice."""
        arrivals = cls([{} for _ in range(steps)])
        paths = sorted(path for path in folder.rglob("*.json") if not path.name.startswith("_"))
        for source in ("song_data", "log_data"):
            own = [path for path in paths if path.is_relative_to(folder / source)]
            for number, path in enumerate(own):
                name, content = path.relative_to(folder).as_posix(), path.read_bytes()
                # There is something of each source from the beginning.
                first = 0 if number == 0 else draw.randrange(steps)
                arrivals.contents[first][name] = content
                later = draw.randrange(first, steps)
                kind = draw.random()
                if kind < 0.2 and later > first:  # half of it, or another's, at first
                    other = draw.choice([content[: len(content) // 2], draw.choice(own).read_bytes()])
                    arrivals.contents[first][name] = other
                    arrivals.contents[later][name] = content
                elif kind < 0.3:  # again, under another name
                    arrivals.contents[later][name.replace(".json", "-again.json")] = content
                elif kind < 0.4:  # written again, as it was
                    arrivals.contents[later][name] = content
        return arrivals

    def appear(self, step: int, folder: Path) -> None:
        for name, content in self.contents[step].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def run_in_steps(site: Site, whole: Path, seed: int, steps: int) -> None:
    arrivals = Arrivals.draw(whole, random.Random(seed), steps)
    for step in range(steps):
        arrivals.appear(step, site.folder)
        site.load(allow_shrunk=True)


@pytest.fixture
def seed() -> int:
    """Another one each time; a failed test shows it."""
    return random.randrange(10**6)


def assert_as_one_load(site: Site) -> None:
    state = site.state
    assert_equal(state, site.state_in_duckdb())
    site.load(full=True)
    assert_equal(site.state, state)


@pytest.mark.thorough
def test_runs_in_any_order_end_as_one_load_of_the_same_files(site: Site, tmp_path: Path, seed: int) -> None:
    whole = tmp_path / "whole"
    simulate(SimulationOptions(songs=30, users=15, days=4, dirty=0.04), sink_for(str(whole)))
    run_in_steps(site, whole, seed, 4)
    assert_as_one_load(site)
    assert len(site.state["songplays"]) > 20


@pytest.mark.thorough
def test_so_they_do_where_copy_reads_the_files_themselves(site: Site, tmp_path: Path, seed: int) -> None:
    whole = tmp_path / "whole"
    simulate(SimulationOptions(songs=15, users=30, days=3, dirty=0.04), sink_for(str(whole)))
    drop_what_copy_judges_otherwise(whole)
    site.use("manifest")
    run_in_steps(site, whole, seed, 3)
    star = read_star(site.settings)
    assert star == site.in_duckdb("same.duckdb").star
    assert len(star["songplays"]) > 20


@pytest.mark.long
@pytest.mark.parametrize("round_", range(10))
def test_long_sequences_of_runs_end_as_one_load(site: Site, tmp_path: Path, seed: int, round_: int) -> None:
    whole = tmp_path / "whole"
    options = SimulationOptions(songs=120, users=60, days=8, dirty=0.03, seed=round_)
    simulate(options, sink_for(str(whole)))
    run_in_steps(site, whole, seed, 7)
    assert_as_one_load(site)


@pytest.mark.long
def test_the_sample_day_by_day_ends_as_one_load(site: Site, sample: Path) -> None:
    shutil.copytree(sample / "song_data", site.folder / "song_data")
    logs = sorted((sample / "log_data").rglob("*.json"))
    random.shuffle(logs)
    for start in range(0, len(logs), 5):
        for path in logs[start : start + 5]:
            place = site.folder / path.relative_to(sample)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        site.load()
    assert_as_one_load(site)


def test_rows_that_cannot_be_told_from_others_are_not_taken_out(site: Site) -> None:
    write(site.folder / "song_data/A/song.json", track())
    for name, number in (("a", 1), ("b", 2)):
        write(site.folder / f"log_data/{name}.json", event(ts=number))
    site.use("manifest")
    before = site.load().star
    with pytest.raises(WarehouseError, match="nothing tells its rows from those of others") as caught:
        run_unload(site.settings, "a.json")
    assert "--full --drop-missing" in caught.value.hint
    assert site.loaded.star == before
    again = site.load(reload=["a.json"])
    assert [source.files for source in again.summary.sources.values()] == [1, 2]
    assert again.star == before


@pytest.mark.thorough
def test_events_whose_files_are_not_known_can_be_pruned_if_loads_only_add(site: Site) -> None:
    write(site.folder / "song_data/song.json", track())
    write(site.folder / "log_data/a.json", *(event(ts=1541030400000 + n * 43_200_000) for n in range(8)))
    site.use("prefix")
    before = site.load().star
    with pytest.raises(WarehouseError, match="without a work prefix each load begins from scratch"):
        run_prune(site.settings, date(2018, 11, 3))
    site.use("manifest")
    assert run_prune(site.settings, date(2018, 11, 3)).outcome == "pruned"
    assert site.loaded.star == before
    write(site.folder / "log_data/b.json", event(ts=1541030400001))
    with pytest.raises(SourceError, match=r"1 event from before 2018-11-03 came with \S+/b\.json,"):
        site.load(skip_bad_files=True)
    write(site.folder / "log_data/b.json", event(ts=1551030400001))
    assert len(site.load().star["songplays"]) == 9
    # Nothing tells the rows of a changed file: all are loaded from scratch, and what was pruned is back.
    write(site.folder / "log_data/b.json", event(ts=1541030400001))
    notes = site.load().summary.notes
    assert "events from before 2018-11-03 had been pruned" in " ".join(notes)
    assert len(site.loaded.star["songplays"]) == 9
