"""Rejected records: kept whole, listed by reason and file, printed as lines to mend, loaded once mended."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparkify.cli.app import run as run_command
from sparkify.reading import raw_text
from sparkify.reading.raw_text import KeptTexts, escaped, on_one_line, original
from sparkify.warehouse.duckdb import staging
from tests.support.builders import event, track, write
from tests.support.commands import ROOT
from tests.support.either import Either
from tests.support.older import BEFORE_LEVELS, turn_back

BAD: dict[str, bytes] = {
    "a value that is no integer": json.dumps(event(ts="soon")).encode(),
    "another such value": json.dumps(event(ts="it's late")).encode(),
    "cut off": json.dumps(event())[:-20].encode(),
    "Latin-1": json.dumps(event(song="Björk"), ensure_ascii=False).encode("latin-1"),
    "Latin-1 beside what looks written out": json.dumps(event(song="PLACE"))
    .encode()
    .replace(b"PLACE", rb"\\xe9 \xe9 " + b"\xe9 \\\xe9"),
    "over lines, and JSON": json.dumps(event(ts="soon", song="a\nb"), indent=2).encode(),
    "long": json.dumps(event(ts="soon", song="x" * 60_000)).encode(),
}
"""Records that can't be loaded."""


def rejects(
    capfdbinary: pytest.CaptureFixture[bytes], either: Either, *arguments: str
) -> tuple[int, bytes, str]:
    """Run the command, and give its exit code and what it printed."""
    environment = {name: value for name, value in either.environment.items() if name.startswith("SPARKIFY_")}
    capfdbinary.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            run_command(["rejects", *arguments])
    printed = capfdbinary.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err.decode()


def of_stdout(capfdbinary: pytest.CaptureFixture[bytes], either: Either, *arguments: str) -> bytes:
    """What the command prints."""
    code, out, err = rejects(capfdbinary, either, *arguments)
    assert not code, err
    return out


@pytest.mark.forms(1)
def test_rejects_are_listed_by_reason_and_file_and_printed_byte_by_byte(
    either: Either, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(either.folder / "song_data/A/song.json", track())
    write(either.folder / "log_data/a.json", event(ts=1), *BAD.values(), event(ts=2))
    write(either.folder / "log_data/b.json", event(ts=3), event(ts="soon"))
    either.load()
    rows = list(csv.DictReader(io.StringIO(of_stdout(capfdbinary, either, "--csv").decode())))
    listed = {(row["reason"], row["file"][-6:]): (row["records"], row["first_line"]) for row in rows}
    assert listed == {
        ("ts: … is not an integer", "a.json"): ("4", "2"),
        ("not UTF-8: invalid start byte", "a.json"): ("1", "5"),
        ("not UTF-8: invalid continuation byte", "a.json"): ("1", "6"),
        ("not valid JSON", "a.json"): ("1", "4"),
        ("ts: … is not an integer", "b.json"): ("1", "2"),
    }
    assert all(row["records"] == row["whole_texts"] for row in rows)
    printed = of_stdout(capfdbinary, either, "--raw", "--file", "a.json")
    flat = {**BAD, "over lines, and JSON": json.dumps(event(ts="soon", song="a\nb")).encode()}
    lines = [re.sub(rb"([{,]) ", rb"\1", line.replace(b" }", b"}")) for line in printed.splitlines()]
    assert lines == [re.sub(rb"([{,]) ", rb"\1", record) for record in flat.values()]
    some = of_stdout(capfdbinary, either, "--raw", "--file", "*/b.*", "--run", "1", "--reason", "integer")
    assert json.loads(some) == event(ts="soon")
    assert of_stdout(capfdbinary, either, "--raw", "--run", "2") == b""


@pytest.mark.forms(1)
@pytest.mark.parametrize("bound", ["texts", "bytes"])
def test_of_many_rejects_all_are_counted_and_the_texts_of_the_first_are_kept(
    either: Either, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    bad = [json.dumps(event(ts="no", song="x" * 2000, sessionId=number)) for number in range(10)]
    for module in (raw_text, staging):
        if bound == "texts":
            monkeypatch.setattr(module, "KEPT_TEXTS", 4)
        else:
            monkeypatch.setattr(module, "KEPT_BYTES", sum(map(len, bad[:4])))
    write(either.folder / "song_data/A/song.json", track())
    for name in "ab":
        write(either.folder / f"log_data/{name}.json", event(ts=1), *bad)
    loaded = either.load()
    assert loaded.summary.sources["log_data"].rejected == 20
    kept = loaded.query("SELECT file_id, line, raw_line, is_whole FROM staging_rejects ORDER BY 1, 2")
    assert [row[3] for row in kept] == ([True] * 4 + [False] * 6) * 2
    assert [row[2] for row in kept if row[3]] == bad[:4] * 2
    rest = {None} if bound == "texts" else {text[:1000] for text in bad[4:]}
    assert {row[2] for row in kept if not row[3]} == rest


@pytest.mark.slow
@pytest.mark.forms(1)
def test_of_what_an_older_version_has_rejected_is_printed_what_it_has_kept_whole(
    either: Either, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(either.folder / "song_data/A/song.json", track())
    long = event(ts="soon", song="x" * 2000)
    write(either.folder / "log_data/a.json", event(ts=1), BAD["cut off"], json.dumps(long))
    either.load()
    turn_back(either.sql, BEFORE_LEVELS)
    write(either.folder / "log_data/b.json", event(ts=2), json.dumps(long))
    either.load()
    printed = of_stdout(capfdbinary, either, "--raw").splitlines()
    assert printed == [BAD["cut off"], json.dumps(long).encode()]


@pytest.mark.forms(1)
def test_what_is_not_kept_whole_is_not_printed_but_named(
    either: Either, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write(either.folder / "song_data/A/song.json", track())
    write(either.folder / "log_data/a.json", event(ts=1), "{" + "x" * 5_000_000, event(ts="soon"))
    either.load()
    _, out, err = rejects(capfdbinary, either, "--raw")
    assert json.loads(out) == event(ts="soon")
    assert "1 record is not printed" in err
    assert re.search(r"\S/log_data/a\.json:2\b", err)


@pytest.mark.forms(1)
def test_what_cannot_be_meant_is_refused(either: Either, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(either.folder / "song_data/A/song.json", track())
    write(either.folder / "log_data/a.json", event(ts=1))
    either.load()
    for arguments, said in (
        (["--file", "other.json"], "other.json: no loaded file has this name"),
        (["--raw", "--json"], "--raw prints records as they are"),
        (["--csv", "--json"], "as CSV and as JSON at once"),
    ):
        code, _, err = rejects(capfdbinary, either, *arguments)
        assert code == 2
        assert said in err


@given(st.binary(max_size=40))
@example(b"\\")
@example(b"\\\xe9")
@example(rb"\x5c \\xe9")
def test_any_bytes_become_text_and_are_had_back(data: bytes) -> None:
    escaped(data).encode()
    assert original(escaped(data), "not UTF-8: why") == data


@pytest.mark.thorough
@settings(max_examples=50)
@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_over_lines_is_put_on_one_and_stays_the_same(value: object) -> None:
    line = on_one_line(json.dumps({"a": value}, indent=1, ensure_ascii=False).encode(errors="replace"))
    assert b"\n" not in line
    assert json.loads(line) == json.loads(
        json.dumps({"a": value}, ensure_ascii=False).encode(errors="replace")
    )


def test_line_ends_of_what_is_no_json_stay() -> None:
    for text in (b'{"a":\n"b\nc"}', b"{\n", b'{"a": 1}\n{"a"', b'{"a":' + b"[" * 100_000 + b"\n"):
        assert on_one_line(text) == text


def test_a_text_that_the_database_cannot_hold_is_cut_at_a_character() -> None:
    assert KeptTexts(5).of(1, "ééé", "ts: why") == ("éé", False)
    assert KeptTexts(6).of(1, "ééé", "ts: why") == ("ééé", True)
    assert KeptTexts(6).of(1, "a\0", "ts: why") == ("a\N{REPLACEMENT CHARACTER}", False)


@pytest.mark.thorough
@pytest.mark.slow
def test_the_page_about_rejects_leads_from_the_bad_records_to_their_plays(tmp_path: Path) -> None:
    latin1 = [
        json.dumps(event(ts=1541376000000 + n, song="Jóga"), ensure_ascii=False).encode("latin-1")
        for n in (1, 2)
    ]
    good = [event(ts=1541376000100 + n) for n in range(200)]
    write(tmp_path / "data/song_data/A/song.json", track())
    write(tmp_path / "data/log_data/2018-11-05-events.json", *good, *latin1, event(ts="1541376000003 ms"))
    page = (ROOT / "docs/rejects.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?m)^    \$ (.+)$", page)
    assert len(commands) == 6

    def shell(command: str) -> str:
        script = f'sparkify() {{ "{sys.executable}" -m sparkify "$@"; }}\nset -e -o pipefail\n{command}'
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=True)
        return done.stdout.decode()

    shell("sparkify etl --max-reject-share 0.02")
    said = [line.split()[:-1] for line in shell(commands[0]).splitlines()]
    shown = re.findall(r"(?m)^    (\S.+) …/", page)
    assert len(shown) == 2
    assert [row.split() for row in shown] == said[2:]
    for command in commands[1:]:
        shell(command)
    count = "sparkify query --csv \"SELECT COUNT(*) FROM heard_plays WHERE title = 'Jóga' OR start_time ="
    assert shell(f"{count} TIMESTAMP '2018-11-05 00:00:00.003'\"").split() == ["count_star()", "3"]
