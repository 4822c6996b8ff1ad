-- fail: time has one row for every distinct start_time of songplays, and no other
-- If none lacks its counterpart, and there are as many pairs as plays, no play is in two.
WITH pairs AS (
    SELECT
        COALESCE(songplays.start_time, time.start_time) AS start_time,
        CASE WHEN songplays.start_time IS NULL OR time.start_time IS NULL THEN 1 END AS is_wrong
    FROM songplays
    FULL OUTER JOIN time ON songplays.start_time = time.start_time
)

SELECT
    COUNT(*) AS pairs,
    COUNT(is_wrong) AS wrong,
    MIN(CASE WHEN is_wrong = 1 THEN start_time END) AS first_wrong
FROM pairs
HAVING COUNT(is_wrong) > 0 OR COUNT(*) <> (SELECT COUNT(*) FROM songplays);
