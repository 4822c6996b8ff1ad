-- user_levels: one row per user and span of time in which the user has one level.
CREATE TABLE user_levels (
    user_id BIGINT, -- users.user_id
    level VARCHAR(65535), -- as the events say, NULL where they say none
    valid_from TIMESTAMP, -- time of the first event with this level: UTC, ms; included
    valid_to TIMESTAMP -- time of the first event with another one: excluded; NULL = until now
)
-- KEY (user_id): joined with songplays without moving rows.
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id, valid_from);
