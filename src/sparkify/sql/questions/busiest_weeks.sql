-- In which weeks do people listen most?
-- One row per ISO week (Monday to Sunday, UTC) with a play, the busiest first.
WITH weeks AS (
    SELECT
        CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start,
        COUNT(*) AS plays,
        COUNT(DISTINCT user_id) AS listeners
    FROM songplays
    GROUP BY CAST(DATE_TRUNC('week', start_time) AS DATE)
)

SELECT
    week_start,
    CAST(EXTRACT(WEEK FROM week_start) AS SMALLINT) AS week,
    plays,
    listeners
FROM weeks
ORDER BY plays DESC, week_start;
