-- staging_events: one row per record of log_data that could be loaded. The first 18 columns are filled by the
-- paths of the JSONPaths file, by position.
CREATE TABLE staging_events (
    artist VARCHAR(65535), -- as heard
    auth VARCHAR(65535), -- Logged In, Logged Out …
    first_name VARCHAR(65535), -- of the user
    gender VARCHAR(65535), -- F or M
    item_in_session INTEGER, -- the event's number in its session
    last_name VARCHAR(65535), -- of the user
    length DOUBLE PRECISION, -- seconds
    level VARCHAR(65535), -- paid or free
    location VARCHAR(65535), -- metropolitan area, state
    method VARCHAR(65535), -- of the HTTP request
    page VARCHAR(65535) NOT NULL, -- NextSong = a song was played
    registration DOUBLE PRECISION, -- ms since 1970, written as a decimal in the logs
    session_id BIGINT NOT NULL, -- numbered by the service
    song VARCHAR(65535), -- title, as heard
    status INTEGER, -- of the HTTP response
    ts TIMESTAMP NOT NULL, -- UTC, ms
    user_agent VARCHAR(65535), -- the browser, as it names itself
    user_id BIGINT, -- NULL when logged out
    file_id INTEGER -- ledger.file_id
)
-- EVEN: loading is spread over all slices, and no join is worth a key that may be NULL. Sorted by ts, so that an
-- incremental run reads only the days it needs.
DISTSTYLE EVEN
SORTKEY (ts);
