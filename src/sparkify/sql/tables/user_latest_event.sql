-- user_latest_event: one row per user: the event that the user's attributes come from.
CREATE TABLE user_latest_event (
    user_id BIGINT, -- users.user_id
    ts TIMESTAMP, -- UTC, ms
    item_in_session INTEGER, -- of the event
    session_id BIGINT, -- of the event
    first_name VARCHAR(65535), -- as the event has it
    last_name VARCHAR(65535), -- as the event has it
    gender VARCHAR(65535), -- as the event has it
    level VARCHAR(65535) -- as the event has it
)
-- KEY (user_id): as users.
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id);
