"""What the tests of the Redshift engine share: the stand-in, and sources with an empty warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify.cli.app import run
from tests.standin.fixtures import BUCKET
from tests.standin.server import RedshiftStandIn
from tests.support.builders import event, track, write
from tests.support.engines import RedshiftEngine
from tests.warehouse.redshift.support import Command, Site


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


@pytest.fixture
def secret(redshift: RedshiftStandIn) -> tuple[str, ...]:
    return redshift.password, redshift.s3_secret_key


@pytest.fixture
def configured(site: Site, redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A folder with a dwh.cfg that names the stand-in and sources on its S3 server; secrets elsewhere."""
    write(site.folder / "song_data/A/song.json", track())
    write(site.folder / "log_data/a.json", event(ts=1543449657796), event(ts=1543449657797), "{broken")
    site.engine.publish(site.folder)
    (site.folder / "dwh.cfg").write_text(f"""\
[CLUSTER]
HOST='{redshift.host}'
DB_NAME=dev
DB_PORT={redshift.port}

[IAM_ROLE]
ARN='{redshift.role_arn}'

[S3]
LOG_DATA='{site.root}/log_data'
LOG_JSONPATH='{site.root}/log_json_path.json'
SONG_DATA='{site.root}/song_data'
WORK_PREFIX='{site.settings.redshift.work_prefix}'
ENDPOINT={redshift.s3_endpoint}

[AWS]
REGION={redshift.region}

[WAREHOUSE]
MAX_REJECT_SHARE=0.5
""")
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", redshift.password)
    monkeypatch.setenv("SPARKIFY_AWS_ACCESS_KEY_ID", redshift.s3_access_key)
    monkeypatch.setenv("SPARKIFY_AWS_SECRET_ACCESS_KEY", redshift.s3_secret_key)
    return site


@pytest.fixture
def sparkify(configured: Site, capsys: pytest.CaptureFixture[str], secret: tuple[str, ...]) -> Command:
    """Runs the tool in the folder with the dwh.cfg; no secret may be in what it prints."""
    del configured

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            run([*arguments])
        out, err = capsys.readouterr()
        assert not any(word in out + err for word in secret)
        return int(left.value.code or 0), out, err

    return call
