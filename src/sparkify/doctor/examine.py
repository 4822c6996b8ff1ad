"""The examination: all checks, in the order in which commands depend on them."""

import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sparkify import __version__
from sparkify.config.loading import load_with_origins
from sparkify.config.owner import masked
from sparkify.config.settings import TYPES, Settings, values_of
from sparkify.doctor.findings import Findings
from sparkify.doctor.sources import examine_sources
from sparkify.system.extras import how_to_install

_LIBRARIES = ("duckdb", "pyarrow", "obstore")
_REDSHIFT_LIBRARIES = ("redshift-connector", "boto3")


@dataclass(frozen=True)
class Setting:
    """A setting as it counts.

    Attributes:
        name: its name.
        value: its value; of a secret only that there is one.
        origin: where it was given, or ``default``.
    """

    name: str
    value: Any
    origin: str


@dataclass
class Examination:
    """What was examined, and what was found.

    Attributes:
        database: the warehouse; None if the configuration can't be read.
        settings: all of them.
        findings: what was found.
    """

    database: str | None = None
    settings: list[Setting] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)


def examine(config: str | None, **flags: Any) -> Examination:
    """Make all checks. What fails is a finding, and whatever depends on it is left out.

    Args:
        config: what ``--config`` says.
        **flags: of the command line.
    """
    found = Examination()
    settings: Settings | None = None
    with found.findings.check("configuration"):
        settings, origins = load_with_origins(config, **flags)
        values = values_of(settings)
        found.settings = [
            Setting(name, masked(name, values[name]), origins.get(name, "default")) for name in TYPES
        ]
        files = sorted({origin.split(": [")[0] for origin in origins.values() if ": [" in origin})
        found.findings.ok("configuration", ", ".join(files) or "no file")
    _examine_versions(settings, found.findings)
    if settings is None:
        return found
    found.database = settings.database
    for warning in settings.warnings:
        found.findings.warn("configuration", warning)
    listed = examine_sources(settings, found.findings)
    if settings.database == "redshift":
        from sparkify.doctor.redshift import examine_redshift

        examine_redshift(settings, listed, found.findings)
    else:
        from sparkify.doctor.duckdb_file import examine_duckdb

        examine_duckdb(settings, listed, found.findings)
    return found


def _examine_versions(settings: Settings | None, findings: Findings) -> None:
    is_redshift = settings is not None and settings.database == "redshift"
    names, missing = (*_LIBRARIES, *(_REDSHIFT_LIBRARIES if is_redshift else ())), []
    said = [f"sparkify {__version__}", f"Python {platform.python_version()}"]
    for name in names:
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        hint = how_to_install("redshift") if is_redshift else "run make setup"
        findings.fail("versions", f"{', '.join(said)}; not installed: {', '.join(missing)}", hint)
    else:
        findings.ok("versions", ", ".join(said))
