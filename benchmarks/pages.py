"""Writes what was measured into docs/benchmarks.md and docs/scale.md: the blocks between their markers."""

import re
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bars import BARS, Results, contestants, taken
from chart import draw
from peers import LEFT_OUT, OURS

NOT_MEASURED = "not measured"
QUICK = "**A quick run: little data and one round. Most of it is starting up, so no bar is judged.**"


def write_pages(results: Results, templates: Path, target: Path) -> None:
    """Fill the blocks of both pages, and draw the chart.

    Args:
        results: as ``bench.py`` notes them.
        templates: the folder of the pages as they are.
        target: the folder to write to; may be the same.
    """
    target.mkdir(parents=True, exist_ok=True)
    for page, text in rendered(results, templates).items():
        (target / page).write_text(text, encoding="utf-8")
    if "peers" in results:
        draw(results["peers"]["contestants"], target)


def rendered(results: Results, templates: Path) -> dict[str, str]:
    """Both pages, by the names of their files."""
    blocks = {
        "benchmarks.md": {
            "machine": describe_run(results),
            "race": race_table(results),
            "left out": left_out_table(results),
            "dirty": dirty_table(results),
            "bars": bars_table(results),
            "also": also_table(results),
        },
        "scale.md": {"growth": growth_table(results)},
    }
    pages = {}
    for page, parts in blocks.items():
        text = (templates / page).read_text(encoding="utf-8")
        for name, block in parts.items():
            text = fill(text, name, block)
        pages[page] = text
    return pages


def fill(page: str, name: str, block: str) -> str:
    """A page with what is between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->`` replaced."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    text, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: begin + block.rstrip("\n") + "\n" + end,
        page,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"the page has {count} blocks named {name!r}")
    return text


def describe_run(results: Results) -> str:
    """When, where and with what."""
    if "peers" not in results:
        return NOT_MEASURED
    race, versions = results["peers"], []
    machine, data, part = race["machine"], race["data"], race["slice"]
    for one in race["contestants"]:
        if one["version"] and (shown := f"{one['package']} {one['version']}") not in versions:
            versions.append(shown)
    text = (
        f"{_where(machine)} {machine['system']}, Python {machine['python']}; {', '.join(versions)}.\n\n"
        f"The files: {data['events']:,} events ({data['log_bytes'] / 1e6:,.0f} MB) and {data['songs']:,}"
        f" songs, a file each. The slice: {part['events']:,} events and {part['songs']:,} songs.\n"
    )
    if race["quick"]:
        text += f"\n{QUICK}\n"
    return text


def race_table(results: Results) -> str:
    """What each way took, the fastest first, those that could not be measured last."""
    if "peers" not in results:
        return NOT_MEASURED
    race = results["peers"]
    measured = [one for one in race["contestants"] if not one["reason"]]
    ours = contestants(results)[OURS]
    rate = race["data"]["events"] / taken(ours)
    rows = []
    for one in sorted(measured, key=lambda one: -_rate(one, race)):
        title = f"**{one['title']}**" if one["name"] == OURS else one["title"]
        if one["is_slice"]:
            title += " (slice)"
        rows.append(
            [
                title,
                _seconds(one["seconds"]),
                f"{statistics.median(one['cpu']):.1f} s",
                f"{one['peak_mb']:,} MB",
                f"{_rate(one, race):,.0f}",
                f"{rate / _rate(one, race):.2f} ×" if one is not ours else "1",
                str(one["lines"]),
            ]
        )
    head = ["", "wall time", "CPU", "peak memory", "events/s", "time per event", "lines to write"]
    table = _table(head, rows)
    failed = [f"- {one['title']} {one['reason']}" for one in race["contestants"] if one["reason"]]
    return table + ("\n" + "\n".join(failed) + "\n" if failed else "")


def left_out_table(results: Results) -> str:
    """What each way has, and what it leaves out."""
    if "peers" not in results:
        return NOT_MEASURED
    rows = [
        [one["title"], *("—" if kind in one["leaves_out"] else "yes" for kind in LEFT_OUT)]
        for one in results["peers"]["contestants"]
    ]
    return _table(["", *LEFT_OUT], rows, numbers=False)


def dirty_table(results: Results) -> str:
    """What became of the records of dirty files, on each way."""
    if "dirty" not in results:
        return NOT_MEASURED
    part = results["dirty"]
    rows = []
    for way in part["ways"]:
        for form in ("plain", "gzip"):
            one = way[form]
            ended = f"failed: {_in_a_cell(one['message'])}" if one["message"] else "went through"
            neither = part["records"] - one["loaded"] - one["rejected"]
            title = f"**{way['title']}**" if way["name"] == OURS else way["title"]
            numbers = (f"{number:,}" for number in (one["loaded"], one["rejected"], neither))
            rows.append([f"{title}, {form}", *numbers, ended])
    about = (
        f"Counted on {part['machine']['date']}: {part['records']:,} records in the files,"
        f" {part['broken']:,} of them broken on purpose.\n\n"
    )
    head = ["", "loaded", "rejected", "neither", "the run"]
    return about + _table(head, rows, ends_with_text=True)


def bars_table(results: Results) -> str:
    """Each bar, what was measured, and whether it is met."""
    rows = []
    is_quick = any(part["quick"] for part in results.values())
    for bar in BARS:
        try:
            value = bar.value(results)
        except (KeyError, IndexError):
            rows.append([bar.work, bar.asked(), NOT_MEASURED, ""])
            continue
        shown = f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
        verdict = "met" if bar.is_met(value) else "**not met**"
        rows.append([bar.work, bar.asked(), f"{shown} {bar.unit}", "" if is_quick else verdict])
    return (f"{QUICK}\n\n" if is_quick else "") + _table(["work", "bar", "measured", ""], rows)


def also_table(results: Results) -> str:
    """What was measured beside, without a bar."""
    rows = []
    for name in ("forms", "objects", "tiny", "nothing-new", "day", "reading", "s3", "help"):
        for title, runs in results.get(name, {}).get("runs", {}).items():
            cpu = statistics.median(runs["cpu"])
            rows.append([name, title, _seconds(runs["seconds"]), f"{cpu:.2f} s", f"{runs['peak_mb']:,} MB"])
    return _table(["", "", "wall time", "CPU", "peak memory"], rows) if rows else NOT_MEASURED


def growth_table(results: Results) -> str:
    """Time, memory and disk by size."""
    if "growth" not in results:
        return NOT_MEASURED
    part = results["growth"]
    machine = part["machine"]
    rows = [
        [
            f"{size['events']:,}",
            f"{size['log_bytes'] / 1e9:.2f} GB",
            f"{taken(size):.1f} s",
            f"{taken(size) / size['events'] * 1e6:.2f} s",
            f"{statistics.median(size['cpu']):.1f} s",
            f"{size['peak_mb']:,} MB",
            f"{size['database_mb']:,} MB",
            f"{size['disk_mb']:,} MB",
        ]
        for size in part["sizes"]
    ]
    head = ["events", "logs", "wall time", "per million", "CPU", "peak memory", "database", "most disk"]
    where = f"{_where(machine)} DuckDB {machine['duckdb']}.\n\n"
    return where + (f"{QUICK}\n\n" if part["quick"] else "") + _table(head, rows)


def _where(machine: dict[str, Any]) -> str:
    return (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores,"
        f" {machine['memory_gb']} GB; load of the machine before: {machine['load']}."
    )


def _rate(one: dict[str, Any], race: dict[str, Any]) -> float:
    return float(race["slice" if one["is_slice"] else "data"]["events"]) / taken(one)


def _seconds(values: Sequence[float]) -> str:
    digits = 1 if statistics.median(values) >= 10 else 2
    middle = f"{statistics.median(values):.{digits}f} s"
    if len(values) == 1:
        return f"{middle} (one run)"
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f}, {len(values)} runs)"


def _in_a_cell(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = True, ends_with_text: bool = False
) -> str:
    ruler = ["---", *(["---:"] if numbers else [":---:"]) * (len(head) - 1)]
    if ends_with_text:
        ruler[-1] = "---"
    lines = [head, ruler, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
