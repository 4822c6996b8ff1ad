-- staging_rejects: one row per record that could not be loaded.
-- EVEN: few rows, read by people.
CREATE TABLE staging_rejects (
    source VARCHAR(65535), -- song_data or log_data
    file VARCHAR(65535),
    line BIGINT, -- the record's first line, from 1
    reason VARCHAR(65535),
    raw_line VARCHAR(65535), -- at most 1,000 characters
    file_id INTEGER -- ledger.file_id
)
DISTSTYLE EVEN
SORTKEY (file_id);
