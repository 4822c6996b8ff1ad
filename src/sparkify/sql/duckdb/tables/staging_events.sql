-- staging_events: one row per record of log_data that could be loaded. The first 18 columns are filled by the
-- paths of the JSONPaths file, by position.
CREATE TABLE staging_events (
    artist VARCHAR, -- as heard
    auth VARCHAR, -- Logged In, Logged Out …
    first_name VARCHAR, -- of the user
    gender VARCHAR, -- F or M
    item_in_session INTEGER, -- the event's number in its session
    last_name VARCHAR, -- of the user
    length DOUBLE, -- seconds
    level VARCHAR, -- paid or free
    location VARCHAR, -- metropolitan area, state
    method VARCHAR, -- of the HTTP request
    page VARCHAR, -- NextSong = a song was played
    registration DOUBLE, -- ms since 1970, written as a decimal in the logs
    session_id BIGINT, -- numbered by the service
    song VARCHAR, -- title, as heard
    status INTEGER, -- of the HTTP response
    ts TIMESTAMP, -- UTC, ms
    user_agent VARCHAR, -- the browser, as it names itself
    user_id BIGINT, -- NULL when logged out
    file_id INTEGER -- ledger.file_id
);
