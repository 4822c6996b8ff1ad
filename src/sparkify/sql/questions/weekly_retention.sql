-- Who comes back: how many of those who first listened in one week listen in the weeks after?
-- One row per cohort (the ISO week, Monday to Sunday, UTC, of a user's first play) and week since then with a
-- play. days: how many of that week's seven the data cover; with fewer not everybody had the time to come back. Asked
-- about certain days, those count whose first play of all is in them.
WITH active AS (
    SELECT
        user_id,
        CAST(DATE_TRUNC('week', start_time) AS DATE) AS week_start,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, CAST(DATE_TRUNC('week', start_time) AS DATE)
),

listeners AS (
    SELECT
        user_id,
        MIN(week_start) AS cohort,
        CAST(SUM(plays) AS BIGINT) AS plays
    FROM active
    GROUP BY user_id
),

plays_ever AS (
    SELECT
        user_id,
        COUNT(*) AS plays
    FROM fact_songplays
    GROUP BY user_id
),

cohorts AS (
    SELECT
        listeners.user_id,
        listeners.cohort
    FROM listeners
    INNER JOIN plays_ever ON listeners.user_id = plays_ever.user_id AND listeners.plays = plays_ever.plays
),

sizes AS (
    SELECT
        cohort,
        COUNT(*) AS cohort_users
    FROM cohorts
    GROUP BY cohort
)

SELECT
    cohorts.cohort,
    CAST((active.week_start - cohorts.cohort) / 7 AS INTEGER) AS weeks_later,
    sizes.cohort_users,
    COUNT(*) AS active_users,
    ROUND(100.0 * COUNT(*) / sizes.cohort_users, 1) AS active_percent,
    CAST(
        GREATEST(
            LEAST(active.week_start + 6, play_span.last_day) - GREATEST(active.week_start, play_span.first_day) + 1, 0
        ) AS INTEGER
    ) AS days
FROM active
CROSS JOIN play_span
INNER JOIN cohorts ON active.user_id = cohorts.user_id
INNER JOIN sizes ON cohorts.cohort = sizes.cohort
GROUP BY cohorts.cohort, active.week_start, sizes.cohort_users, play_span.first_day, play_span.last_day
ORDER BY cohorts.cohort, weeks_later;
