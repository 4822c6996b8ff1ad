"""Places and addresses as people write them: taken apart where that is plain, or refused with a hint."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.config.loading import load_settings
from sparkify.config.places import output_place
from sparkify.errors import SourceError, UsageError
from sparkify.sources.opening import open_source

# --- on S3


@pytest.mark.parametrize(
    "written",
    [
        "s3://bucket/log_data",
        "S3://bucket/log_data",
        "s3:/bucket/log_data",
        "s3:bucket/log_data",
        "s3a://bucket/log_data",
        "s3n://bucket/log_data",
        " s3://bucket/log_data ",
        "'s3://bucket/log_data'",
        "arn:aws:s3:::bucket/log_data",
        "arn:aws-cn:s3:::bucket/log_data",
        "https://bucket.s3.amazonaws.com/log_data",
        "https://bucket.s3.us-west-2.amazonaws.com/log_data",
        "https://bucket.s3-us-west-2.amazonaws.com/log_data",
        "https://bucket.s3.dualstack.us-west-2.amazonaws.com/log_data",
        "https://s3.amazonaws.com/bucket/log_data",
        "https://s3.us-west-2.amazonaws.com/bucket/log_data",
        "https://s3.us-gov-west-1.amazonaws.com/bucket/log_data",
        "https://s3.console.aws.amazon.com/s3/buckets/bucket?prefix=log_data&region=us-west-2",
        "https://us-west-2.console.aws.amazon.com/s3/object/bucket?prefix=log_data",
    ],
)
def test_every_way_to_write_a_place_on_s3_means_it(written: str) -> None:
    settings = load_settings(None, {}, log_data=written, work_prefix=written, log_jsonpath=written)
    place = "s3://bucket/log_data"
    assert (settings.loading.log_data, settings.redshift.work_prefix, settings.loading.log_jsonpath) == (
        place,
        place,
        place,
    )
    assert settings.warnings == ()
    assert output_place(written) == place


def test_a_key_is_kept_as_it_is_and_an_address_is_decoded() -> None:
    for written, meant in (
        ("s3://bucket/a?b=c#d %20.json", "s3://bucket/a?b=c#d %20.json"),
        ("arn:aws:s3:::bucket/a?b c.json", "s3://bucket/a?b c.json"),
        ("https://my.bucket.s3.amazonaws.com/it%27s%20/a%2Bb.json", "s3://my.bucket/it's /a+b.json"),
        ("https://bucket.s3.amazonaws.com/", "s3://bucket/"),
        ("arn:aws:s3:::bucket", "s3://bucket"),
    ):
        assert load_settings(None, {}, song_data=written).loading.song_data == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("arn:aws:s3:us-west-2:123456789012:accesspoint/songs", "not the ARN of a bucket or objects"),
        ("arn:aws:iam::123456789012:role/dwhRole", "not the ARN of a bucket or objects"),
        ("https://example.com/log_data", "a web address, which can't be"),
        ("http://localhost:9000/bucket/log_data", "a web address, which can't be"),
        (
            "https://bucket.s3.amazonaws.com/log_data?versionId=1",
            "a web address, which can't be",
        ),
        ("https://s3.amazonaws.com/", "a web address, which can't be"),
    ],
)
def test_what_is_no_place_on_s3_is_refused_with_how_to_write_one(written: str, message: str) -> None:
    for name in ("song_data", "log_jsonpath", "export_prefix"):
        with pytest.raises(UsageError) as caught:
            load_settings(None, {}, **{name: written})
        assert caught.value.message.startswith(f"--{name.replace('_', '-')}: {message}")
        assert "write it as s3://bucket/prefix" in caught.value.hint
    with pytest.raises(UsageError, match=f"OUT: {message}"):
        output_place(written)


def test_a_bucket_that_an_empty_variable_has_left_out_is_missed_and_not_guessed() -> None:
    settings = load_settings(None, {}, song_data="s3:///song_data")
    with pytest.raises(SourceError, match="s3:///song_data: no bucket"):
        open_source(settings.loading.song_data, settings.aws)


# --- patterns


@pytest.mark.parametrize(
    "pattern", ["*", "*.json", "**", "**/*.json", "**/*", "*/*/*/*.json", "*.json.gz", "*.json*", "*/"]
)
def test_a_pattern_that_leaves_nothing_out_is_the_folder(data: Path, pattern: str) -> None:
    folder = f"{data}/log_data"
    settings = load_settings(None, {}, log_data=f"{folder}/{pattern}")
    assert settings.loading.log_data == folder
    (warning,) = settings.warnings
    assert f"--log-data is a pattern: all *.json and *.json.gz files in {folder} and below it" in warning


def test_on_s3_as_well() -> None:
    for written in (
        "s3://bucket/log_data/*.json",
        "arn:aws:s3:::bucket/log_data/*",
        "s3:/bucket/log_data/**",
    ):
        assert load_settings(None, {}, log_data=written).loading.log_data == "s3://bucket/log_data"
    assert load_settings(None, {}, log_data="s3://bucket/*").loading.log_data == "s3://bucket"
    for written in ("s3://*", "s3://bucket/2018-*/*.json"):
        assert load_settings(None, {}, log_data=written).loading.log_data == written


@pytest.mark.parametrize("pattern", ["2018-11-*.json", "2018/*/1?.json", "[ab].json", "{a,b}/*.json"])
def test_another_pattern_is_refused_with_how_to_write_it(data: Path, pattern: str) -> None:
    settings = load_settings(None, {}, log_data=f"{data}/log_data/{pattern}")
    with pytest.raises(SourceError, match="no such file or folder") as caught:
        open_source(settings.loading.log_data, settings.aws).list_objects()
    assert caught.value.hint.startswith("patterns are not read: name the folder")


@pytest.mark.parametrize("name", ["*", "[2018]", "s3:", "arn:aws:s3:::bucket", " blank "])
def test_a_folder_that_is_called_like_something_else_is_that_folder(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).symlink_to(data / "log_data")
    (tmp_path / "dwh.cfg").write_text(f"[S3]\nLOG_DATA='{name}'\n")
    monkeypatch.chdir("/")
    for settings in (
        load_settings(None, {}, log_data=f"{tmp_path}/{name}"),
        load_settings(str(tmp_path / "dwh.cfg"), {}),
    ):
        assert settings.warnings == ()
        assert len(open_source(settings.loading.log_data, settings.aws).list_objects()) == 1


# --- on this machine


def test_a_file_uri_may_have_one_slash_and_a_path_blanks_and_quotes_around_it(data: Path) -> None:
    logs = data / "log_data"
    for written in (f"file:{logs}", f"FILE://{logs}", f" {logs} ", f"'{logs}'", f'"{logs}/"'):
        settings = load_settings(None, {"SPARKIFY_LOG_DATA": written})
        assert len(open_source(settings.loading.log_data, settings.aws).list_objects()) == 1


@pytest.mark.parametrize("written", ["C:\\data\\log_data", "d:/data", "\\\\server\\share\\data"])
def test_a_path_of_another_system_is_said_to_be_one(written: str) -> None:
    def refused(origin: str, act: Callable[[], object]) -> None:
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.message == f"{origin}: a Windows path, but this machine does not run Windows"
        assert "in WSL, C:\\data is /mnt/c/data" in caught.value.hint

    refused("--song-data", lambda: load_settings(None, {}, song_data=written))
    refused("--database", lambda: load_settings(None, {}, database=written))
    refused("--config", lambda: load_settings(written, {}))
    refused("OUT", lambda: output_place(written))


@pytest.mark.parametrize(
    "written",
    ["s3//bucket/log_data", "S3A//bucket", "s3;//bucket/x", "s3.//b/x", "s3:\\bucket\\x", "s3 ://b/x"],
)
def test_what_is_nearly_a_place_on_s3_is_not_taken_for_a_folder(written: str) -> None:
    for origin, act in (
        ("--log-data", lambda: load_settings(None, {}, log_data=written)),
        ("OUT", lambda: output_place(written)),
    ):
        with pytest.raises(UsageError, match=f"{origin}: not the name of a place on S3") as caught:
            act()
        assert caught.value.hint == "write it as s3://bucket/prefix"


def test_a_file_uri_with_a_relative_path_is_refused_with_how_to_write_one() -> None:
    with pytest.raises(UsageError, match="--log-data: a file: URI without a full path") as caught:
        load_settings(None, {}, log_data="file:data/log_data")
    assert "file:///full/path" in caught.value.hint


def test_a_database_may_be_written_as_a_uri(tmp_path: Path) -> None:
    for written in (
        f"file://{tmp_path}/w.duckdb",
        f"duckdb:///{tmp_path}/w.duckdb",
        f" {tmp_path}/w.duckdb ",
    ):
        assert load_settings(None, {}, database=written).database == f"{tmp_path}/w.duckdb"
    assert load_settings(None, {}, database="duckdb:///w.duckdb").database == "w.duckdb"


@pytest.mark.parametrize("blank", [" ", "\t", "''", '" "'])
def test_a_blank_place_is_not_taken_for_the_working_directory(blank: str) -> None:
    for name in ("song_data", "log_data", "log_jsonpath", "database", "publish", "export_prefix"):
        with pytest.raises(UsageError, match=f"^--{name.replace('_', '-')} is empty\n"):
            load_settings(None, {}, **{name: blank})
        with pytest.raises(UsageError, match=f"^the environment variable SPARKIFY_{name.upper()} is empty\n"):
            load_settings(None, {f"SPARKIFY_{name.upper()}": blank})
    with pytest.raises(UsageError, match=r"^--config is empty\n"):
        load_settings(blank, {})


# --- the address of a cluster

HOST = "dwh.abc.us-west-2.redshift.amazonaws.com"


@pytest.mark.parametrize(
    "written",
    [
        f"{HOST}:5440/music",
        f"{HOST}:5440/music/",
        f" {HOST}:5440/music ",
        f"jdbc:redshift://{HOST}:5440/music",
        f"JDBC:redshift://{HOST}:5440/music",
        f"redshift://{HOST}:5440/music",
        f"redshift+redshift_connector://{HOST}:5440/music",
        f"postgres://{HOST}:5440/music",
        f"postgresql://{HOST}:5440/music",
        f"postgresql+psycopg2://{HOST}:5440/music",
        f"jdbc:postgresql://{HOST}:5440/music",
        f"https://{HOST}:5440/music",
    ],
)
def test_the_address_of_a_cluster_is_taken_apart(tmp_path: Path, written: str) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_text(f"[CLUSTER]\nHOST={written}\n")
    for settings in (
        load_settings(str(path), {}),
        load_settings(None, {"SPARKIFY_HOST": written}),
    ):
        assert (settings.redshift.host, settings.redshift.db_port, settings.redshift.db_name) == (
            HOST,
            5440,
            "music",
        )
        assert (settings.database, settings.warnings) == ("redshift", ())


@pytest.mark.parametrize(
    "written", [HOST, f"{HOST}:5439", f"{HOST}/", f"jdbc:redshift://{HOST}", "[::1]:5439"]
)
def test_what_an_address_does_not_say_stays_as_it_was(written: str) -> None:
    settings = load_settings(None, {"SPARKIFY_HOST": written, "SPARKIFY_DB_NAME": "music"})
    assert settings.redshift.host in (HOST, "::1")
    assert (settings.redshift.db_port, settings.redshift.db_name) == (5439, "music")


def test_the_iam_form_of_jdbc_logs_in_through_iam() -> None:
    settings = load_settings(None, {}, host=f"jdbc:redshift:iam://{HOST}:5439/dev")
    assert (settings.redshift.host, settings.redshift.login) == (HOST, "iam")


def test_a_port_and_a_name_in_lines_of_their_own_count_and_a_difference_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_text(f"[CLUSTER]\nHOST={HOST}:5439/dev\nDB_NAME=music\nDB_PORT=5439\n")
    settings = load_settings(str(path), {})
    assert (settings.redshift.db_name, settings.redshift.db_port) == ("music", 5439)
    assert settings.warnings == (
        f"{path}: [CLUSTER] HOST names another db_name than {path}: [CLUSTER] DB_NAME, which counts",
    )
    # What is said in the environment counts for more than the file, in parts as well.
    assert load_settings(str(path), {"SPARKIFY_HOST": f"{HOST}:5440/jazz"}).redshift.db_name == "jazz"


def test_options_of_a_url_are_named_as_unused() -> None:
    for written, sign in (
        (f"jdbc:redshift://{HOST}:5439/dev;ssl=true;x=1", ";"),
        (f"{HOST}?ssl=true&x=1", "?"),
    ):
        (warning,) = load_settings(None, {}, host=written).warnings
        assert warning == f"--host: the options behind {sign} are not used"


@pytest.mark.parametrize(
    "written",
    [
        f"jdbc:redshift://awsuser:s3cret@{HOST}:5439/dev",
        f"jdbc:redshift://{HOST}:5439/dev?user=awsuser&password=s3cret",
        f"jdbc:redshift://{HOST}:5439/dev;UID=awsuser;PWD=s3cret",
        f"jdbc:redshift:iam://{HOST}:5439/dev?AccessKeyID=a&SecretAccessKey=s3cret",
        f"awsuser:s3cret@{HOST}:5439",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(UsageError, match="the address contains a user name or a secret") as caught:
        load_settings(None, {"SPARKIFY_HOST": written})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "written", [f"s3://{HOST}", f"{HOST}:port", f"{HOST}/a/b", "jdbc:redshift:iam://c:us-west-2/dev", "a b"]
)
def test_what_is_no_address_is_refused_with_how_to_write_one(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(None, {"SPARKIFY_HOST": written})
    assert caught.value.message == "the environment variable SPARKIFY_HOST is not a cluster address"
    assert "write the host" in caught.value.hint


def test_the_address_of_a_cluster_as_database_is_said_where_it_belongs() -> None:
    for written in (f"jdbc:redshift://{HOST}:5439/dev", f"redshift://{HOST}/dev"):
        with pytest.raises(UsageError) as caught:
            load_settings(None, {}, database=written)
        assert "the address of a cluster belongs to [CLUSTER] HOST" in caught.value.hint
