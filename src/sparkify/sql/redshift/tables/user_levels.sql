-- user_levels: one row per user and span of time in which the user has one level.
-- KEY (user_id): joined with songplays without moving rows.
CREATE TABLE user_levels (
    user_id BIGINT,
    level VARCHAR(65535),
    valid_from TIMESTAMP,
    valid_to TIMESTAMP
)
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id, valid_from);
