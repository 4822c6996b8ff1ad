import codecs
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from tests.simulate.reading import Record, Simulation, is_good, parse


def _repair(text: str) -> str:
    while True:
        try:
            text = text.encode("latin-1").decode()
        except UnicodeError:
            return text
        if text.isascii():
            return text


def _key(event: Record) -> tuple[int, int]:
    return event["sessionId"], event["itemInSession"]


@pytest.mark.parametrize("data", ["log", "song"])
def test_the_manifest_names_every_file_with_all_its_records(dirty: Simulation, data: str) -> None:
    noted = {entry["path"]: entry["records"] for entry in dirty.manifest["files"] if entry["data"] == data}
    assert noted == {path: len(dirty.lines(path)) for path in dirty.paths(data)}


@pytest.mark.parametrize("data", ["log", "song"])
def test_the_broken_records_are_those_of_the_manifest_and_no_others(dirty: Simulation, data: str) -> None:
    noted = {
        (entry["path"], broken["line"], broken["kind"] == "cut off")
        for entry in dirty.manifest["files"]
        for broken in entry.get("broken", [])
        if entry["data"] == data
    }
    found = set()
    for path in dirty.paths(data):
        for number, line in enumerate(dirty.lines(path), start=1):
            record = parse(line)
            if not is_good(record, data):
                found.add((path, number, record is None))
    assert found == noted
    assert len(noted) == dirty.manifest["totals"][data]["broken"]


def test_everything_that_can_be_wrong_is(dirty: Simulation) -> None:
    kinds = Counter(
        (entry["data"], broken["kind"], broken.get("column", ""))
        for entry in dirty.manifest["files"]
        for broken in entry.get("broken", [])
    )
    assert {column for data, kind, column in kinds if (data, kind) == ("log", "wrong type")} == {
        *(
            "itemInSession",
            "sessionId",
            "status",
            "ts",
            "userId",
            "length",
            "registration",
            "artist",
            "location",
        )
    }
    assert {column for data, kind, column in kinds if (data, kind) == ("log", "missing")} == {
        *("ts", "sessionId", "page")
    }
    assert {(data, kind) for data, kind, _ in kinds} == {
        (data, kind) for data in ("log", "song") for kind in ("cut off", "wrong type", "missing")
    }


def test_the_rate_is_the_share_of_records_that_each_wart_hits(dirty: Simulation) -> None:
    totals = dirty.manifest["totals"]["log"]
    for wart in ("broken", "doubled", "garbled"):
        assert totals[wart] / totals["records"] == pytest.approx(0.05, abs=0.008), wart
    songs = dirty.manifest["totals"]["song"]
    assert songs["broken"] == songs["bom"] == 0.05 * songs["records"]


def test_without_a_rate_nothing_is_wrong(clean: Simulation) -> None:
    for totals in clean.manifest["totals"].values():
        assert {key for key, count in totals.items() if count} == {"files", "records"}
    for path in clean.paths("log"):
        assert (clean.folder / path).read_bytes().isascii()
        assert all(is_good(parse(line), "log") for line in clean.lines(path))
    texts = {event[key] for event in clean.events() for key in ("artist", "song") if event[key]}
    assert any(not text.isascii() for text in texts)
    assert {_repair(text) for text in texts} == texts


def test_warts_lose_nothing_but_the_broken_records(clean: Simulation, dirty: Simulation) -> None:
    good = [_key(event) for event in dirty.events()]
    lost = {_key(event) for event in clean.events()} - set(good)
    assert set(good) <= {_key(event) for event in clean.events()}
    assert len(lost) == dirty.manifest["totals"]["log"]["broken"]
    assert len(good) - len(set(good)) == dirty.manifest["totals"]["log"]["doubled"]


def test_doubled_events_stand_twice_in_a_row(dirty: Simulation) -> None:
    for entry in dirty.manifest["files"]:
        if entry["data"] == "log":
            twice = sum(first == second for first, second in pairwise(dirty.lines(entry["path"])))
            assert twice == entry.get("doubled", 0), entry["path"]


def test_garbled_text_comes_out_clean_when_decoded_back(clean: Simulation, dirty: Simulation) -> None:
    def texts(event: Record) -> tuple[str, str]:
        return event["artist"], event["song"]

    said = {_key(event): texts(event) for event in clean.events() if event["song"]}
    garbled = Counter[str]()
    degrees, letters = set(), set[str]()
    for path in dirty.paths("log"):
        for event in dirty.good(path, "log"):
            if event["song"] is None:
                continue
            truth = said[_key(event)]
            if texts(event) != truth:
                garbled[path] += 1
                letters |= set("".join(texts(event)))
                degrees.add(len("".join(texts(event))) > 2 * len("".join(truth)))
            assert tuple(map(_repair, texts(event))) == truth
    noted = {e["path"]: e["garbled"] for e in dirty.manifest["files"] if e.get("garbled")}
    assert garbled == noted
    assert letters & {chr(code) for code in range(0x80, 0xA0)}


def test_files_with_a_byte_order_mark_are_those_of_the_manifest(dirty: Simulation) -> None:
    noted = {entry["path"] for entry in dirty.manifest["files"] if entry.get("bom")}
    paths = dirty.paths("log") + dirty.paths("song")
    found = {path for path in paths if (dirty.folder / path).read_bytes().startswith(codecs.BOM_UTF8)}
    assert found == noted
    assert {path.split("_")[0] for path in found} == {"log", "song"}


def test_late_files_hold_whole_sessions_of_an_earlier_day(dirty: Simulation) -> None:
    late = {entry["path"]: entry["events_of"] for entry in dirty.manifest["files"] if "events_of" in entry}
    delays = set()
    for path, day in late.items():
        events = dirty.good(path, "log")
        assert {str(datetime.fromtimestamp(event["ts"] / 1000, UTC).date()) for event in events} == {day}
        in_time = dirty.good(f"log_data/{day[:4]}/{day[5:7]}/{day}-events.json", "log")
        assert not {event["sessionId"] for event in events} & {event["sessionId"] for event in in_time}
        delays.add(date.fromisoformat(path.split("/")[-1][:10]) - date.fromisoformat(day))
    assert delays == {timedelta(0), timedelta(2)}
    plain = [path for path in dirty.paths("log") if path not in late]
    assert len(plain) == dirty.settings.days


@pytest.mark.parametrize("which", ["clean", "dirty"])
def test_the_expected_star_schema_is_that_of_the_good_records(
    which: str, request: pytest.FixtureRequest
) -> None:
    simulation: Simulation = request.getfixturevalue(which)
    songs = [record for path in simulation.paths("song") for record in simulation.good(path, "song")]
    events = simulation.events()
    plays = {(e["ts"], e["userId"], e["sessionId"]): e for e in events if e["page"] == "NextSong"}
    known = {(song["artist_name"], song["title"]) for song in songs}
    matched = sum((_repair(play["artist"]), _repair(play["song"])) in known for play in plays.values())
    assert simulation.manifest["expected"] == {
        "songplays": len(plays),
        "matched_songplays": matched,
        "users": len({event["userId"] for event in events} - {""}),
        "songs": len({song["song_id"] for song in songs}),
        "artists": len({song["artist_id"] for song in songs}),
    }


def test_the_manifest_says_what_was_asked_for(dirty: Simulation) -> None:
    assert dirty.manifest["settings"] == json.loads(json.dumps(dirty.settings.as_dict()))
    assert dirty.manifest["settings"]["dirty"] == 0.05
