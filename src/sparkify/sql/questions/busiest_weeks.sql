-- In which weeks do people listen most?
-- One row per ISO week (Monday to Sunday, UTC) with a play, the busiest first.
SELECT
    CAST(DATE_TRUNC('week', songplays.start_time) AS DATE) AS week_start,
    time.week,
    COUNT(*) AS plays,
    COUNT(DISTINCT songplays.user_id) AS listeners
FROM songplays
INNER JOIN time ON songplays.start_time = time.start_time
GROUP BY CAST(DATE_TRUNC('week', songplays.start_time) AS DATE), time.week
ORDER BY plays DESC, week_start;
