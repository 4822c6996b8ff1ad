"""Settings: every shape of dwh.cfg that circulates, and which of flag, environment, file, default counts."""

import shutil
from pathlib import Path

import pytest

from sparkify.config.loading import load_settings
from sparkify.config.settings import Settings
from sparkify.errors import UsageError
from sparkify.warehouse.opening import connect
from tests.support.builders import write
from tests.support.cli import Run

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
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize(
    "text",
    [BARE, QUOTED, QUOTED.replace("'", '"'), OTHER_NAMES, "\ufeff" + BARE],
    ids=["bare", "quoted", "double-quoted", "other names", "byte order mark"],
)
def test_all_circulating_shapes_of_dwh_cfg_mean_the_same(tmp_path: Path, text: str) -> None:
    settings = load_settings(config(tmp_path, text), {})
    assert settings.redshift.host == "dwh.abc.us-west-2.redshift.amazonaws.com"
    assert (
        settings.redshift.db_name,
        settings.redshift.db_user,
        settings.redshift.db_password,
        settings.redshift.db_port,
    ) == (
        "dev",
        "awsuser",
        "Passw0rd%x;#",
        5439,
    )
    assert settings.redshift.iam_role_arn == "arn:aws:iam::123456789012:role/dwhRole"
    assert settings.warnings == ()


def test_sources_and_credentials_are_read_under_all_their_names(tmp_path: Path) -> None:
    assert load_settings(config(tmp_path, BARE), {}).loading.song_data == "s3://udacity-dend/song_data"
    settings = load_settings(config(tmp_path, OTHER_NAMES), {})
    assert (settings.aws.aws_access_key_id, settings.aws.aws_secret_access_key, settings.aws.aws_region) == (
        "AKIAEXAMPLE",
        "very/secret",
        "us-west-2",
    )
    assert (settings.cluster.num_nodes, settings.cluster.node_type, settings.redshift.cluster_identifier) == (
        4,
        "ra3.xlplus",
        "dwhCluster",
    )
    settings = load_settings(config(tmp_path, "[AWS]\nACCESS_KEY=a\nSECRET_KEY=b\nACCESS_REGION=c\n"), {})
    assert (settings.aws.aws_access_key_id, settings.aws.aws_secret_access_key, settings.aws.aws_region) == (
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
    assert load_settings(environment={}).loading.log_data == "data/log_data"
    config(tmp_path, "[S3]\nLOG_DATA=from_file\n")
    assert load_settings(environment={}).loading.log_data == "from_file"
    environment = {"SPARKIFY_LOG_DATA": "from_environment"}
    assert load_settings(environment=environment).loading.log_data == "from_environment"
    assert load_settings(environment=environment, log_data="from_flag").loading.log_data == "from_flag"


def test_an_unknown_key_is_warned_about_with_the_nearest_known_one(tmp_path: Path) -> None:
    path = config(tmp_path, "[S3]\nLOG_DATTA=x\n[WEATHER]\nRAIN=1\n")
    first, second = load_settings(path, {}).warnings
    assert first == f"{path}: unknown key [S3] LOG_DATTA, ignored; did you mean [S3] LOG_DATA?"
    assert second == f"{path}: line 4: unknown key in [WEATHER], ignored"
    (warning,) = load_settings(config(tmp_path, ""), {"SPARKIFY_DATABSE": "x"}).warnings
    assert (
        warning == "unknown environment variable SPARKIFY_DATABSE, ignored; did you mean SPARKIFY_DATABASE?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HOST=x\n", "line 1: a [SECTION] must come first"),
        ("[S3]\nLOG_DATA=a\nLOG_DATA=b\n", "line 3: [S3] LOG_DATA is set twice"),
        ("[S3]\n[S3]\n", "line 2: [S3] is set twice"),
        ("[CLUSTER]\nDB_PORT=secret\n", "[CLUSTER] DB_PORT is not a whole number"),
        ("[WAREHOUSE]\nMAX_REJECT_SHARE=some\n", "[WAREHOUSE] MAX_REJECT_SHARE is not a number"),
        (
            "[WAREHOUSE]\nMAX_REJECT_SHARE=1.5\n",
            "[WAREHOUSE] MAX_REJECT_SHARE: max_reject_share is out of range",
        ),
        ("[WAREHOUSE]\nMEMORY_LIMIT=a lot\n", "[WAREHOUSE] MEMORY_LIMIT is not an amount of memory"),
        ("[WAREHOUSE]\nMEMORY_LIMIT=0GB\n", "[WAREHOUSE] MEMORY_LIMIT is not an amount of memory"),
        ("[WAREHOUSE]\nMEMORY_LIMIT=512\n", "[WAREHOUSE] MEMORY_LIMIT is not an amount of memory"),
        (
            "[WAREHOUSE]\nMAX_REJECT_SHARE=nan\n",
            "[WAREHOUSE] MAX_REJECT_SHARE: max_reject_share is out of range",
        ),
        ("[S3]\nREQUESTS=0\n", "[S3] REQUESTS: s3_requests is out of range"),
        ("[S3]\nTIMEOUT=-1\n", "[S3] TIMEOUT: s3_timeout is out of range"),
        ("[S3]\nRETRIES=1000\n", "[S3] RETRIES: s3_retries is out of range"),
        ("[S3]\nBUNDLE_BELOW_MB=-5\n", "[S3] BUNDLE_BELOW_MB: bundle_below_mb is out of range"),
        ("[CLUSTER]\nDB_PORT=65536\n", "[CLUSTER] DB_PORT: db_port is out of range"),
        (
            "[DWH]\nDWH_TIMEOUT_MINUTES=0\n",
            "[DWH] DWH_TIMEOUT_MINUTES: cluster_timeout_minutes is out of range",
        ),
        ("[AWS]\nREGION=Oregon!\n", "[AWS] REGION is not a region"),
        ("[AWS]\nREGION=attacker.example/\n", "[AWS] REGION is not a region"),
        ("[S3]\nREGION=us west\n", "[S3] REGION is not a region"),
        ("[S3]\nSup3rPw=1\nSup3rPw=2\n", "line 3: [S3]: the same key is set twice"),
        ("[DEFAULT]\nLOG_DATA=a\n[S3]\n", "[DEFAULT] is not a known section"),
        (
            "[S3]\n[WAREHOUSE]\n# its file\nDATABASE = 'abc\n",
            "line 4: [WAREHOUSE] DATABASE: unclosed quote",
        ),
        ("[CLUSTER]\nDB_PASSWORD: \"secret'\n", "line 2: [CLUSTER] DB_PASSWORD: unclosed quote"),
        ("[AWS]\nKEY=a\n[CLUSTER]\nHOST='\n", "line 4: [CLUSTER] HOST: unclosed quote"),
        ("[S3]\nREGION='us-west-2 # theirs\n", "line 2: [S3] REGION: unclosed quote"),
        ("[S3]\nLOG_DATA=a\n[s3]\nSONG_DATA=b\n", "[S3] and [s3] are the same section"),
    ],
)
def test_a_malformed_file_gets_an_error_that_names_the_place(tmp_path: Path, text: str, message: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_settings(path, {})
    assert caught.value.message == f"{path}: {message}"
    assert "secret" not in str(caught.value)


def test_a_value_that_begins_with_a_quote_can_be_written_in_quotes(tmp_path: Path) -> None:
    for written, meant in (
        ('"\'abc"', "'abc"),
        ("''abc'", "'abc"),
        ("it's", "it's"),
        ("abc'", "abc'"),
        ("''", ""),
    ):
        assert (
            load_settings(config(tmp_path, f"[CLUSTER]\nDB_PASSWORD={written}\n"), {}).redshift.db_password
            == meant
        )


def test_a_number_out_of_its_range_is_refused_with_the_range() -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(None, {"SPARKIFY_S3_REQUESTS": "0"})
    assert (
        caught.value.message == "the environment variable SPARKIFY_S3_REQUESTS: s3_requests is out of range"
    )
    assert caught.value.hint == "it is requests at a time, from 1 to 1,000"


@pytest.mark.parametrize("written", ["512mb", "512 MB", "512M", "512MB", " 512 Mb"])
def test_a_size_is_understood_however_it_is_written(tmp_path: Path, written: str) -> None:
    settings = load_settings(None, {}, memory_limit=written, database=str(tmp_path / "w.duckdb"))
    assert settings.duckdb.memory_limit == "512MB"
    warehouse = connect(settings)
    assert warehouse.query("SELECT current_setting('memory_limit')") == [("488.2 MiB",)]
    warehouse.close()
    assert load_settings(None, {}, memory_limit="1.5gib").duckdb.memory_limit == "1.5GiB"


def test_two_keys_for_one_setting_that_differ_are_warned_about(tmp_path: Path) -> None:
    path = config(tmp_path, "[AWS]\nREGION=us-east-1\nACCESS_REGION=us-west-2\nKEY=a\nACCESS_KEY=a\n")
    settings = load_settings(path, {})
    assert settings.aws.aws_region == "us-west-2"
    assert settings.warnings == (
        f"{path}: [AWS] REGION and [AWS] ACCESS_REGION mean the same but differ; [AWS] ACCESS_REGION counts",
    )


@pytest.mark.parametrize("name", ["Redshift", "REDSHIFT", "redshift"])
def test_redshift_is_meant_in_capitals_too(name: str) -> None:
    assert load_settings(None, {}, database=name).database == "redshift"


def test_a_tilde_in_the_database_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings(None, {"SPARKIFY_DATABASE": "~/x.duckdb"}).database == f"{tmp_path}/x.duckdb"
    with pytest.raises(UsageError, match="an unknown user name"):
        load_settings(None, {}, database="~nobody-at-all/x.duckdb")


@pytest.mark.parametrize(
    "name", ["md:x", "MD:", "motherduck:x", "postgres:dbname=x", "s3://bucket/x.duckdb", "https://h/x"]
)
def test_a_database_of_another_kind_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UsageError, match="is neither a DuckDB file nor redshift") as caught:
        load_settings(None, {}, database=name)
    assert caught.value.message.startswith("--database is neither")
    assert "a load has to commit in one file" in caught.value.hint


@pytest.mark.parametrize(
    "said",
    [{"database": "postgres://me:secret@h/d"}, {"host": "jdbc:redshift://h:5439/d?user=me&password=x"}],
)
def test_credentials_in_the_address_of_a_database_are_sent_where_they_belong(said: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="the address contains a user name or a secret") as caught:
        load_settings(None, {}, **said)
    assert "SPARKIFY_DB_PASSWORD" in caught.value.hint
    assert "s3://" not in caught.value.hint


def test_a_value_that_is_no_text_is_refused_by_its_name() -> None:
    with pytest.raises(UsageError, match="--song-data: not UTF-8"):
        load_settings(None, {}, song_data=b"song\xff".decode(errors="surrogateescape"))


def test_a_missing_file_that_was_named_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.cfg: can't be read: No such file"):
        load_settings("nowhere.cfg", {})


def test_secrets_are_not_part_of_how_settings_print(tmp_path: Path) -> None:
    printed = repr(load_settings(config(tmp_path, OTHER_NAMES), {}))
    assert "Passw0rd" not in printed
    assert "very/secret" not in printed


def test_the_example_file_is_read_without_a_warning() -> None:
    example = Path(__file__).parents[2] / "dwh.cfg.example"
    assert load_settings(str(example), {}).warnings == ()


PLACES = "[S3]\nSONG_DATA={0}\nLOG_DATA={0}\nLOG_JSONPATH={0}\n[WAREHOUSE]\nDATABASE={0}\n"


def places(settings: Settings) -> set[str]:
    return {
        settings.loading.song_data,
        settings.loading.log_data,
        settings.loading.log_jsonpath,
        settings.database,
    }


@pytest.mark.parametrize("written", ["in/data", "./in/data", "in/data/", "../in/data", "~x/../in", "a:b"])
def test_relative_paths_of_a_file_count_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = config(folder, PLACES.format(f"./{written}"))
    for cwd in (Path("/"), tmp_path, folder):
        monkeypatch.chdir(cwd)
        given = Path(path).relative_to(cwd) if Path(path).is_relative_to(cwd) else Path(path)
        (found,) = places(load_settings(str(given), {}))
        assert Path(found).resolve() == (folder / written).resolve()


@pytest.mark.parametrize("written", ["/srv/data", "~/data", "s3://bucket/data", "file:///srv/data"])
def test_places_that_are_not_relative_are_those_that_they_name(tmp_path: Path, written: str) -> None:
    settings = load_settings(config(tmp_path, PLACES.format(written).replace("DATABASE", "#")), {})
    assert places(settings) == {written, "sparkify.duckdb"}


def test_what_is_no_path_stays_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    for written, meant in (
        ("Redshift", "redshift"),
        (":memory:", ":memory:"),
        ("~/x.duckdb", "/home/someone/x.duckdb"),
    ):
        path = config(tmp_path, f"[WAREHOUSE]\nDATABASE={written}\n[S3]\nWORK_PREFIX=s3://b/w\n")
        settings = load_settings(path, {})
        assert (settings.database, settings.redshift.work_prefix) == (meant, "s3://b/w")


def test_paths_of_flags_and_variables_and_defaults_count_from_the_working_directory(tmp_path: Path) -> None:
    path = config(tmp_path, "[S3]\nSONG_DATA=songs\nLOG_DATA=logs\n")
    settings = load_settings(path, {"SPARKIFY_LOG_DATA": "logs"}, log_jsonpath="paths.json")
    assert (settings.loading.song_data, settings.loading.log_data) == (f"{tmp_path}/songs", "logs")
    assert (settings.loading.log_jsonpath, settings.database) == ("paths.json", "sparkify.duckdb")


def test_the_working_directorys_own_file_names_paths_as_they_stand_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config(tmp_path, PLACES.format("in/data"))
    for named in (None, "dwh.cfg", "./dwh.cfg"):
        assert places(load_settings(named, {})) == {"in/data"}


def test_a_named_file_that_leaves_out_places_beside_another_file_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "test"
    folder.mkdir()
    path = config(folder, "[WAREHOUSE]\nDATABASE =\n[S3]\nSONG_DATA = songs\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(path, {}).warnings == ()
    config(tmp_path, "[WAREHOUSE]\nDATABASE = production.duckdb\n")
    for settings in (load_settings("test/dwh.cfg", {}), load_settings(None, {"SPARKIFY_CONFIG": path})):
        (warning,) = settings.warnings
        assert "test/dwh.cfg: does not name DATABASE, LOG_DATA, so the usual places in the working" in warning
        assert settings.database == "sparkify.duckdb"
    assert load_settings(path, {"SPARKIFY_LOG_DATA": "logs"}, database="mine.duckdb").warnings == ()
    assert load_settings("dwh.cfg", {}).warnings == ()
    monkeypatch.chdir(folder)
    assert load_settings(path, {}).warnings == ()


def test_a_file_in_another_folder_loads_the_same_wherever_the_command_is_run(
    run: Run, data: Path, tmp_path: Path
) -> None:
    shutil.move(data, tmp_path / "srv/in")
    write(
        tmp_path / "srv/prod.cfg",
        "[S3]\nSONG_DATA=in/song_data\nLOG_DATA='in/log_data'\n"
        "[WAREHOUSE]\nDATABASE=out.duckdb\nMAX_REJECT_SHARE=1\n",
    )
    (tmp_path / "cron").mkdir()
    for folder, named in (
        (".", "srv/prod.cfg"),
        ("cron", "../srv/prod.cfg"),
        ("/", f"{tmp_path}/srv/prod.cfg"),
    ):
        done = run("etl", "--config", named, cwd=tmp_path / folder)
        assert done.returncode == 0, done.stderr
        assert run("status", "--config", named, cwd=tmp_path / folder).returncode == 0
    assert "nothing new" in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*.duckdb")) == ["out.duckdb"]
