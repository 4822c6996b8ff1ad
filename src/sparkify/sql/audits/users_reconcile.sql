-- fail: users has as many rows as staging_events has distinct user_ids
WITH loaded AS (SELECT COUNT(*) AS users FROM users)

SELECT
    staged.users AS users_staged,
    loaded.users AS users_loaded
FROM (SELECT COUNT(DISTINCT user_id) AS users FROM staging_events) AS staged
CROSS JOIN loaded
WHERE staged.users <> loaded.users;
