-- fail: users has as many rows as staging_events has distinct user_ids
SELECT
    staged.users AS users_staged,
    loaded.users AS users_loaded
FROM (SELECT COUNT(DISTINCT user_id) AS users FROM staging_events) AS staged
CROSS JOIN (SELECT COUNT(*) AS users FROM users) AS loaded
WHERE staged.users <> loaded.users;
