"""No input is dearer than its size: what outsiders' files may take is bounded, by settings where need be."""

import gzip
import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from sparkify.answers.report import write_report
from sparkify.answers.report.future import split
from sparkify.config.settings import Settings
from sparkify.errors import BadFileError, SparkifyError, TooManyRejectsError
from sparkify.load.audits import Audit, Finding
from sparkify.load.layout import layout_of
from sparkify.load.progress import NullProgress
from sparkify.reading.bad_records import BadRecords
from sparkify.reading.contents import contents
from sparkify.reading.splitter import Splitter
from sparkify.warehouse.opening import connect
from tests.support.builders import event, track, write
from tests.support.engines import DuckDBEngine
from tests.support.runs import run_etl
from tests.support.settings import changed

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write(tmp_path / "song_data/song.json", track())
    return DuckDBEngine(tmp_path).settings(tmp_path, max_reject_share=1)


def unpacked(data: bytes, ratio: int) -> int:
    return sum(len(text) for text in contents("a.json", iter([data]), ratio))


def test_gzip_that_unpacks_to_far_more_than_its_size_is_refused_early() -> None:
    bomb = gzip.compress(b"{}\n" * 20_000_000)
    with pytest.raises(BadFileError, match=r"expands to more than 200 times its size") as caught:
        unpacked(bomb, 200)
    assert "MAX_UNPACKED_RATIO" in str(caught.value.hint)
    assert unpacked(bomb, 2000) == 60_000_000
    assert (
        unpacked(gzip.compress(b"{}\n" * 100_000), 1) == 300_000
    )  # what is small may be packed as well as can be


def test_gzip_of_thousands_of_members_is_unpacked_in_time() -> None:
    members = gzip.compress(b"") + b"\0" + gzip.compress(b"{}\n")
    assert is_linear(lambda size: unpacked(members * size, 200), 4_000)
    assert unpacked(members * 1000, 200) == 3000


def is_linear(work: Callable[[int], object], size: int) -> bool:
    """Whether eight times the size takes in the order of eight times the work, not of sixty-four."""

    def seconds(some: int) -> float:
        begin = time.process_time()
        work(some)
        return time.process_time() - begin

    return min(seconds(8 * size) for _ in range(3)) < 20 * min(seconds(size) for _ in range(3))


def test_many_objects_on_a_line_are_cut_in_proportion_to_it() -> None:
    assert is_linear(lambda size: Splitter().split(b"{}" * size, final=True, trusts_lines=False), 20_000)


GOOD = json.dumps(event()).encode()

DEAR: dict[str, Callable[[int], bytes]] = {
    "lines that open objects": lambda size: b"{\n" * (size // 8),
    "records that end too early": lambda size: (GOOD[:-1] + b"\n") * (size // len(GOOD)),
    "brackets": lambda size: b"[" * size,
    "objects within objects": lambda size: b'{"a":' * (size // 5),
    "lists within lists": lambda size: b'{"ts":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}",
    "a long number": lambda size: b'{"ts":' + b"9" * size + b"}",
    "a long number beside good values": lambda size: b'{"x":' + b"9" * size + b"," + GOOD[1:],
    "many keys": lambda size: b"{" + b"".join(b'"k%d":1,' % key for key in range(size // 12)) + GOOD[1:],
    "the same key": lambda size: b"{" + b'"ts":1,' * (size // 7) + GOOD[1:],
    "new keys in each record": lambda size: b"".join(
        b"{" + b"".join(b'"%d-%d":1,' % (line, key) for key in range(50)) + GOOD[1:] + b"\n"
        for line in range(size // 1000)
    ),
    "a long key": lambda size: b'{"' + b"k" * size + b'":1,' + GOOD[1:],
    "quotes": lambda size: b'"' * size,
    "escapes": lambda size: b'{"a":"' + rb"\u0000" * (size // 6) + b'"}',
    "many objects on a line": lambda size: b"{}" * (size // 8),
}


@pytest.mark.thorough
def test_no_form_of_a_file_is_dearer_than_its_size(settings: Settings, tmp_path: Path) -> None:
    work = {}
    for size in (2**16, 2**19):
        for kind, form in DEAR.items():
            write(tmp_path / f"log_data/{kind}.json", GOOD, form(size))
        (tmp_path / "warehouse").unlink(missing_ok=True)
        begin = time.process_time()
        summary = run_etl(changed(settings, database=str(tmp_path / "warehouse")), NullProgress())
        work[size] = time.process_time() - begin
        assert summary.sources["log_data"].loaded >= len(DEAR)
    assert work[2**19] < 12 * work[2**16]


@pytest.mark.forms(2)
@pytest.mark.parametrize("piece", ['\\"', '"', '{"a":', "[", '{"ts":1},', '"\\', ": "])
def test_looking_for_a_wrapper_is_in_proportion_to_the_text(piece: str) -> None:
    assert is_linear(lambda size: layout_of('{"' + piece * size, [["ts"], ["page"], ["userId"]]), 20_000)


@pytest.mark.parametrize("line", ["{}", "{", '{"ts": 1}', "x", '{"a": "b'])
def test_reading_stops_where_there_are_far_too_many_bad_records(
    settings: Settings, tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = 0
    keep = BadRecords.keep

    def counting(self: BadRecords, file_id: int, line: int, raw: str, reason: str) -> bool:
        nonlocal kept
        kept += 1
        return keep(self, file_id, line, raw, reason)

    monkeypatch.setattr(BadRecords, "keep", counting)
    write(tmp_path / "log_data/a.json", *[json.dumps(event())] * 10, *[line] * 20_000)
    with pytest.raises(
        TooManyRejectsError, match=r"when the reading was stopped, more than the 3,000"
    ) as caught:
        run_etl(changed(settings, max_rejects=3000), NullProgress())
    assert "MAX_REJECTS" in str(caught.value.hint)
    assert kept < 10_000


def test_the_number_of_bad_records_is_bounded_exactly_in_the_end(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "log_data/a.json", json.dumps(event()), "{}", "x", "{}")
    with pytest.raises(TooManyRejectsError, match="3 records of log_data are bad, more than the 2"):
        run_etl(changed(settings, max_rejects=2), NullProgress())
    assert run_etl(changed(settings, max_rejects=3), NullProgress()).sources["log_data"].rejected == 3


def test_good_records_are_never_taken_for_bad_ones(settings: Settings, tmp_path: Path) -> None:
    two = json.dumps(event()) * 2
    write(tmp_path / "log_data/a.json", *[two] * 3000)
    assert run_etl(changed(settings, max_rejects=0), NullProgress()).sources["log_data"].loaded == 6000


@pytest.mark.forms(1)
@pytest.mark.parametrize("ts", [253402300799999, -62135596800000])
def test_an_event_of_the_year_1_or_9999_makes_no_large_report(
    settings: Settings, tmp_path: Path, ts: int
) -> None:
    write(tmp_path / "log_data/a.json", event(), event(ts=ts), event(ts=ts, userId="9", level="free"))
    run_etl(settings, NullProgress())
    warehouse = connect(settings, read_only=True)
    try:
        write_report(warehouse, tmp_path / "report.html")
    finally:
        warehouse.close()
    assert (tmp_path / "report.html").stat().st_size < 3_000_000


def test_charts_show_ten_years_and_say_what_is_left_out() -> None:
    days = [date(1, 1, 1), date(2018, 1, 1), date(2018, 2, 1), date(9999, 12, 31)]
    rows = [{"day": day, "plays": 1} for day in days]
    charted, said = split(rows, date(2019, 1, 1))
    assert [row["day"] for row in charted] == days[1:3]
    assert "In the future" in said
    assert "More than ten years before the last" in said
    assert split(rows[1:3], date.max) == (rows[1:3], "")
    assert split([{"day": date.max - timedelta(days=1)}, {"day": date.max}], date.min)[1] == ""


def test_long_values_are_cut_in_what_people_are_told(settings: Settings, tmp_path: Path) -> None:
    finding = Finding(Audit("a", True, "b", "SELECT 1"), ["level"], [("x" * 60_000,)])
    assert len(str(finding)) < 500
    long = {"k" * 500_000: 1, "level": "x" * 60_000}
    write(tmp_path / "log_data/a.json", event(**long))
    summary = run_etl(settings, NullProgress())
    said = [*summary.notes, *summary.warnings, *map(str, summary.findings)]
    assert said
    assert max(map(len, said)) < 2000
    write(tmp_path / "log_data/b.json", json.dumps({"w" * 30_000: [event()] * 3}))
    with pytest.raises(SparkifyError) as caught:
        run_etl(changed(settings, max_reject_share=0.9), NullProgress())
    assert "below the key" in caught.value.message
    assert len(caught.value.message) + len(caught.value.hint or "") < 4000


def test_the_room_beside_the_database_is_a_setting(settings: Settings) -> None:
    limited = changed(settings, temp_limit="3GB")

    warehouse = connect(limited)
    try:
        assert warehouse.query("SELECT current_setting('max_temp_directory_size')") == [("2.7 GiB",)]
    finally:
        warehouse.close()
