-- users: one row per user.
CREATE TABLE users (
    user_id BIGINT, -- unique
    first_name VARCHAR, -- as of the latest event
    last_name VARCHAR, -- as of the latest event
    gender VARCHAR, -- F or M
    level VARCHAR -- paid or free, as of the latest event
);
