"""Simulates a music service: a catalogue of songs and the logs of what users did, as files for the pipeline.

The whole flow is in ``simulate``: draw the songs and the users, let the users live through the period, write
what they did. Nothing but the options decides about the output: same options, same bytes.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sparkify import __version__
from sparkify.simulate.behaviour import FREE, LOGGED_IN, NEXT_SONG, PAID, ScriptPool
from sparkify.simulate.catalogue import DURATION_STEPS, Song, make_songs, popularity_order
from sparkify.simulate.clock import Clock
from sparkify.simulate.draws import popularity
from sparkify.simulate.events import Events, simulate_events
from sparkify.simulate.files import DailyLogs, write_jsonpaths, write_songs
from sparkify.simulate.manifest import Manifest
from sparkify.simulate.options import SimulationOptions
from sparkify.simulate.output import sink_for
from sparkify.simulate.people import make_users
from sparkify.simulate.render import Renderer
from sparkify.simulate.sinks import OutputError, Sink, note_of
from sparkify.simulate.warts import GARBLED_TIMES, EventWarts, Marks, SongWarts
from sparkify.sources.unfinished import MANIFEST

__all__ = ["MANIFEST", "OutputError", "SimulationOptions", "Sink", "Summary", "Tell", "simulate", "sink_for"]

# What is under way, how much of it is done, and out of how much.
Tell: TypeAlias = Callable[[str, int, int], None]

_PLAYS_SHARE = 0.85


@dataclass(frozen=True)
class Summary:
    """What a simulation wrote."""

    songs: int
    events: int
    plays: int
    users: int
    sessions: int
    log_files: int
    broken: int
    is_again: bool = False

    def describe(self, out: str) -> str:
        """Some lines for people."""
        text = (
            f"wrote to {out}{', over what was left unfinished' if self.is_again else ''}:\n"
            f"  {self.songs:,} songs, a file each\n"
            f"  {self.events:,} events in {self.log_files:,} log files, {self.plays:,} of them plays\n"
            f"  {self.users:,} users in {self.sessions:,} sessions"
        )
        if not self.events:
            text += "\nno user had a session, so there are no logs to load: raise --users or --days"
        return text + (f"\n  {self.broken:,} broken records, listed in {MANIFEST}" if self.broken else "")


def simulate(options: SimulationOptions, sink: Sink, tell: Tell = lambda *_: None) -> Summary:
    """Write a simulation: song_data/, log_data/, log_json_path.json and _manifest.json.

    Args:
        options: what to simulate.
        sink: where to; it has to be empty, or to hold the same simulation, unfinished.
        tell: called now and then with what is under way, how much of it is done and out of how much.

    Raises:
        UsageError: the sink isn't empty.
        OutputError: it can't be written to.
    """
    simulator = f"sparkify {__version__}"
    is_again = sink.prepare(note_of(simulator, options.as_dict()))
    write_jsonpaths(sink)
    with sink.open(MANIFEST) as target:
        manifest = Manifest(target, simulator, options.as_dict())
        songs = make_songs(options.seed, options.songs, options.artist_count)
        song_warts = SongWarts(options.seed, options.dirty, options.songs)
        good_songs = write_songs(
            sink,
            manifest,
            songs[: options.songs],
            song_warts,
            options.gzip,
            lambda n: tell("songs", n, options.songs),
        )
        ranked = [songs[i] for i in popularity_order(options.seed, songs)]
        truth = _Truth(options.users, good_songs, ranked)
        _write_logs(options, sink, manifest, ranked, truth, tell)
        manifest.finish(truth.expected())
    sink.finish()
    logs, files = manifest.totals["log"], manifest.totals
    return Summary(
        songs=files["song"]["records"],
        events=logs["records"],
        plays=truth.plays,
        users=truth.expected()["users"],
        sessions=truth.sessions,
        log_files=logs["files"],
        broken=logs["broken"] + files["song"]["broken"],
        is_again=is_again,
    )


def _write_logs(
    options: SimulationOptions, sink: Sink, manifest: Manifest, songs: list[Song], truth: "_Truth", tell: Tell
) -> None:
    seed, dirty = options.seed, options.dirty
    clock = Clock(options.start, options.days)
    users = make_users(seed, options.users, options.days, clock)
    weights = popularity(len(songs))
    seconds = np.array([song.duration_steps // DURATION_STEPS for song in songs], dtype=np.int64)
    pools = ScriptPool(seed, FREE, weights, seconds), ScriptPool(seed, PAID, weights, seconds)
    renderer = Renderer(songs, users, GARBLED_TIMES if dirty else 0)
    warts = None
    if dirty:
        accented = renderer.accented
        share = _PLAYS_SHARE * int(np.diff(weights, prepend=0)[accented].sum()) / int(weights[-1])
        warts = EventWarts(seed, dirty, options.days, accented, share)
    logs = DailyLogs(sink, manifest, renderer, warts, options.start, options.gzip)
    for day, events in simulate_events(users, clock, pools):
        truth.add(events, logs.write(day, events))
        tell("days", (day - options.start).days, options.days)
    logs.close()
    tell("days", options.days, options.days)


class _Truth:
    """Counts what the star schema must have after loading these files."""

    def __init__(self, users: int, good_songs: Collection[Song], ranked: list[Song]) -> None:
        known = {(song.artist_name, song.title) for song in good_songs}
        self._matches = np.array([(song.artist_name, song.title) in known for song in ranked])
        self._seen = np.zeros(users, dtype=np.bool_)
        self._songs = len({song.song_id for song in good_songs})
        self._artists = len({song.artist_id for song in good_songs})
        self._matched = 0
        self.plays = 0
        self.sessions = 0

    def add(self, events: Events, marks: Marks | None) -> None:
        """Count events; broken ones don't count, doubled ones once."""
        if marks is not None:
            events = events.pick(marks.good)
        plays = events.song[events.page == NEXT_SONG]
        self.plays += len(plays)
        self._matched += int(np.count_nonzero(self._matches[plays]))
        self._seen[events.user[LOGGED_IN[events.page]]] = True
        if len(events):
            self.sessions = max(self.sessions, int(events.session.max()))

    def expected(self) -> dict[str, int]:
        """Row counts by table; ``matched_songplays`` are those whose song the catalogue has."""
        return {
            "songplays": self.plays,
            "matched_songplays": self._matched,
            "users": int(np.count_nonzero(self._seen)),
            "songs": self._songs,
            "artists": self._artists,
        }
