"""Relations that steps of a run hand to each other: docs/design.md lists all of them."""

import re
from pathlib import Path

import pytest

import sparkify
from sparkify.export.parquet import PARQUET_LAYOUTS
from sparkify.load.transforms import TRANSFORMS
from sparkify.sql import STAR_TABLES, names_in, read_sql

DOCS = Path(__file__).parents[2] / "docs"

_MADE = re.compile(r"CREATE (?:OR REPLACE )?TEMP (?:TABLE|VIEW) (\w+)")
_DROPPED = re.compile(r"DROP (?:TABLE|VIEW) (\w+)")


def listed() -> dict[str, tuple[str, str]]:
    """By relation, who makes it and who drops it, as the documentation says."""
    text = (DOCS / "design.md").read_text(encoding="utf-8")
    section = text.partition("## Relations that the steps")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {name: (row[2], row[3]) for row in rows for name in re.findall(r"`(\w+)`", row[0])}


SCRIPTS = [f"star/{name}" for name in names_in("star")]


def test_every_file_of_the_star_schema_is_run_and_each_of_its_tables_exported() -> None:
    run = {transform.name for transform in TRANSFORMS} | {"due_events"}  # which load/horizon.py runs
    assert set(names_in("star")) == run, "a file of sql/star needs its line in load/transforms.py"
    missing = set(STAR_TABLES) - set(PARQUET_LAYOUTS)
    assert not missing, "a table of the star schema needs its layout in export/parquet.py"


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_drops_what_it_has_made_and_nothing_else(name: str) -> None:
    script = read_sql(name)
    assert set(_DROPPED.findall(script)) <= set(_MADE.findall(script))


def test_what_scripts_leave_is_listed_with_who_makes_and_who_drops_it() -> None:
    left = {
        relation: name
        for name in SCRIPTS
        for relation in _MADE.findall(read_sql(name))
        if relation not in _DROPPED.findall(read_sql(name))
    }
    assert left.keys() <= listed().keys()
    for relation, name in left.items():
        assert f"sql/{name}.sql" in listed()[relation][0]


def test_the_transforms_drop_all_that_their_scripts_leave() -> None:
    for transform in TRANSFORMS:
        script = read_sql(f"star/{transform.name}")
        assert set(transform.leaves) == set(_MADE.findall(script)) - set(_DROPPED.findall(script))
    dropped = {relation for relation, (_, by) in listed().items() if "load/transforms.py" in by}
    assert dropped == {relation for transform in TRANSFORMS for relation in transform.leaves}


def test_what_python_makes_in_a_run_is_listed() -> None:
    root = Path(sparkify.__file__).parent
    made = {
        relation
        for place in ("load", "warehouse/redshift/engine.py", "warehouse/redshift/staging.py")
        for path in ([root / place] if place.endswith(".py") else (root / place).rglob("*.py"))
        for relation in _MADE.findall(path.read_text(encoding="utf-8"))
    }
    assert made <= listed().keys()
