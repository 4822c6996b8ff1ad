"""Folders as outsiders might leave them, drawn from a seed: hostile in names, keys, values and bytes."""

import gzip
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.builders import event, track

COLOUR = "\x1b[35;7;99m"
"""A sequence that nobody but tests would send."""

SECRET = "TOP-SECRET-OF-THE-READER"  # noqa: S105 (what nobody must get to see)

_PIECES = (
    *(COLOUR, "\x1b]0;TITLE\x07", "\x9b31m", "\x7f\x08", "\r", "\u202e", "\u2066", "\u200f\u200b", "\u2028"),
    *("\x00", "\x85", "\x0b", "\U000e0041", "\ud800", "=1+1", "@SUM(1)", "'", '"', "'; DROP TABLE users; --"),
    *(
        "<script>",
        "{{7*7}}",
        "%s%n",
        "$",
        "*",
        "?",
        "[a]",
        "\\",
        "../..",
        "é",
        "\U0001f600",
        "ß" * 40,
        " ",
        ",",
    ),
)


class Hostile:
    """Draws from a seed.

    Args:
        seed: the same draws the same.
        most: bytes of a drawn text, at most.
    """

    def __init__(self, seed: int, most: int) -> None:
        self.random = random.Random(seed)
        self._most = most
        self.bytes = 0
        """How many all files have, unpacked."""

    def text(self) -> str:
        """A text, perhaps a long one."""
        if self.random.random() < 0.05:
            return self.random.choice(("x", "k\x1b", "'", "é")) * self.size()
        return "".join(self.random.choices(_PIECES, k=self.random.randint(0, 5)))

    def name(self, *endings: str) -> str:
        """What a file may be called."""
        text = "".join(self.random.choices(_PIECES, k=3)).translate({0: None, ord("/"): None})
        name = f"n{self.random.randint(0, 99)}{text}".encode(errors="replace")[:180].decode(errors="ignore")
        return name + self.random.choice(endings)

    def size(self) -> int:
        """A length, up to the largest."""
        return int(self._most ** self.random.random())

    def value(self) -> Any:
        """A value as JSON may have it."""
        draw: list[Callable[[], Any]] = [
            self.text,
            lambda: self.random.choice(
                (None, True, 0, -1, 2**63, -(2**63), 1e308, 253402300799999, -62135596800000)
            ),
            lambda: int("1" * min(self.size(), 4000)),
            lambda: [self.text()] * self.random.randint(0, 3),
            lambda: {self.text(): self.text()},
        ]
        return self.random.choice(draw)()

    def record(self) -> dict[str, Any]:
        """A record that was good, and has been meddled with."""
        made = self.random.choice((event, track))()
        for _ in range(self.random.randint(0, 3)):
            key = self.random.choice([*made, self.text(), self.text()])
            made[key] = self.value()
        made["ts" if "ts" in made else "title"] = self.random.choice(
            (1543449657000, self.value(), self.value())
        )
        return made

    def line(self) -> bytes:
        """A line of a file, which need be none."""
        deep = self.random.choice(
            (b"[", b"{", b'{"a":', b"[{", b'"', b"\\", b"{}", b"1", b"-", b"\n", b'{"ts":1}')
        )
        draw: list[Callable[[], bytes]] = [
            lambda: json.dumps(self.record(), ensure_ascii=self.random.random() < 0.5).encode(
                errors="replace"
            ),
            lambda: json.dumps(self.record()).encode()[: self.random.randint(0, 400)],
            lambda: json.dumps(
                {self.text(): self.value() for _ in range(self.random.randint(0, 200))}
            ).encode(),
            lambda: deep * (self.size() // len(deep)),
            lambda: b'{"ts": ' + b"9" * self.size() + b"}",
            lambda: self.random.randbytes(self.random.randint(0, 300)),
            lambda: json.dumps([self.record(), self.record()], indent=1).encode(),
        ]
        return self.random.choices(draw, [8, 2, 2, 2, 1, 1, 1])[0]()

    def content(self) -> bytes:
        """Of a file."""
        separator = self.random.choice((b"\n", b"\n", b"\r\n", b"\r", b"", b",", b"\x00"))
        data = separator.join(self.line() for _ in range(self.random.randint(0, 8)))
        self.bytes += len(data)
        wrap: list[Callable[[bytes], bytes]] = [
            lambda data: data,
            lambda data: b"\xef\xbb\xbf" + data,
            lambda data: data.decode(errors="replace").encode("utf-16"),
            gzip.compress,
            lambda data: gzip.compress(data)[:-9],
            lambda data: gzip.compress(data) + self.random.randbytes(20),
        ]
        return self.random.choices(wrap, [8, 1, 1, 2, 1, 1])[0](data)

    def fill(self, folder: Path) -> None:
        """Lay a good song and event into ``folder/data``, hostile files beside them, and hostile answers."""
        data = folder / "data"
        for source, good in (("song_data", track()), ("log_data", event())):
            (data / source).mkdir(parents=True)
            (data / source / "good.json").write_text(json.dumps(good))
            for _ in range(self.random.randint(2, 6)):
                place = data / source
                if self.random.random() < 0.3:
                    place /= self.name("", "")
                place.mkdir(exist_ok=True)
                (place / self.name(".json", ".json", ".json.gz", ".txt", "")).write_bytes(self.content())
        long = {**event(), "k" * self._most: 1, "artist": "a" * self._most, "level": "l" * self._most}
        (data / "log_data" / "long.json").write_text(json.dumps(long))
        self.bytes += 4 * self._most
        if self.random.random() < 0.3:
            paths = {"jsonpaths": [f"$['{self.text()}']" for _ in range(18)]}
            texts = (json.dumps(paths).encode(), self.content())
            (data / "log_json_path.json").write_bytes(self.random.choice(texts))
        answers = folder / "answers"
        answers.mkdir()
        text = json.dumps(self.text()).replace("'", "")
        sqls = (
            f"SELECT '{text}' AS a",
            f"SELECT * FROM read_text('{folder.parent}/outside/secret.json')",
            f"COPY users TO '{folder.parent}/outside/copied.csv'",
            self.text(),
        )
        name = self.name("")
        sql = f"-- Who {self.text()}?\n{self.random.choice(sqls)}"
        (answers / f"{name}.sql").write_bytes(sql.encode(errors="replace"))
        (answers / f"{name}.csv").write_bytes(self.content())
        if self.random.random() < 0.5:
            (answers / "top_songs.csv").write_bytes(b"a\n" + self.text().encode(errors="replace"))

    def lay_a_link(self, folder: Path, outside: Path) -> None:
        """Lay one into a folder that leads out of it."""
        targets = {"link.json": outside / "secret.json", "link": outside}
        name = self.random.choice(list(targets))
        (folder / name).symlink_to(targets[name])

    def spoil_database(self, database: Path, outside: Path) -> None:
        """Put something else into the place of a database."""
        kind = self.random.randrange(4)
        if kind == 0 and database.exists():
            size = database.stat().st_size
            os.truncate(database, self.random.randint(0, size))
        elif kind == 1:
            database.write_bytes(self.random.randbytes(8) + b"DUCK" + self.random.randbytes(self.size()))
        elif kind == 2:
            database.unlink(missing_ok=True)
            with sqlite3.connect(database) as connection:
                connection.execute("CREATE TABLE users (a)")
            connection.close()
        else:
            shutil.copy(outside / "secret.json", database)
