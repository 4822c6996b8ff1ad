-- At which hours of the day do people listen most?
-- One row per hour (UTC) with a play, the busiest first.
SELECT
    time.hour,
    COUNT(*) AS plays,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS share_percent
FROM songplays
INNER JOIN time ON songplays.start_time = time.start_time
GROUP BY time.hour
ORDER BY plays DESC, time.hour;
