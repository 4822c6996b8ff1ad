-- How many people listen each week?
-- One row per ISO week (Monday to Sunday, UTC) with a play. A user is active who plays a song. days: how many of the
-- week's seven the data cover; with fewer the week is incomplete.
WITH listened AS (
    SELECT
        CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CAST(DATE_TRUNC('week', start_time) AS DATE), user_id
),

weeks AS (
    SELECT
        week_start,
        COUNT(user_id) AS active_users,
        CAST(SUM(plays) AS BIGINT) AS plays
    FROM listened
    GROUP BY week_start
)

SELECT
    weeks.week_start,
    weeks.active_users,
    weeks.plays,
    CAST(
        GREATEST(
            LEAST(weeks.week_start + 6, play_span.last_day) - GREATEST(weeks.week_start, play_span.first_day) + 1, 0
        ) AS INTEGER
    ) AS days
FROM weeks
CROSS JOIN play_span
ORDER BY weeks.week_start;
