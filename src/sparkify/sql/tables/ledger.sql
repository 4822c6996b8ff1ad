-- ledger: one row per source object whose records the warehouse holds, or that was left out;
-- loaded + rejected = records.
CREATE TABLE ledger (
    file_id INTEGER, -- unique
    source VARCHAR(65535), -- song_data or log_data
    uri VARCHAR(65535), -- path, or s3://bucket/key
    size BIGINT, -- bytes
    version VARCHAR(65535), -- ETag, or modification time in ns
    run_id INTEGER, -- runs.run_id
    records BIGINT, -- in the file
    loaded BIGINT, -- of them, into the staging tables
    rejected BIGINT, -- of them, into staging_rejects
    gone_at TIMESTAMP, -- UTC, when a run first missed it; NULL = it is there
    left_out VARCHAR(65535) -- why nothing of it could be loaded (--skip-bad-files); NULL = it is loaded
)
-- ALL: small, and compared with every listing.
DISTSTYLE ALL
SORTKEY (file_id);
