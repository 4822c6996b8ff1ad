-- fail: every play's start_time is in time
SELECT
    songplays.songplay_id,
    songplays.start_time
FROM songplays
LEFT JOIN time ON songplays.start_time = time.start_time
WHERE
    time.start_time IS NULL;
