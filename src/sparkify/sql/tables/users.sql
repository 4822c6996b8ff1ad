-- users: one row per user.
CREATE TABLE users (
    user_id BIGINT NOT NULL PRIMARY KEY, -- unique
    first_name VARCHAR(65535), -- as of the latest event
    last_name VARCHAR(65535), -- as of the latest event
    gender VARCHAR(65535), -- F or M
    level VARCHAR(65535) -- paid or free, as of the latest event
)
-- KEY (user_id): joined with songplays without moving rows.
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id);
