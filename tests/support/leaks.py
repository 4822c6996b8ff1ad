"""Marked secrets, and the search for them in all that a command prints and leaves behind.

Every secret of these tests holds the same mark, so that half of one is found, too.
"""

import base64
import re
import traceback
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow.parquet as pq
import pytest

from sparkify.cli.app import run

MARK = "LeakMark"

KEY_ID = f"AKIA{MARK.upper()}000001"
SECRET_KEY = f"2/{MARK}+secret/key=2"
TOKEN = f"3/{MARK}+session+token=3"
FILE_TOKEN = f"9/{MARK}+session+token=9"
PASSWORD = f"Four-{MARK}-Password-4"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": f"AKIA{MARK.upper()}000005",
    "AWS_SECRET_ACCESS_KEY": f"6/{MARK}+secret/key=6",
    "AWS_SESSION_TOKEN": TOKEN,
    "SPARKIFY_DB_PASSWORD": f"Seven-{MARK}-Password-7",
    # Not a variable of this project: it is told of, without its value.
    "SPARKIFY_DB_PASSWRD": f"Eight-{MARK}-Password-8",
}

CONFIG = f"""\
[CLUSTER]
DB_NAME=dev
DB_USER=awsuser
DB_PASSWORD={PASSWORD}

[AWS]
KEY={KEY_ID}
SECRET={SECRET_KEY}
SESSION_TOKEN={FILE_TOKEN}
REGION=us-west-2
"""

_SECRETS = (KEY_ID, SECRET_KEY, TOKEN, FILE_TOKEN, PASSWORD, *ENVIRONMENT.values())
_TRACES = re.compile(
    "|".join(
        [
            MARK,
            *(re.escape(quote(secret, safe="")) for secret in _SECRETS),
            # All three ways in which base64 may fall upon a text.
            *(
                re.escape(base64.b64encode(b" " * shift + secret.encode()).decode()[4:-4])
                for secret in _SECRETS
                for shift in range(3)
            ),
        ]
    ),
    re.IGNORECASE,
)


def traces(text: str | bytes) -> list[str]:
    """What of the secrets is in a text, each with some of the text around it."""
    if isinstance(text, bytes):
        # Also as UTF-16, which is ASCII with NULs between.
        text = text.decode("latin-1") + text.replace(b"\0", b"").decode("latin-1")
    return [text[max(0, found.start() - 60) : found.end() + 20] for found in _TRACES.finditer(text)]


def traces_in(folder: Path) -> list[str]:
    """What of the secrets is in the files below a folder, dwh.cfg apart."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "dwh.cfg":
            found += [f"{path.name}: {trace}" for content in _contents(path) for trace in traces(content)]
        found += [f"{path.name}: its name" for _ in traces(path.name)]
    return found


def _contents(path: Path) -> list[str | bytes]:
    contents: list[str | bytes] = [path.read_bytes()]
    # What is compressed has to be read as what it is.
    if path.suffix == ".parquet":
        contents.append(str(pq.read_table(path).to_pylist()) + str(pq.read_schema(path).metadata))
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            names = connection.sql("SELECT table_name FROM duckdb_tables()").fetchall()
            contents += [str(connection.sql(f'FROM "{name}"').fetchall()) for (name,) in names]
    return contents


class Leaks:
    """Runs commands in a folder, and keeps what they print.

    Attributes:
        folder: the working directory.
        told: the output and the tracebacks so far.
    """

    def __init__(
        self, folder: Path, capture: pytest.CaptureFixture[str], log: pytest.LogCaptureFixture
    ) -> None:
        self.folder = folder
        self.told: list[str] = []
        self._capture = capture
        self._log = log

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command: its exit code, and all it said, an unexpected error's traceback included."""
        code = 0
        try:
            run(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception as error:
            code = -1
            self.told.append("".join(traceback.format_exception(error)))
        captured = self._capture.readouterr()
        self.told += [captured.out, captured.err]
        return code, captured.out + captured.err

    def found(self) -> list[str]:
        """The traces of the secrets in all that was printed, logged and written."""
        texts = [*self.told, self._log.text]
        return [trace for text in texts for trace in traces(text)] + traces_in(self.folder)

    def holds(self, secret: str) -> bool:
        """Whether a secret without the mark is in any of it."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "dwh.cfg"]
        texts = [*self.told, self._log.text, *(path.read_bytes().decode("latin-1") for path in files)]
        return any(secret in text for text in texts)
