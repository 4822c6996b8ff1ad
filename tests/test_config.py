"""Settings: every shape of dwh.cfg that circulates, and which of flag, environment, file, default counts."""

from pathlib import Path

import pytest

from sparkify.config import load_settings
from sparkify.errors import UsageError

BARE = """
[CLUSTER]
HOST=dwh.abc.us-west-2.redshift.amazonaws.com
DB_NAME=dev
DB_USER=awsuser
DB_PASSWORD=Passw0rd%x;#
DB_PORT=5439

[IAM_ROLE]
ARN=arn:aws:iam::123456789012:role/dwhRole

[S3]
LOG_DATA=s3://udacity-dend/log_data
LOG_JSONPATH=s3://udacity-dend/log_json_path.json
SONG_DATA=s3://udacity-dend/song_data
"""
QUOTED = "\n".join(
    f"{line.partition('=')[0]} = '{line.partition('=')[2]}'" if "=" in line else line
    for line in BARE.split("\n")
)
OTHER_NAMES = """
[AWS]
KEY=AKIAEXAMPLE
SECRET="very/secret"
REGION='us-west-2'

[DWH]
DWH_CLUSTER_TYPE=multi-node
DWH_NUM_NODES=4
DWH_NODE_TYPE=ra3.xlplus
DWH_CLUSTER_IDENTIFIER=dwhCluster
DWH_DB=dev
DWH_DB_USER=awsuser
DWH_DB_PASSWORD=Passw0rd%x;#
DWH_PORT=5439
DWH_IAM_ROLE_NAME=dwhRole

[CLUSTER]
HOST=dwh.abc.us-west-2.redshift.amazonaws.com

[IAM_ROLE]
DWH_ARN=arn:aws:iam::123456789012:role/dwhRole
"""


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "dwh.cfg"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "text",
    [BARE, QUOTED, QUOTED.replace("'", '"'), OTHER_NAMES, "\ufeff" + BARE],
    ids=["bare", "quoted", "double-quoted", "other names", "byte order mark"],
)
def test_all_circulating_shapes_of_dwh_cfg_mean_the_same(tmp_path: Path, text: str) -> None:
    settings = load_settings(config(tmp_path, text), {})
    assert settings.host == "dwh.abc.us-west-2.redshift.amazonaws.com"
    assert (settings.db_name, settings.db_user, settings.db_password, settings.db_port) == (
        "dev",
        "awsuser",
        "Passw0rd%x;#",
        5439,
    )
    assert settings.iam_role_arn == "arn:aws:iam::123456789012:role/dwhRole"
    assert settings.warnings == ()


def test_sources_and_credentials_are_read_under_all_their_names(tmp_path: Path) -> None:
    assert load_settings(config(tmp_path, BARE), {}).song_data == "s3://udacity-dend/song_data"
    settings = load_settings(config(tmp_path, OTHER_NAMES), {})
    assert (settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_region) == (
        "AKIAEXAMPLE",
        "very/secret",
        "us-west-2",
    )
    assert (settings.num_nodes, settings.node_type, settings.cluster_identifier) == (
        4,
        "ra3.xlplus",
        "dwhCluster",
    )
    settings = load_settings(config(tmp_path, "[AWS]\nACCESS_KEY=a\nSECRET_KEY=b\nACCESS_REGION=c\n"), {})
    assert (settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_region) == (
        "a",
        "b",
        "c",
    )


def test_a_file_that_names_a_host_means_redshift_unless_told_otherwise(tmp_path: Path) -> None:
    path = config(tmp_path, BARE)
    assert load_settings(path, {}).database == "redshift"
    assert load_settings(path, {}, database="local.duckdb").database == "local.duckdb"
    assert load_settings(config(tmp_path, "[CLUSTER]\nHOST=\n"), {}).database == "sparkify.duckdb"


def test_flag_beats_environment_beats_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}).log_data == "data/log_data"
    config(tmp_path, "[S3]\nLOG_DATA=from_file\n")
    assert load_settings(environment={}).log_data == "from_file"
    environment = {"SPARKIFY_LOG_DATA": "from_environment"}
    assert load_settings(environment=environment).log_data == "from_environment"
    assert load_settings(environment=environment, log_data="from_flag").log_data == "from_flag"


def test_an_unknown_key_is_warned_about_with_the_nearest_known_one(tmp_path: Path) -> None:
    path = config(tmp_path, "[S3]\nLOG_DATTA=x\n[WEATHER]\nRAIN=1\n")
    first, second = load_settings(path, {}).warnings
    assert first == f"{path}: unknown key [S3] LOG_DATTA, ignored; did you mean [S3] LOG_DATA?"
    assert second == f"{path}: unknown key [WEATHER] RAIN, ignored"
    (warning,) = load_settings(config(tmp_path, ""), {"SPARKIFY_DATABSE": "x"}).warnings
    assert (
        warning == "unknown environment variable SPARKIFY_DATABSE, ignored; did you mean SPARKIFY_DATABASE?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HOST=x\n", "line 1: a [SECTION] must come first"),
        ("[S3]\nLOG_DATA=a\nLOG_DATA=b\n", "line 3: [S3] LOG_DATA stands there twice"),
        ("[S3]\n[S3]\n", "line 2: [S3] stands there twice"),
        ("[CLUSTER]\nDB_PORT=secret\n", "[CLUSTER] DB_PORT is not a whole number"),
        ("[WAREHOUSE]\nMAX_REJECT_SHARE=some\n", "[WAREHOUSE] MAX_REJECT_SHARE is not a number"),
        ("[WAREHOUSE]\nMAX_REJECT_SHARE=1.5\n", "[WAREHOUSE] MAX_REJECT_SHARE: max_reject_share is 1.5"),
        ("[WAREHOUSE]\nMEMORY_LIMIT=a lot\n", "[WAREHOUSE] MEMORY_LIMIT is no amount of memory"),
    ],
)
def test_a_malformed_file_gets_an_error_that_names_the_place(tmp_path: Path, text: str, message: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_settings(path, {})
    assert caught.value.message == f"{path}: {message}"


def test_a_missing_file_that_was_named_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.cfg: can't be read: No such file"):
        load_settings("nowhere.cfg", {})


def test_secrets_are_not_part_of_how_settings_print(tmp_path: Path) -> None:
    printed = repr(load_settings(config(tmp_path, OTHER_NAMES), {}))
    assert "Passw0rd" not in printed
    assert "very/secret" not in printed


def test_the_example_file_is_read_without_a_warning() -> None:
    example = Path(__file__).parents[1] / "dwh.cfg.example"
    assert load_settings(str(example), {}).warnings == ()
