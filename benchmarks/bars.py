"""The bars that the project sets itself, and whether the results meet them."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

Results = dict[str, Any]
LINEAR = 1.25
"""So many times as long per event may the largest size take as the smallest, to count as linear."""


@dataclass(frozen=True)
class Bar:
    """Something measured that must not be above, or below, a limit.

    Attributes:
        work: what is done.
        limit: the number.
        is_least: whether the number is the least, not the most.
        unit: what it counts.
        value: takes it from the results.
    """

    work: str
    limit: float
    is_least: bool
    unit: str
    value: Callable[[Results], float]

    def is_met(self, value: float) -> bool:
        """Whether a value is on the right side."""
        return value >= self.limit if self.is_least else value <= self.limit

    def asked(self) -> str:
        """The bar in words."""
        return f"{'≥' if self.is_least else '≤'} {self.limit:,g} {self.unit}"


def taken(runs: dict[str, Any]) -> float:
    """The median of what a command took, in seconds.

    Raises:
        KeyError: it was not measured.
    """
    if not runs["seconds"]:
        raise KeyError("seconds")
    return float(median(runs["seconds"]))


def contestants(results: Results) -> dict[str, dict[str, Any]]:
    """What was measured of each way, by name."""
    return {one["name"]: one for one in results["peers"]["contestants"]}


def times_as_long(name: str) -> Callable[[Results], float]:
    """How many times as long as this project another way takes."""

    def value(results: Results) -> float:
        all_ways = contestants(results)
        if all_ways[name]["reason"]:
            raise KeyError(name)
        return taken(all_ways[name]) / taken(all_ways["sparkify"])

    return value


def _tiny(numerator: str, denominator: str) -> Callable[[Results], float]:
    def value(results: Results) -> float:
        runs = results["tiny"]["runs"]
        return taken(runs[numerator]) / taken(runs[denominator])

    return value


def _only(name: str) -> Callable[[Results], float]:
    return lambda results: taken(next(iter(results[name]["runs"].values())))


def _per_event(size: dict[str, Any]) -> float:
    return taken(size) / float(size["events"])


def _growth(results: Results) -> float:
    sizes = results["growth"]["sizes"]
    return _per_event(sizes[-1]) / _per_event(sizes[0])


def _written(results: Results) -> float:
    events, runs = next(iter(results["simulate"]["runs"].items()))
    return int(events) / taken(runs)


_WHOLE = "1.9 million events and 10,000 song files"
BARS = (
    Bar(
        f"{_WHOLE}: this project, beside the best DuckDB script by hand",
        *(1.5, False, "×"),
        lambda results: 1 / times_as_long("handwritten_duckdb")(results),
    ),
    Bar("the same: dlt (Parquet) + dbt takes", 15, True, "×", times_as_long("dlt_dbt")),
    Bar("the same: dlt (Arrow) + dbt takes", 3, True, "×", times_as_long("dlt_dbt_arrow")),
    Bar("the same: dbt-duckdb alone takes", 2.5, True, "×", times_as_long("dbt_duckdb")),
    Bar("the same: SQLMesh takes", 2.5, True, "×", times_as_long("sqlmesh")),
    Bar("the same: PySpark takes", 7, True, "×", times_as_long("pyspark")),
    Bar(
        "10,000 tiny song files alone, the whole run, beside merely reading them",
        *(3, False, "×"),
        _tiny("sparkify etl", "merely reading them"),
    ),
    Bar(
        "10,000 tiny song files alone: DuckDB's glob into one table takes",
        *(8, True, "×"),
        _tiny("DuckDB's glob", "sparkify etl"),
    ),
    Bar("time per event at the largest size, beside the smallest", LINEAR, False, "×", _growth),
    Bar(
        "peak memory at the largest size (20 million events)",
        *(2_000, False, "MB"),
        lambda results: float(results["growth"]["sizes"][-1]["peak_mb"]),
    ),
    Bar("a run with nothing new over 10,030 known files", 2, False, "s", _only("nothing-new")),
    Bar("`sparkify simulate` writes", 300_000, True, "events/s", _written),
    Bar("`sparkify --help`", 0.4, False, "s", _only("help")),
)
