"""No secret gets out: not printed, not logged, not in a traceback, and not in any file that is written."""

import base64
import contextlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nbclient.exceptions import CellExecutionError

from sparkify.config.dwh_cfg_keys import file_keys
from sparkify.config.settings import TYPES
from tests.standin.server import RedshiftStandIn
from tests.support.aws_account import CONFIG as CLUSTER_CONFIG
from tests.support.aws_account import MY_IP, World, open_world, refuse
from tests.support.builders import event, track, write
from tests.support.engines import RedshiftEngine
from tests.support.faulty_s3 import FaultyS3
from tests.support.leaks import (
    CONFIG,
    ENVIRONMENT,
    KEY_ID,
    MARK,
    PASSWORD,
    SECRET_KEY,
    TOKEN,
    Leaks,
    traces,
    traces_in,
)
from tests.support.notebooks import execute
from tests.support.s3_servers import moto

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def leaks(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Leaks:
    """A folder with a dwh.cfg full of secrets and some source files, and secrets in the environment, too."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SPARKIFY_TRACEBACK", "1")
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    (tmp_path / "dwh.cfg").write_text(CONFIG)
    write(tmp_path / "data/song_data/A/song.json", track())
    write(tmp_path / "data/log_data/a.json", *(event(ts=1543449657000 + number) for number in range(20)))
    return Leaks(tmp_path, capfd, caplog)


# --- the search itself


def test_the_search_finds_secrets_in_text_in_other_spellings_and_in_compressed_files(tmp_path: Path) -> None:
    spellings: list[str | bytes] = [
        f"password={PASSWORD}",
        f"https://host/?key=2%2F{MARK}%2Bsecret",
        base64.b64encode(f"user:{PASSWORD}".encode()).decode(),
        base64.b64encode(f"awsuser:{SECRET_KEY}".encode()).decode(),
        KEY_ID.lower(),
        SECRET_KEY.encode("utf-16-le"),
    ]
    assert all(traces(spelling) for spelling in spellings)
    assert traces("landmark, mark, leak, Benchmark-Password") == []
    with duckdb.connect(str(tmp_path / "some.duckdb")) as connection:
        connection.execute("CREATE TABLE texts AS SELECT ? || range AS text FROM range(10000)", [PASSWORD])
    pq.write_table(pa.table({"text": [TOKEN] * 1000}), tmp_path / "some.parquet", compression="zstd")
    (tmp_path / "log.txt").write_text(f"an error: {PASSWORD}")
    found = {trace.partition(":")[0] for trace in traces_in(tmp_path)}
    assert found == {"some.duckdb", "some.parquet", "log.txt"}


# --- on DuckDB


@pytest.mark.thorough
def test_the_commands_on_duckdb_let_no_secret_out(leaks: Leaks) -> None:
    # A record that is no JSON, for the rejects; the disk, the folder and the SQL below are wrong on purpose.
    write(leaks.folder / "data/log_data/b.json", event(ts=1543449657999), "not JSON")
    (leaks.folder / "answers").mkdir()
    (leaks.folder / "answers/top_songs.csv").write_text("title,artist,plays,listeners\n")
    for expected, *arguments in (
        (1, "status"),
        (1, "report"),
        (0, "simulate", "made", "--users", "5", "--songs", "10", "--days", "2"),
        (2, "simulate", "made"),
        (0, "etl", "--dry-run"),
        (1, "etl"),
        (0, "etl", "--max-reject-share", "0.5"),
        (0, "etl", "--max-reject-share", "0.5", "--full"),
        (0, "query", "SELECT * FROM songplays"),
        (1, "query", "SELECT * FROM no_such_table"),
        (1, "query", "SELEKT 1"),
        (1, "query", "SELECT getenv('AWS_SECRET_ACCESS_KEY')"),
        (2, "query", "DELETE FROM songplays"),
        (0, "questions"),
        (0, "questions", "--all"),
        (2, "questions", "no_such_question"),
        (0, "check"),
        (1, "check", "answers"),
        (2, "check", "no-such-folder"),
        (0, "report", "report.html"),
        (1, "report", "no-such-folder/report.html"),
        (0, "export", "out"),
        (2, "export", "out"),
        (0, "export", "out", "--overwrite"),
        (2, "export", "data"),
        (0, "notebooks"),
        (2, "notebooks"),
        (0, "status"),
        (0, "prune", "--older-than", "1d", "--yes"),
        (0, "doctor"),
        (0, "doctor", "--json"),
        (1, "status", "--database", "data/log_data/a.json"),
        (2, "no-such-command"),
        (2, "etl", "--no-such-option"),
        (0, "create-tables", "--yes"),
    ):
        assert (arguments, leaks.run(*arguments)[0]) == (arguments, expected)
    # Told of by its name, so that the misspelling is found.
    assert "unknown environment variable SPARKIFY_DB_PASSWRD, ignored" in "".join(leaks.told)
    assert {"sparkify.duckdb", "report.html", "out", "made"} <= {path.name for path in leaks.folder.iterdir()}
    assert leaks.found() == []


# --- secrets where none belong


URL_KEY, URL_SECRET = f"AKIA{MARK.upper()}000009", f"10{MARK}Secret10"

MISPLACED = {
    **{
        f"in the address of {section} {key}": f"[{section}]\n{key}={scheme}://{URL_KEY}:{URL_SECRET}@{place}\n"
        for section, key, scheme, place in (
            ("S3", "SONG_DATA", "s3", "bucket/song_data"),
            ("S3", "LOG_DATA", "s3", "bucket/log_data"),
            ("S3", "LOG_JSONPATH", "s3", "bucket/log_json_path.json"),
            ("S3", "WORK_PREFIX", "s3", "bucket/work"),
            ("S3", "EXPORT_PREFIX", "s3", "bucket/export"),
            ("S3", "ENDPOINT", "http", "127.0.0.1:1"),
            ("WAREHOUSE", "DATABASE", "postgres", "host/db"),
            ("CLUSTER", "HOST", "redshift", "host/db"),
        )
    },
    "in a user without a colon": f"[S3]\nSONG_DATA=s3://{URL_SECRET}@bucket/song_data\n",
    "in a host": f"[CLUSTER]\nHOST=awsuser:{URL_SECRET}@127.0.0.1\n",
    "in a secret with slashes": f"[S3]\nSONG_DATA=s3://{URL_KEY}:a/{URL_SECRET}/b@bucket/song_data\n",
    "behind signs that are escaped": f"[S3]\nSONG_DATA=s3://{URL_KEY}%3A{URL_SECRET}%40bucket/song_data\n",
    "in an address within an address": f"[S3]\nSONG_DATA=s3://bucket/x?at=https://u:{URL_SECRET}@host/x\n",
    "in another kind of address": f"[S3]\nLOG_DATA=ftp://someone:{MARK}@host/log_data\n",
    "in the place of a number": f"[CLUSTER]\nDB_PORT={PASSWORD}\n",
    "in the place of a choice": f"[CLUSTER]\nLOGIN={PASSWORD}\n",
    "in the place of a switch": f"[S3]\nANONYMOUS={PASSWORD}\n",
    "in the place of a size": f"[WAREHOUSE]\nMEMORY_LIMIT={PASSWORD}\n",
    "in a misspelt section or key": (
        f"[AWZ]\nSECRET={MARK}\n[CLUSTR]\nDB_PASSWORD={MARK}\n"
        f"[AWS]\nSECRT={MARK}\nSECRET_ACCESS_KEY={MARK}\nTOKEN={MARK}\nSECRET_KEY {MARK}=\n"
    ),
    "as a key": f"[S3]\n{URL_SECRET}Pw=1\n[AWZ]\n{URL_SECRET}=\n[SECURITY_GROUP]\n{URL_SECRET}=\n",
    "as a key, twice": f"[S3]\n{URL_SECRET}Pw=1\n{URL_SECRET}Pw=2\n",
    "as an option of an address": f"[CLUSTER]\nHOST=127.0.0.1:1/dev?{URL_SECRET}=1\n",
    "after no equals sign": f"[AWS]\nSECRET_KEY {MARK}\n",
    "before any section": f"SECRET_KEY={MARK}\n",
    "twice": f"[AWS]\nSECRET={MARK}\nSECRET={MARK}\n",
    "in the next line": f"[AWS]\nSECRET=\n  {MARK}\nREGION=\n  {MARK}\n",
}


@pytest.mark.forms(9)
@pytest.mark.parametrize("config", MISPLACED.values(), ids=MISPLACED)
def test_a_secret_in_the_wrong_place_is_not_repeated(leaks: Leaks, config: str) -> None:
    (leaks.folder / "dwh.cfg").write_text(config)
    for arguments in (("etl",), ("status",), ("cluster", "create", "--dry-run")):
        code, said = leaks.run(*arguments)
        assert code in (0, 1, 2), said
        assert "this is a bug" not in said
    assert leaks.found() == []


SIGNED = {
    "Amazon": f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={URL_KEY}%2F2026&X-Amz-Signature={MARK}",
    "Amazon, of old": f"AWSAccessKeyId={URL_KEY}&Expires=1&Signature={MARK}%3D",
    "Amazon, by a session": f"x-amz-security-token={MARK}",
    "CloudFront": f"Expires=1&Key-Pair-Id={URL_KEY}&Policy={MARK}",
    "Google": f"X-Goog-Credential={MARK}&X-Goog-Signature={MARK}",
    "Google, of old": f"GoogleAccessId={MARK}",
    "Azure": f"sv=2024-11-04&sr=c&sp=rl&sig={MARK}%3D",
    "Alibaba": f"OSSAccessKeyId={MARK}&Signature={MARK}",
    "Tencent": f"q-sign-algorithm=sha1&q-ak={MARK}&q-signature={MARK}",
    "a token": f"raw=1&token={MARK}",
    "a session": f"access_token={MARK}",
    "a key": f"api_key={MARK}",
    "a password": f"user=someone&password={MARK}",
    "escaped": f"x=1%26Signature%3D{MARK}",
}
"""What stands behind the ? of addresses that let in whoever has them."""


@pytest.mark.forms(2)
@pytest.mark.parametrize("signature", SIGNED.values(), ids=SIGNED)
def test_a_signed_address_is_not_repeated_wherever_it_stands(leaks: Leaks, signature: str) -> None:
    leaks.run("create-tables")
    (leaks.folder / "dwh.cfg").write_text("")
    addresses = [
        f"{place}{sign}{signature}"
        for place in ("https://b.s3.amazonaws.com/x", "s3://b/x", "abfss://b/x", "x")
        for sign in "?#"
    ]
    for address in addresses:
        for arguments in (
            ("etl", "--song-data", address),
            ("etl", "--log-data", address),
            ("etl", "--log-jsonpath", address),
            ("status", "--database", address),
            ("status", "--config", address),
            ("simulate", address),
            ("export", address),
            ("report", address),
            ("check", address),
        ):
            code, said = leaks.run(*arguments)
            assert (code, "this is a bug" in said) == (2, False), said
    for section, key in (
        ("S3", "SONG_DATA"),
        ("S3", "WORK_PREFIX"),
        ("S3", "EXPORT_PREFIX"),
        ("S3", "ENDPOINT"),
        ("WAREHOUSE", "DATABASE"),
        ("CLUSTER", "HOST"),
    ):
        (leaks.folder / "dwh.cfg").write_text(f"[{section}]\n{key}={addresses[0]}\n")
        assert leaks.run("etl")[0] == 2
    assert leaks.found() == []


PLACES = ("song_data", "log_data", "log_jsonpath", "database", "host")
"""What is said of these settings names them: a path or a host may be called anything."""

WRONG_LINES = [
    name for name in TYPES if name not in ("db_password", "aws_secret_access_key", "aws_session_token")
]


@pytest.mark.forms(6)
@pytest.mark.parametrize("name", WRONG_LINES)
def test_a_secret_in_the_line_of_another_setting_is_not_repeated(leaks: Leaks, name: str) -> None:
    section, key = file_keys(name)[0]
    shapes = [URL_KEY, f"wJalrXUtn/{MARK}/K7MDENGbPxRfiCYEXAMP9"]  # as AWS makes them
    assert len(shapes[1]) == 40
    if name not in PLACES:
        shapes += [f"Sup3r/{MARK}+pw=1", f"{MARK}!5", "20011999"]
    for number, secret in enumerate(shapes):
        (leaks.folder / "dwh.cfg").write_text(f"[{section}]\n{key}={secret}\n")
        # What is read is read before anything is loaded, so that one load will do.
        load = ("etl",) if number == 0 else ("etl", "--dry-run")
        for arguments in (load, ("status",), ("cluster", "create", "--dry-run")):
            code, said = leaks.run(*arguments)
            assert code in (0, 1, 2), said
            assert "this is a bug" not in said
    assert leaks.found() == []
    assert not any("20011999" in said for said in leaks.told)


@pytest.mark.parametrize(
    "arguments",
    [
        ("etl", "--song-data", f"s3://{URL_KEY}:{URL_SECRET}@bucket/song_data"),
        ("etl", "--log-data", f"s3://{URL_KEY}:{URL_SECRET}@bucket/log_data"),
        ("simulate", f"s3://{URL_KEY}:{URL_SECRET}@bucket/made"),
        ("export", f"s3://{URL_KEY}:{URL_SECRET}@bucket/export"),
        ("status", "--database", f"postgres://someone:{URL_SECRET}@host/db"),
    ],
)
def test_a_secret_in_an_argument_is_not_repeated(leaks: Leaks, arguments: tuple[str, ...]) -> None:
    leaks.run("create-tables")
    code, said = leaks.run(*arguments)
    assert code in (1, 2), said
    assert leaks.found() == []


# --- S3


@pytest.mark.thorough
def test_loading_from_s3_lets_no_secret_out(leaks: Leaks) -> None:
    # What AWS says to a wrong key or secret: both are in it, or what can be made from them.
    key_id = f"<AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId>"
    pages = {
        "InvalidAccessKeyId": key_id,
        "SignatureDoesNotMatch": f"{key_id}<StringToSign>{SECRET_KEY}</StringToSign>",
        "ExpiredToken": f"<Token-0>{TOKEN}</Token-0>",
        "SlowDown": f"<Message>{TOKEN} {SECRET_KEY}</Message>",
    }
    with contextlib.ExitStack() as stack:
        bucket = stack.enter_context(moto()).bucket("leaks")
        bucket.put_folder(leaks.folder / "data")
        faulty = stack.enter_context(FaultyS3(bucket.endpoint).running())
        (leaks.folder / "dwh.cfg").write_text(
            f"{CONFIG}\n[S3]\nSONG_DATA=s3://leaks/song_data\nLOG_DATA=s3://leaks/log_data\nENDPOINT={faulty.endpoint}\n"
            "RETRIES=0\n"
        )
        for on in ("list", "a.json"):
            for code, page in pages.items():
                faulty.faults.clear()
                body = f"<Error><Code>{code}</Code><Message>wrong</Message>{page}</Error>".encode()
                faulty.add("status", on, None, status=403 if code != "SlowDown" else 503, body=body)
                assert leaks.run("etl")[0] == 1
            faulty.add("reset", on, None)
            assert leaks.run("etl")[0] == 1
        faulty.faults.clear()
        assert leaks.run("etl")[0] == 0
        assert leaks.run("status")[0] == 0
        small = ("--songs", "1", "--users", "1", "--days", "1")
        for code, page in pages.items():
            faulty.faults.clear()
            faulty.add(
                "status", "log_json_path.json", None, status=403, body=f"<Error>{page}</Error>".encode()
            )
            assert leaks.run("simulate", f"s3://leaks/{code}", *small)[0] == 1
        for on in ("users/data_0.parquet", "_export.json"):
            for page in pages.values():
                faulty.faults.clear()
                faulty.add("status", on, None, status=403, body=f"<Error>{page}</Error>".encode())
                assert leaks.run("export", "s3://leaks/out")[0] == 1
        faulty.faults.clear()
        assert leaks.run("export", "s3://leaks/out")[0] == 0
        assert leaks.run("simulate", "s3://leaks/simulated", *small)[0] == 0
    # Nobody is there any more.
    assert leaks.run("etl", "--full")[0] == 1
    assert leaks.found() == []


# --- Redshift


@pytest.mark.thorough
def test_the_commands_on_redshift_let_no_secret_out(
    leaks: Leaks, redshift: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = leaks.folder / "dwh.cfg"
    engine = RedshiftEngine(redshift)
    settings = engine.settings(leaks.folder / "data")
    places = (
        f"\n[S3]\nSONG_DATA={settings.loading.song_data}\nLOG_DATA={settings.loading.log_data}"
        f"\nWORK_PREFIX={settings.redshift.work_prefix}\nENDPOINT={redshift.s3_endpoint}\n"
    )
    marked = CONFIG.replace(
        "DB_USER=awsuser", f"HOST={redshift.host}\nDB_PORT={redshift.port}\nDB_USER={redshift.user}"
    )
    config.write_text(marked + places)
    for command in ("status", "etl", "create-tables", "report"):
        code, said = leaks.run(command)
        assert (code, "password authentication failed" in said) == (1, True)
    # The right password, but keys that S3 does not know.
    monkeypatch.setenv("SPARKIFY_DB_PASSWORD", redshift.password)
    assert "the credentials were not accepted" in leaks.run("etl")[1]
    assert leaks.run("query", f"CREATE USER someone PASSWORD '{PASSWORD}'")[0] == 2
    right = marked.replace(KEY_ID, redshift.s3_access_key).replace(SECRET_KEY, redshift.s3_secret_key)
    config.write_text(right + places + "[IAM_ROLE]\nARN=arn:aws:iam::123456789012:role/unknown\n")
    leaks.run("etl")
    config.write_text(right + places)
    for expected, *arguments in (
        (0, "etl"),
        (0, "etl", "--full"),
        (0, "query", "SELECT * FROM songplays"),
        (1, "query", "SELECT * FROM no_such_table"),
        (0, "check"),
        (0, "report", "report.html"),
        (0, "status"),
        (0, "doctor"),
        (0, "export", "out"),
        (0, "export", f"{settings.redshift.work_prefix}-out"),
        (1, "export", "s3://elsewhere/out"),
    ):
        assert (arguments, leaks.run(*arguments)[0]) == (arguments, expected)
    assert leaks.found() == []
    assert not leaks.holds(redshift.password)
    assert not leaks.holds(redshift.s3_secret_key)


# --- the cluster


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["multi-node", "serverless"])
def test_the_cluster_commands_let_no_secret_out(
    leaks: Leaks, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with open_world(leaks.folder, capfd, monkeypatch) as world:
        run_cluster_commands(leaks, world, kind)
    assert leaks.found() == []
    assert traces((leaks.folder / "dwh.cfg").read_text()) == []


def run_cluster_commands(leaks: Leaks, world: World, kind: str) -> None:
    """Create and delete, with AWS repeating what it was sent, and then without."""
    world.config.write_text(CLUSTER_CONFIG.format(type=kind))
    for name, value in ENVIRONMENT.items():
        world.monkeypatch.setenv(name, value)
    logging.getLogger().setLevel(logging.DEBUG)
    create = ("cluster", "create", "--yes", "--my-ip", MY_IP, "--type", kind)
    echoing = " ".join(value for name, value in ENVIRONMENT.items() if name != "SPARKIFY_DB_PASSWRD")
    for operation in ("CreateRole", "CreateCluster", "CreateNamespace", "DescribeClusters"):
        world.fault = refuse("InvalidParameterValue", f"you sent {echoing}", operation)
        leaks.run(*create)
        leaks.run("cluster", "delete", "--yes")
    world.fault = None
    for arguments in (
        (*create, "--dry-run"),
        create,
        ("cluster", "status"),
        ("cluster", "pause"),
        ("cluster", "resume"),
        ("cluster", "delete", "--yes"),
    ):
        code, said = leaks.run(*arguments)
        assert code == 0, said
    sent = str([call.parameters for call in world.calls])
    assert ENVIRONMENT["SPARKIFY_DB_PASSWORD"] in sent


# --- processes of their own


def test_the_known_scripts_let_no_secret_out(leaks: Leaks) -> None:
    (leaks.folder / "dwh.cfg").write_text(
        CONFIG.replace("DB_NAME", "HOST=127.0.0.1\nDB_PORT=8191\nDB_NAME")
        + "[S3]\nSONG_DATA=s3://bucket/songs\nLOG_DATA=s3://bucket/logs\nRETRIES=0\nENDPOINT=http://127.0.0.1:1\n"
    )
    for script in ("create_tables.py", "etl.py", "create_cluster.py", "delete_cluster.py"):
        done = subprocess.run(
            [sys.executable, ROOT / script],
            env={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"},
            cwd=leaks.folder,
            input="",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        leaks.told += [done.stdout, done.stderr]
    assert leaks.found() == []


@pytest.mark.thorough
def test_a_notebook_that_fails_holds_no_secret(leaks: Leaks, redshift: RedshiftStandIn) -> None:
    # Those that make and remove the cluster are looked through where they are tested.
    (leaks.folder / "dwh.cfg").write_text(
        CONFIG.replace("DB_USER", f"HOST={redshift.host}\nDB_PORT={redshift.port}\nDB_USER")
    )
    # With the frames of the traceback, and the values of their variables.
    with pytest.raises(CellExecutionError, match="password authentication failed") as failed:
        execute("test.ipynb", leaks.folder, os.environ, mode="Verbose")
    leaks.told.append(str(failed.value))
    assert leaks.found() == []
