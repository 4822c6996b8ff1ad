-- How many go from free to paid each week, and how many back?
-- One row per ISO week (Monday to Sunday, UTC) with a play, by the first play at the new level.
WITH plays AS (
    SELECT
        CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start,
        level,
        LAG(level) OVER (PARTITION BY user_id ORDER BY start_time, session_id) AS level_before
    FROM songplays
)

SELECT
    week_start,
    CAST(SUM(CASE WHEN level_before = 'free' AND level = 'paid' THEN 1 ELSE 0 END) AS BIGINT) AS to_paid,
    CAST(SUM(CASE WHEN level_before = 'paid' AND level = 'free' THEN 1 ELSE 0 END) AS BIGINT) AS to_free
FROM plays
GROUP BY week_start
ORDER BY week_start;
