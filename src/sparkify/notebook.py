"""What the notebooks need: the project's folder, answers as data frames, the way to the cluster."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparkify.config.loading import DEFAULT_CONFIG, load_settings
from sparkify.config.settings import Settings
from sparkify.printing.terminal import printable

if TYPE_CHECKING:
    import pandas as pd

    from sparkify.cluster.aws import Aws
    from sparkify.cluster.waiting import Waiter


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


def connect_cluster(settings: Settings) -> "tuple[Aws, Waiter]":
    """The way to AWS, and what tells below the cell what is done there."""
    from sparkify.cluster.aws import Aws
    from sparkify.cluster.waiting import Waiter
    from sparkify.printing.console import Console

    # Plain lines: a kernel takes itself for a terminal, and rich would want widgets in a notebook.
    console = Console(file=sys.stdout, force_terminal=False, force_jupyter=False)
    return Aws(settings), Waiter(settings.cluster.cluster_timeout_minutes, console)
