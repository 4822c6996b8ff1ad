"""The same records, however they are written: the same rows, the same rejects, the same star.

Records are made up of values of which each is known to load as something or to be refused, or is merely odd.
They are written to files in every way that is read, and loaded by the keys of the logs, which have a quick
way of their own, and by a JSONPaths file that says the same of other keys, which have not.
"""

import gzip
import os
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sparkify.config.loading import load_settings
from sparkify.load.progress import NullProgress
from sparkify.reading.keys import EVENT_KEYS
from sparkify.reading.records import CHUNK_BYTES
from tests.support.builders import Loaded, examples, track, write
from tests.support.engines import Engine
from tests.support.reference import build_star
from tests.support.runs import run_etl
from tests.support.s3_servers import rclone
from tests.support.settings import changed

pytestmark = pytest.mark.slow

BAD, ODD = object(), object()
"""In place of a value: it is refused; whatever it is, it is the same in all files."""

LARGE = 2**53

INTEGERS: list[tuple[str, Any]] = [
    ("0", 0),
    ("1", 1),
    ("39", 39),
    ("39.0", 39),
    ("1e3", 1000),
    ("3.9e1", 39),
    ('"39"', 39),
    ("null", None),
    ('""', None),
    ("true", BAD),
    ("false", BAD),
    ("1.5", BAD),
    ('"abc"', BAD),
    ('"007"', BAD),
    ('"0x1F"', BAD),
    ('"1_000"', BAD),
    ("[1]", BAD),
    ("[]", BAD),
    ('{"a": [1, {"b": 2}]}', BAD),
    ("99999999999999999999", BAD),
    ("1e400", BAD),
    ('" 39"', ODD),
    ('"39 "', ODD),
    ('"+39"', ODD),
    ('"39.0"', ODD),
    ('"1e3"', ODD),
    ('" "', ODD),
    ('"NaN"', ODD),
    ('"infinity"', ODD),
    ('"true"', ODD),
    ('"null"', ODD),
    ('"[1]"', ODD),
    ('"{}"', ODD),
    (r'"\u0033\u0039"', ODD),
    (r'"39\u0000"', ODD),
    ("-0", ODD),
    ("-1", ODD),
    ("-0.0", ODD),
    ("1E+2", ODD),
    ("10e-1", ODD),
    ("1e-400", ODD),
    ("0.99999999999999999999", ODD),
    ("NaN", ODD),
    ("-Infinity", ODD),
    ("2147483647", ODD),
    ("2147483648", ODD),
    ("-2147483649", ODD),
    ("39.5e1", ODD),
    ("9007199254740991.5", ODD),
]
BIG_INTEGERS: list[tuple[str, Any]] = [
    (str(LARGE), LARGE),
    (str(LARGE + 1), LARGE + 1),
    (f'"{LARGE + 1}"', LARGE + 1),
    (str(2**63 - 1), 2**63 - 1),
    (str(2**63), BAD),
    (f"{LARGE + 1}.0", ODD),
    (f"{LARGE + 1}.5", ODD),
    ("9.007199254740993e15", ODD),
    ("1e18", ODD),
    (str(-(2**63)), ODD),
]
NUMBERS: list[tuple[str, Any]] = [
    ("0", 0.0),
    ("1", 1.0),
    ("1.0", 1.0),
    ("238.07955", 238.07955),
    ('"238.07955"', 238.07955),
    ("1e3", 1000.0),
    ("1e308", 1e308),
    ("null", None),
    ('""', None),
    ("true", BAD),
    ("false", BAD),
    ('"4:12"', BAD),
    ('"1_0.5"', BAD),
    ("NaN", BAD),
    ("Infinity", BAD),
    ("1e400", BAD),
    ("[1.5]", BAD),
    ('{"a": 1}', BAD),
    ('"NaN"', ODD),
    ('"inf"', ODD),
    ('" 1.5"', ODD),
    ('"+1.5"', ODD),
    ('"1."', ODD),
    ('".5"', ODD),
    ('"true"', ODD),
    ("-0.0", ODD),
    ("-1.5", ODD),
    ("1e-400", ODD),
    ("12345678901234567890123456789", ODD),
    ("0." + "3" * 400, ODD),
]
TEXTS: list[tuple[str, Any]] = [
    ('"Air"', "Air"),
    ('"free"', "free"),
    ('""', ""),
    ("null", None),
    ("311", "311"),
    ("true", "true"),
    ("false", "false"),
    ('"null"', "null"),
    ('"[1]"', "[1]"),
    ('"[Live"', "[Live"),
    ('"{\\"a\\": {}}"', '{"a": {}}'),
    ('"a\\\\u0000b"', "a\\u0000b"),
    (r'"a\/b\"c\u00e9\n"', 'a/b"cé\n'),
    (r'"\ud83d\ude00"', "😀"),
    ('"ÿ€😀\u2028\u0085"', "ÿ€😀\u2028\u0085"),
    ('"]}, {\\"ts\\": 1"', ']}, {"ts": 1'),
    ('"true or false"', "true or false"),
    ('"\ufeff\x7f"', "\ufeff\x7f"),
    ("[]", BAD),
    ("{}", BAD),
    ("[[[[[[[[{}]]]]]]]]", BAD),
    ('{"name": "Air", "ts": 1}', BAD),
    (r'"a\u0000b"', BAD),
    (r'"\u0000"', BAD),
    ("1.50", ODD),
    ("1e3", ODD),
    ("-0.0", ODD),
    ("NaN", ODD),
    ("123456789012345678901234567890", ODD),
    ('" "', ODD),
    ('" [x"', ODD),
]
MOMENTS: list[tuple[str, Any]] = [
    ("1541105830796", 1541105830796),
    ("1541105830796.0", 1541105830796),
    ('"1541105830796"', 1541105830796),
    ("1.541105830796e12", 1541105830796),
    ("0", 0),
    ("1", 1),
    ("-1", -1),
    ("-62135596800000", -62135596800000),
    ("253402300799999", 253402300799999),
    ("253402300800000", BAD),
    ("-62135596800001", BAD),
    ("null", BAD),
    ('""', BAD),
    ("true", BAD),
    ("1541105830796.7", BAD),
    ('"soon"', BAD),
    ('"2018-11-01"', BAD),
    ("[1541105830796]", BAD),
    ("1e400", BAD),
    ("1e300", BAD),
    ('"NaN"', BAD),
]

INTEGER_KEYS = ("itemInSession", "status")
BIG_KEYS = ("sessionId", "userId")
NUMBER_KEYS = ("length", "registration")
NEEDED = ("ts", "sessionId", "page")

USUAL: dict[str, list[tuple[str, Any]]] = {
    "ts": [(str(1541105830000 + n), 1541105830000 + n) for n in range(20)],
    "page": [('"NextSong"', "NextSong"), ('"Home"', "Home")],
    "level": [('"free"', "free"), ('"paid"', "paid")],
    "sessionId": [("954", 954), ("12", 12)],
    "userId": [('"73"', 73), ('"8"', 8), ('""', None)],
    "itemInSession": [("0", 0), ("53", 53)],
    "status": [("200", 200), ("404", 404)],
    "length": [("238.07955", 238.07955)],
    "registration": [("1540558108796.0", 1540558108796.0)],
}


def odd_values(key: str) -> list[tuple[str, Any]]:
    if key == "ts":
        return MOMENTS
    if key in INTEGER_KEYS:
        return INTEGERS
    if key in BIG_KEYS:
        return INTEGERS + BIG_INTEGERS
    return NUMBERS if key in NUMBER_KEYS else TEXTS


@dataclass
class Made:
    """A record.

    Attributes:
        pairs: its keys and values as they are written, the keys without their quotes.
        meaning: what it is loaded as; BAD or ODD.
        text: in place of pairs, what is no object.
    """

    pairs: list[tuple[str, str]]
    meaning: Any
    text: str = ""

    def written(self, between: str = ", ", colon: str = ": ", ends: str = "", prefix: str = "") -> str:
        """As JSON."""
        if self.text:
            return self.text
        inner = between.join(f'"{prefix}{key}"{colon}{value}' for key, value in self.pairs)
        return "{" + ends + inner + ends + "}"


def make_record(dice: random.Random) -> Made:
    """A record with a few values that are not the usual ones."""
    odd = set(dice.sample(EVENT_KEYS, dice.choice([0, 0, 1, 1, 2, 4])))
    pairs: list[tuple[str, str]] = []
    meaning: dict[str, Any] = {}
    is_odd = is_bad = False
    for key in EVENT_KEYS:
        if key in odd and dice.random() < 0.15:
            meaning[key] = None
            is_bad |= key in NEEDED
            continue
        choices = odd_values(key) if key in odd else USUAL.get(key, TEXTS[:1])
        literal, value = dice.choice(choices)
        pairs.append((key, literal))
        meaning[key] = value
        is_odd |= value is ODD
        is_bad |= value is BAD or (value is None and key in NEEDED)
    kind = dice.random()
    if kind < 0.1:
        dice.shuffle(pairs)
    elif kind < 0.2:  # the first of two equal keys counts
        pairs.append((dice.choice(pairs)[0], dice.choice(['"second"', "2", "{}", "null", "true"])))
    elif kind < 0.3:
        unknown = dice.choice(["x", "TS", "user_id", "", "a\\u0000b", "ts ", "page\\u0000", "é😀", "\\/"])
        pairs.insert(
            dice.randrange(len(pairs)), (unknown, dice.choice(['{"ts": [{"page": 1}]}', "1", '"{"']))
        )
    elif kind < 0.35:  # an escape spells the same key
        place = dice.randrange(len(pairs))
        key, literal = pairs[place]
        pairs[place] = (f"\\u{ord(key[0]):04x}{key[1:]}", literal)
        is_odd = True
    return Made(pairs, BAD if is_bad and not is_odd else ODD if is_odd else meaning)


def make_damaged(dice: random.Random) -> Made:
    """A line that is no object, or no good JSON; no one can tell its end but by the end of the line."""
    text = make_record(dice).written()
    return Made(
        [],
        BAD,
        dice.choice(
            [
                text[: dice.randrange(3, len(text) - 1)],
                text + " x",
                text + "}",
                text.replace('"', "'"),
                text.replace(": ", " ", 1),
                text.replace('{"', '{"a": "\t", "', 1),
                text.replace('{"', r'{"a": "\ud800", "', 1),
                text.replace('{"', r'{"a": "\x", "', 1),
                text.replace('{"', '{"a": 01, "', 1),
                text.replace('{"', '{"a": .5, "', 1),
                "x",
                "42",
                '"{}"',
                "// nothing",
                "null",
            ]
        ),
    )


def on_lines(records: list[Made], prefix: str, newline: str = "\n") -> str:
    return newline.join(record.written(prefix=prefix) for record in records) + newline


def on_array_lines(records: list[Made], prefix: str) -> str:
    return "[\n" + ",\n".join(record.written(prefix=prefix) for record in records) + "\n]\n"


MARK = "\ufeff"
LINE_WAYS: dict[str, Callable[[list[Made], str], bytes]] = {
    "lines": lambda some, prefix: on_lines(some, prefix).encode(),
    "no newline at the end": lambda some, prefix: on_lines(some, prefix)[:-1].encode(),
    "CRLF": lambda some, prefix: on_lines(some, prefix, "\r\n").encode(),
    "blank lines": lambda some, prefix: ("\n" + on_lines(some, prefix, "\n \n\t\n")).encode(),
    "gzip": lambda some, prefix: gzip.compress(on_lines(some, prefix).encode()),
    "members of gzip": lambda some, prefix: b"".join(
        gzip.compress((MARK + on_lines([record], prefix)).encode()) for record in some
    ),
    "marks": lambda some, prefix: (MARK + on_lines(some, prefix, "\n" + MARK)).encode(),
    "record separators": lambda some, prefix: ("\x1e" + on_lines(some, prefix, "\n\x1e")).encode(),
    "UTF-16": lambda some, prefix: on_lines(some, prefix).encode("utf-16"),
    "an array of lines": lambda some, prefix: on_array_lines(some, prefix).encode(),
    "commas": lambda some, prefix: on_lines(some, prefix, ",\n").encode(),
}
"""A record on each line."""

OTHER_WAYS: dict[str, Callable[[list[Made], str], bytes]] = {
    "an array": lambda some, prefix: (
        "[" + ", ".join(record.written(prefix=prefix) for record in some) + "]"
    ).encode(),
    "a minified array": lambda some, prefix: (
        "[" + ",".join(record.written(",", ":", prefix=prefix) for record in some) + "]"
    ).encode(),
    "a pretty-printed array": lambda some, prefix: (
        "[\n  "
        + ",\n  ".join(record.written(",\n    ", ends="\n  ", prefix=prefix) for record in some)
        + "\n]"
    ).encode(),
    "objects over lines": lambda some, prefix: "\n".join(
        record.written(",\n  ", ends="\n", prefix=prefix) for record in some
    ).encode(),
    "CRLF inside of objects": lambda some, prefix: "\r\n".join(
        record.written(",\r\n", " : ", ends="\r\n", prefix=prefix) for record in some
    ).encode(),
    "nothing between": lambda some, prefix: "".join(
        record.written(",", ":", prefix=prefix) for record in some
    ).encode(),
    "blanks between": lambda some, prefix: " \t".join(
        record.written(prefix=prefix) for record in some
    ).encode(),
    "an array in gzip": lambda some, prefix: gzip.compress(
        ("[" + ",".join(record.written(prefix=prefix) for record in some) + "]").encode()
    ),
}
"""Ways in which the end of an object is told by the object."""

COLUMNS = (
    "artist, auth, first_name, gender, item_in_session, last_name, length, level, location, method, page,"
    " registration, session_id, song, status, ts, user_agent, user_id"
)
PREFIX = "other "


def paths_file(folder: Path, prefix: str) -> Path:
    return write(
        folder / f"paths{prefix.strip()}.json", {"jsonpaths": [f"$['{prefix}{key}']" for key in EVENT_KEYS]}
    )


@dataclass
class Outcome:
    """What became of a file: its rows as texts, and its rejects by reason and by text."""

    rows: "Counter[tuple[Any, ...]]"
    reasons: "Counter[str]"
    raws: "Counter[tuple[str, str]]"
    lines: "Counter[tuple[int, str]]"


def outcomes(loaded: Loaded) -> dict[str, Outcome]:
    """By the name of the file."""
    found: dict[int, Outcome] = defaultdict(lambda: Outcome(Counter(), Counter(), Counter(), Counter()))
    for file_id, *row in loaded.query(f"SELECT file_id, {COLUMNS} FROM staging_events"):
        found[file_id].rows[tuple(map(repr, row))] += 1
    for file_id, line, reason, raw in loaded.query(
        "SELECT file_id, line, reason, raw_line FROM staging_rejects WHERE source = 'log_data'"
    ):
        found[file_id].reasons[reason] += 1
        found[file_id].raws[reason, raw] += 1
        found[file_id].lines[line, reason] += 1
    names = loaded.query("SELECT uri, file_id, records FROM ledger WHERE source = 'log_data'")
    for _, file_id, records in names:
        assert records == found[file_id].rows.total() + found[file_id].reasons.total()
    return {Path(uri).name: found[file_id] for uri, file_id, _ in names}


def as_row(meaning: dict[str, Any]) -> tuple[str, ...]:
    """As it is in staging_events."""
    values = [meaning[key] for key in EVENT_KEYS]
    values[15] = datetime(1970, 1, 1) + timedelta(milliseconds=values[15])
    return tuple(map(repr, values))


Load = Callable[[Path, str], Loaded]
Sets = list[tuple[list[Made], dict[str, Callable[[list[Made], str], bytes]]]]


def make_sets(dice: random.Random, count: int) -> Sets:
    """Sets of records, and the ways to write each; with damage in every other one."""
    made: Sets = []
    for number in range(count):
        size = dice.choice([1, 3, 9, 150 if number % 10 == 0 else 20])
        some = [make_record(dice) for _ in range(size)]
        if number % 2 == 0:
            made.append((some, LINE_WAYS | OTHER_WAYS))
            continue
        for _ in range(dice.choice([1, 2, 5])):
            some.insert(dice.randrange(len(some) + 1), make_damaged(dice))
        made.append((apart(some, dice), LINE_WAYS))
    return made


def apart(some: list[Made], dice: random.Random) -> list[Made]:
    """Records of which no mere value follows one that breaks off: it might be what that goes on with.

    They are one reject or two then, by the way in which they are written.
    """
    records: list[Made] = []
    for record in some:
        if records and records[-1].text and record.text and not record.text.startswith("{"):
            records.append(make_record(dice))
        records.append(record)
    return records


def check(
    folder: Path,
    dice: random.Random,
    sets: int,
    load: Load,
    *,
    is_other: bool = True,
) -> int:
    """Write sets of records in every way, load them, and compare.

    Args:
        folder: a new one.
        dice: decides what records there are.
        sets: how many of them to make.
        load: loads a folder whose keys begin with this.
        is_other: whether to load it as well by keys of other names.

    Returns:
        How many files there were.
    """
    made = make_sets(dice, sets)
    files = 0
    for prefix in ("", PREFIX) if is_other else ("",):
        place = folder / f"keys{prefix.strip()}"
        write(place / "song_data/song.json", track())
        for number, (some, ways) in enumerate(made):
            for way, name in enumerate(ways):
                ending = dice.choice([".json", ".json.gz"])
                write(place / f"log_data/{number}-{way}{ending}", ways[name](some, prefix))
                files += 1
        loaded = load(place, prefix)
        found = {name.split(".")[0]: outcome for name, outcome in outcomes(loaded).items()}
        if not prefix:
            usual = found
            if (star := known_star(made)) is not None:
                assert loaded.star == star
        for number, (some, ways) in enumerate(made):
            check_meaning(some, usual[f"{number}-0"])
            for way, name in enumerate(ways):
                where = (prefix, name, [record.written() for record in some])
                compare(found[f"{number}-{way}"], usual[f"{number}-0"], name, where, has_same_text=not prefix)
    return files


def compare(outcome: Outcome, first: Outcome, name: str, where: object, *, has_same_text: bool) -> None:
    """Compare a file with the one of lines."""
    assert outcome.rows == first.rows, where
    assert outcome.reasons == first.reasons, where
    if has_same_text and name in LINE_WAYS and name not in ("commas", "an array of lines"):
        assert outcome.raws == first.raws, where
    if name in ("CRLF", "gzip", "UTF-16", "commas", "record separators", "marks"):
        assert outcome.lines == first.lines, where


def check_meaning(some: list[Made], outcome: Outcome) -> None:
    """What is known of records is so."""
    good = Counter(as_row(record.meaning) for record in some if isinstance(record.meaning, dict))
    assert not good - outcome.rows, (good - outcome.rows, outcome.reasons)
    assert outcome.reasons.total() >= sum(record.meaning is BAD for record in some)
    if not any(record.meaning is ODD for record in some):
        assert outcome.rows == good


def known_star(made: Sets) -> Any:
    """What the reference makes of all records, if all that are loaded are known."""
    records = [record.meaning for some, _ in made for record in some]
    if any(meaning is ODD for meaning in records):
        return None
    return build_star([track()], [meaning for meaning in records if meaning is not BAD])


def loader(engine: Engine, folder: Path, *, chunk_bytes: int = CHUNK_BYTES) -> Load:
    """Loads a folder into an empty warehouse."""

    def load(place: Path, prefix: str) -> Loaded:
        # Without a JSONPaths file the keys of the logs count.
        paths = {"log_jsonpath": str(paths_file(folder, prefix))} if prefix else {}
        settings = changed(engine.settings(place, max_reject_share=1, **paths), chunk_bytes=chunk_bytes)
        engine.publish(place)
        return Loaded(settings, run_etl(settings, NullProgress()))

    return load


CHUNKS = (CHUNK_BYTES, 7, 50, 1000, 10_000)


def test_records_fare_the_same_however_they_are_written(engine: Engine, tmp_path: Path) -> None:
    for seed in range(examples(2, long=30)):
        folder = tmp_path / str(seed)
        load = loader(engine, folder, chunk_bytes=CHUNKS[seed % len(CHUNKS)])
        check(folder, random.Random(seed), 4, load)


def test_known_records_give_the_star_of_the_reference(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, of records without anything that is merely odd."""
    module = globals()
    for name in ("INTEGERS", "BIG_INTEGERS", "NUMBERS", "TEXTS", "MOMENTS"):
        monkeypatch.setitem(module, name, [pair for pair in module[name] if pair[1] is not ODD])
    for seed in range(examples(2)):
        folder = tmp_path / str(seed)
        check(folder, random.Random(seed), 4, loader(engine, folder), is_other=False)


@pytest.mark.thorough
def test_records_fare_the_same_on_s3(tmp_path: Path) -> None:
    with rclone(tmp_path / "s3") as server:
        bucket = server.bucket("records")

        def load(place: Path, prefix: str) -> Loaded:
            bucket.put_folder(place, f"{len(prefix)}/")
            settings = load_settings(
                environment={},
                database=str(tmp_path / f"{len(prefix)}.duckdb"),
                max_reject_share=1,
                log_jsonpath=str(paths_file(tmp_path, prefix)),
            )
            uri = f"{bucket.uri}/{len(prefix)}"
            settings = changed(
                bucket.settings(settings), song_data=f"{uri}/song_data", log_data=f"{uri}/log_data"
            )
            return Loaded(settings, run_etl(settings, NullProgress()))

        check(tmp_path / "data", random.Random(0), 3, load)


FILES = 10_000


@pytest.mark.long
def test_ten_thousand_files_fare_the_same(engine: Engine, tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    files = 0
    while files < FILES:
        print(f"SEED={seed}: after {files:,} files")  # noqa: T201 (pytest shows it with a failure)
        folder = tmp_path / str(seed)
        load = loader(engine, folder, chunk_bytes=CHUNKS[seed % len(CHUNKS)])
        files += check(folder, random.Random(seed), 40, load)
        shutil.rmtree(folder)
        seed += 1
