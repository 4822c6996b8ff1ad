-- users: one row per user.
CREATE TABLE users (
    user_id BIGINT,
    first_name VARCHAR,
    last_name VARCHAR,
    gender VARCHAR,
    level VARCHAR
);
