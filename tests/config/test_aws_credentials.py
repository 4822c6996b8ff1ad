"""Whose credentials AWS is asked with: those of the configuration, on every way to AWS, and no mix of two."""

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sparkify.config.loading import load_settings
from sparkify.errors import UsageError
from sparkify.warehouse.redshift.login import login_options
from tests.support import commands

KEYS = "[AWS]\nACCESS_KEY=AKIAOFFILE\nSECRET_KEY=secret\nREGION=us-west-2\n"
SERVER_SAYS = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


@dataclass
class Listener:
    """A server that refuses everything, and remembers who asked: (access key, session token)."""

    address: str
    asked: set[tuple[str, str]] = field(default_factory=set)


@pytest.fixture
def aws() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            key = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
            listener.asked.add((key[1] if key else "", self.headers.get("X-Amz-Security-Token", "")))
            self.send_response(403)
            self.send_header("Content-Length", str(len(SERVER_SAYS)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(SERVER_SAYS)

        do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield listener
    server.shutdown()
    server.server_close()


@pytest.fixture
def environment(tmp_path: Path, aws: Listener) -> dict[str, str]:
    """One account in the environment, and another in a profile."""
    (tmp_path / "config").write_text("[profile work]\nregion = us-west-2\n")
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAOFDEFAULT\naws_secret_access_key = s\n"
        "[work]\naws_access_key_id = AKIAOFPROFILE\naws_secret_access_key = s\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SPARKIFY_"))}
    return kept | {
        "AWS_ACCESS_KEY_ID": "AKIAOFENVIRONMENT",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "token of the environment",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ENDPOINT_URL": aws.address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "SPARKIFY_S3_ENDPOINT": aws.address,
        "SPARKIFY_S3_RETRIES": "0",
    }


WHO = {
    "keys": (KEYS, ("AKIAOFFILE", "")),
    "keys with a token": (f"{KEYS}SESSION_TOKEN=token/of+the=file\n", ("AKIAOFFILE", "token/of+the=file")),
    "keys beside a profile": (f"{KEYS}PROFILE=work\n", ("AKIAOFFILE", "")),
    "a profile": ("[AWS]\nPROFILE=work\nREGION=us-west-2\n", ("AKIAOFPROFILE", "")),
    "nothing": ("[AWS]\nREGION=us-west-2\n", ("AKIAOFENVIRONMENT", "token of the environment")),
}


@pytest.mark.forms(3)
@pytest.mark.parametrize("who", WHO)
def test_every_way_to_aws_goes_by_the_same_credentials(
    tmp_path: Path, aws: Listener, environment: dict[str, str], who: str
) -> None:
    config, asked = WHO[who]
    (tmp_path / "dwh.cfg").write_text(config)
    for command in (
        ("cluster", "status"),
        ("etl", "--song-data", "s3://bucket/song_data", "--log-data", "s3://bucket/log_data"),
    ):
        aws.asked.clear()
        done = commands.command(*command, cwd=tmp_path, env=environment)
        assert aws.asked == {asked}, done.stderr
        assert "token" not in done.stderr


def _login_options(path: Path) -> dict[str, Any]:
    settings = load_settings(str(path), {}, host="h")
    return login_options(settings.redshift, settings.aws)


def test_so_does_the_login_to_redshift(tmp_path: Path) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_text(f"{KEYS}SESSION_TOKEN=token\n[CLUSTER]\nLOGIN=iam\n")
    options = _login_options(path)
    assert (options["access_key_id"], options["session_token"]) == ("AKIAOFFILE", "token")
    path.write_text("[AWS]\nPROFILE=work\nREGION=us-west-2\n[CLUSTER]\nLOGIN=iam\n")
    options = _login_options(path)
    assert options["profile"] == "work"
    assert "access_key_id" not in options


def test_a_profile_that_is_not_there_is_told_by_its_setting(
    tmp_path: Path, environment: dict[str, str], aws: Listener
) -> None:
    (tmp_path / "dwh.cfg").write_text("[AWS]\nPROFILE=home\nREGION=us-west-2\n")
    for command in (("cluster", "create", "--yes"), ("cluster", "delete", "--yes")):
        done = commands.command(*command, cwd=tmp_path, env=environment)
        assert done.returncode == 2
        assert "usage error: The config profile could not be found" in done.stderr
        assert "check [AWS] PROFILE" in done.stderr
    assert aws.asked == set()


def test_a_token_without_its_keys_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(None, {"SPARKIFY_AWS_SESSION_TOKEN": "t0ken"})
    assert "a session token without its keys" in caught.value.message
    assert "t0ken" not in str(caught.value)
    both = {"SPARKIFY_AWS_SESSION_TOKEN": "t0ken", "SPARKIFY_AWS_ACCESS_KEY_ID": "a"}
    assert "t0ken" not in repr(load_settings(None, both))
