-- Who listens most?
-- One row per user, the first 20. level is what the user is at now.
SELECT
    users.user_id,
    users.first_name,
    users.last_name,
    users.level,
    COUNT(*) AS plays,
    COUNT(DISTINCT songplays.session_id) AS sessions
FROM songplays
INNER JOIN users ON songplays.user_id = users.user_id
GROUP BY users.user_id, users.first_name, users.last_name, users.level
ORDER BY plays DESC, users.user_id
LIMIT 20;
