"""Warehouses as older versions have left them, made from those of today."""

from collections.abc import Callable

BEFORE_PRUNING = (
    "CREATE OR REPLACE VIEW schema_version AS SELECT 2 AS version",
    "DROP VIEW events_kept_since",
    "DROP TABLE pruned_events",
)
"""Before events could be pruned."""

BEFORE_LEVELS = (
    *BEFORE_PRUNING,
    "CREATE OR REPLACE VIEW schema_version AS SELECT 1 AS version",
    "DROP TABLE user_levels",
    "UPDATE staging_rejects SET raw_line = LEFT(raw_line, 1000)",
    "ALTER TABLE staging_rejects DROP COLUMN is_whole",
)
"""Before the history of levels, and when no more than the beginning was kept of a rejected record: 0.2.0."""

BEFORE_HISTORY = (
    *BEFORE_LEVELS,
    "DROP VIEW schema_version",
    "DROP VIEW play_span",
    "DROP VIEW judged_days",
    "DROP VIEW oldest_allowed",
    "DROP TABLE event_days",
    "DROP TABLE column_nulls",
    "DROP VIEW event_horizon",
    "DROP TABLE audit_results",
    "DROP TABLE run_notes",
    "DELETE FROM runs WHERE outcome <> 'loaded'",
    "ALTER TABLE runs DROP COLUMN outcome",
    "CREATE VIEW event_horizon AS SELECT started_at + INTERVAL '1 day' AS horizon FROM runs"
    " WHERE run_id = (SELECT MAX(run_id) FROM runs)",
)
"""Before runs that loaded nothing were kept, and what audits found."""

BEFORE_PLAY_MATCHES = (
    *BEFORE_HISTORY,
    "ALTER TABLE encoding_repairs RENAME TO text_repairs",
    "ALTER TABLE user_latest_event RENAME TO user_states",
    "DROP VIEW heard_plays",
    "CREATE TABLE heard_songs AS SELECT artist, song, length, match_artist, match_title, song_id, artist_id"
    " FROM song_matches",
    "DROP TABLE song_matches",
    "DROP TABLE play_matches",
)
"""Before it was kept what was heard in which play."""

FIRST = (
    *BEFORE_PLAY_MATCHES,
    "DROP VIEW event_horizon",
    "DROP VIEW audit_window",
    "ALTER TABLE runs DROP COLUMN log_location",
    "ALTER TABLE runs DROP COLUMN song_location",
    "ALTER TABLE ledger DROP COLUMN left_out",
    "ALTER TABLE ledger DROP COLUMN gone_at",
)
"""The tables of version 0.1.0."""


def turn_back(sql: Callable[[str], object], statements: tuple[str, ...]) -> None:
    """Turn a warehouse into an older one.

    Args:
        sql: runs a statement in it.
        statements: what the older version did not have.
    """
    for statement in statements:
        sql(statement)
