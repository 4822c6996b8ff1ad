"""What the notebooks need: the project's folder, answers as data frames, the way to the cluster."""

import os
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparkify.config.loading import load_settings
from sparkify.config.paths import DEFAULT_CONFIG
from sparkify.config.settings import Settings
from sparkify.errors import SparkifyError
from sparkify.printing.terminal import printable

if TYPE_CHECKING:
    import pandas as pd

    from sparkify.cluster.aws import Aws
    from sparkify.cluster.plan import Plan, Target
    from sparkify.cluster.waiting import Waiter

_VEGA_LITE = "https://vega.github.io/schema/vega-lite/v5.json"


def enter_project() -> Settings:
    """Work in the project's folder, and read its configuration.

    Jupyter starts a notebook in the notebook's own folder. The project's is the working directory, or else
    the folder above it, where dwh.cfg or the usual DuckDB file is; without either nothing moves.
    """
    for folder in (Path.cwd(), Path.cwd().parent):
        if any((folder / name).is_file() for name in (DEFAULT_CONFIG, Settings.database)):
            os.chdir(folder)
            break
    settings = load_settings()
    for warning in settings.warnings:
        print(printable(f"warning: {warning}"))  # noqa: T201 - a notebook shows it below the cell
    return settings


def frame(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> "pd.DataFrame":
    """Columns and rows, as ``select`` and ``ask`` return them, as a data frame.

    SQL's exact decimals become floats, and its days become moments: charts know what to do with these.
    """
    import pandas as pd

    made = pd.DataFrame.from_records(list(rows), columns=list(columns), coerce_float=True)
    for column in made.select_dtypes("object"):
        if pd.api.types.infer_dtype(made[column], skipna=True) == "date":
            made[column] = pd.to_datetime(made[column])
    return made


def draw_charts_offline() -> None:
    """Have charts drawn by Jupyter itself: by default Altair's load their scripts from the internet.

    JupyterLab brings Vega-Lite 5, which draws what version 6 describes here as well.
    """
    import altair as alt

    def draw(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {
            "application/vnd.vegalite.v5+json": spec | {"$schema": _VEGA_LITE},
            "text/plain": "a chart, which JupyterLab draws",
        }

    alt.renderers.register("jupyter itself", draw)
    alt.renderers.enable("jupyter itself")


class Cluster:
    """What the notebooks of the cluster work with.

    Whatever is missing, a region or credentials, is said by each cell that needs it, and by no other.

    Args:
        settings: which cluster.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def aws(self) -> "Aws":
        """The way to AWS."""
        from sparkify.cluster.aws import Aws

        return Aws(self._settings)

    @cached_property
    def waiter(self) -> "Waiter":
        """What tells below the cell what is done there."""
        from sparkify.cluster.waiting import Waiter
        from sparkify.printing.console import Console

        # Plain lines: a kernel takes itself for a terminal, and rich would want widgets in a notebook.
        console = Console(file=sys.stdout, force_terminal=False, force_jupyter=False)
        return Waiter(self._settings.cluster.cluster_timeout_minutes, console)

    @cached_property
    def plan(self) -> "Plan":
        """What is to be there."""
        from sparkify.cluster.plan import make_plan

        return make_plan(self._settings, self.aws.region)

    @cached_property
    def target(self) -> "Target":
        """Which cluster it is, with settings that no plan would be made of, too."""
        from sparkify.cluster.plan import make_target

        return make_target(self._settings, self.aws.region)

    def address(self, given: str | None) -> str:
        """The IPv4 address that may reach it.

        Args:
            given: what MY_ADDRESS says.

        Raises:
            UsageError: that is no such address.
            ClusterError: the address can't be asked for.
        """
        from sparkify.cluster.network import own_address

        try:
            return own_address(given)
        except SparkifyError as error:
            message = error.message.replace("--my-ip", "MY_ADDRESS")
            raise type(error)(message, 'set MY_ADDRESS = "…", for example "203.0.113.7"') from None
