-- staging_events: one row per record of log_data that could be loaded. The first 18 columns are filled by the
-- paths of the JSONPaths file, by position.
-- EVEN: loading is spread over all slices, and no join is worth a key that may be NULL. Sorted by ts, so that an
-- incremental run reads only the days it needs.
CREATE TABLE staging_events (
    artist VARCHAR(65535),
    auth VARCHAR(65535),
    first_name VARCHAR(65535),
    gender VARCHAR(65535),
    item_in_session INTEGER,
    last_name VARCHAR(65535),
    length DOUBLE PRECISION, -- seconds
    level VARCHAR(65535),
    location VARCHAR(65535),
    method VARCHAR(65535),
    page VARCHAR(65535) NOT NULL,
    registration DOUBLE PRECISION, -- ms since 1970, written as a decimal in the logs
    session_id BIGINT NOT NULL,
    song VARCHAR(65535),
    status INTEGER,
    ts TIMESTAMP NOT NULL, -- UTC, ms
    user_agent VARCHAR(65535),
    user_id BIGINT, -- NULL when logged out
    file_id INTEGER -- ledger.file_id
)
DISTSTYLE EVEN
SORTKEY (ts);
