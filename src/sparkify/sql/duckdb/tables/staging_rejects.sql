-- staging_rejects: one row per record that could not be loaded.
CREATE TABLE staging_rejects (
    source VARCHAR, -- song_data or log_data
    file VARCHAR,
    line BIGINT, -- the record's first line, from 1
    reason VARCHAR,
    raw_line VARCHAR, -- at most 1,000 characters
    file_id INTEGER -- ledger.file_id
);
