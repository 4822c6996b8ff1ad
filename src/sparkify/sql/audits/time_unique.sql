-- fail: time has one row per start_time
SELECT
    start_time,
    COUNT(*) AS rows_found
FROM time
GROUP BY start_time
HAVING COUNT(*) > 1;
