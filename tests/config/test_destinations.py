"""Where credentials go: to Amazon, to this machine, and to what the user has named; not over http."""

import os
from pathlib import Path

import pytest

from sparkify.config.destinations import require_good_endpoint, require_good_host
from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import SparkifyError, UsageError
from sparkify.sources.s3_client import connect
from sparkify.warehouse.redshift.login import log_in
from tests.standin.server import RedshiftStandIn
from tests.support.cli import Run, assert_fails

AMAZONS_DATABASES = (
    "music.abc123.us-west-2.redshift.amazonaws.com",
    "Music.123456789012.us-west-2.redshift-serverless.amazonaws.com",
    "music.abc123.cn-north-1.redshift.amazonaws.com.cn",
)
OTHERS_DATABASES = (
    "warehouse.invalid",
    "redshift.amazonaws.com.invalid",
    "music.redshift.amazonaws.com.invalid",
    "musicredshift.amazonaws.com",
    "evil-1.us-east-1.elb.amazonaws.com",
    "redshift.evil-1.us-east-1.elb.amazonaws.com",
    "192.0.2.1",
    "2001:db8::1",
)
AMAZONS_S3 = (
    "https://s3.amazonaws.com",
    "https://s3.us-west-2.amazonaws.com",
    "https://s3-fips.dualstack.us-west-2.amazonaws.com",
    "https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com",
    "https://s3.cn-north-1.amazonaws.com.cn",
)
OTHERS_S3 = (
    "https://storage.invalid",
    "https://s3.amazonaws.com.invalid",
    "https://s3-evil-1.us-east-1.elb.amazonaws.com",
    "https://ec2-192-0-2-1.compute-1.amazonaws.com",
    "https://192.0.2.1:9000",
)
THIS_MACHINE = ("localhost", "127.0.0.1", "127.8.9.10", "::1")

PASSWORD = {"SPARKIFY_DB_PASSWORD": "MyProdPassw0rd"}
KEYS = {"SPARKIFY_AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "SPARKIFY_AWS_SECRET_ACCESS_KEY": "s"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(folder: Path, text: str, environment: dict[str, str]) -> Settings:
    """The settings with a dwh.cfg that nobody has named."""
    (folder / "dwh.cfg").write_text(text)
    return load_settings(None, environment)


# --- the password


@pytest.mark.parametrize("host", OTHERS_DATABASES)
def test_a_password_from_elsewhere_goes_to_no_host_that_a_found_file_names(folder: Path, host: str) -> None:
    text = f"[CLUSTER]\nHOST={f'[{host}]' if ':' in host else host}\n"
    settings = found(folder, text, PASSWORD)
    with pytest.raises(UsageError, match=r"HOST: a password set elsewhere would be sent to") as refused:
        log_in(settings.redshift, settings.aws)
    assert host in refused.value.message
    assert "use --config dwh.cfg or set SPARKIFY_HOST" in refused.value.hint
    assert "MyProdPassw0rd" not in str(refused.value)
    # By IAM a password for a while is sent there.
    settings = found(folder, f"{text}LOGIN=iam\n[AWS]\nREGION=us-west-2\n", KEYS | PASSWORD)
    with pytest.raises(UsageError, match=r"HOST: AWS credentials set elsewhere would be sent to"):
        log_in(settings.redshift, settings.aws)


def _require_good_host(settings: Settings, *, is_by_iam: bool) -> None:
    require_good_host(settings.redshift, settings.aws, is_by_iam=is_by_iam)


@pytest.mark.parametrize("host", [*AMAZONS_DATABASES, *THIS_MACHINE])
def test_it_goes_to_amazon_and_to_this_machine(folder: Path, host: str) -> None:
    text = f"[CLUSTER]\nHOST={f'[{host}]' if ':' in host else host}\n"
    _require_good_host(found(folder, text, PASSWORD), is_by_iam=False)
    _require_good_host(found(folder, f"{text}LOGIN=iam\n", KEYS), is_by_iam=True)


def test_it_goes_to_a_host_that_the_user_has_named(folder: Path) -> None:
    settings = found(folder, "[CLUSTER]\nHOST=warehouse.invalid\n", PASSWORD)
    assert settings.redshift.found == {"host"}
    _require_good_host(load_settings("dwh.cfg", PASSWORD), is_by_iam=False)
    _require_good_host(load_settings(None, PASSWORD | {"SPARKIFY_HOST": "other.invalid"}), is_by_iam=False)


def test_a_found_files_own_secrets_go_where_it_says(folder: Path) -> None:
    text = "[CLUSTER]\nHOST=warehouse.invalid\nDB_PASSWORD=theirs\n[AWS]\nKEY=AKIA\nSECRET=s\n"
    settings = found(folder, text, {})
    require_good_host(settings.redshift, settings.aws, is_by_iam=False)
    require_good_host(settings.redshift, settings.aws, is_by_iam=True)
    for environment in (PASSWORD, KEYS, {"SPARKIFY_AWS_SESSION_TOKEN": "t"}):
        with pytest.raises(UsageError):
            _require_good_host(load_settings(None, environment), is_by_iam=environment is not PASSWORD)


@pytest.mark.slow
def test_what_does_not_log_in_there_is_not_held_up(run: Run, data: Path, tmp_path: Path) -> None:
    assert data.is_dir()
    (tmp_path / "dwh.cfg").write_text("[CLUSTER]\nHOST=warehouse.invalid\n[WAREHOUSE]\nMAX_REJECT_SHARE=1\n")
    assert_fails(run("status", **PASSWORD), 2, "would be sent to warehouse.invalid")
    assert run("etl", "--database", "x.duckdb", **PASSWORD).returncode == 0
    assert_fails(run("status", "--config", "dwh.cfg", **PASSWORD), 1, "warehouse.invalid: no such host")


def test_the_usual_dwh_cfg_for_a_cluster_on_this_machine_works(
    run: Run, redshift: RedshiftStandIn, tmp_path: Path
) -> None:
    (tmp_path / "dwh.cfg").write_text(
        f"[CLUSTER]\nHOST={redshift.host}\nDB_PORT={redshift.port}\nDB_NAME={redshift.database}\n"
        f"DB_USER={redshift.user}\n"
    )
    done = run(
        "query",
        "SELECT 1 AS one",
        "--csv",
        SPARKIFY_DB_PASSWORD=redshift.password,
        SSL_CERT_FILE=os.environ["SSL_CERT_FILE"],
    )
    assert done.stdout == "one\n1\n", done.stderr


# --- another S3 server


@pytest.mark.parametrize("endpoint", OTHERS_S3)
def test_keys_from_elsewhere_go_to_no_server_that_a_found_file_names(folder: Path, endpoint: str) -> None:
    text = f"[S3]\nENDPOINT={endpoint}\n"
    for environment in (KEYS, {}):  # without any, AWS's own configuration has some or not
        with pytest.raises(UsageError, match=r"\[S3\] ENDPOINT: AWS credentials set elsewhere") as refused:
            connect("bucket", found(folder, text, environment).aws)
        assert "use --config dwh.cfg or set SPARKIFY_S3_ENDPOINT" in refused.value.hint
    connect("bucket", load_settings("dwh.cfg", KEYS).aws)
    connect("bucket", found(folder, f"{text}ANONYMOUS=true\n", KEYS).aws)
    connect("bucket", found(folder, f"{text}[AWS]\nKEY=AKIAEXAMPLE\nSECRET=s\n", {}).aws)


@pytest.mark.parametrize(
    "endpoint", [*AMAZONS_S3, "http://localhost:9000", "http://127.0.0.1:9000", "http://[::1]:9000"]
)
def test_they_go_to_amazon_and_to_this_machine(folder: Path, endpoint: str) -> None:
    require_good_endpoint(found(folder, f"[S3]\nENDPOINT={endpoint}\n", KEYS).aws)


@pytest.mark.parametrize(
    "endpoint", ["http://storage.invalid:9000", "HTTP://192.0.2.1", "http://s3.amazonaws.com"]
)
def test_credentials_go_over_http_only_where_that_is_said(folder: Path, endpoint: str) -> None:
    (folder / "s3.cfg").write_text(f"[S3]\nENDPOINT={endpoint}\n")
    for settings in (load_settings("s3.cfg", KEYS), load_settings(None, {"SPARKIFY_S3_ENDPOINT": endpoint})):
        with pytest.raises(UsageError, match=r"over unencrypted http") as refused:
            connect("bucket", settings.aws)
        assert "[S3] ALLOW_HTTP = true" in refused.value.hint
    (folder / "s3.cfg").write_text(f"[S3]\nENDPOINT={endpoint}\nALLOW_HTTP = yes\n")
    connect("bucket", load_settings("s3.cfg", KEYS).aws)
    connect(
        "bucket", load_settings(None, {"SPARKIFY_S3_ENDPOINT": endpoint, "SPARKIFY_S3_ANONYMOUS": "true"}).aws
    )


@pytest.mark.slow
def test_every_command_that_goes_to_s3_is_refused_alike(run: Run, data: Path, tmp_path: Path) -> None:
    assert data.is_dir()
    assert run("etl", "--max-reject-share", "1").returncode == 0
    (tmp_path / "dwh.cfg").write_text("[S3]\nENDPOINT=http://storage.invalid\n")
    for command in (
        ("etl", "--song-data", "s3://bucket/songs"),
        ("etl", "--log-jsonpath", "s3://bucket/paths.json"),
        ("export", "s3://bucket/out"),
        ("simulate", "s3://bucket/out"),
    ):
        assert_fails(run(*command, **KEYS), 2, "[S3] ENDPOINT", "storage.invalid")


def test_a_server_that_is_no_address_is_told_so(folder: Path) -> None:
    with pytest.raises(SparkifyError, match="is not a server address"):
        connect("bucket", found(folder, "[S3]\nENDPOINT=https://[::1\n", KEYS).aws)
