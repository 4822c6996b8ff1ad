-- staging_events: one row per record of log_data that could be loaded. The first 18 columns are filled by the
-- paths of the JSONPaths file, by position.
CREATE TABLE staging_events (
    artist VARCHAR,
    auth VARCHAR,
    first_name VARCHAR,
    gender VARCHAR,
    item_in_session INTEGER,
    last_name VARCHAR,
    length DOUBLE, -- seconds
    level VARCHAR,
    location VARCHAR,
    method VARCHAR,
    page VARCHAR,
    registration DOUBLE, -- ms since 1970, written as a decimal in the logs
    session_id BIGINT,
    song VARCHAR,
    status INTEGER,
    ts TIMESTAMP, -- UTC, ms
    user_agent VARCHAR,
    user_id BIGINT, -- NULL when logged out
    file_id INTEGER -- ledger.file_id
);
