"""dwh.cfg as people write it: comments behind values, the names of public files, misspelled keys."""

from pathlib import Path

import pytest

from sparkify.config.dwh_cfg_keys import file_keys
from sparkify.config.loading import load_settings
from sparkify.config.settings import TYPES, Settings, values_of
from sparkify.config.writing import set_values
from sparkify.errors import UsageError

EXAMPLE = Path(__file__).parents[2] / "dwh.cfg.example"


def read(folder: Path, text: str) -> Settings:
    (folder / "dwh.cfg").write_text(text, encoding="utf-8")
    (folder / "dwh.cfg").chmod(0o600)
    return load_settings(str(folder / "dwh.cfg"), {})


# --- comments behind values


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("w.duckdb   # the warehouse", "w.duckdb"),
        ("w.duckdb ; the warehouse", "w.duckdb"),
        ("w.duckdb\t#the warehouse", "w.duckdb"),
        ("w.duckdb # one ; other # more", "w.duckdb"),
        ("'w.duckdb'  # the warehouse", "w.duckdb"),
        ('"w # 1.duckdb" ; the warehouse', "w # 1.duckdb"),
        ("'it''s.duckdb' # the warehouse", "it''s.duckdb"),
        ("w#1;2.duckdb", "w#1;2.duckdb"),
        ("'w # 1.duckdb'", "w # 1.duckdb"),
        ("# the warehouse", Settings.database),
        (";", Settings.database),
    ],
)
def test_a_comment_behind_a_value_is_none_of_it(tmp_path: Path, written: str, meant: str) -> None:
    settings = read(tmp_path, f"[WAREHOUSE]\nDATABASE = {written}\n")
    assert settings.database in (meant, str(tmp_path / meant))
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Passw0rd%x;#", "Passw0rd%x;#"),
        ("#Passw0rd", "#Passw0rd"),
        (";Passw0rd # of the cluster", ";Passw0rd"),
        ("Passw0rd # of the cluster", "Passw0rd"),
        ("# Your password", ""),
    ],
)
def test_a_password_may_begin_with_the_sign_of_a_comment(tmp_path: Path, written: str, meant: str) -> None:
    assert read(tmp_path, f"[CLUSTER]\nDB_PASSWORD={written}\n").redshift.db_password == meant


def test_a_case_with_comments_is_read_as_meant(cases: Path) -> None:
    settings = load_settings(str(cases / "C40" / "dwh.cfg"), {})
    assert (settings.database, settings.aws.s3_region) == (str(cases / "C40" / "w.duckdb"), "us-west-2")


def test_a_comment_behind_a_value_stays_when_the_value_is_set(tmp_path: Path) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_text("[CLUSTER]\nHOST = old  # of the cluster\n[IAM_ROLE]\nARN='' ; its role\n")
    set_values(path, {"host": "new", "iam_role_arn": "arn:aws:iam::123456789012:role/r"})
    assert path.read_text() == (
        "[CLUSTER]\nHOST = new  # of the cluster\n[IAM_ROLE]\n"
        "ARN='arn:aws:iam::123456789012:role/r' ; its role\n"
    )


def test_an_indented_line_is_no_part_of_the_value_before_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, "[CLUSTER]\nHOST=a\n  DB_PASSWORD=secret\n")
    assert "line 2: [CLUSTER] HOST: the next line begins with a space" in error.value.message
    assert "secret" not in str(error.value)


# --- the names of public files


def test_a_case_with_the_names_of_public_files_means_that_cluster(cases: Path) -> None:
    settings = load_settings(str(cases / "C72" / "dwh.cfg"), {})
    assert settings.database == "redshift"
    assert settings.redshift.host == "dwhcluster.abc.us-west-2.redshift.amazonaws.com"
    assert settings.redshift.iam_role_arn == "arn:aws:iam::123456789012:role/dwhRole"
    assert settings.cluster.iam_role_name == "dwhRole"
    assert settings.aws.aws_region == "us-west-2"
    assert settings.loading.log_jsonpath == str(cases / "C72" / "none.json")
    assert (settings.redshift.db_name, settings.redshift.db_user, settings.redshift.db_port) == (
        "dwh",
        "dwhuser",
        5439,
    )
    unused = settings.warnings[0]
    assert "[IAM_ROLE] POLICY_ARN is not used: the role that cluster create makes gets a policy" in unused


@pytest.mark.parametrize(
    ("section", "line", "setting", "value"),
    [
        ("CLUSTER", "ENDPOINT=h", "host", "h"),
        ("DWH", "HOST=h", "host", "h"),
        ("DWH", "DWH_HOST=h", "host", "h"),
        ("dwh", "dwh_endpoint=h", "host", "h"),
        ("DWH", "DWH_DB_NAME=music", "db_name", "music"),
        ("DWH", "DB_NAME=music", "db_name", "music"),
        ("DB", "DB_USER=u", "db_user", "u"),
        ("CLUSTER", "DBNAME=music", "db_name", "music"),
        ("CLUSTER", "USER=u", "db_user", "u"),
        ("CLUSTER", "PASSWORD=p", "db_password", "p"),
        ("CLUSTER", "PORT=5440", "db_port", 5440),
        ("CLUSTER", "DWH_DB_PASSWORD=p", "db_password", "p"),
        ("CLUSTER", "CLUSTER_TYPE=single-node", "cluster_type", "single-node"),
        ("CLUSTER", "DB_NODE_TYPE=ra3.xlplus", "node_type", "ra3.xlplus"),
        ("CLUSTER", "NUM_NODES=4", "num_nodes", 4),
        ("CLUSTER", "CLUSTER_IDENTIFIER=c", "cluster_identifier", "c"),
        ("CLUSTER", "DWH_CLUSTER_IDENTIFIER=c", "cluster_identifier", "c"),
        ("CLUSTER", "DWH_REGION=eu-west-1", "aws_region", "eu-west-1"),
        ("DWH", "DWH_REGION_NAME=eu-west-1", "aws_region", "eu-west-1"),
        ("REGION", "REGION=eu-west-1", "aws_region", "eu-west-1"),
        ("AWS", "REGION_NAME=eu-west-1", "aws_region", "eu-west-1"),
        ("IAM_ROLE", "DWH_ROLE_ARN=a", "iam_role_arn", "a"),
        ("IAM_ROLE", "ROLE_ARN=a", "iam_role_arn", "a"),
        ("DWH", "DWH_ROLE_ARN=a", "iam_role_arn", "a"),
        ("IAM_ROLE", "NAME=n", "iam_role_name", "n"),
        ("IAM_ROLE", "IAM_ROLE_NAME=n", "iam_role_name", "n"),
        ("IAM", "ROLE_NAME=n", "iam_role_name", "n"),
        ("AWS", "AWS_KEY=k", "aws_access_key_id", "k"),
        ("AWS", "AWS_ACCESS_KEY_ID=k", "aws_access_key_id", "k"),
        ("IAM_USER", "SECRET=s", "aws_secret_access_key", "s"),
        ("IAM", "KEY=k", "aws_access_key_id", "k"),
        ("S3", "LOG_JSON_PATH=/x", "log_jsonpath", "/x"),
        ("S3", "S3_REGION=eu-west-1", "s3_region", "eu-west-1"),
    ],
)
def test_the_names_of_public_files_are_known(
    tmp_path: Path, section: str, line: str, setting: str, value: object
) -> None:
    settings = read(tmp_path, f"[{section}]\n{line}\n")
    assert values_of(settings)[setting] == value
    assert settings.warnings == ()


def test_what_others_configure_and_nobody_needs_here_is_said_to_be_unused(tmp_path: Path) -> None:
    policy, group = read(
        tmp_path, "[IAM_ROLE]\nDESCRIPTION=d\n[SECURITY_GROUP]\nSG_NAME=redshift_security_group\nSG_PORT=1\n"
    ).warnings
    assert policy.endswith("[IAM_ROLE] DESCRIPTION is not used: the role has a description of its own")
    assert "[SECURITY_GROUP] is not used: cluster create makes a security group of its own" in group


# --- misspelled keys


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("[S3]\nSONG_DTA=x\n", "[S3] SONG_DATA"),
        ("[S3]\nLOG_JSON_PATHS=x\n", "[S3] LOG_JSON_PATH"),
        ("[WAREHOUSE]\nDATABSE=x\n", "[WAREHOUSE] DATABASE"),
        ("[CLUSTR]\nHOST=x\n", "[CLUSTER] HOST"),
        ("[CLUSTERS]\nDB_PASSWRD=x\n", "[CLUSTER] DB_PASSWORD"),
        ("[S3]\nDB_NAME=x\n", "[CLUSTER] DB_NAME"),
    ],
)
def test_a_misspelled_key_is_named_with_the_one_that_was_meant(tmp_path: Path, text: str, guess: str) -> None:
    (warning,) = read(tmp_path, text).warnings
    assert warning.endswith(f", ignored; did you mean {guess}?")


@pytest.mark.parametrize(
    "text",
    [
        "[WAREHOUSE]\nFOO=1\n",
        "[DWH]\nDWH_VPC_ID=x\n",
        "[S3]\nBUCKET=x\n",
        "[TINYBIRD]\nTOKEN=x\n",
        "[SONGS]\nNAME=x\n",
        "[AIRFLOW]\nDAGS=x\n",
    ],
)
def test_nothing_is_guessed_where_names_are_far_apart(tmp_path: Path, text: str) -> None:
    (warning,) = read(tmp_path, text).warnings
    assert warning.endswith(", ignored")


@pytest.mark.parametrize("variable", ["SPARKIFY_FOO", "SPARKIFY_HOME"])
def test_of_variables_neither(variable: str) -> None:
    assert load_settings(None, {variable: "x"}).warnings == (
        f"unknown environment variable {variable}, ignored",
    )


# --- dwh.cfg.example, and files that are not there


def test_the_example_has_a_line_for_every_setting() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    section, found = "", set()
    for line in lines:
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("# "):
            found.add((section, line.removeprefix("#").partition("=")[0].strip()))
    settings = TYPES.keys()
    missing = [name for name in settings if not found & set(file_keys(name))]
    assert missing == [], "give each a key in config/dwh_cfg_keys.py, and that a line in dwh.cfg.example"


def test_the_values_of_the_example_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE.parent)
    settings = load_settings("dwh.cfg.example", {})
    differing = values_of(settings).items() ^ values_of(Settings()).items()
    # These are given the values that a beginner has use for.
    assert {name for name, _ in differing} == {"db_name", "db_user", "aws_region"}


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "prod.cfg",
            "prod.cfg: can't be read: No such file",
            "check the path, which counts from",
        ),
        ("/no/such/prod.cfg", "/no/such/prod.cfg: can't be read: No such file", "check the path; a new one"),
        (".", ".: can't be read: Is a directory", "name the file in that folder, for example dwh.cfg"),
        ("s3://bucket/dwh.cfg", "--config: not a local file", "copy it here"),
        ("", "--config is empty", "name a file or omit it"),
    ],
)
def test_a_configuration_that_is_not_there_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        load_settings(name, {})
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


def test_a_configuration_is_found_by_a_tilde_and_a_file_uri(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my.cfg").write_text("[S3]\nSONG_DATA=/there\n")
    for name in ("~/my.cfg", f"file://{tmp_path}/my.cfg", f"file:{tmp_path}/my.cfg", f" {tmp_path}/my.cfg "):
        assert load_settings(name, {}).loading.song_data == "/there"


@pytest.mark.parametrize("line", ["[S3]\nLOG_DATA=log\0data\n", "\0" * 600])
def test_a_configuration_with_nul_characters_is_no_text(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match=r"dwh.cfg: not a text file, it contains NUL characters"):
        read(tmp_path, line)
