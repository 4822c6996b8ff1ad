-- time: one row per distinct songplays.start_time, in UTC. week is ISO, weekday is 0 = Sunday … 6 = Saturday.
DELETE FROM time
WHERE start_time IN (SELECT start_time FROM touched_plays);

INSERT INTO time (start_time, hour, day, week, month, year, weekday)
WITH moments AS (
    SELECT ts AS start_time FROM batch_events
    WHERE page LIKE 'NextSong' AND user_id IS NOT NULL
    UNION
    SELECT songplays.start_time FROM songplays
    INNER JOIN touched_plays ON songplays.start_time = touched_plays.start_time
),

unknown AS (
    SELECT moments.start_time
    FROM moments
    LEFT JOIN time ON moments.start_time = time.start_time
    WHERE time.start_time IS NULL
)

SELECT
    start_time,
    CAST(EXTRACT(HOUR FROM start_time) AS SMALLINT) AS hour,
    CAST(EXTRACT(DAY FROM start_time) AS SMALLINT) AS day,
    CAST(EXTRACT(WEEK FROM start_time) AS SMALLINT) AS week,
    CAST(EXTRACT(MONTH FROM start_time) AS SMALLINT) AS month,
    CAST(EXTRACT(YEAR FROM start_time) AS SMALLINT) AS year,
    CAST(EXTRACT(DOW FROM start_time) AS SMALLINT) AS weekday
FROM unknown;
