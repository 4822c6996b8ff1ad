"""Writes what was simulated: song files, daily logs and the JSONPaths file that goes with them."""

import gzip
import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from sparkify.reading.keys import EVENT_KEYS
from sparkify.simulate.catalogue import Song
from sparkify.simulate.draws import Ints
from sparkify.simulate.events import Events
from sparkify.simulate.manifest import FileEntry, Manifest
from sparkify.simulate.render import Renderer
from sparkify.simulate.sinks import Sink
from sparkify.simulate.warts import BOM, EventWarts, Marks, SongWarts

# Rendered at a time: some 40 MB of text.
_CHUNK = 80_000
# Compressing takes most of the time at any level; at the first one it is bearable.
_GZIP_LEVEL = 1


def write_jsonpaths(sink: Sink) -> None:
    """Write log_json_path.json: the logs' keys in the order of staging_events' columns."""
    paths = {"jsonpaths": [f"$['{key}']" for key in EVENT_KEYS]}
    sink.put("log_json_path.json", json.dumps(paths, indent=4).encode())


def write_songs(
    sink: Sink,
    manifest: Manifest,
    songs: list[Song],
    warts: SongWarts,
    compressed: bool,
    tell: Callable[[int], None],
) -> list[Song]:
    """Write a file for each song of the catalogue.

    Returns:
        The songs whose files are good.
    """
    good = []
    for number, song in enumerate(songs):
        entry = FileEntry(song.path + (".gz" if compressed else ""), "song")
        data = warts.apply(number, song.json().encode(), entry)
        sink.put(entry.path, gzip.compress(data, _GZIP_LEVEL, mtime=0) if compressed else data)
        manifest.add(entry)
        if not entry.broken:
            good.append(song)
        if number % 1000 == 999:
            tell(number + 1)
    tell(len(songs))
    return good


class DailyLogs:
    """Writes events into a file per day; what is marked as late into another one.

    Args:
        sink: where files go.
        manifest: where they are noted.
        renderer: makes the lines.
        warts: what goes wrong, or None if nothing does.
        start: the period's first day.
        compressed: whether to write gzip.
    """

    def __init__(
        self,
        sink: Sink,
        manifest: Manifest,
        renderer: Renderer,
        warts: EventWarts | None,
        start: date,
        compressed: bool,
    ) -> None:
        self._sink, self._manifest, self._renderer, self._warts = sink, manifest, renderer, warts
        self._start, self._suffix = start, ".json.gz" if compressed else ".json"
        self._day: date | None = None
        self._files: list[_LogFile] = []

    def write(self, day: date, events: Events) -> Marks | None:
        """Append a window's events to their day's file, and say what went wrong with them.

        Events come in time order, and so do the days.
        """
        if day != self._day:
            self.close()
            self._day, self._files = day, self._new_files(day)
        if self._warts is None:
            self._files[0].write(events, self._renderer)
            return None
        marks = self._warts.mark(events)
        in_time, *late = self._files
        is_late = self._warts.is_late(events) & bool(late)
        in_time.write(events.pick(~is_late), self._renderer, self._warts, marks.pick(~is_late))
        for file in late:
            file.write(events.pick(is_late), self._renderer, self._warts, marks.pick(is_late))
        return marks

    def close(self) -> None:
        """End the files of the last day."""
        for file in self._files:
            file.close(self._manifest)
        self._files = []

    def _new_files(self, day: date) -> list["_LogFile"]:
        entry = FileEntry(self._path(day, "events"), "log")
        entries = [entry]
        if self._warts is not None:
            number = (day - self._start).days
            entry.bom = self._warts.has_bom(number)
            late_by = self._warts.late_by(number)
            if late_by is not None:
                comes = day + timedelta(days=late_by)
                name = f"events-of-{day}" if late_by else "events-2"
                entries.append(FileEntry(self._path(comes, name), "log", events_of=day.isoformat()))
        return [_LogFile(self._sink, entry) for entry in entries]

    def _path(self, day: date, name: str) -> str:
        return f"log_data/{day:%Y/%m}/{day}-{name}{self._suffix}"


class _LogFile:
    """One log: a record per line, no newline after the last one; created with its first record."""

    def __init__(self, sink: Sink, entry: FileEntry) -> None:
        self._sink, self._entry = sink, entry
        self._open = ExitStack()
        self._target: BinaryIO | gzip.GzipFile | None = None

    def write(
        self, events: Events, renderer: Renderer, warts: EventWarts | None = None, marks: Marks | None = None
    ) -> None:
        for begin in range(0, len(events), _CHUNK):
            chunk = slice(begin, begin + _CHUNK)
            if warts is None or marks is None:
                data, ends = _memory(renderer.lines(events.pick(chunk)))
                self._entry.records += len(ends)
            else:
                some = marks.pick(chunk)
                data, ends = _memory(renderer.lines(events.pick(chunk), some.garbled))
                data = memoryview(warts.apply(bytes(data), ends, some, self._entry))
            if self._target is None:
                self._target = self._begin()
                data = data[1:]  # each line brings the newline before it
            self._target.write(data)

    def close(self, manifest: Manifest) -> None:
        self._open.close()
        if self._target is not None:
            manifest.add(self._entry)

    def _begin(self) -> BinaryIO | gzip.GzipFile:
        target: BinaryIO | gzip.GzipFile = self._open.enter_context(self._sink.open(self._entry.path))
        if self._entry.path.endswith(".gz"):
            # Neither a name nor a time goes into the header, or the same data would not be the same bytes.
            target = self._open.enter_context(gzip.GzipFile("", "wb", _GZIP_LEVEL, target, 0))
        if self._entry.bom:
            target.write(BOM)
        return target


def _memory(lines: pa.StringArray) -> tuple[memoryview, Ints]:
    """The text of all lines, as it lies in Arrow's memory, and where each of them ends."""
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[: len(lines) + 1].astype(np.int64)
    return memoryview(data)[: int(ends[-1])], ends[1:]
