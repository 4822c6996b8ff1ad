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


def _forms(numerator: str, denominator: str, part: str = "forms") -> Callable[[Results], float]:
    def value(results: Results) -> float:
        runs = results[part]["runs"]
        return taken(runs[numerator]) / taken(runs[denominator])

    return value


def _beyond_fetching(form: str) -> Callable[[Results], float]:
    """What loading from S3 takes beyond the same files of this machine, beside merely fetching them."""

    def value(results: Results) -> float:
        runs = results["forms"]["runs"]
        return (taken(runs[f"{form} on S3"]) - taken(runs[form])) / taken(runs[f"merely fetching {form}"])

    return value


def _memory(numerator: str, denominator: str) -> Callable[[Results], float]:
    return lambda results: float(
        results["forms"]["runs"][numerator]["peak_mb"] / results["forms"]["runs"][denominator]["peak_mb"]
    )


def _only(name: str) -> Callable[[Results], float]:
    return lambda results: taken(next(iter(results[name]["runs"].values())))


def _per_event(size: dict[str, Any]) -> float:
    return taken(size) / float(size["events"])


def _reading(name: str) -> Callable[[Results], float]:
    return lambda results: taken(results["reading"]["runs"][name])


def _growth(results: Results) -> float:
    sizes = results["growth"]["sizes"]
    return _per_event(sizes[-1]) / _per_event(sizes[0])


def _written(results: Results) -> float:
    events, runs = next(iter(results["simulate"]["runs"].items()))
    return int(events) / taken(runs)


_WHOLE = "1.9 million events and 10,000 song files"
BARS = (
    Bar(
        f"{_WHOLE}, plain: this project, beside the best DuckDB script by hand",
        *(1.35, False, "×"),
        _forms("plain", "plain, the script by hand"),
    ),
    Bar(
        "the logs in gzip: this project, beside the script by hand on the same",
        *(1.35, False, "×"),
        _forms("gzip", "gzip, the script by hand"),
    ),
    Bar(
        "plain on S3: what it takes beyond the same on this machine, beside merely fetching the objects",
        *(1.2, False, "×"),
        _beyond_fetching("plain"),
    ),
    Bar("gzip on S3: the same", 1.2, False, "×", _beyond_fetching("gzip")),
    Bar("3 bad records in 1,000, plain: beside the clean files", 1.3, False, "×", _forms("dirty", "plain")),
    Bar(
        "3 bad records in 1,000, gzip: beside the clean files", 1.3, False, "×", _forms("dirty gzip", "gzip")
    ),
    Bar(
        "3 bad records in 1,000: peak memory, beside the clean files",
        1.1,
        False,
        "×",
        _memory("dirty", "plain"),
    ),
    *(
        Bar(
            f"1,000,000 events {form}: beside the same on lines",
            1.5,
            False,
            "×",
            _forms(form, "on lines", "objects"),
        )
        for form in ("one array", "without lines", "pretty-printed")
    ),
    Bar(
        "10,000 tiny song files alone, the whole run",
        *(0.8, False, "s"),
        lambda results: taken(results["tiny"]["runs"]["sparkify etl"]),
    ),
    Bar("the same: dlt (Parquet) + dbt takes", 15, True, "×", times_as_long("dlt_dbt")),
    Bar("the same: dlt (Arrow) + dbt takes", 3, True, "×", times_as_long("dlt_dbt_arrow")),
    Bar("the same: dbt-duckdb alone takes", 1.8, True, "×", times_as_long("dbt_duckdb")),
    Bar("the same: SQLMesh takes", 1.6, True, "×", times_as_long("sqlmesh")),
    Bar("the same: PySpark takes", 7, True, "×", times_as_long("pyspark")),
    Bar(
        "10,000 tiny song files alone: DuckDB's glob into one table takes",
        *(8, True, "×"),
        _tiny("DuckDB's glob", "sparkify etl"),
    ),
    Bar("time per event at the largest size, beside the smallest", LINEAR, False, "×", _growth),
    Bar(
        "peak memory at the largest size (20 million events)",
        *(1_200, False, "MB"),
        lambda results: float(results["growth"]["sizes"][-1]["peak_mb"]),
    ),
    Bar("8.3 million plays: the question top_songs", 0.8, False, "s", _reading("top_songs")),
    Bar("the same: the report", 8, False, "s", _reading("report")),
    Bar("the same: all questions and audits (`sparkify check`)", 22.6, False, "s", _reading("check")),
    Bar("a run with nothing new over 10,030 known files", 0.5, False, "s", _only("nothing-new")),
    Bar("`sparkify simulate` writes", 300_000, True, "events/s", _written),
    Bar("`sparkify --help`", 0.4, False, "s", _only("help")),
)
