-- Who listens most?
-- One row per user, the first 20. level is what the user is at now.
-- compare by: user_id, first_name, last_name, level
WITH listened AS (
    SELECT
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id
    ORDER BY plays DESC, user_id
    LIMIT 20
)

SELECT
    users.user_id,
    users.first_name,
    users.last_name,
    users.level,
    listened.plays,
    COUNT(DISTINCT songplays.session_id) AS sessions
FROM listened
INNER JOIN users ON listened.user_id = users.user_id
INNER JOIN songplays ON listened.user_id = songplays.user_id
GROUP BY users.user_id, users.first_name, users.last_name, users.level, listened.plays
ORDER BY listened.plays DESC, users.user_id;
