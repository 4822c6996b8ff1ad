"""Draws how long each way takes, once for light pages and once for dark ones."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

_THEMES = {
    "light": {"text": "#16181d", "ours": "#5646d8", "others": "#b9b3de"},
    "dark": {"text": "#eceef2", "ours": "#8f84f5", "others": "#4d4878"},
}


def draw(contestants: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write benchmarks-light.svg and benchmarks-dark.svg: those that were measured on all of the files."""
    ways = [one for one in contestants if one["seconds"] and not one["reason"] and not one["is_slice"]]
    ways.sort(key=lambda one: -median(one["seconds"]))
    for theme, colours in _THEMES.items():
        mpl.rcParams |= {"font.size": 11, "svg.hashsalt": "benchmarks", "text.color": colours["text"]}
        figure, axes = plt.subplots(figsize=(9, 0.46 * len(ways) + 0.9), layout="constrained")
        names = [one["title"] for one in ways]
        middles = [median(one["seconds"]) for one in ways]
        is_ours = [one["name"] == "sparkify" for one in ways]
        marks = axes.barh(
            names, middles, color=[colours["ours" if own else "others"] for own in is_ours], height=0.66
        )
        axes.bar_label(marks, [f"{value:.1f} s" for value in middles], padding=5)
        axes.set_title("Files to star schema, wall time (shorter is better)", loc="left", fontweight="bold")
        axes.xaxis.set_visible(False)
        axes.margins(x=0.1)
        axes.tick_params(axis="y", length=0, colors=colours["text"])
        for label, own in zip(axes.get_yticklabels(), is_ours, strict=True):
            label.set_fontweight("bold" if own else "normal")
        axes.spines[:].set_visible(False)
        figure.savefig(folder / f"benchmarks-{theme}.svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
