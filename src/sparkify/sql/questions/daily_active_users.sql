-- How many people listen each day?
-- One row per day (UTC) with a play. A user is active who plays a song.
WITH listened AS (
    SELECT
        CAST(start_time AS DATE) AS day,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CAST(start_time AS DATE), user_id
)

SELECT
    day,
    COUNT(user_id) AS active_users,
    CAST(SUM(plays) AS BIGINT) AS plays
FROM listened
GROUP BY day
ORDER BY day;
