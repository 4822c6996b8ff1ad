-- On which weekdays do people listen most?
-- One row per weekday (UTC) with a play, the one with the most plays a day first. days: how many such days had a
-- play.
-- compare by: weekday, weekday_name
WITH plays AS (
    SELECT
        CAST(EXTRACT(DOW FROM start_time) AS SMALLINT) AS weekday,
        CAST(start_time AS DATE) AS day
    FROM songplays
)

SELECT
    weekday,
    CASE weekday
        WHEN 0 THEN 'Sunday'
        WHEN 1 THEN 'Monday'
        WHEN 2 THEN 'Tuesday'
        WHEN 3 THEN 'Wednesday'
        WHEN 4 THEN 'Thursday'
        WHEN 5 THEN 'Friday'
        WHEN 6 THEN 'Saturday'
    END AS weekday_name,
    COUNT(*) AS plays,
    COUNT(DISTINCT day) AS days,
    ROUND(1.0 * COUNT(*) / COUNT(DISTINCT day), 1) AS plays_per_day
FROM plays
GROUP BY weekday
ORDER BY plays_per_day DESC, weekday;
