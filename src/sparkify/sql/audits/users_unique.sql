-- fail: users has one row per user_id
-- Redshift's planner trusts primary keys, so it might find nothing here by mistake; users_reconcile counts.
SELECT
    user_id,
    COUNT(*) AS rows_found
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1;
