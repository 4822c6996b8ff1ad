"""What ``sparkify doctor`` finds about a cluster before anything is loaded into it."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from sparkify.doctor.findings import Findings
from sparkify.doctor.redshift import examine_rights
from sparkify.errors import WarehouseError
from sparkify.warehouse.redshift.engine import RedshiftWarehouse
from tests.standin.fixtures import BUCKET
from tests.standin.server import RedshiftStandIn
from tests.support.machine import refusing_port
from tests.support.runs import create_tables, redshift_warehouse
from tests.warehouse.redshift.support import Command, Site, drop_tables


def checks_of(result: tuple[int, str, str]) -> dict[str, dict[str, Any]]:
    """The findings of ``doctor --json``, by check."""
    return {each["check"]: each for each in json.loads(result[1])["checks"]}


def test_a_cluster_that_can_be_loaded_is_found_well_and_is_left_as_it_was(
    sparkify: Command, configured: Site
) -> None:
    done = sparkify("doctor", "--json")
    checks = checks_of(done)
    assert (done[0], {each["state"] for each in checks.values()}) == (0, {"ok"})
    assert checks.keys() >= {"region", "address", "login", "tls", "rights", "warehouse", "role: work_prefix"}
    assert "as awsuser" in checks["login"]["message"]
    assert configured.engine.stand_in.s3.list(f"{configured.root}/work") == []
    assert sparkify("create-tables", "--yes")[0] == 0
    assert "holds 0 plays" in checks_of(sparkify("doctor", "--json"))["warehouse"]["message"]


def test_a_password_that_is_wrong_ends_the_examination_of_the_cluster(
    sparkify: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", "Wrong-123")
    code, out, err = sparkify("doctor")
    assert code == 1
    assert "failed   login: " in out
    assert "hint: check [CLUSTER] DB_USER, and the password in SPARKIFY_DB_PASSWORD" in out
    assert "ok       address: " in out
    assert "rights" not in out
    assert err.startswith("error: failed: login")
    assert "Wrong-123" not in out + err


@pytest.mark.parametrize(
    ("variables", "check", "said"),
    [
        ({"SPARKIFY_HOST": "no-such-host.invalid"}, "address", "no such host"),
        ({"SPARKIFY_DB_PORT": "closed"}, "address", "can't be reached"),
        ({"SPARKIFY_IAM_ROLE_ARN": "arn:aws:iam::123456789012:role/none"}, "role: work_prefix", "role"),
        ({"SPARKIFY_WORK_PREFIX": "s3://no-such-bucket-anywhere/work"}, "role: work_prefix", "bucket"),
        ({"SPARKIFY_LOG_DATA": f"s3://{BUCKET}/nowhere"}, "log_data", "nowhere"),
        ({"SPARKIFY_LOG_JSONPATH": f"s3://{BUCKET}/none.json"}, "log_jsonpath", "none.json"),
    ],
)
def test_what_is_wrong_is_named_with_a_remedy(
    sparkify: Command, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], check: str, said: str
) -> None:
    with refusing_port() as port:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(port) if value == "closed" else value)
        code, out, err = sparkify("doctor", "--json")
    found = checks_of((code, out, err))[check]
    assert (code, found["state"]) == (1, "failed")
    assert said in found["message"]
    assert found["hint"]


def test_a_role_that_may_not_read_the_work_prefix_is_found(
    sparkify: Command, redshift: RedshiftStandIn
) -> None:
    redshift.denied_buckets.add(BUCKET)
    try:
        found = checks_of(sparkify("doctor", "--json"))["role: work_prefix"]
    finally:
        redshift.denied_buckets.discard(BUCKET)
    assert found["state"] == "failed"
    assert "s3:GetObject" in found["hint"]


def test_without_a_work_prefix_the_role_must_read_the_sources(
    sparkify: Command, configured: Site, redshift: RedshiftStandIn
) -> None:
    config = configured.folder / "dwh.cfg"
    config.write_text(
        "\n".join(line for line in config.read_text().splitlines() if "WORK_PREFIX" not in line)
    )
    checks = checks_of(sparkify("doctor", "--json"))
    assert [checks[f"role: {source}"]["state"] for source in ("song_data", "log_data")] == ["ok", "ok"]
    redshift.denied_buckets.add(BUCKET)
    try:
        checks = checks_of(sparkify("doctor", "--json"))
    finally:
        redshift.denied_buckets.discard(BUCKET)
    assert [checks[f"role: {source}"]["state"] for source in ("song_data", "log_data")] == [
        "failed",
        "failed",
    ]


@pytest.fixture
def reader(site: Site, redshift: RedshiftStandIn) -> Iterator[RedshiftWarehouse]:
    """The warehouse, for somebody who has been granted nothing so far but to see that there is a schema."""
    role = f"reader_{secrets.token_hex(4)}"
    redshift.as_superuser(f"CREATE ROLE {role}", f"GRANT {role} TO {redshift.user}")
    warehouse = redshift_warehouse(site.settings, read_only=True)
    warehouse.query(f"SET ROLE {role}")
    yield warehouse
    warehouse.close()


def test_who_may_create_no_tables_is_told_what_to_be_granted(reader: RedshiftWarehouse, site: Site) -> None:
    drop_tables(site.settings)
    with pytest.raises(WarehouseError, match="may not create tables in the schema public") as caught:
        examine_rights(reader, "somebody", Findings())
    assert "GRANT CREATE ON SCHEMA public" in caught.value.hint


def test_who_may_only_read_is_warned_that_loads_will_fail(reader: RedshiftWarehouse, site: Site) -> None:
    create_tables(site.settings)
    findings = Findings()
    examine_rights(reader, "somebody", findings)
    (found,) = findings.all
    assert (found.check, found.state) == ("rights", "warning")
    assert "may read the tables, but not load them" in found.message
