-- At which hours of which weekdays do people listen?
-- One row per weekday (0 = Sunday … 6 = Saturday) and hour (UTC) with a play.
WITH plays AS (
    SELECT
        CAST(EXTRACT(DOW FROM start_time) AS SMALLINT) AS weekday,
        CAST(EXTRACT(HOUR FROM start_time) AS SMALLINT) AS hour
    FROM songplays
)

SELECT
    weekday,
    hour,
    COUNT(*) AS plays
FROM plays
GROUP BY weekday, hour
ORDER BY weekday, hour;
