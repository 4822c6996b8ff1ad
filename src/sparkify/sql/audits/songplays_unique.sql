-- fail: songplays has one row per start_time, user_id and session_id
SELECT
    start_time,
    user_id,
    session_id,
    COUNT(*) AS rows_found
FROM songplays
GROUP BY start_time, user_id, session_id
HAVING COUNT(*) > 1;
