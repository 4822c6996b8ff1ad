-- At which hours of the day do people listen most?
-- One row per hour (UTC) with a play, the busiest first.
-- compare by: hour
WITH plays AS (SELECT CAST(EXTRACT(HOUR FROM start_time) AS SMALLINT) AS hour FROM songplays)

SELECT
    hour,
    COUNT(*) AS plays,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS share_percent
FROM plays
GROUP BY hour
ORDER BY plays DESC, hour;
