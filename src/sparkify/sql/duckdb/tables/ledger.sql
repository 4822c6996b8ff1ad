-- ledger: one row per source object whose records the warehouse holds, or that was left out;
-- loaded + rejected = records.
CREATE TABLE ledger (
    file_id INTEGER,
    source VARCHAR, -- song_data or log_data
    uri VARCHAR,
    size BIGINT, -- bytes
    version VARCHAR, -- ETag, or modification time in ns
    run_id INTEGER, -- runs.run_id
    records BIGINT,
    loaded BIGINT,
    rejected BIGINT,
    gone_at TIMESTAMP, -- UTC, when a run first missed it; NULL = it is there
    left_out VARCHAR -- why nothing of it could be loaded (--skip-bad-files); NULL = it is loaded
);
