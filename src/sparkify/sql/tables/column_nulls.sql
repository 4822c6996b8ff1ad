-- column_nulls: one row per run and column that it filled, with how many of the new values are NULL.
CREATE TABLE column_nulls (
    run_id INTEGER, -- runs.run_id
    table_name VARCHAR(65535), -- staging_events, staging_songs, or songplays (song_id: NULL = unmatched)
    column_name VARCHAR(65535), -- of that table
    records BIGINT, -- new rows
    null_values BIGINT -- how many of them are NULL here
)
-- EVEN: as audit_results.
DISTSTYLE EVEN
SORTKEY (run_id);
