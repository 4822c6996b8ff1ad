-- runs: one row per run, also if it found nothing new or failed.
CREATE TABLE runs (
    run_id INTEGER, -- unique, in the order of the runs
    started_at TIMESTAMP, -- UTC
    finished_at TIMESTAMP, -- UTC
    engine VARCHAR(65535), -- duckdb or redshift
    version VARCHAR(65535), -- of this software
    is_full BOOLEAN, -- rebuilt from scratch
    files BIGINT, -- that it loaded or unloaded
    records BIGINT, -- in them
    loaded BIGINT, -- of the records
    rejected BIGINT, -- of the records
    event_keys VARCHAR(64), -- SHA-256 of the JSONPaths by which its log files were read
    song_location VARCHAR(65535), -- the places that it searched, as they were given
    log_location VARCHAR(65535), -- likewise
    outcome VARCHAR(65535) -- loaded, unloaded, pruned, nothing new or failed; NULL = loaded, by an old version
)
-- ALL: small.
DISTSTYLE ALL
SORTKEY (run_id);
