"""docs/tables.md: every table and column, with its meaning and where it comes from, as the SQL has it."""

import importlib
import sys
from types import ModuleType

import pytest

from sparkify import sql
from sparkify.sql import STAR_TABLES, TABLES
from tests.support.commands import ROOT


@pytest.fixture(scope="module")
def columns() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "site")
        return importlib.import_module("columns")


def test_the_page_is_what_the_sql_says(columns: ModuleType) -> None:
    assert columns.PAGE.read_text(encoding="utf-8") == columns.page(), "renew it with: python site/columns.py"


def test_every_column_of_every_table_has_a_meaning(columns: ModuleType) -> None:
    for table in TABLES:
        found = columns._COLUMN.findall(sql.create_table(table, "duckdb"))
        assert tuple(name for name, _, _ in found) == sql.columns_of(table)
        assert [name for name, _, meaning in found if not meaning] == [], table


def test_values_are_followed_through_what_a_run_keeps_for_itself(columns: ModuleType) -> None:
    found = columns.sources()
    assert found["songplays"]["user_agent"] == {("staging_events", "user_agent")}
    assert ("song_matches", "song_id") in found["songplays"]["song_id"]
    assert found["song_matches"]["song_id"] == {("staging_songs", "song_id")}
    assert found["artists"]["name"] == {("staging_songs", "artist_name")}
    assert found["heard_plays"]["title"] == {("song_matches", "match_title")}
    assert found["staging_events"]["session_id"] == {("log_data", "sessionId")}
    for table in STAR_TABLES:
        assert [column for column, leaves in found[table].items() if not leaves] == [], table


def test_other_sql_makes_another_page(columns: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(name: str, engine: str | None = None) -> str:
        text = sql.read_sql(name, engine)
        return (
            text.replace("staging_songs.title,", "staging_songs.artist_name AS title,")
            if "songs" in name
            else text
        )

    monkeypatch.setattr(sys.modules["lineage"], "read_sql", other)
    assert columns.sources()["songs"]["title"] == {("staging_songs", "artist_name")}
    assert columns.page() != columns.PAGE.read_text(encoding="utf-8")
