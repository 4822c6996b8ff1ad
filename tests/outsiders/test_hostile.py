"""Hostile bytes, names and keys for every command: no traceback, no word to a terminal, no growth.

The short form is part of the tests; the long form (``make test-hostile``) draws for some minutes.
"""

import os
import random
import re
import shutil
import sys
import time
from pathlib import Path

import duckdb
import pytest
import typer

from sparkify.cli import app as cli
from tests.outsiders import test_hostile_names
from tests.support.builders import HANGS
from tests.support.commands import on_terminal
from tests.support.hostile import COLOUR, SECRET, Hostile

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals"),
]

MINUTES = 4
OVERHEAD = 20 * 2**20
"""Bytes that a database, a report and an export have whatever is in them."""

LONGEST = 10_000
"""Characters of a line that is no data."""

ARE_SEEN = {
    chr(code) for code in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
} | {chr(code) for code in range(0x13430, 0x13440)}
"""Of the format characters, signs that stand before numbers; they are drawn."""

SOURCES = ("--song-data", "data/song_data", "--log-data", "data/log_data")
WALK: tuple[tuple[str, ...], ...] = (
    ("etl", *SOURCES, "--dry-run"),
    ("etl", *SOURCES),
    ("etl", *SOURCES, "--max-reject-share", "1", "--skip-bad-files"),
    ("status",),
    ("doctor",),
    ("query", "SELECT * FROM staging_rejects"),
    ("query", "SELECT * FROM heard_plays", "--csv"),
    ("query", "SELECT * FROM users, ledger", "--json"),
    ("questions", "--all"),
    ("check", "answers"),
    ("report", "report.html"),
    ("export", "out"),
    ("export", "answers"),
    ("simulate", "answers", "--songs", "5", "--users", "2", "--days", "1"),
    ("cluster", "status", "--dry-run"),
    ("runs",),
    ("runs", "1", "--json"),
    ("rejects",),
    ("rejects", "--raw"),
    ("unload", "*", "--dry-run"),
    ("unload", "*1*", "--yes"),
    ("prune", "--older-than", "1d", "--yes"),
    ("shell", "--config", "nowhere.cfg"),
    ("notebooks", "answers"),
    ("create-tables", "--yes"),
)
LINKED = (2, 4)
"""Of these, what is walked with a link among the sources."""

SPOILT = (2, 4, 8, 10)
"""Of these, what is walked for a database that has been spoilt."""


def test_every_command_is_walked() -> None:
    commands = {name.split()[0] for name in test_hostile_names.command_names(typer.main.get_command(cli.app))}
    assert commands == {arguments[0] for arguments in WALK}


class Round:
    """A folder of one seed, with all that must stay as it is around it."""

    def __init__(self, root: Path, seed: int, most: int) -> None:
        self.hostile = Hostile(seed, most)
        self.folder, self.outside = root / "inside", root / "outside"
        for place in (self.folder, self.outside, root / "home", root / "tmp"):
            place.mkdir(parents=True)
        (self.outside / "secret.json").write_text(f'{{"{SECRET}": 1}}\n' * 3)
        self.hostile.fill(self.folder)
        self.root = root
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SPARKIFY_", "AWS_"))
        }
        self.environment = kept | {
            "HOME": str(root / "home"),
            "TMPDIR": str(root / "tmp"),
            "SPARKIFY_DATABASE": "w.duckdb",
            "SPARKIFY_AWS_REGION": "us-west-2",
            "AWS_EC2_METADATA_DISABLED": "true",
            "TERM": "xterm-256color",
            "COLUMNS": "100",
            "LINES": "40",
        }
        self.given = sum(path.stat().st_size for path in self._files(self.folder))
        self.around = self._around()

    @staticmethod
    def _files(folder: Path) -> list[Path]:
        return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]

    def _around(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self._files(self.root)
            if self.folder not in path.parents
        }

    def walk(self, arguments: tuple[str, ...]) -> str:
        """What is wrong with what a command does; nothing if all is well."""
        code, shown = on_terminal(*arguments, cwd=self.folder, env=self.environment, seconds=HANGS)
        text = shown.decode(errors="surrogateescape")
        ours = test_hostile_names.RICHS.sub("", text.replace(COLOUR, "\x00"))
        if code not in (0, 1, 2):
            return f"ends with {code}"
        if re.search(r"Traceback \(most|this is a bug|unexpected \w+(Error|Exception)", text):
            return "a traceback"
        if said := test_hostile_names.unseen(ours.replace("\t", "")) - ARE_SEEN:
            return f"says {said} to the terminal"
        if SECRET in text:
            return "tells what a file outside holds"
        if len(shown) > 200_000 + 4 * self.given:
            return f"says {len(shown):,} bytes for {self.given:,}"
        if (
            arguments[0] in ("etl", "status")
            and (longest := max(map(len, ours.splitlines()), default=0)) > LONGEST
        ):
            return f"says a line of {longest:,} characters"
        made = self._files(self.folder)
        if (size := sum(path.stat().st_size for path in made)) > OVERHEAD + 20 * self.given:
            return f"leaves {size:,} bytes for {self.given:,}"
        if any(SECRET.encode() in path.read_bytes() for path in made if "w.duckdb" not in path.name):
            return "writes what a file outside holds"
        return "" if self._around() == self.around else "changes files outside of its folder"

    def records(self) -> int:
        """How many have been loaded or refused."""
        if not (self.folder / "w.duckdb").exists():
            return 0
        with duckdb.connect(str(self.folder / "w.duckdb"), read_only=True) as connection:
            row = connection.execute("SELECT COALESCE(SUM(records), 0)::BIGINT FROM ledger").fetchone()
        return row[0] if row else 0


def faults(root: Path, seed: int, most: int) -> list[str]:
    """What goes wrong with the folder of a seed."""
    one = Round(root, seed, most)
    found = []
    for each in WALK:
        if wrong := one.walk(each):
            found.append(f"{' '.join(each)}: {wrong}")
        if each[0] == "status" and one.records() > one.hostile.bytes + one.given:
            found.append(f"there are {one.records():,} records in {one.hostile.bytes:,} bytes")
    one.hostile.lay_a_link(one.folder / "data/log_data", one.outside)
    found += [f"with a link, {' '.join(WALK[n])}: {wrong}" for n in LINKED if (wrong := one.walk(WALK[n]))]
    one.hostile.spoil_database(one.folder / "w.duckdb", one.outside)
    found += [f"spoilt, {' '.join(WALK[n])}: {wrong}" for n in SPOILT if (wrong := one.walk(WALK[n]))]
    shutil.rmtree(root)
    return found


@pytest.mark.thorough
def test_no_command_fails_badly_at_hostile_files(tmp_path: Path) -> None:
    assert faults(tmp_path / "0", 0, 2**14) == []


@pytest.mark.long
def test_no_command_fails_badly_at_hostile_files_drawn_anew(tmp_path: Path) -> None:
    first = seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        print(f"SEED={seed}")  # noqa: T201 (pytest shows it with a failure)
        assert faults(tmp_path / str(seed), seed, 2**22 if seed % 5 == 0 else 2**16) == []
        seed += 1
    print(f"{seed - first} folders from SEED={first} on")  # noqa: T201
