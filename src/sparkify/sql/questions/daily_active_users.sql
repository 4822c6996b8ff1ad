-- How many people listen each day?
-- One row per day (UTC) with a play. A user is active who plays a song.
SELECT
    CAST(start_time AS DATE) AS day,
    COUNT(DISTINCT user_id) AS active_users,
    COUNT(*) AS plays
FROM songplays
GROUP BY CAST(start_time AS DATE)
ORDER BY day;
