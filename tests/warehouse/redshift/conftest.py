"""What the tests of the Redshift engine share: the stand-in, and sources with an empty warehouse."""

from pathlib import Path

import pytest

from tests.standin.server import RedshiftStandIn
from tests.support.engines import RedshiftEngine
from tests.warehouse.redshift.support import Site


@pytest.fixture(scope="session")
def redshift_engine(redshift: RedshiftStandIn) -> RedshiftEngine:
    """The stand-in as an engine, whatever ``--engine`` says."""
    return RedshiftEngine(redshift)


@pytest.fixture
def site(redshift_engine: RedshiftEngine, tmp_path: Path) -> Site:
    """An empty folder for sources, and an empty warehouse that loads them."""
    folder = tmp_path / "site"
    folder.mkdir()
    return Site.open(redshift_engine, folder)
