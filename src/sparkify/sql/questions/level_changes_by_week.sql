-- How many go from free to paid each week, and how many back?
-- One row per ISO week (Monday to Sunday, UTC) with a play, by the first play at the new level. days: how many
-- of the week's seven the data cover; with fewer the week is incomplete.
WITH changed AS (
    SELECT user_id
    FROM fact_songplays
    GROUP BY user_id
    HAVING COUNT(DISTINCT level) > 1
),

plays AS (
    SELECT
        fact_songplays.songplay_id,
        fact_songplays.level,
        LAG(fact_songplays.level) OVER (
            PARTITION BY fact_songplays.user_id ORDER BY fact_songplays.start_time, fact_songplays.session_id
        ) AS level_before
    FROM fact_songplays
    WHERE fact_songplays.user_id IN (SELECT changed.user_id FROM changed)
),

changes AS (
    SELECT
        CAST(DATE_TRUNC('week', songplays.start_time) AS DATE) AS week_start,
        SUM(CASE WHEN plays.level = 'paid' THEN 1 ELSE 0 END) AS to_paid,
        SUM(CASE WHEN plays.level = 'free' THEN 1 ELSE 0 END) AS to_free
    FROM plays
    INNER JOIN songplays ON plays.songplay_id = songplays.songplay_id
    WHERE
        (plays.level_before = 'free' AND plays.level = 'paid') OR (plays.level_before = 'paid' AND plays.level = 'free')
    GROUP BY CAST(DATE_TRUNC('week', songplays.start_time) AS DATE)
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
