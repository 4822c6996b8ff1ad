"""What goes wrong with real logs and catalogues, done on purpose and written down.

With a rate r, each kind of wart hits that share of the records, as far as there are records for it: r of them
are broken (half cut off, half with a wrong type or without a required value), r doubled, r garbled; and r of
the files, but one or two at least, have a byte order mark or come late.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sparkify.simulate.draws import Draws, Ints
from sparkify.simulate.events import Events
from sparkify.simulate.manifest import CUT_OFF, MISSING, WRONG_TYPE, Broken, FileEntry

BOM = b"\xef\xbb\xbf"
MAX_RATE = 0.25
GARBLED_TIMES = 3
_GARBLED = np.array([1, 2, 2, 3], dtype=np.uint8)  # in the real logs: twice
_NONE, _CUT, _WRONG, _DOUBLED = range(4)
_LATE_SHARE = 8  # one in so many sessions of a day of which a part comes late
_LATE_BY_DAYS = 2


def _number(key: str, replacement: bytes) -> tuple[re.Pattern[bytes], bytes]:
    return re.compile(rb'("%b": ?)("?)(null|[\d.]*)("?)' % key.encode()), replacement


def _text(key: str, replacement: bytes) -> tuple[re.Pattern[bytes], bytes]:
    return re.compile(rb'("%b": ?)(null|"(?:[^"\\]|\\.)*")' % key.encode()), replacement


_EVENT_FAULTS = (
    (WRONG_TYPE, "itemInSession", *_number("itemInSession", rb"\g<1>1.7")),
    (WRONG_TYPE, "sessionId", *_number("sessionId", rb'\1"n/a"')),
    (WRONG_TYPE, "status", *_number("status", rb'\1"OK"')),
    (WRONG_TYPE, "status", *_number("status", rb"\g<1>2.5")),
    (WRONG_TYPE, "ts", *_number("ts", rb"\1\3.5")),
    (WRONG_TYPE, "ts", *_number("ts", rb'\1"yesterday"')),
    (WRONG_TYPE, "userId", *_number("userId", rb'\1"\3a"')),
    (WRONG_TYPE, "length", *_number("length", rb'\1"long"')),
    (WRONG_TYPE, "registration", *_number("registration", rb'\1"last October"')),
    (WRONG_TYPE, "artist", *_text("artist", rb"\1[\2]")),
    (WRONG_TYPE, "location", *_text("location", rb'\1{"city":\2}')),
    (MISSING, "ts", *_number("ts", rb"\1null")),
    (MISSING, "sessionId", *_number("sessionId", rb'\1""')),
    (MISSING, "page", *_text("page", rb"\1null")),
    (MISSING, "page", re.compile(rb'"page":"[^"]*",'), b""),
)
_SONG_FAULTS = (
    (WRONG_TYPE, "num_songs", *_number("num_songs", rb"\g<1>1.5")),
    (WRONG_TYPE, "year", *_number("year", rb'\1"unknown"')),
    (WRONG_TYPE, "duration", *_number("duration", rb'\1"3:45"')),
    (WRONG_TYPE, "artist_latitude", re.compile(rb'("artist_latitude": )(null|[-\d.]+)'), rb'\1"north"'),
    (WRONG_TYPE, "artist_longitude", re.compile(rb'("artist_longitude": )(null|[-\d.]+)'), rb"\1[\2]"),
    (WRONG_TYPE, "title", *_text("title", rb"\1[\2]")),
    (WRONG_TYPE, "artist_name", *_text("artist_name", rb'\1{"name": \2}')),
    (MISSING, "song_id", *_text("song_id", rb"\1null")),
    (MISSING, "song_id", re.compile(rb'"song_id": "[^"]*", '), b""),
    (MISSING, "artist_id", *_text("artist_id", rb'\1""')),
)


@dataclass(frozen=True)
class Marks:
    """What is to happen to some events; one element per event."""

    fault: npt.NDArray[np.uint8]
    garbled: npt.NDArray[np.uint8]

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Which events a loader has to accept."""
        good: npt.NDArray[np.bool_] = (self.fault == _NONE) | (self.fault == _DOUBLED)
        return good

    def pick(self, which: npt.NDArray[np.bool_] | slice) -> "Marks":
        """The marks of some of the events."""
        return Marks(self.fault[which], self.garbled[which])


class EventWarts:
    """Decides what goes wrong with events and logs, and does it.

    Args:
        seed: the simulation's seed.
        rate: the share of records that each kind hits.
        days: the period's days.
        accented: per song, whether its text can be garbled.
        accented_share: the share of all events that play such a song.
    """

    def __init__(
        self, seed: int, rate: float, days: int, accented: npt.NDArray[np.bool_], accented_share: float
    ) -> None:
        self._draws = Draws(seed, "event warts")
        self._rate = rate
        self._accented = accented
        self._garbling = min(1.0, rate / accented_share) if accented_share else 0.0
        some = round(rate * days)
        self._bom = set(self._draws.order(days)[: max(1, some)].tolist())
        # Of the last day nothing can be late. Two days at least, as there are two ways of being late.
        self._late = self._draws.order(max(1, days - 1))[: max(2, some)].tolist()
        self._late_session = self._draws.words(1)[0]

    def has_bom(self, day: int) -> bool:
        """Whether the file of a day (counted from 0) begins with a byte order mark."""
        return day in self._bom

    def late_by(self, day: int) -> int | None:
        """After how many days the rest of a day's events comes; 0 is a second file of that day."""
        return _LATE_BY_DAYS * (self._late.index(day) % 2) if day in self._late else None

    def is_late(self, events: Events) -> npt.NDArray[np.bool_]:
        """Which events of a day belong to its late part: whole sessions."""
        mixed = (events.session.astype(np.uint64) + self._late_session) * np.uint64(0x9E3779B97F4A7C15)
        late: npt.NDArray[np.bool_] = (mixed >> np.uint64(32)) % np.uint64(_LATE_SHARE) == 0
        return late

    def mark(self, events: Events) -> Marks:
        """Decide for each event."""
        count = len(events)
        draw = self._draws.below(1 << 32, count)
        bounds = np.array([round(self._rate * part * (1 << 32)) for part in (0.5, 1, 2)], dtype=np.int64)
        kinds = np.array([_CUT, _WRONG, _DOUBLED, _NONE], dtype=np.uint8)
        fault = kinds[np.searchsorted(bounds, draw, side="right")]
        times = _GARBLED[self._draws.below(len(_GARBLED), count)]
        candidate = (events.song >= 0) & self._accented[events.song] & (fault != _CUT) & (fault != _WRONG)
        return Marks(
            fault, np.where(candidate & self._draws.chance(self._garbling, count), times, 0).astype(np.uint8)
        )

    def apply(self, lines: bytes, ends: Ints, marks: Marks, entry: FileEntry) -> bytes:
        """The lines with what was decided, and ``entry`` with the truth about it.

        Args:
            lines: records, each beginning with a newline.
            ends: where each of them ends.
            marks: what was decided, per record.
            entry: the file's entry, whose ``records`` already written are counted.
        """
        pieces, done = [], 0
        entry.garbled += int(np.count_nonzero(marks.garbled)) + int(
            np.count_nonzero(marks.garbled[marks.fault == _DOUBLED])
        )
        hit = np.flatnonzero(marks.fault).tolist()
        added = 0
        for index, word in zip(hit, self._draws.below(1 << 31, len(hit)).tolist(), strict=True):
            begin, end = int(ends[index - 1]) if index else 0, int(ends[index])
            line = lines[begin + 1 : end]
            fault = marks.fault[index]
            pieces += [lines[done:begin], b"\n"]
            if fault == _DOUBLED:
                pieces += [line, b"\n", line]
                added += 1
            else:
                broken, kind, column = _break(line, fault == _CUT, word, _EVENT_FAULTS)
                pieces.append(broken)
                entry.broken.append(Broken(entry.records + index + added + 1, kind, column))
            done = end
        pieces.append(lines[done:])
        entry.doubled += added
        entry.records += len(ends) + added
        return b"".join(pieces)


class SongWarts:
    """Decides what goes wrong with the files of songs, and does it."""

    def __init__(self, seed: int, rate: float, songs: int) -> None:
        self._draws = Draws(seed, "song warts")
        some = min(songs // 3, max(1, round(rate * songs))) if rate else 0
        order = self._draws.order(songs).tolist()
        self._broken, self._bom = set(order[:some]), set(order[some : 2 * some])

    def apply(self, number: int, data: bytes, entry: FileEntry) -> bytes:
        """The content of the song file ``number``, and ``entry`` with the truth about it."""
        entry.records = 1
        if number in self._bom:
            entry.bom = True
            return BOM + data
        if number in self._broken:
            word = int(self._draws.below(1 << 31, 1)[0])
            data, kind, column = _break(data, word % 4 == 0, word // 4, _SONG_FAULTS)
            entry.broken.append(Broken(1, kind, column))
        return data


def _break(
    record: bytes, cut: bool, word: int, faults: tuple[tuple[str, str, re.Pattern[bytes], bytes], ...]
) -> tuple[bytes, str, str]:
    if cut:
        # An object without its last brace is no JSON, wherever it ends.
        return record[: 1 + word % (len(record) - 1)], CUT_OFF, ""
    kind, column, pattern, replacement = faults[word % len(faults)]
    broken, replaced = pattern.subn(replacement, record, count=1)
    if not replaced:
        raise AssertionError(f"no {column} in {record!r}")
    return broken, kind, column
