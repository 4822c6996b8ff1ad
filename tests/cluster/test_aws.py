"""The round on a real AWS account: create, look, load the public data, ask what no page settles, delete.

It costs money: see docs/verify-on-aws.md. Runs only with ``pytest -m aws``, with the credentials and the
region of AWS's own chain. With AWS_TEST_BUCKET, the name of a bucket in that region which may be written to,
files are bundled there, the tables exported, and the doubts asked; without, COPY reads the public bucket.

Nothing is left behind: the fixture deletes it, and should this process be killed, another one does.
"""

import csv
import io
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparkify.config.loading import load_settings
from sparkify.warehouse.redshift.login import log_in
from tests.support import emptied
from tests.support.doubts import DOUBTS, Asker, Doubt
from tests.support.guard import guarded

pytestmark = pytest.mark.aws

CONFIG = """\
[CLUSTER]
HOST=

[DWH]
DWH_CLUSTER_TYPE={type}
DWH_NODE_TYPE=ra3.large
DWH_BASE_RPU=4
DWH_CLUSTER_IDENTIFIER={name}
# To be reached from where the test runs, and by the security group from nowhere else.
DWH_PUBLICLY_ACCESSIBLE=true

[IAM_ROLE]
ARN=
DWH_IAM_ROLE_NAME={name}

[S3]
LOG_DATA=s3://udacity-dend/log_data/
LOG_JSONPATH=s3://udacity-dend/log_json_path.json
SONG_DATA=s3://udacity-dend/song_data/
REGION=us-west-2
{work}
"""

# What others have published of this data, songs and artists by their ids.
PUBLISHED = {"songplays": 6820, "users": 97, "songs": 14896, "artists": 9553, "time": 6813}
MATCHED_WITHOUT_REPAIR = 333


class Account:
    """The command line, in a folder with a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sparkify(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "sparkify", *arguments]
        run = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, text=True, check=False)
        assert run.returncode == 0, f"{arguments} ended with {run.returncode}"
        return run.stdout

    def run(self, *arguments: str) -> str:
        return self.sparkify("cluster", *arguments)

    def query(self, sql: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.sparkify("query", sql, "--format", "csv"))))[1:]

    def there(self) -> dict[str, dict[str, object]]:
        out = self.run("status", "--format", "json")
        rows = json.loads(out) if out else []
        return {row["kind"]: row for row in rows if row["cluster"] == self.folder.name}


@pytest.fixture(params=["serverless", "single-node"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    """An account with nothing of this test before, and nothing after."""
    for variable in os.environ:
        assert not variable.startswith("SPARKIFY_"), f"{variable} would lead this test elsewhere"
    session = boto3.Session()
    if session.get_credentials() is None:
        pytest.skip("no AWS credentials: log in with aws sso login, or set AWS_PROFILE")
    if session.region_name is None:
        pytest.skip("no AWS region: set AWS_DEFAULT_REGION=us-west-2, where the public data is")
    folder = tmp_path / f"sparkify-test-{secrets.token_hex(4)}"
    folder.mkdir()
    bucket = os.environ.get("AWS_TEST_BUCKET", "")
    work = "\n".join(
        f"{key}_PREFIX=s3://{bucket}/{folder.name}/{key.lower()}/" for key in ("WORK", "EXPORT") if bucket
    )
    (folder / "dwh.cfg").write_text(CONFIG.format(type=request.param, name=folder.name, work=work))
    account = Account(folder)
    emptying = [sys.executable, emptied.__file__, f"{bucket}/{folder.name}/"] if bucket else []
    deleting = [sys.executable, "-m", "sparkify", "cluster", "delete", "--yes"]
    with guarded([deleting, *filter(None, [emptying])], folder):
        yield account


def test_a_cluster_is_created_loaded_and_deleted_without_a_rest(
    account: Account, request: pytest.FixtureRequest
) -> None:
    assert account.there() == {}
    address = account.run("create", "--yes").strip()
    host = address.partition(":")[0]
    assert f"HOST={host}\n" in (account.folder / "dwh.cfg").read_text()
    assert account.run("create", "--yes").strip() == address
    there = account.there()
    assert {"stack", "security group", "role"} < there.keys()
    assert str(there["security group"]["note"]).endswith("/32 to port 5439")
    load_the_public_data(account)
    if bucket := os.environ.get("AWS_TEST_BUCKET", ""):
        kind = request.node.callspec.params["account"]
        told = request.config.stash.setdefault(DOUBTS, [])
        told += [(kind, doubt) for doubt in ask_doubts(account, bucket)]
    account.run("delete", "--yes")
    assert account.there() == {}
    assert "HOST=\n" in (account.folder / "dwh.cfg").read_text()


def ask_doubts(account: Account, bucket: str) -> list[Doubt]:
    """Ask the cluster what no page settles, below the work prefix, which its role may read and write."""
    settings = load_settings(str(account.folder / "dwh.cfg"))
    work = f"{account.folder.name}/work"
    prefix = f"{work}/doubts/"
    s3 = boto3.client("s3")

    def put(name: str, content: bytes) -> str:
        return str(s3.put_object(Bucket=bucket, Key=prefix + name, Body=content)["ETag"]).strip('"')

    def connect() -> Any:
        return log_in(settings.redshift, settings.aws)

    return Asker(connect, f"s3://{bucket}/{prefix}", put, "DEFAULT").ask()


def load_the_public_data(account: Account) -> None:
    account.sparkify("create-tables", "--yes")
    account.sparkify("etl")
    for table, rows in PUBLISHED.items():
        assert account.query(f"SELECT COUNT(*) FROM {table}") == [[str(rows)]], table
    ((matched,),) = account.query("SELECT COUNT(song_id) FROM songplays")
    assert int(matched) >= MATCHED_WITHOUT_REPAIR
    assert account.query("SELECT COUNT(*) FROM staging_rejects") == [["0"]]
    assert account.query("SELECT level, COUNT(*) FROM songplays GROUP BY 1 ORDER BY 1") == [
        ["free", "1229"],
        ["paid", "5591"],
    ]
    account.sparkify("etl")
    assert account.query("SELECT COUNT(*) FROM runs") == [["1"]]
    account.sparkify("check")
    if os.environ.get("AWS_TEST_BUCKET"):
        account.sparkify("export", "export")
        manifest = json.loads((account.folder / "export" / "_export.json").read_text())
        assert {table: told["rows"] for table, told in manifest["tables"].items()} == PUBLISHED
