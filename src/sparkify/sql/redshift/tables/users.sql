-- users: one row per user.
-- KEY (user_id): joined with songplays without moving rows.
CREATE TABLE users (
    user_id BIGINT NOT NULL,
    first_name VARCHAR(65535),
    last_name VARCHAR(65535),
    gender VARCHAR(65535),
    level VARCHAR(65535),
    -- Not enforced, but the planner trusts it; the audits see to it that it is true.
    PRIMARY KEY (user_id)
)
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id);
