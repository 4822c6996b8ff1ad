-- How many go from free to paid each week, and how many back?
-- One row per ISO week (Monday to Sunday, UTC) with a play, by the first play at the new level. days: how many
-- of the week's seven the data cover; with fewer the week is incomplete.
WITH changed AS (
    SELECT user_id
    FROM songplays
    GROUP BY user_id
    HAVING COUNT(DISTINCT level) > 1
),

plays AS (
    SELECT
        CAST(DATE_TRUNC('week', songplays.start_time) AS DATE) AS week_start,
        songplays.level,
        LAG(songplays.level) OVER (
            PARTITION BY songplays.user_id ORDER BY songplays.start_time, songplays.session_id
        ) AS level_before
    FROM songplays
    INNER JOIN changed ON songplays.user_id = changed.user_id
),

changes AS (
    SELECT
        week_start,
        SUM(CASE WHEN level_before = 'free' AND level = 'paid' THEN 1 ELSE 0 END) AS to_paid,
        SUM(CASE WHEN level_before = 'paid' AND level = 'free' THEN 1 ELSE 0 END) AS to_free
    FROM plays
    GROUP BY week_start
),

weeks AS (SELECT DISTINCT CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start FROM songplays)

SELECT
    weeks.week_start,
    CAST(COALESCE(changes.to_paid, 0) AS BIGINT) AS to_paid,
    CAST(COALESCE(changes.to_free, 0) AS BIGINT) AS to_free,
    CAST(
        GREATEST(
            LEAST(weeks.week_start + 6, play_span.last_day) - GREATEST(weeks.week_start, play_span.first_day) + 1, 0
        ) AS INTEGER
    ) AS days
FROM weeks
CROSS JOIN play_span
LEFT JOIN changes ON weeks.week_start = changes.week_start
ORDER BY weeks.week_start;
