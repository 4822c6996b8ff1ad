-- How many people listen each month?
-- One row per month (UTC) with a play. A user is active who plays a song.
SELECT
    CAST(DATE_TRUNC('month', start_time) AS DATE) AS month_start,
    COUNT(DISTINCT user_id) AS active_users,
    COUNT(*) AS plays
FROM songplays
GROUP BY CAST(DATE_TRUNC('month', start_time) AS DATE)
ORDER BY month_start;
