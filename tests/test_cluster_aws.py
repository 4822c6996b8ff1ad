"""The round on a real AWS account: create, look, delete, and nothing is left.

It costs money: see docs/cluster.md. Runs only with ``pytest -m aws``, with the credentials and the
region of AWS's own chain.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.aws

CONFIG = """\
[CLUSTER]
HOST=

[DWH]
DWH_CLUSTER_TYPE={type}
DWH_NODE_TYPE=ra3.large
DWH_BASE_RPU=4
DWH_CLUSTER_IDENTIFIER={name}

[IAM_ROLE]
ARN=
DWH_IAM_ROLE_NAME={name}

[S3]
LOG_DATA=s3://udacity-dend/log_data/
LOG_JSONPATH=s3://udacity-dend/log_json_path.json
SONG_DATA=s3://udacity-dend/song_data/
"""


class Account:
    """The command line, in a folder with a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> str:
        command = [sys.executable, "-c", "from sparkify.cli import main; main()", "cluster", *arguments]
        run = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, text=True, check=False)
        assert run.returncode == 0, f"{arguments} ended with {run.returncode}"
        return run.stdout

    def there(self) -> dict[str, dict[str, object]]:
        out = self.run("status", "--format", "json")
        rows = json.loads(out) if out else []
        return {row["kind"]: row for row in rows if row["cluster"] == self.folder.name}


@pytest.fixture(params=["serverless", "single-node"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    """An account with nothing of this test before, and nothing after."""
    for variable in os.environ:
        assert not variable.startswith("SPARKIFY_"), f"{variable} would lead this test elsewhere"
    folder = tmp_path / f"sparkify-test-{secrets.token_hex(4)}"
    folder.mkdir()
    (folder / "dwh.cfg").write_text(CONFIG.format(type=request.param, name=folder.name))
    account = Account(folder)
    try:
        yield account
    finally:
        account.run("delete", "--yes")


def test_a_cluster_is_created_once_shown_and_deleted_without_a_rest(account: Account) -> None:
    assert account.there() == {}
    address = account.run("create", "--yes").strip()
    host = address.partition(":")[0]
    assert f"HOST={host}\n" in (account.folder / "dwh.cfg").read_text()
    assert account.run("create", "--yes").strip() == address
    there = account.there()
    assert {"security group", "role"} < there.keys()
    assert str(there["security group"]["note"]).endswith("/32 to port 5439")
    account.run("delete", "--yes")
    assert account.there() == {}
    assert "HOST=\n" in (account.folder / "dwh.cfg").read_text()
