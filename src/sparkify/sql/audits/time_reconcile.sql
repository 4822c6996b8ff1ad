-- fail: time has a row for every distinct start_time of songplays, and no other
WITH loaded AS (SELECT COUNT(*) AS moments FROM time)

SELECT
    played.moments AS moments_played,
    loaded.moments AS moments_loaded
FROM (SELECT COUNT(DISTINCT start_time) AS moments FROM songplays) AS played
CROSS JOIN loaded
WHERE played.moments <> loaded.moments;
