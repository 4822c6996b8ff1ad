-- warn: plays happened after 2000 (a ts in seconds instead of milliseconds looks like January 1970)
SELECT
    start_time,
    COUNT(*) AS rows_found
FROM songplays
WHERE start_time < TIMESTAMP '2000-01-01 00:00:00'
GROUP BY start_time;
