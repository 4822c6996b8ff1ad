-- At which hours of which weekdays do people listen?
-- One row per weekday (0 = Sunday … 6 = Saturday) and hour (UTC) with a play. days: how many such weekdays had a play.
-- compare by: weekday, weekday_name, hour
WITH plays AS (
    SELECT
        CAST(EXTRACT(DOW FROM start_time) AS SMALLINT) AS weekday,
        CAST(EXTRACT(HOUR FROM start_time) AS SMALLINT) AS hour,
        CAST(start_time AS DATE) AS day
    FROM songplays
),

weekdays AS (
    SELECT
        weekday,
        COUNT(DISTINCT day) AS days
    FROM plays
    GROUP BY weekday
)

SELECT
    plays.weekday,
    CASE plays.weekday
        WHEN 0 THEN 'Sunday'
        WHEN 1 THEN 'Monday'
        WHEN 2 THEN 'Tuesday'
        WHEN 3 THEN 'Wednesday'
        WHEN 4 THEN 'Thursday'
        WHEN 5 THEN 'Friday'
        WHEN 6 THEN 'Saturday'
    END AS weekday_name,
    plays.hour,
    COUNT(*) AS plays,
    weekdays.days,
    ROUND(1.0 * COUNT(*) / weekdays.days, 1) AS plays_per_day
FROM plays
INNER JOIN weekdays ON plays.weekday = weekdays.weekday
GROUP BY plays.weekday, plays.hour, weekdays.days
ORDER BY plays.weekday, plays.hour;
