"""``sparkify doctor``: what may keep the other commands from working, for people and for programs."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify.cli.options import Config, Database, ResultAsJson
from sparkify.errors import DiagnosisError

if TYPE_CHECKING:
    from sparkify.doctor.examine import Examination

_ALWAYS_SHOWN = ("database", "song_data", "log_data")


def doctor(
    config: Config = None,
    database: Database = None,
    song_data: Annotated[
        str | None, typer.Option(metavar="URI", help="The song files.", show_default="data/song_data")
    ] = None,
    log_data: Annotated[
        str | None, typer.Option(metavar="URI", help="The log files.", show_default="data/log_data")
    ] = None,
    as_json: ResultAsJson = False,
) -> None:
    """Look for problems with settings, files, warehouse and rights; changes nothing."""
    from dataclasses import asdict

    from sparkify.cli.results import result_of
    from sparkify.doctor.examine import examine

    with result_of("doctor", is_wanted=as_json) as result:
        found = examine(config, database=database, song_data=song_data, log_data=log_data)
        result["database"] = found.database
        result["settings"] = [
            {"setting": each.name, "value": each.value, "from": each.origin} for each in found.settings
        ]
        result["checks"] = [asdict(each) | {"hint": each.hint or None} for each in found.findings.all]
        if not as_json:
            _print(found)
        failed = [each.check for each in found.findings.all if each.state == "failed"]
        if failed:
            raise DiagnosisError(f"failed: {', '.join(failed)}", "see the hints of these checks")


def _print(found: "Examination") -> None:
    from sparkify.printing.output import print_rows
    from sparkify.printing.tables import Look
    from sparkify.printing.terminal import printable

    shown = [
        (each.name, each.value, each.origin)
        for each in found.settings
        if each.origin != "default" or each.name in _ALWAYS_SHOWN
    ]
    if shown:
        print_rows(["setting", "value", "from"], shown, "table", Look(is_prose=True))
        sys.stdout.write("all other settings have their defaults; all of them: sparkify doctor --json\n\n")
    for each in found.findings.all:
        sys.stdout.write(f"{each.state:<9}{printable(f'{each.check}: {each.message}')}\n")
        if each.hint:
            sys.stdout.write(f"{'':<9}  hint: {printable(each.hint)}\n")
