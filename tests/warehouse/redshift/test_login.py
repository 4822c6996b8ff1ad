"""Getting in: by password, by what IAM gives out, over TLS only; and what is said of those who don't."""

import contextlib
import logging
import secrets
import socket
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redshift_connector.iam_helper import IamHelper

from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import SparkifyError, UsageError
from sparkify.warehouse.opening import connect
from tests.standin.server import RedshiftStandIn
from tests.support.builders import HANGS
from tests.support.engines import connection_options
from tests.support.machine import refusing_port
from tests.support.settings import changed
from tests.warehouse.redshift.aws import Account, answering

WRONG = "Wrong-123"


@pytest.fixture
def settings(redshift: RedshiftStandIn) -> Settings:
    """How to get in by password."""
    return load_settings(environment={}, **connection_options(redshift))


@pytest.fixture
def account(redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An AWS account that lets us in under a name and a password of its own."""
    login = (f"IAM:{secrets.token_hex(4)}", secrets.token_urlsafe(16))
    redshift.temporary_logins[login[0]] = login[1]
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(IamHelper, "credentials_cache", {})  # where the driver keeps them
    account = Account((redshift.host, redshift.port), login)
    with answering(account):
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT", account.endpoint)
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", account.endpoint)
        yield account


def iam(settings: Settings, **options: Any) -> Settings:
    """Without a password."""
    return changed(settings, db_password="", **options)


def who(settings: Settings) -> list[tuple[Any, ...]]:
    warehouse = connect(settings, read_only=True)
    try:
        return warehouse.query("SELECT CURRENT_USER, CURRENT_DATABASE()")
    finally:
        warehouse.close()


def refused(settings: Settings) -> str:
    """The error that people see, as one text."""
    with pytest.raises(SparkifyError) as caught:
        connect(settings)
    return " ".join(str(caught.value).split())


def test_a_password_lets_in_as_awsuser_where_no_user_is_named(settings: Settings) -> None:
    assert who(settings) == [("awsuser", "dev")]
    assert who(changed(settings, db_user="", db_name="")) == [("awsuser", "dev")]


def test_without_a_password_iam_gives_temporary_credentials(settings: Settings, account: Account) -> None:
    asked = iam(settings, host="", db_user="analyst", cluster_identifier="music")
    assert who(asked) == [("awsuser", "dev")]
    assert [operation for operation, _ in account.calls] == ["GetClusterCredentials", "DescribeClusters"]
    parameters = account.calls[0][1]
    assert parameters["ClusterIdentifier"] == "music"
    assert parameters["DbUser"] == "analyst"
    assert parameters["DbName"] == "dev"
    assert parameters["AutoCreate"] == "false"


def test_a_host_is_not_asked_for_again(settings: Settings, account: Account) -> None:
    assert who(iam(settings)) == [("awsuser", "dev")]
    assert [operation for operation, _ in account.calls] == ["GetClusterCredentials"]


def test_temporary_credentials_are_awsusers_where_no_user_is_named(
    settings: Settings, account: Account
) -> None:
    who(iam(settings, db_user=""))
    assert account.calls[0][1]["DbUser"] == "awsuser"


@pytest.mark.parametrize("said", [{"workgroup": "hits"}, {"cluster_type": "serverless"}])
def test_a_serverless_workgroup_is_entered_with_its_own_credentials(
    settings: Settings, account: Account, said: dict[str, str]
) -> None:
    assert who(iam(settings, host="", cluster_identifier="music", **said)) == [("awsuser", "dev")]
    name = said.get("workgroup", "music")
    assert account.calls == [
        ("GetCredentials", {"dbName": "dev", "workgroupName": name}),
        ("GetWorkgroup", {"workgroupName": name}),
    ]


def test_the_region_may_come_from_awss_own_variables(
    settings: Settings, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = iam(settings, host="", aws_region="")
    assert "set [AWS] REGION" in refused(nowhere)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert who(nowhere) == [("awsuser", "dev")]
    assert account.calls


class TestRefusals:
    def test_a_wrong_password(self, settings: Settings) -> None:
        said = refused(changed(settings, db_password=WRONG))
        assert 'password authentication failed for user "awsuser"' in said
        assert "SPARKIFY_DB_PASSWORD" in said
        assert WRONG not in said

    def test_no_such_database(self, settings: Settings) -> None:
        assert 'database "nothing" does not exist check [CLUSTER] DB_NAME' in refused(
            changed(settings, db_name="nothing")
        )

    def test_no_such_host(self, settings: Settings) -> None:
        assert "nowhere.invalid: no such host check [CLUSTER] HOST" in refused(
            changed(settings, host="nowhere.invalid")
        )

    def test_a_paused_cluster_or_a_closed_port(self, settings: Settings) -> None:
        with refusing_port() as port:
            said = refused(changed(settings, db_port=port))
        assert f"localhost:{port}: can't be reached" in said
        assert "not paused" in said
        assert "security group" in said

    def test_a_cluster_without_an_address_yet(self, settings: Settings, account: Account) -> None:
        account.address = None
        said = refused(iam(settings, host="", cluster_identifier="music"))
        assert said.startswith("music: has no address")
        assert "sparkify cluster status" in said

    @pytest.mark.parametrize(
        ("missing", "options", "remedy"),
        [
            ("HOST", {"host": ""}, "sparkify cluster create"),
            ("DB_PASSWORD", {"db_password": "", "login": "password"}, "SPARKIFY_DB_PASSWORD"),
        ],
    )
    def test_a_missing_setting_is_named(
        self, settings: Settings, missing: str, options: dict[str, Any], remedy: str
    ) -> None:
        with pytest.raises(UsageError) as caught:
            connect(changed(settings, **options))
        assert caught.value.message == f"database redshift: [CLUSTER] {missing} is missing"
        assert remedy in caught.value.hint

    def test_no_aws_credentials(
        self, settings: Settings, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(variable, raising=False)
        said = refused(iam(settings, aws_access_key_id="", aws_secret_access_key=""))
        assert "no AWS credentials" in said
        assert "log in with the AWS command line tool" in said
        assert account.calls == []

    @pytest.mark.forms(2)
    @pytest.mark.parametrize("options", [{}, {"workgroup": "hits"}], ids=["cluster", "workgroup"])
    @pytest.mark.parametrize(
        ("code", "remedy"),
        [
            ("AccessDenied", "your AWS identity needs"),
            ("ClusterNotFound", "check DWH_CLUSTER_IDENTIFIER or DWH_WORKGROUP"),
        ],
    )
    def test_aws_says_no(
        self, settings: Settings, account: Account, options: dict[str, str], code: str, remedy: str
    ) -> None:
        if options and code == "ClusterNotFound":
            code = "ResourceNotFoundException"
        account.refusal = (code, "this is why")
        said = refused(iam(settings, **options))
        assert "this is why" in said
        assert remedy in said


class TestTls:
    def test_a_server_without_tls_is_told_nothing(self, settings: Settings) -> None:
        def say_that_there_is_none(server: socket.socket) -> socket.socket:
            """To the first client who asks."""
            while True:
                client, _ = server.accept()
                if client.recv(8):
                    client.sendall(b"N")
                    return client
                client.close()

        with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as thread:
            server.settimeout(HANGS)
            asked = thread.submit(say_that_there_is_none, server)
            said = refused(changed(settings, db_port=server.getsockname()[1]))
            assert "speaks no TLS" in said
            with asked.result() as client, contextlib.suppress(BlockingIOError):
                client.setblocking(False)  # whatever has been sent is there by now
                assert client.recv(1000) == b""

    def test_a_certificate_of_an_unknown_authority_is_refused(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        said = refused(settings)
        assert "certificate was not accepted" in said
        assert "SSL_CERT_FILE" in said

    def test_a_certificate_for_another_name_is_refused(self, settings: Settings) -> None:
        same_address = "127.1"
        assert "certificate was not accepted" in refused(changed(settings, host=same_address))


def test_no_secret_is_in_an_error_a_log_or_a_traceback(
    settings: Settings,
    account: Account,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    marked: dict[str, Any] = {
        "db_password": "Marked-Password-1",
        "aws_secret_access_key": "Marked-Secret-Key",
    }
    account.refusal = ("AccessDenied", "your key Marked-Secret-Key and Marked-Password-1 are bad")
    texts = []
    for asked in (
        changed(settings, **marked),
        changed(settings, **marked, db_name="Marked-Password-1"),
        changed(settings, **marked, login="iam"),
        changed(settings, **marked, login="iam", workgroup="hits"),
    ):
        with pytest.raises(SparkifyError) as caught:
            connect(asked)
        texts += [str(caught.value), "".join(traceback.format_exception(caught.value)), repr(asked)]
    texts += [caplog.text, *capsys.readouterr()]
    for text in texts:
        for secret in (*marked.values(), account.login[1]):
            # A database of that name is what the test itself asks for.
            assert secret not in text.replace("db_name='Marked-Password-1'", ""), text
