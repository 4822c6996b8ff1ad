-- fail: users has one row per user_id
-- Redshift's planner trusts primary keys, and no page says that it groups by them all the same: users_reconcile counts.
SELECT
    user_id,
    COUNT(*) AS rows_found
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1;
