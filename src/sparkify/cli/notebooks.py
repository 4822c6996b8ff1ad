"""``sparkify notebooks``: copies the notebooks out of the package, to where they can be changed."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

import sparkify
from sparkify.config import credentials
from sparkify.errors import UsageError
from sparkify.printing.terminal import say
from sparkify.system.disk import writing


def notebooks(
    out: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to copy them; created if missing.")
    ] = Path("notebooks"),
) -> None:
    """Copy the notebooks into a folder; Jupyter opens them there."""
    credentials.require_none(str(out), "FOLDER")
    found = {item.name: item.read_bytes() for item in _packaged().iterdir() if item.name.endswith(".ipynb")}
    if taken := [name for name in sorted(found) if (out / name).exists()]:
        raise UsageError(
            f"{out / taken[0]}: is there already, and was not touched", "move it away, or name another folder"
        )
    with writing(out, "name another folder"):
        out.mkdir(parents=True, exist_ok=True)
        for name, content in sorted(found.items()):
            with (out / name).open("xb") as file:
                file.write(content)
    for name in sorted(found):
        typer.echo(out / name)
    say("to open them: pip install jupyterlab altair pandas, then jupyter lab")


def _packaged() -> Traversable:
    """In a wheel they are part of the package, in a clone a folder beside its sources."""
    inside = resources.files("sparkify") / "notebooks"
    return inside if inside.is_dir() else Path(sparkify.__file__).parents[2] / "notebooks"
