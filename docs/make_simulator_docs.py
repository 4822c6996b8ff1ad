"""Writes the comparison in docs/simulator.md and its picture: the real logs beside a simulation.

    python docs/make_simulator_docs.py [SAMPLE]

SAMPLE is the folder with the real log_data; by default SPARKIFY_SAMPLE_DATA or ../shared/data. The simulation
is that of the default settings. A test checks that the table is current.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from sparkify.simulate import SimulationOptions, simulate, sink_for

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from tests.support.likeness import Likeness, as_table, likeness  # noqa: E402
from tests.support.sample import SAMPLE, require_sample  # noqa: E402

REAL, SIMULATED = "#444444", "#1f8a5b"


def main() -> None:
    """Simulate, compare, write."""
    sample = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    require_sample(sample, "nothing was written")
    with tempfile.TemporaryDirectory() as folder:
        simulate(SimulationOptions(), sink_for(folder))
        simulated = likeness(Path(folder) / "log_data")
    real = likeness(sample / "log_data")

    page = DOCS / "simulator.md"
    begin, end = "<!-- table: begin -->\n", "<!-- table: end -->"
    table = begin + as_table(real, simulated) + end
    text, count = re.subn(f"{begin}.*{end}", lambda _: table, page.read_text(), flags=re.DOTALL)
    if count != 1:
        sys.exit(f"error: {page}: no place for the table, {begin.strip()}; nothing was written")
    picture = draw(real, simulated)
    page.write_text(text)
    (DOCS / "simulator.png").write_bytes(picture)


def draw(real: Likeness, simulated: Likeness) -> bytes:
    """A picture of plays by hour and the lengths of sessions, real beside simulated."""
    mpl.rcParams |= {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    figure, (hours, sessions) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
    _draw_hours(hours, real, simulated)
    _draw_sessions(sessions, real, simulated)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110, metadata={"Software": None})
    return picture.getvalue()


def _draw_hours(axes: Axes, real: Likeness, simulated: Likeness) -> None:
    hours = np.arange(24)
    axes.bar(hours - 0.2, real.hours * 100, 0.4, color=REAL, label="real")
    axes.bar(hours + 0.2, simulated.hours * 100, 0.4, color=SIMULATED, label="simulated")
    axes.set_title("Plays by hour", loc="left", fontweight="bold")
    axes.set_xlabel("hour (UTC)")
    axes.set_ylabel("% of all plays")
    axes.set_xticks(range(0, 24, 3))
    axes.legend(frameon=False, loc="upper left")


def _draw_sessions(axes: Axes, real: Likeness, simulated: Likeness) -> None:
    for of, color, name in ((real, REAL, "real"), (simulated, SIMULATED, "simulated")):
        lengths, first = np.unique(of.session_events, return_index=True)
        at_least = 100 * (1 - first / len(of.session_events))
        axes.plot(lengths, at_least, color=color, label=name, linewidth=1.8)
    axes.set_title("Session length", loc="left", fontweight="bold")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("events")
    axes.set_ylabel("% of sessions with at least so many")
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200], ["1", "2", "5", "10", "20", "50", "100", "200"])
    axes.set_yticks([100, 10, 1, 0.1], ["100", "10", "1", "0.1"])
    axes.set_ylim(0.05, 130)
    axes.legend(frameon=False, loc="lower left")


if __name__ == "__main__":
    main()
