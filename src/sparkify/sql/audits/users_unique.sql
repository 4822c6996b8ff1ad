-- fail: users has one row per user_id
SELECT
    user_id,
    COUNT(*) AS rows_found
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1;
