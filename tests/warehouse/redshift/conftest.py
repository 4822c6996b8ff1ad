"""What the tests of the Redshift engine share: the stand-in, and sources with an empty warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standin.fixtures import BUCKET
from tests.standin.server import RedshiftStandIn
from tests.support.engines import RedshiftEngine
from tests.warehouse.redshift.support import Site


@pytest.fixture(scope="session")
def redshift_engine(redshift: RedshiftStandIn) -> RedshiftEngine:
    """The stand-in as an engine, whatever ``--engine`` says."""
    return RedshiftEngine(redshift)


@pytest.fixture(scope="package")
def workgroup() -> Iterator[RedshiftStandIn]:
    """The stand-in as a Serverless workgroup."""
    with RedshiftStandIn(serverless=True) as stand_in:
        stand_in.make_bucket(BUCKET)
        yield stand_in


@pytest.fixture
def serverless_engine(workgroup: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> RedshiftEngine:
    """The stand-in as an engine that runs on a Serverless workgroup."""
    monkeypatch.setenv("SSL_CERT_FILE", str(workgroup.ca_file))
    return RedshiftEngine(workgroup, options={"cluster_type": "serverless"})


@pytest.fixture
def site(redshift_engine: RedshiftEngine, tmp_path: Path) -> Site:
    """An empty folder for sources, and an empty warehouse that loads them."""
    folder = tmp_path / "site"
    folder.mkdir()
    return Site.open(redshift_engine, folder)
