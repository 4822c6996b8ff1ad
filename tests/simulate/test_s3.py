"""``sparkify simulate s3://…``: there is just what there would be in a folder, or one line says why not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import obstore
import pytest

from sparkify.config.settings import Settings
from sparkify.errors import SourceError, UsageError
from sparkify.simulate import MANIFEST, OutputError, SimulationOptions, simulate, sink_for
from tests.support.faulty_s3 import Fault, FaultyS3
from tests.support.s3_servers import Bucket, moto, rclone
from tests.support.settings import settings_of

SMALL = SimulationOptions(songs=70, users=40, days=2, dirty=0.05)


@pytest.fixture(scope="module", params=[rclone, moto])
def bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    server = rclone(tmp_path_factory.mktemp("s3")) if request.param is rclone else moto()
    with server as running:
        yield running.bucket("simulated")


@pytest.fixture
def faulty(bucket: Bucket) -> Iterator[FaultyS3]:
    with FaultyS3(bucket.endpoint).running() as server:
        yield server


@pytest.fixture
def settings(bucket: Bucket, faulty: FaultyS3) -> Settings:
    """Through a server that can fail."""
    return replace(bucket, proxy=faulty.endpoint).settings(settings_of(s3_requests=8))


def objects(bucket: Bucket, prefix: str) -> dict[str, bytes]:
    names = [item["path"] for page in obstore.list(bucket.store, prefix) for item in page]
    return {name.removeprefix(prefix): bytes(obstore.get(bucket.store, name).bytes()) for name in names}


@pytest.mark.forms(1)
def test_s3_gets_the_same_bytes_as_a_folder(
    bucket: Bucket, settings: Settings, faulty: FaultyS3, tmp_path: Path
) -> None:
    faulty.faults = [Fault("status", ".json", times=2)]  # which is tried again
    many = replace(SMALL, users=400)
    simulate(many, sink_for(f"{bucket.uri}/a b/data", settings.aws))
    simulate(many, sink_for(str(tmp_path)))
    expected = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert objects(bucket, "a b/data/") == expected
    assert faulty.seen[-2].endswith(MANIFEST)
    assert faulty.seen[-1] == "delete"


def test_a_prefix_that_is_not_empty_is_refused_and_left_alone(bucket: Bucket, settings: Settings) -> None:
    bucket.put("mine/precious.txt", b"mine")
    with pytest.raises(UsageError, match=r"s3://simulated/mine/ is not empty: it contains precious\.txt"):
        simulate(SMALL, sink_for(f"{bucket.uri}/mine", settings.aws))
    assert objects(bucket, "mine/") == {"precious.txt": b"mine"}


@pytest.mark.forms(2)
@pytest.mark.parametrize("name", ["log_json_path.json", "-events.json", MANIFEST])
def test_what_can_not_be_written_is_named_and_no_manifest_says_that_all_is_there(
    bucket: Bucket, settings: Settings, faulty: FaultyS3, name: str
) -> None:
    faulty.faults = [Fault("status", name, times=None, status=403, method="PUT")]
    with pytest.raises(SourceError, match="access denied") as caught:
        simulate(SMALL, sink_for(f"{bucket.uri}/{name}", settings.aws))
    assert name in caught.value.message
    assert "s3:PutObject" in caught.value.hint
    assert MANIFEST not in objects(bucket, f"{name}/")


def test_a_full_disk_for_temporary_files_is_told_with_the_remedy(
    bucket: Bucket, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(OutputError, match="gone: No such file") as caught:
        simulate(SMALL, sink_for(f"{bucket.uri}/disk", settings.aws))
    assert "TMPDIR" in caught.value.hint
