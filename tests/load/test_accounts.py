"""Where the loaded events went: every one is accounted for, and what only looks like a play is said."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sparkify.config.settings import Settings
from sparkify.errors import WarehouseError
from sparkify.load import accounts
from sparkify.load.accounts import EventAccount
from sparkify.load.audits import load_audits
from sparkify.load.progress import NullProgress
from sparkify.warehouse.opening import connect
from tests.support.builders import Loaded, Record, event, read_star, track, write
from tests.support.cli import Run
from tests.support.either import Either
from tests.support.engines import Engine
from tests.support.runs import run_etl, run_meddled_with

pytestmark = pytest.mark.slow

Load = Callable[..., Loaded]

START = 1543449657000


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder for logs, beside a song."""
    write(tmp_path / "song_data/song.json", track())
    return tmp_path / "log_data"


def plays(count: int, first: int = 0, **values: Any) -> list[Record]:
    """So many plays, each at a moment of its own."""
    return [event(ts=START + number, **values) for number in range(first, first + count)]


def in_all(settings: Settings) -> EventAccount:
    with closing(connect(settings, read_only=True)) as warehouse:
        return accounts.of_warehouse(warehouse, accounts.Pruned())


def warnings(loaded: Loaded) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each warning, by its audit."""
    return {finding.audit.name: finding.rows for finding in loaded.summary.findings}


ALL_KINDS = [
    *plays(5),
    *plays(2),  # again
    *plays(3, 100, page="Home"),
    *plays(1, 0, page="Logout"),  # in the moment of a play
    *plays(2, 200, page="Home", userId="", auth="Logged Out"),
    *plays(4, 300, userId="", auth="Logged Out"),
    *plays(1, 400, userId=None, auth="Logged In"),
    *plays(1, 500, userId="", auth=None),
]


def test_every_event_is_accounted_for(logs: Path, load: Load, settings: Settings) -> None:
    write(logs / "1.json", *ALL_KINDS)
    account = load().summary.account
    assert account == EventAccount(
        events=19, plays=5, further_deliveries=2, other_pages=6, logged_out=4, no_user_id=2
    )
    assert in_all(settings) == account
    assert account.rows()[-1] == ("all loaded events", sum(count for _, count in account.rows()[:-1]))


def test_a_run_accounts_for_what_it_has_loaded_and_the_warehouse_for_all(
    logs: Path, load: Load, settings: Settings
) -> None:
    write(logs / "1.json", *plays(10), *plays(3, 100, page="Home"))
    load()
    # Two that have come already, one of them twice now; one that is new comes twice.
    write(logs / "2.json", *plays(2), *plays(1), *plays(1, 50), *plays(1, 50), *plays(4, 200, page="Help"))
    assert load().summary.account == EventAccount(9, 1, 4, 4, 0, 0)
    assert in_all(settings) == EventAccount(22, 11, 4, 7, 0, 0)
    # A file that grows is loaded again: its plays are not deliveries beside what it held before.
    write(logs / "1.json", *plays(12), *plays(3, 100, page="Home"))
    assert load().summary.account == EventAccount(15, 10, 2, 3, 0, 0)
    assert in_all(settings) == EventAccount(24, 13, 4, 7, 0, 0)
    write(tmp_song := logs.parent / "song_data/2.json", track(song_id="S2"))
    assert load().summary.account == EventAccount(0, 0, 0, 0, 0, 0)
    assert tmp_song.exists()
    assert load().summary.account is None
    assert in_all(settings) == load(full=True).summary.account


def test_events_that_go_missing_between_staging_and_the_star_fail_the_run(
    engine: Engine,
    logs: Path,
    tmp_path: Path,
    load: Load,
    settings: Settings,
) -> None:
    write(logs / "1.json", *plays(3))
    load()
    before = read_star(settings)
    write(logs / "2.json", *plays(2, 10), *plays(2, 20, page="Home"))
    engine.publish(tmp_path)
    table = "staging_events" if engine.name == "duckdb" else "batch_events"
    lose = f"DELETE FROM {table} WHERE page = 'Home'"
    with pytest.raises(WarehouseError, match="4 events were loaded, but accounted for: 2 events: 2 plays, "):
        run_meddled_with(settings, "audit", lambda warehouse: warehouse.run(lose))
    assert read_star(settings) == before


@pytest.mark.forms(2)
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"userId": "", "auth": "Logged Out"}, "logged out"),
        ({"userId": None, "auth": "Logged Out"}, "logged out"),
        ({"userId": "", "auth": "Logged In"}, "userId missing or empty"),
        ({"userId": None, "auth": "Guest"}, "userId missing or empty"),
        ({"userId": "", "auth": None}, "userId missing or empty"),
        ({"userId": "", "auth": ""}, "userId missing or empty"),
    ],
)
def test_plays_without_a_user_are_warned_of_with_their_number_and_reason(
    logs: Path, load: Load, values: Record, reason: str
) -> None:
    write(logs / "1.json", *plays(4), *plays(3, 100, **values))
    loaded = load()
    ((found, events, _),) = warnings(loaded)["plays_have_users"]
    assert (found, events) == (reason, 3)
    assert loaded.summary.tables["songplays"] == (4, 4)


def test_a_key_that_is_not_there_at_all_is_no_user_either(logs: Path, load: Load) -> None:
    without = [{key: value for key, value in play.items() if key != "userId"} for play in plays(3)]
    write(logs / "1.json", *without)
    found = warnings(load())
    assert found["plays_have_users"][0][:2] == ("userId missing or empty", 3)
    assert found["events_hold_plays"][0][0] == 3


def test_other_pages_without_a_user_are_nothing_to_warn_of(logs: Path, load: Load) -> None:
    write(logs / "1.json", *plays(1), *plays(5, 100, page="Login", userId="", auth="Logged Out"))
    assert warnings(load()) == {}


NEARLY = [
    "nextsong",
    "NEXTSONG",
    "nextSong",
    "NextSong ",
    " NextSong",
    "Next Song",
    "next song",
    "next_song",
    "NEXT-SONG",
    "Next.Song",
    "next/song",
    "NextSong\t",
    "NextSong\n",
    "Next\u00a0Song",
]


@pytest.mark.forms(1)
def test_a_page_that_is_nextsong_but_for_case_blanks_or_separators_is_named(either: Either) -> None:
    write(either.folder / "song_data/song.json", track())
    for number, page in enumerate(NEARLY, 1):
        # As many of each as tell it apart, for of all the warning names a few.
        write(either.folder / f"log_data/{number}.json", *plays(number, 100 * number, page=page))
    write(either.folder / "log_data/0.json", event(page="Home"))
    loaded = either.load()
    visits = sum(range(1, len(NEARLY) + 1)) + 1
    assert loaded.summary.account == EventAccount(visits, 0, 0, visits, 0, 0)
    with closing(connect(either.settings, read_only=True)) as warehouse:
        (audit,) = [audit for audit in load_audits() if audit.name == "pages_spelt_right"]
        rows = warehouse.query(audit.sql.strip().removesuffix(";"))
    assert {shown: events for shown, events, _ in rows} == {
        f"'{page}'": number for number, page in enumerate(NEARLY, 1)
    }


@pytest.mark.forms(1)
def test_what_only_looks_like_a_play_is_none_and_warned_of_in_an_incremental_run(either: Either) -> None:
    write(either.folder / "song_data/song.json", track())
    write(either.folder / "log_data/0.json", *plays(3))
    either.load()
    for number, page in enumerate(("nextsong", "NextSong ", "next_song"), 1):
        write(
            either.folder / f"log_data/{number}.json", *plays(2, 10 * number, page=page), event(page="Home")
        )
        loaded = either.load()
        ((shown, events, _),) = warnings(loaded)["pages_spelt_right"]
        assert (shown, events) == (f"'{page}'", 2)
        # No play on either engine, though on Redshift blanks at the end don't count in a comparison.
        assert loaded.summary.account == EventAccount(3, 0, 0, 3, 0, 0), page
        assert warnings(loaded)["events_hold_plays"][0][0] == 3
    assert loaded.summary.tables["songplays"] == (3, 0)


def test_pages_of_other_names_are_not_taken_for_misspelt_ones(logs: Path, load: Load) -> None:
    pages = ["Home", "Song", "Next", "NextSongs", "Next Up", "Previous Song", "Thumbs Up", ""]
    write(logs / "1.json", *plays(1), *(event(page=page) for page in pages))
    assert warnings(load()) == {}


def test_events_without_a_play_among_them_are_warned_of_in_each_run_that_loads_such(
    logs: Path, load: Load
) -> None:
    write(logs / "1.json", *plays(5))
    assert warnings(load()) == {}
    # In the midst of the time of the others, so that it's not the time that tells.
    write(logs / "2.json", *plays(3, 1, page="Home"), *plays(1, 4, page="About"))
    assert warnings(load()) == {"events_hold_plays": [(4, 2, "About")]}
    write(logs / "3.json")
    write(logs.parent / "song_data/2.json", track(song_id="S2"))
    assert warnings(load()) == {}


@pytest.mark.forms(1)
def test_a_run_warns_of_what_it_has_loaded_and_not_again_of_what_others_have(either: Either) -> None:
    logs = either.folder / "log_data"
    write(either.folder / "song_data/song.json", track())
    write(logs / "1.json", *plays(3), *plays(2, 1, userId=""), event(page="nextsong", ts=START + 2))
    assert set(warnings(either.load())) == {"plays_have_users", "pages_spelt_right"}
    write(logs / "2.json", *plays(2, 1, sessionId=2))  # at the same time
    assert warnings(either.load()) == {}
    write(logs / "3.json", *plays(1, 1, sessionId=3), *plays(1, 2, userId=""))
    assert warnings(either.load())["plays_have_users"][0][1] == 1


def test_the_case_of_plays_without_users(cases: Path, engine: Engine) -> None:
    settings = engine.settings(cases / "C34")
    loaded = Loaded(settings, run_etl(settings, NullProgress()))
    assert loaded.summary.account == EventAccount(1000, 500, 0, 0, 0, 500)
    assert [row[:2] for row in warnings(loaded)["plays_have_users"]] == [("userId missing or empty", 500)]


def test_the_case_of_pages_spelt_otherwise(cases: Path, engine: Engine) -> None:
    settings = engine.settings(cases / "C35")
    found = warnings(Loaded(settings, run_etl(settings, NullProgress())))
    pages = {page: events for page, events, _ in found["pages_spelt_right"]}
    assert pages == {"'nextsong'": 1, "'NextSong '": 1, "'Next Song'": 1}
    assert found["events_hold_plays"][0][0] == 3


@pytest.mark.thorough
def test_people_see_the_accounts_where_they_look(run: Run, logs: Path, tmp_path: Path) -> None:
    write(logs / "1.json", *ALL_KINDS)
    places = ("--song-data", str(tmp_path / "song_data"), "--log-data", str(logs))
    loaded = run("etl", *places)
    assert (
        "19 events: 5 plays, 2 further deliveries, 6 other pages, 6 NextSong without a user"
        " (4 logged out, 2 userId missing or empty)\n" in loaded.stderr
    )
    assert re.search(r"warning: plays_have_users: .*reason logged out, events 4", loaded.stderr)
    write(logs / "2.json", *plays(1, 50))
    assert "1 events: 1 plays, 0 further" in run("etl", *places).stderr
    assert "events:" not in run("etl", *places).stderr

    rows = [
        ("plays", 6),
        ("further deliveries of a play", 2),
        ("other pages", 6),
        ("NextSong without a user: logged out", 4),
        ("NextSong without a user: userId missing or empty", 2),
        ("all loaded events", 20),
    ]
    status = run("status").stdout
    page = run("report", "report.html")
    assert page.returncode == 0
    html = (tmp_path / "report.html").read_text()
    for name, events in rows:
        assert re.search(rf"^{name} +{events}$", status, re.MULTILINE)
        assert re.search(rf"<td[^>]*>{name}</td><td[^>]*>{events}</td>", html)
    assert "warned" in run("check").stdout
