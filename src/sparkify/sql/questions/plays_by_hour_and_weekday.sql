-- At which hours of which weekdays do people listen?
-- One row per weekday (0 = Sunday … 6 = Saturday) and hour (UTC) with a play.
SELECT
    time.weekday,
    time.hour,
    COUNT(*) AS plays
FROM songplays
INNER JOIN time ON songplays.start_time = time.start_time
GROUP BY time.weekday, time.hour
ORDER BY time.weekday, time.hour;
