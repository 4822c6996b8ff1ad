import json
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import pairwise
from math import floor
from typing import BinaryIO

import numpy as np
import pytest

from sparkify.simulate import SimulationOptions, simulate
from sparkify.simulate.behaviour import FREE, PAID, ScriptPool
from sparkify.simulate.clock import Clock
from sparkify.simulate.draws import popularity
from sparkify.simulate.events import simulate_events
from sparkify.simulate.people import make_users
from tests.simulate.reading import Record, Simulation


@pytest.fixture(scope="module")
def sessions(clean: Simulation) -> dict[int, list[Record]]:
    """Events by session, in the order in which the files have them."""
    by_session = defaultdict(list)
    for event in clean.events():
        by_session[event["sessionId"]].append(event)
    return by_session


def _day(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()


def test_each_file_holds_the_events_of_its_day_in_time_order(clean: Simulation) -> None:
    paths = clean.paths("log")
    assert paths == [f"log_data/2018/11/2018-11-{day:02}-events.json" for day in range(1, 11)]
    for day, path in enumerate(paths, start=1):
        times = [json.loads(line)["ts"] for line in clean.lines(path)]
        assert times == sorted(times)
        assert {_day(ms) for ms in times} == {date(2018, 11, day)}


def test_log_files_end_without_a_newline(clean: Simulation) -> None:
    assert all(clean.raw(path).endswith(b"}") for path in clean.paths("log"))


def test_items_count_on_from_0_in_each_session(sessions: dict[int, list[Record]]) -> None:
    for events in sessions.values():
        assert [event["itemInSession"] for event in events] == list(range(len(events)))


def test_session_ids_are_global_and_count_sessions_as_they_start(sessions: dict[int, list[Record]]) -> None:
    assert sorted(sessions) == list(range(1, len(sessions) + 1))
    starts = [sessions[number][0]["ts"] for number in sorted(sessions)]
    assert starts == sorted(starts)
    for events in sessions.values():
        assert len({event["userId"] for event in events if event["userId"]}) <= 1


def test_nobody_has_two_sessions_at_a_time(sessions: dict[int, list[Record]]) -> None:
    spans = defaultdict(list)
    for events in sessions.values():
        for user in {event["userId"] for event in events if event["userId"]}:
            spans[user].append((events[0]["ts"], events[-1]["ts"]))
    for of_user in spans.values():
        of_user.sort()
        assert all(end < start for (_, end), (start, _) in pairwise(of_user))


def test_sessions_go_on_over_midnight(sessions: dict[int, list[Record]]) -> None:
    assert any(_day(events[0]["ts"]) != _day(events[-1]["ts"]) for events in sessions.values())


def test_the_next_song_starts_when_the_last_one_ends(sessions: dict[int, list[Record]]) -> None:
    checked = 0
    for events in sessions.values():
        plays = [event for event in events if event["page"] == "NextSong"]
        for last, play in pairwise(plays):
            end = last["ts"] + floor(last["length"]) * 1000
            if play["itemInSession"] == last["itemInSession"] + 1:
                assert play["ts"] == end
                checked += 1
            else:
                assert play["ts"] >= end
    assert checked > 1000


@pytest.mark.slow
def test_levels_change_by_submit_upgrade_and_submit_downgrade_only(run: Callable[..., Simulation]) -> None:
    year = run(songs=50, users=60, days=300)
    by_user, level_of = defaultdict(list), {}
    for event in year.events():
        by_user[event["userId"]].append(event)
    del by_user[""]
    changes = {"Submit Upgrade": ("free", "paid"), "Submit Downgrade": ("paid", "free")}
    happened = set()
    for user, events in by_user.items():
        level_of[user] = events[0]["level"]
        for event in events:
            assert event["level"] == level_of[user], event
            if event["page"] in changes:
                before, after = changes[event["page"]]
                assert event["level"] == before
                level_of[user] = after
                happened.add(event["page"])
    assert happened == set(changes)


def test_users_never_change_but_for_their_level(clean: Simulation) -> None:
    fixed = ("firstName", "lastName", "gender", "location", "userAgent", "registration")
    users = defaultdict(set)
    for event in clean.events():
        users[event["userId"]].add(tuple(event[key] for key in fixed))
    assert users.pop("") == {(None,) * len(fixed)}
    assert all(len(described) == 1 for described in users.values())


def test_users_are_numbered_and_register_before_their_first_event(clean: Simulation) -> None:
    first: dict[str, Record] = {}
    for event in clean.events():
        first.setdefault(event["userId"], event)
    del first[""]
    assert {int(user) for user in first} <= set(range(1, clean.settings.users + 1))
    assert all(event["registration"] < event["ts"] for event in first.values())


def test_users_arrive_during_the_period(clean: Simulation) -> None:
    registered = {event["userId"]: event["registration"] for event in clean.events() if event["userId"]}
    days = [_day(ms) for ms in registered.values() if _day(ms) >= clean.settings.start]
    assert len(days) >= 10
    assert max(days) <= clean.settings.last_day


def test_a_period_may_begin_on_a_leap_day_and_be_a_single_one(run: Callable[..., Simulation]) -> None:
    simulation = run(songs=1, artists=1, users=300, days=1, start=date(2024, 2, 29))
    assert simulation.paths("log") == ["log_data/2024/02/2024-02-29-events.json"]
    assert {_day(event["ts"]) for event in simulation.events()} == {date(2024, 2, 29)}


def test_a_day_of_many_users_is_simulated_in_parts() -> None:
    clock = Clock(date(2018, 11, 5), 1)
    users = make_users(1, 200_000, 1, clock)
    songs, seconds = popularity(100), np.full(100, 240)
    pools = ScriptPool(1, FREE, songs, seconds), ScriptPool(1, PAID, songs, seconds)
    windows = [events for _, events in simulate_events(users, clock, pools)]
    assert sum(map(len, windows)) > 400_000
    assert max(map(len, windows)) < 250_000
    assert np.all(np.diff(np.concatenate([events.ts for events in windows])) >= 0)


class _Nowhere:
    """A sink that forgets what it is given."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def prepare(self, asked: bytes) -> bool:
        assert asked
        return False

    def finish(self) -> None:
        pass

    def put(self, name: str, data: bytes) -> None:
        assert data
        self.names.append(name)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        self.names.append(name)
        yield _Void()


class _Void(BytesIO):
    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def test_anything_that_takes_named_bytes_can_be_written_to(clean: Simulation) -> None:
    sink = _Nowhere()
    simulate(clean.settings, sink)
    written = {str(path.relative_to(clean.folder)) for path in clean.folder.rglob("*.json")}
    assert set(sink.names) == written


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_period() -> None:
    def peak(days: int) -> int:
        tracemalloc.start()
        simulate(SimulationOptions(songs=50, users=1000, days=days), _Nowhere())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # what stays: imports, caches
    assert peak(60) < 1.3 * peak(10)
