"""What a machine brings along and no test may depend on: settings, credentials, proxies, terminals."""

import os
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

_OURS = ("SPARKIFY_SAMPLE_DATA", "SPARKIFY_CHROMIUM")
"""Variables that are for the tests."""

_PREFIXES = ("AWS_", "MOTO_", "PG", "SPARKIFY_")
_NAMES = {
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
    *("CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PY_COLORS"),
    *("GITHUB_ACTIONS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),  # from which rich and typer guess at a terminal
    *("PYTHONIOENCODING", "PYTHONWARNINGS"),
}


def forget(environment: MutableMapping[str, str]) -> None:
    """Take out of the environment what is this machine's or its user's."""
    for name in list(environment):
        if name not in _OURS and (name.startswith(_PREFIXES) or name.upper() in _NAMES):
            del environment[name]
    # Nor a profile of the user's, nor a service that would be asked for credentials, and not answer.
    environment["AWS_CONFIG_FILE"] = environment["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    # A test that would ask AWS itself is refused.
    environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port of 127.0.0.1 at which nobody answers: taken, so that nobody else can, and not listened at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
