-- user_latest_event: one row per user: the event that the user's attributes come from.
CREATE TABLE user_latest_event (
    user_id BIGINT,
    ts TIMESTAMP,
    item_in_session INTEGER,
    session_id BIGINT,
    first_name VARCHAR,
    last_name VARCHAR,
    gender VARCHAR,
    level VARCHAR
);
