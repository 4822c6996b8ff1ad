"""Notebooks, read and executed as Jupyter does: each in a kernel of its own."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.builders import HANGS

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What JupyterLab draws by itself."""

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def execute(
    name: str,
    folder: Path,
    environment: Mapping[str, str],
    mode: str = "Minimal",
    *,
    goes_on: bool = False,
    **parameters: Any,
) -> nbformat.NotebookNode:
    """Run a notebook as committed, but for the values of its parameters.

    Args:
        name: which one.
        folder: the working directory.
        environment: the kernel's variables.
        mode: how much tracebacks show, Minimal as committed.
        goes_on: whether cells after one that fails are run, too.
        **parameters: what to set in place of the values in the cells that are tagged ``parameters``.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOKS / name, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("%xmode Minimal", f"%xmode {mode}")
        if "parameters" in cell.metadata.get("tags", ()):
            for variable, value in parameters.items():
                cell.source = re.sub(rf"(?m)^{variable} = .*", f"{variable} = {value!r}", cell.source)
    kernel = {
        **environment,
        # Neither the user's profile nor history, and no matter what is broken in them.
        "IPYTHONDIR": str(folder / ".ipython"),
    }
    client = NotebookClient(
        notebook,
        timeout=HANGS,
        startup_timeout=HANGS,
        kernel_name="python3",
        allow_errors=goes_on,
        resources={"metadata": {"path": str(folder)}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / ".jupyter"))
        client.execute(env=kernel)
    return notebook


def text_of(notebook: nbformat.NotebookNode) -> str:
    """All that a notebook shows below its cells, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "\n".join(
        output.get("text")
        or "\n".join(output.get("traceback", ()))
        or output.get("data", {}).get("text/plain", "")
        for output in outputs
    )


def charts_of(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """The Vega-Lite specifications of the charts that a notebook shows."""
    return [
        dict(output.data[VEGA_LITE])
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if VEGA_LITE in output.get("data", {})
    ]
