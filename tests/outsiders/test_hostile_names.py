"""Nothing that outsiders name speaks to a terminal: files, keys, values, people, databases, settings."""

import contextlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from sparkify.cli import app as cli
from tests.support.builders import event, track, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals"),
]

COLOUR = "\x1b[35;7;99m"
"""A sequence that nobody but this test would send."""

HOSTILE = f"x\x1b]0;TITLE\x07{COLOUR}\x9b31m\x7f\x08\r\u202e\u2066\u200f\u200b\u2028\U000e0041\v"

RICHS = re.compile(r"\x1b\[(?:\d+(?:;\d+)*)?m|\x1b\[\?25[lh]|\x1b\[\d*[AK]|\r|\n")
"""What our own colours and bars send."""

WALK = """
import json, os, sys
from sparkify.cli import app as cli
from sparkify.printing import streams
streams.install()
codes = []
for arguments in json.loads(os.environ["WALK"]):
    try:
        cli.run(arguments)
    except SystemExit as left:
        codes.append(left.code or 0)
    print("\\n-- next", flush=True)
open("codes", "w").write(json.dumps(codes))
"""

NEXT = "-- next"

BEGIN = """
import json, os, sys, time, warnings
from sparkify.printing import streams
from sparkify.printing.console import Console
from sparkify.cli.progress import on_console
streams.install()
hostile = json.loads(os.environ["WALK"])
"""
STEP = f"""{BEGIN}
progress = on_console(Console())
progress.step("stage", files=3, size=5)
progress.step(f"start again: {{hostile}}", files=3, size=5)(1, 2)
time.sleep(0.3)
sys.stderr.write(hostile)
progress.done()
"""
WARNING = f"{BEGIN}\nwarnings.warn(hostile)"
TRACEBACK = f"{BEGIN}\nraise ValueError(hostile)"


def command_names(command: object, name: str = "") -> Iterator[str]:
    commands = getattr(command, "commands", None)
    if commands is None:
        yield name
        return
    for part, inner in commands.items():
        yield from command_names(inner, f"{name} {part}".strip())


LOAD = ["etl", "--max-reject-share", "1"]
DATABASE = ["--database", f"{HOSTILE}.duckdb"]
CONFIG = ["--config", f"{HOSTILE}.cfg"]

CLUSTER = ["--config", f"cluster {HOSTILE}.cfg"]

# A command line, and how it ends.
LINES: list[tuple[list[str], int]] = [
    ([*LOAD, *DATABASE, "--dry-run"], 0),
    ([*LOAD, *DATABASE], 0),
    ([*LOAD, *DATABASE, "--full", *CONFIG], 0),
    (["etl", *DATABASE, "--full"], 1),
    ([*LOAD, *DATABASE, "--full", "--log-jsonpath", f"{HOSTILE}.json"], 0),
    ([*LOAD, *DATABASE, "--log-jsonpath", f"broken {HOSTILE}.json"], 1),
    ([*LOAD, *DATABASE, "--log-data", f"nowhere/{HOSTILE}"], 1),
    ([*LOAD, *DATABASE, "--log-data", f"s3://bucket/{HOSTILE}"], 1),
    ([*LOAD, *DATABASE, "--config", f"nowhere/{HOSTILE}.cfg"], 2),
    (["etl", "--max-reject-share", HOSTILE], 2),
    (["etl", f"--{HOSTILE}"], 2),
    ([HOSTILE], 2),
    ([*LOAD, *DATABASE, "--json"], 0),
    ([*LOAD, *DATABASE, "--log-data", f"nowhere/{HOSTILE}", "--json", "--quiet"], 1),
    ([*LOAD, *DATABASE, "--full", "--log-format", "json"], 0),
    ([*LOAD, *DATABASE, "--log-data", f"nowhere/{HOSTILE}", "--log-format", "json"], 1),
    (["status", *DATABASE, *CONFIG], 0),
    (["status", *DATABASE, "--json"], 0),
    (["doctor", *DATABASE], 0),
    (["doctor", "--database", f"broken {HOSTILE}.duckdb", "--json"], 1),
    (["status", *DATABASE, "--max-age", HOSTILE], 2),
    *(
        (["runs", *run, *DATABASE, *form], 0)
        for run in ([], ["1"], ["2"])
        for form in ([], ["--json"], *([] if run else [["--csv"]]))
    ),
    (["runs", HOSTILE, *DATABASE], 2),
    (["runs", "99", *DATABASE], 2),
    *((["rejects", *DATABASE, *form], 0) for form in ([], ["--json"], ["--csv-safe"], ["--raw"])),
    (["rejects", "--file", HOSTILE, *DATABASE], 2),
    (["etl", "--reload", HOSTILE, *DATABASE], 2),
    (["unload", HOSTILE, *DATABASE, "--yes"], 2),
    (["unload", "*", *DATABASE, "--dry-run"], 0),
    (["prune", "--before", HOSTILE, *DATABASE], 2),
    (["prune", "--older-than", "1d", *DATABASE, "--yes"], 0),
    (["status", "--database", f"nowhere {HOSTILE}.duckdb"], 1),
    (["shell", "--config", f"nowhere {HOSTILE}.cfg"], 2),
    (["status", "--database", f"broken {HOSTILE}.duckdb"], 1),
    (["status", "--database", "redshift", *CONFIG], 2),
    *(
        (["query", f"SELECT *, '{HOSTILE}' AS \"{HOSTILE}\" FROM {table}", *DATABASE, *form], 0)
        for table in ("users", "staging_rejects", "heard_plays", "ledger")
        for form in ([], ["--csv"], ["--csv-safe"], ["--json"])
    ),
    (["query", f"SELECT {HOSTILE}", *DATABASE], 1),
    (["query", f"SELECT error('{HOSTILE}')", *DATABASE], 1),
    (["questions", "--all", *DATABASE], 0),
    (["questions", "top_users", *DATABASE, "--csv"], 0),
    (["questions", "top_songs", *DATABASE, "--json"], 0),
    (["questions", HOSTILE, *DATABASE], 2),
    (["questions", "songs_on_a_day", "--given", f"day={HOSTILE}", *DATABASE], 2),
    (["questions", "top_songs", "--given", f"{HOSTILE}=1", *DATABASE], 2),
    (["check", f"answers {HOSTILE}", *DATABASE], 1),
    (["check", f"answers {HOSTILE}", *DATABASE, "--json"], 1),
    (["check", f"bad answers {HOSTILE}", *DATABASE], 2),
    (["check", f"nowhere {HOSTILE}", *DATABASE], 2),
    (["report", f"{HOSTILE}.html", *DATABASE], 0),
    (["report", f"nowhere {HOSTILE}/r.html", *DATABASE], 1),
    (["export", f"out {HOSTILE}", *DATABASE], 0),
    (["export", f"answers {HOSTILE}", *DATABASE], 2),
    (["simulate", f"made {HOSTILE}", "--songs", "20", "--users", "5", "--days", "2"], 0),
    (["simulate", f"answers {HOSTILE}", "--songs", "20", "--users", "5", "--days", "2"], 2),
    (["notebooks", f"notebooks {HOSTILE}"], 0),
    (["notebooks", f"notebooks {HOSTILE}"], 2),
    (["create-tables", *DATABASE], 1),  # no, says the terminal
    (["create-tables", "--yes", *DATABASE], 0),
    *(
        (["cluster", name, *config, "--dry-run"], 2)
        for config in (CONFIG, CLUSTER)
        for name in ("create", "status", "pause", "resume", "delete")
    ),
]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder in which everything has a hostile name."""
    folder = tmp_path / f"at {HOSTILE}"
    texts = {
        name: f"{name} {HOSTILE}"
        for name, value in event().items()
        if isinstance(value, str) and name not in ("page", "userId")
    }
    misspelt = {f"user{COLOUR[0]}Id" if key == "userId" else key: value for key, value in event().items()}
    write(
        folder / f"data/log_data/{HOSTILE}.json",
        *(event(ts=1543449657000 + number) | texts | {"userId": str(number)} for number in range(3)),
        event(ts=1543449657009, userId="7") | {f"{HOSTILE}{number}": HOSTILE for number in range(9)},
        misspelt,
        *(event(**{key: HOSTILE}) for key in ("ts", "userId", "sessionId", "length")),
        event(page={HOSTILE: HOSTILE}),
        event(page=f"NextSong{HOSTILE}"),
        f"{{{HOSTILE}",
    )
    write(folder / f"data/log_data/{HOSTILE}.txt", "x")
    write(folder / f"data/log_data/{HOSTILE}.ndjson", event())
    texts = {name: f"{name} {HOSTILE}" for name, value in track().items() if isinstance(value, str)}
    write(folder / f"data/song_data/{HOSTILE}/{HOSTILE}.json", track(**texts), track(year=HOSTILE))
    setting = "".join(
        character for character in HOSTILE if character not in "\r\v\u2028"
    )  # one line of a file
    write(folder / f"{HOSTILE}.cfg", f"[S3]\n{setting}=1\n[{setting}]\nKEY={setting}\n")
    write(
        folder / f"cluster {HOSTILE}.cfg",
        f"[AWS]\nREGION=us-west-2\n[DWH]\nDWH_CLUSTER_IDENTIFIER=c{setting}\nDWH_IAM_ROLE_NAME=r{setting}\n"
        f"[CLUSTER]\nDB_NAME=d{setting}\nDB_USER=u{setting}\n",
    )
    paths = [f"$['{HOSTILE}']", *(f"$.{key}" for key in list(event())[1:])]
    write(folder / f"{HOSTILE}.json", json.dumps({"jsonpaths": paths}))
    write(folder / f"broken {HOSTILE}.json", json.dumps({HOSTILE: []}))
    write(folder / f"broken {HOSTILE}.duckdb", "no database" * 1000)
    answers = folder / f"answers {HOSTILE}"
    write(
        answers / f"{HOSTILE}.sql", f'-- How {HOSTILE}?\nSELECT level AS "a {HOSTILE}" FROM users ORDER BY 1'
    )
    write(answers / f"{HOSTILE}.csv", f'"a {HOSTILE}"\n"{HOSTILE}"\n')
    write(answers / f"bad {HOSTILE}.sql", f"-- How {HOSTILE}?\nSELECT error('{HOSTILE}')")
    write(folder / f"bad answers {HOSTILE}" / f"{HOSTILE}.csv", "a\n")
    return folder


def environment(code: str) -> dict[str, str]:
    """Of a process that is to run the code, on a terminal of 100 columns."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARKIFY_", "AWS_"))}
    return kept | {"WALK": code, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}


def shown_by(folder: Path, code: str, told: object, typed: str = "") -> str:
    """What a terminal gets to see of a process."""
    import pty

    master, slave = pty.openpty()
    os.write(master, typed.encode())
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(json.dumps(told)),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ):
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the other side is gone
            while part := os.read(master, 65536):
                shown += part
    os.close(master)
    return shown.decode()


def unseen(text: str) -> set[str]:
    """What is in a text and can't be seen, but for ends of lines and the joiners of letters."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {item for item in set(text) - set("\n\u200c\u200d") if unicodedata.category(item) in kinds}


def test_every_command_is_walked() -> None:
    walked = {" ".join(line[:2] if line[0] == "cluster" else line[:1]) for line, _ in LINES}
    assert set(command_names(typer.main.get_command(cli.app))) <= walked


@pytest.mark.thorough
def test_nothing_with_a_hostile_name_speaks_to_a_terminal(hostile: Path) -> None:
    shown = shown_by(hostile, WALK, [line for line, _ in LINES], "n\n")
    codes = json.loads((hostile / "codes").read_text())
    assert [(line, code) for (line, _), code in zip(LINES, codes, strict=True)] == LINES, shown
    for (line, _), part in zip(LINES, shown.split(NEXT), strict=False):
        assert COLOUR not in part, line
        assert unseen(RICHS.sub("", part)) == set(), line
    assert "\\x1b]0;TITLE\\x07\\x1b[35;7;99m\\x9b31m\\x7f" in shown  # it was there to be shown
    for sequence in ("\x1b[38;", "\x1b[2K", "\x1b[?25l"):  # our own get through, unspoilt
        assert sequence in shown
        assert repr(sequence)[1:-1] not in shown
    report = (hostile / f"{HOSTILE}.html").read_text()
    assert unseen(report) == set()
    assert "\\x1b]0;TITLE" in report


@pytest.mark.thorough
def test_no_line_of_a_hostile_name_looks_like_a_message_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "data\nerror: forged\nwarning: forged"
    write(folder / "song_data/a.json", track())
    write(folder / "log_data/a\nnote: forged.json", "x", event(), "y")
    for options in ([], ["--max-reject-share", "1"]):
        sources = [f"--{name.replace('_', '-')}={folder / name}" for name in ("song_data", "log_data")]
        result = subprocess.run(
            [sys.executable, "-m", "sparkify", "etl", *sources, *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "forged" in result.stderr
        assert not re.search("^(error|warning|note): forged", result.stderr, re.MULTILINE)


@pytest.mark.thorough
def test_nothing_with_a_hostile_name_gets_into_a_log_of_messages(hostile: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WALK],
        cwd=hostile,
        env=environment(json.dumps([line for line, _ in LINES])),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    assert unseen(result.stderr.decode()) == set()
    assert b"TITLE" in result.stderr


@pytest.mark.forms(1)
@pytest.mark.parametrize("code", [STEP, WARNING, TRACEBACK], ids=["a step", "a warning", "a traceback"])
def test_what_others_write_is_shown_as_well(tmp_path: Path, code: str) -> None:
    shown = shown_by(tmp_path, code, HOSTILE)
    assert COLOUR not in shown
    assert unseen(RICHS.sub("", shown).replace("\t", "")) == set()
    assert "\\x1b]0;TITLE" in shown
