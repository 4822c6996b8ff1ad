"""The command line as people meet it: output, errors, exit codes."""

import csv
import io
import json
import os
from pathlib import Path

import duckdb
import pytest

from sparkify import __version__
from tests.support.builders import event, track, write
from tests.support.cli import Run, assert_fails
from tests.support.commands import ROOT

pytestmark = pytest.mark.slow


def test_the_known_scripts_load_a_warehouse_from_a_dwh_cfg(run: Run, data: Path, tmp_path: Path) -> None:
    write(
        tmp_path / "dwh.cfg",
        f"[S3]\nSONG_DATA='{data}/song_data'\nLOG_DATA=\"{data}/log_data\"\n[WAREHOUSE]\nMAX_REJECT_SHARE=0.5\n",
    )
    created = run(script="create_tables.py")
    assert (created.returncode, created.stdout) == (0, "")
    assert "created the tables in sparkify.duckdb" in created.stderr
    loaded = run(script="etl.py")
    assert (loaded.returncode, loaded.stdout) == (0, "")
    answer = run("query", "SELECT COUNT(*) AS plays FROM songplays", "--format", "csv")
    assert answer.stdout == "plays\n2\n"


def test_the_summary_tells_files_records_rejects_rows_and_speed(run: Run, data: Path) -> None:
    result = run("etl", "--max-reject-share", "1")
    assert result.returncode == 0
    words = [line.split() for line in result.stderr.splitlines()]
    assert ["song_data", "1", "0", "1", "1", "0"] in words
    assert ["log_data", "1", "0", "3", "2", "1"] in words
    assert ["songplays", "2", "+2"] in words
    assert f"rejected: {data.resolve()}/log_data/events.json:3: not valid JSON" in result.stderr
    assert "0 of 2 plays (0.00%) matched" in result.stderr
    assert (
        "the catalogue (1 song) has hardly any of what was played; heard_plays has the titles"
        in result.stderr
    )
    assert "events/s" in result.stderr
    again = run("etl")
    assert "nothing new; all 2 files are loaded already" in again.stderr


def test_a_dry_run_names_the_files_it_would_load_and_loads_none(run: Run, data: Path, tmp_path: Path) -> None:
    result = run("etl", "--dry-run")
    assert result.returncode == 0
    assert str(data.resolve() / "log_data/events.json") in result.stdout
    assert "log_data: 1 file to load" in result.stderr
    assert not (tmp_path / "sparkify.duckdb").exists()
    run("etl", "--max-reject-share", "1")
    write(data / "log_data/events.json", event(ts=1), event(ts=2))
    again = run("etl", "--dry-run")
    assert [line.split()[0] for line in again.stdout.splitlines()[2:]] == ["log_data"]
    assert "1 of them in place of what was loaded before" in again.stderr
    assert "song_data: 0 files to load" in again.stderr
    assert len(run("etl", "--full", "--dry-run").stdout.splitlines()) == 4


@pytest.mark.thorough
def test_create_tables_empties_the_warehouse_and_its_ledger(run: Run, data: Path) -> None:
    del data
    run("etl", "--max-reject-share", "1")
    run("create-tables", "--yes")
    assert run("query", "SELECT COUNT(*) FROM songplays", "--format", "csv").stdout.split() == [
        "count_star()",
        "0",
    ]
    assert "nothing new" not in run("etl", "--max-reject-share", "1").stderr


def test_query_prints_a_table_csv_or_json_to_stdout(run: Run, data: Path) -> None:
    del data
    run("etl", "--max-reject-share", "1")
    sql = (
        "SELECT 'a,\"[b]' AS text, 1.5 AS number, NULL AS nothing, start_time FROM time ORDER BY ALL LIMIT 1"
    )
    table = run("query", sql)
    assert table.stderr == ""
    assert table.stdout.splitlines()[0].split() == ["text", "number", "nothing", "start_time"]
    assert 'a,"[b]' in table.stdout
    assert table.stdout.endswith("2018-11-29 00:00:57.796\n")
    rows = list(csv.reader(io.StringIO(run("query", sql, "--format", "csv").stdout)))
    assert rows[1] == ['a,"[b]', "1.5", "", "2018-11-29 00:00:57.796"]
    objects = json.loads(run("query", sql, "--format", "json").stdout)
    assert objects[0]["nothing"] is None
    assert objects[0]["text"] == 'a,"[b]'


def test_query_can_not_change_the_warehouse(run: Run, data: Path) -> None:
    del data
    run("etl", "--max-reject-share", "1")
    assert_fails(
        run("query", "DELETE FROM songplays"),
        2,
        "only reading is possible here, and this is a statement of the kind DELETE",
    )
    assert "2" in run("query", "SELECT COUNT(*) FROM songplays").stdout


def test_status_shows_tables_files_and_runs(run: Run, data: Path) -> None:
    del data
    run("etl", "--max-reject-share", "1")
    result = run("status")
    assert result.returncode == 0
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["songplays", "2"] in words
    assert any(line[:2] == ["log_data", "1"] and line[-3:] == ["3", "2", "1"] for line in words if line)
    assert any(line[:1] == ["1"] and "duckdb" in line and __version__ in line for line in words if line)


@pytest.mark.thorough
def test_status_dry_runs_and_loads_say_which_files_are_gone(run: Run, data: Path) -> None:
    write(data / "log_data/gone.json", event(ts=1))
    run("etl", "--max-reject-share", "1")
    assert run("status").stderr == ""
    (data / "log_data/gone.json").unlink()
    said = (
        "note: log_data: 1 loaded file no longer exists at the source; its rows are kept:"
        f" 1 record ({data.resolve()}/log_data/gone.json)"
    )
    assert run("status").stderr == f"{said}\n"
    for arguments in (["etl", "--dry-run"], ["etl"]):
        assert f"{said}; reported once; sparkify status shows the total\n" in run(*arguments).stderr
    assert "no longer exist" not in run("etl").stderr
    assert run("status").stderr == f"{said}\n"
    assert_fails(run("etl", "--full"), 1, "with 1 record", "--full would lose them", "--drop-missing")
    assert_fails(run("etl", "--drop-missing"), 2, "--drop-missing goes with --full")
    planned = run("etl", "--full", "--dry-run")
    assert planned.returncode == 0
    assert "warning: log_data: 1 loaded file no longer exists at the source" in planned.stderr
    assert "would go with them; etl refuses that unless --drop-missing is said" in planned.stderr
    loaded = run("etl", "--full", "--drop-missing", "--max-reject-share", "1")
    assert loaded.returncode == 0
    assert f"with 1 record ({data.resolve()}/log_data/gone.json) have gone" not in loaded.stderr
    assert "have gone with them" in loaded.stderr
    assert run("status").stderr == ""


def test_files_that_are_not_read_are_named_with_what_to_do(run: Run, data: Path) -> None:
    for name in ("a.JSON", "b.jsonl", "c.ndjson", "d.json.zst", "e.json.bz2", "f.jsonl.gz", "g.json.GZ"):
        write(data / "log_data/2018" / name, event(ts=1))
    write(data / "song_data/song.Json", track())
    said = (
        f"note: song_data: 1 file is not read ({data.resolve()}/song_data/song.Json);"
        " only *.json and *.json.gz files are read, and none whose name or folder begins with . or _;"
        " rename files that should be loaded\n",
        f"note: log_data: 7 files are not read ({data.resolve()}/log_data/2018/a.JSON, …); only",
    )
    loading = ["etl", "--max-reject-share", "1"]
    for arguments in (["etl", "--dry-run"], loading, loading):
        result = run(*arguments)
        assert result.returncode == 0
        assert all(part in result.stderr for part in said), result.stderr
    for path in data.rglob("*.json"):
        path.unlink()
    assert_fails(run("etl"), 1, "song_data: no *.json", "1 file is not read")


def test_names_of_files_can_not_do_anything_to_the_terminal(run: Run, data: Path) -> None:
    write(data / "log_data/a\x1b[31mb\n.jsonl", event())
    assert "a\\x1b[31mb\\n.jsonl" in run("etl", "--max-reject-share", "1").stderr
    (data / "log_data/c\x1b[31m.json").symlink_to("nowhere")
    assert_fails(run("etl"), 1, "c\\x1b[31m.json: symbolic link is broken: nowhere")


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")
    assert result.returncode == 0
    for command in ("create-tables", "etl", "query", "status"):
        assert command in result.stdout
        assert run(command, "--help").returncode == 0


def test_a_wrong_option_is_wrong_usage(run: Run) -> None:
    assert_fails(run("etl", "--ful"), 2, "No such option: --ful")


def test_a_missing_folder_is_named(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    assert_fails(run("etl", "--song-data", "nowhere"), 1, "nowhere: no such file or folder", "hint:")
    assert not (tmp_path / "sparkify.duckdb").exists()


@pytest.mark.thorough
def test_a_run_with_many_warnings_prints_what_audits_say_first_and_how_to_see_all(
    run: Run, data: Path
) -> None:
    write(data / "log_data/events.json", event())
    for number in range(30):
        write(data / f"log_data/bad{number}.json", {"no": "key of ours"}, {"no": "key of ours"})
    done = run(
        "etl",
        "--skip-bad-files",
        "--song-data",
        str(data / "song_data"),
        "--log-data",
        str(data / "log_data"),
        SPARKIFY_MAX_AGE_HOURS="1",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\nwarning: ") == 20
    assert "newest_event_fresh" in done.stderr.partition("\nwarning: ")[2].splitlines()[0]
    assert "… and 11 more warnings; all of them: sparkify runs 1 --json" in done.stderr
    assert done.stderr.count("bad29.json") == 0  # nor in the progress
    assert "bad29.json" in run("runs", "1", "--json").stdout


@pytest.mark.thorough
def test_sources_that_were_exchanged_are_named(run: Run, data: Path) -> None:
    write(data / "log_data/events.json", event(), event(ts=1543449657797))
    swapped = run("etl", "--song-data", str(data / "log_data"), "--log-data", str(data / "song_data"))
    assert_fails(swapped, 1, "it holds events, not songs: are --song-data and --log-data exchanged?")
    assert "hint: exchange them" in swapped.stderr
    # Who takes the other way out doesn't get an empty warehouse that looks like success.
    without = run(
        "etl",
        "--skip-bad-files",
        "--song-data",
        str(data / "log_data"),
        "--log-data",
        str(data / "song_data"),
    )
    assert_fails(without, 1, "none of its files can be loaded")
    write(data / "song_data/A/song.json", track(), track(song_id="SO2"))
    other = run("etl", "--log-data", str(data / "song_data"))
    assert_fails(other, 1, "it holds songs, not events")


def test_an_empty_folder_is_named(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    (tmp_path / "empty").mkdir()
    assert_fails(run("etl", "--log-data", "empty"), 1, "empty: no *.json or *.json.gz file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_is_named(run: Run, data: Path) -> None:
    (data / "log_data/events.json").chmod(0)
    assert_fails(run("etl"), 1, "events.json: can't be read: Permission denied")


def test_a_link_to_nowhere_is_named(run: Run, data: Path) -> None:
    (data / "log_data/late.json").symlink_to("gone/late.json")
    link = data.resolve() / "log_data/late.json"
    result = run("etl")
    assert_fails(
        result, 1, f"{link}: symbolic link is broken: gone/late.json does not exist", "remove the link"
    )
    assert "simulate" not in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", 'it has no list "jsonpaths"'),
        ('{"jsonpath": []}', 'it has no list "jsonpaths"'),
        ('{"jsonpaths": ["$.artist"]}', "1 paths, but 18 columns"),
        (json.dumps({"jsonpaths": ["$.a"] * 17 + ["$.*"]}), "path 18 ('$.*')"),
        (json.dumps({"jsonpaths": ["$.a"] * 17 + [3]}), "path 18 (3): not a string"),
        ("{", "not a JSONPaths file"),
    ],
)
def test_a_bad_jsonpaths_file_is_named(run: Run, data: Path, text: str, message: str) -> None:
    write(data / "log_json_path.json", text)
    assert_fails(run("etl"), 1, "log_json_path.json", message)


def test_a_missing_jsonpaths_file_is_named(run: Run, data: Path) -> None:
    del data
    assert_fails(
        run("etl", "--log-jsonpath", "none.json"),
        1,
        "none.json: can't be read: No such file",
        "[S3] LOG_JSONPATH",
    )


def test_the_jsonpaths_file_decides_which_key_fills_which_column(run: Run, data: Path) -> None:
    keys = [
        "$['who'][\"name\"]", "$.auth", "$.firstName", "$.gender", "$.itemInSession", "$.lastName",
        "$.length", "$.level", "$.location", "$.method", "$.page", "$.registration", "$['session id']",
        "$['a/b~c']", "$.status", "$['times'][1]", "$.userAgent", "$.userId",
    ]  # fmt: skip
    write(data / "log_json_path.json", json.dumps({"jsonpaths": keys}))
    write(
        data / "log_data/events.json",
        event(ts=None, sessionId=None)
        | {"who": {"name": "Air"}, "session id": 7, "a/b~c": "Sexy Boy", "times": [1, 2]},
    )
    assert run("etl").returncode == 0
    answer = run("query", "SELECT artist, session_id, song, ts FROM staging_events", "--format", "csv")
    assert answer.stdout.splitlines()[1] == "Air,7,Sexy Boy,1970-01-01 00:00:00.002"


def test_a_config_that_can_not_be_read_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    assert_fails(run("etl", "--config", "none.cfg"), 2, "none.cfg: can't be read")
    write(tmp_path / "dwh.cfg", "SONG_DATA=x")
    assert_fails(run("etl"), 2, "dwh.cfg: line 1: a [SECTION] must come first")


def test_an_unknown_config_key_is_warned_about(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    write(tmp_path / "dwh.cfg", "[S3]\nSONGDATA=x")
    assert "did you mean [S3] SONG_DATA?" in run("etl", "--max-reject-share", "1").stderr


def test_a_database_that_is_none_is_named_and_left_alone(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    text = tmp_path / "notes.txt"
    text.write_text("my notes " * 1000)
    for command in (["etl"], ["create-tables"], ["query", "SELECT 1"], ["status"]):
        assert_fails(run(*command, "--database", "notes.txt"), 1, "notes.txt: not a DuckDB database")
    assert text.read_text() == "my notes " * 1000


def test_a_database_that_can_not_be_made_is_named(run: Run, data: Path) -> None:
    del data
    assert_fails(
        run("etl", "--database", "no/such/folder/w.duckdb"), 1, "no/such/folder/w.duckdb: can't be opened"
    )
    assert_fails(run("query", "SELECT 1", "--database", "none.duckdb"), 1, "none.duckdb: no such database")


def test_a_database_without_the_tables_says_so(run: Run, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    assert_fails(run("status", "--database", "other.duckdb"), 1, "the tables of this project are not there")


def test_a_second_run_fails_at_once_and_names_the_holder(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    holder = duckdb.connect(str(tmp_path / "sparkify.duckdb"))
    try:
        assert_fails(
            run("etl"), 1, f"sparkify.duckdb: in use by process {os.getpid()}", "wait until it has finished"
        )
    finally:
        holder.close()


def test_a_wrong_statement_gets_one_line(run: Run, data: Path) -> None:
    del data
    run("etl", "--max-reject-share", "1")
    assert_fails(run("query", "SELEC 1"), 1, "syntax error at or near")
    assert_fails(
        run("query", "SELECT * FROM song_plays"), 1, "song_plays", "songplays, users, songs, artists, time"
    )


def test_names_with_quotes_spaces_and_percent_signs_are_only_names(run: Run, tmp_path: Path) -> None:
    folder = 'o\'brien "x"; drop table users; %20'
    write(tmp_path / folder / "song_data/A/so'ng.json", track())
    write(tmp_path / folder / 'log_data/ev\'ents "1".json', event())
    database = "x'; drop table.duckdb"
    result = run(
        "etl",
        "--database",
        database,
        "--song-data",
        f"{folder}/song_data",
        "--log-data",
        f"{folder}/log_data",
    )
    assert result.returncode == 0, result.stderr
    assert "1" in run("query", "SELECT COUNT(*) FROM songplays", "--database", database).stdout


@pytest.mark.thorough
def test_the_time_zone_of_the_machine_changes_nothing(run: Run, data: Path) -> None:
    del data
    answers = set()
    for zone in ("UTC", "Asia/Kolkata", "America/New_York"):
        assert run("etl", "--full", "--max-reject-share", "1", TZ=zone).returncode == 0
        answers.add(run("query", "SELECT * FROM time ORDER BY 1", "--format", "csv", TZ=zone).stdout)
    assert len(answers) == 1
    assert "2018-11-29 00:00:57.796,0,29,48,11,2018,4" in answers.pop()


def test_tables_of_others_are_never_dropped_by_a_load(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    with duckdb.connect(str(tmp_path / "mine.duckdb")) as mine:
        mine.execute("CREATE TABLE users AS SELECT 1 AS precious")
    assert_fails(
        run("etl", "--database", "mine.duckdb"), 1, "mine.duckdb: a table with the columns precious named"
    )
    assert "precious" in run("query", "SELECT * FROM users", "--database", "mine.duckdb").stdout


def test_an_empty_or_passing_database_is_wrong_usage(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    assert_fails(run("etl", "--database", ""), 2, "--database is empty")
    assert_fails(run("etl", "--database", ":memory:"), 2, "gone when the command ends")
    assert run("etl", "--max-reject-share", "1", SPARKIFY_DATABASE="").returncode == 0
    assert (tmp_path / "sparkify.duckdb").exists()


def test_a_pipe_among_the_files_is_named(run: Run, data: Path) -> None:
    os.mkfifo(data / "log_data/pipe.json")
    assert_fails(run("etl"), 1, "pipe.json: not a regular file")


def test_square_brackets_in_a_path_are_only_brackets(run: Run, data: Path, tmp_path: Path) -> None:
    del data
    (tmp_path / "[").mkdir()
    assert run("etl", "--max-reject-share", "1", "--database", "[/foo].duckdb").returncode == 0


def test_a_line_of_the_config_without_a_key_is_never_shown(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "dwh.cfg", "[CLUSTER]\nDB_PASSWORD=\nS3cretPw")
    result = run("status")
    assert_fails(result, 2, "dwh.cfg: line 3: not KEY=value")
    assert "cret" not in result.stderr.lower()


@pytest.mark.parametrize(
    ("name", "content"), [("x.csv", "a,b\n1,2\n"), ("x.json", '{"a": 1}\n'), (":memory:x", None)]
)
def test_what_is_no_database_file_is_never_said_to_be_loaded(
    run: Run, data: Path, tmp_path: Path, name: str, content: str | None
) -> None:
    del data
    if content is not None:
        (tmp_path / name).write_text(content)
    for command in ("etl", "create-tables", "status"):
        assert run(command, "--database", name).returncode != 0
    if content is not None:
        assert_fails(run("etl", "--database", name), 1, f"{name}: not a DuckDB database", "not touched")
        assert (tmp_path / name).read_text() == content


def test_the_event_and_the_song_of_the_quick_start_are_a_play_that_matches(run: Run, tmp_path: Path) -> None:
    lines = (ROOT / "docs/quick-start.md").read_text(encoding="utf-8").splitlines()
    for key, source in (("ts", "log_data"), ("song_id", "song_data")):
        write(
            tmp_path / source / "own.json",
            *(line.strip() for line in lines if line.startswith(f'    {{"{key}"')),
        )
    done = run("etl", "--song-data", str(tmp_path / "song_data"), "--log-data", str(tmp_path / "log_data"))
    assert "1 of 1 plays (100.0%) matched" in done.stderr
