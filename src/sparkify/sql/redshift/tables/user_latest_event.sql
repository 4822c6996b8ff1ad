-- user_latest_event: one row per user: the event that the user's attributes come from.
-- KEY (user_id): as users.
CREATE TABLE user_latest_event (
    user_id BIGINT,
    ts TIMESTAMP,
    item_in_session INTEGER,
    session_id BIGINT,
    first_name VARCHAR(65535),
    last_name VARCHAR(65535),
    gender VARCHAR(65535),
    level VARCHAR(65535)
)
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id);
