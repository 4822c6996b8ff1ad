-- runs: one row per run that changed the warehouse.
CREATE TABLE runs (
    run_id INTEGER,
    started_at TIMESTAMP, -- UTC
    finished_at TIMESTAMP, -- UTC
    engine VARCHAR,
    version VARCHAR, -- of this software
    is_full BOOLEAN, -- rebuilt from scratch
    files BIGINT,
    records BIGINT,
    loaded BIGINT,
    rejected BIGINT,
    event_keys VARCHAR, -- SHA-256 of the JSONPaths by which its log files were read
    song_location VARCHAR, -- the places that it searched, as they were given
    log_location VARCHAR
);
