-- runs: one row per run, also if it found nothing new or failed.
-- ALL: small.
CREATE TABLE runs (
    run_id INTEGER,
    started_at TIMESTAMP, -- UTC
    finished_at TIMESTAMP, -- UTC
    engine VARCHAR(65535),
    version VARCHAR(65535), -- of this software
    is_full BOOLEAN, -- rebuilt from scratch
    files BIGINT,
    records BIGINT,
    loaded BIGINT,
    rejected BIGINT,
    event_keys VARCHAR(64), -- SHA-256 of the JSONPaths by which its log files were read
    song_location VARCHAR(65535), -- the places that it searched, as they were given
    log_location VARCHAR(65535),
    outcome VARCHAR(65535) -- loaded, unloaded, pruned, nothing new or failed; NULL = loaded, by an old version
)
DISTSTYLE ALL
SORTKEY (run_id);
