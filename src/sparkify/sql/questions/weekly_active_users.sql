-- How many people listen each week?
-- One row per ISO week (Monday to Sunday, UTC) with a play. A user is active who plays a song.
SELECT
    CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start,
    COUNT(DISTINCT user_id) AS active_users,
    COUNT(*) AS plays
FROM songplays
GROUP BY CAST(DATE_TRUNC('week', start_time) AS DATE)
ORDER BY week_start;
